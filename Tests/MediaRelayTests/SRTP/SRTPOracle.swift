import CSRTP
import MediaRelay

/// One direction of a leg as libsrtp does it, which knows nothing of ours.
@safe
final class SRTPOracle {
    enum Direction {
        case inbound
        case outbound
    }

    struct Failure: Error {
        var status: UInt32
    }

    private let handle: srtp_t

    /// Where libsrtp is built with NSS, NSS stops with the last session; so one always stays.
    private nonisolated(unsafe) static let anchor: srtp_t? = {
        guard srtp_init() == srtp_err_status_ok else { return nil }
        return unsafe try? SRTPOracle.create(SRTPPair.key(.aes128GCM, seed: 0), .inbound, encryptsControl: true)
    }()

    /// With RTCP that is encrypted, and must be, unless `encryptsControl` is false.
    init(_ key: SRTPKey, _ direction: Direction, encryptsControl: Bool = true) throws {
        guard unsafe Self.anchor != nil else { throw Failure(status: 0) }
        unsafe self.handle = try Self.create(key, direction, encryptsControl: encryptsControl)
    }

    deinit {
        _ = unsafe srtp_dealloc(self.handle)
    }

    private static func create(_ key: SRTPKey, _ direction: Direction, encryptsControl: Bool) throws -> srtp_t {
        var policy = unsafe srtp_policy_t()
        switch key.profile {
        case .aes128GCM:
            unsafe srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtp)
            unsafe srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtcp)
        case .aes128SHA1Tag80:
            unsafe srtp_crypto_policy_set_rtp_default(&policy.rtp)
            unsafe srtp_crypto_policy_set_rtcp_default(&policy.rtcp)
        case .aes128SHA1Tag32:
            unsafe srtp_crypto_policy_set_aes_cm_128_hmac_sha1_32(&policy.rtp)
            unsafe srtp_crypto_policy_set_rtcp_default(&policy.rtcp)
        }
        if !encryptsControl { unsafe policy.rtcp.sec_serv = sec_serv_auth }
        unsafe policy.ssrc.type = direction == .inbound ? ssrc_any_inbound : ssrc_any_outbound
        unsafe policy.window_size = 1_024
        unsafe policy.allow_repeat_tx = 0
        var bytes = key.bytes
        var created: srtp_t?
        let status = unsafe bytes.withUnsafeMutableBufferPointer { buffer in
            unsafe policy.key = buffer.baseAddress
            return unsafe srtp_create(&created, &policy)
        }
        guard status == srtp_err_status_ok, let handle = unsafe created else { throw Failure(status: status.rawValue) }
        return unsafe handle
    }

    func protected(_ bytes: [UInt8]) -> [UInt8]? {
        unsafe self.run(bytes) { unsafe srtp_protect(self.handle, $0, $1) }
    }

    func protectedControl(_ bytes: [UInt8]) -> [UInt8]? {
        unsafe self.run(bytes) { unsafe srtp_protect_rtcp(self.handle, $0, $1) }
    }

    func unprotected(_ bytes: [UInt8]) -> [UInt8]? {
        unsafe self.run(bytes) { unsafe srtp_unprotect(self.handle, $0, $1) }
    }

    func unprotectedControl(_ bytes: [UInt8]) -> [UInt8]? {
        unsafe self.run(bytes) { unsafe srtp_unprotect_rtcp(self.handle, $0, $1) }
    }

    private func run(
        _ bytes: [UInt8],
        _ body: (UnsafeMutableRawPointer?, UnsafeMutablePointer<Int32>) -> srtp_err_status_t
    ) -> [UInt8]? {
        var buffer = bytes + Array(repeating: 0, count: 64)
        var count = Int32(bytes.count)
        let status = unsafe buffer.withUnsafeMutableBytes { unsafe body($0.baseAddress, &count) }
        return status == srtp_err_status_ok ? Array(buffer.prefix(Int(count))) : nil
    }
}
