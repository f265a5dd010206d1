internal import CSRTP

/// One direction of a leg: one key, and a libsrtp stream for each SSRC that is used with it.
///
/// libsrtp makes a stream for an inbound SSRC only after a packet of it was found authentic, so that only the peer
/// itself can make streams. `SRTPSources` bounds them.
@safe
struct SRTPContext: ~Copyable {
    enum Direction {
        case inbound
        case outbound
    }

    /// How many packets may come late: at 50 a second those of 20 s.
    static let window: UInt = 1024
    /// An RTP header without CSRCs and extension (RFC 3550 §5.1).
    private static let headerLength = 12
    /// An RTCP packet's first two words (RFC 3550 §6.4).
    private static let controlHeaderLength = 8
    /// What a UDP datagram can hold; above all, what fits libsrtp's `int`.
    private static let lengthLimit = 65_535

    private let profile: SRTPProfile
    private let handle: srtp_t
    private var sources = SRTPSources()

    /// Once in the life of the process, by whichever thread is first; libsrtp is never shut down.
    private static let isStarted = srtp_init() == srtp_err_status_ok

    /// A session that nobody uses and that stays.
    ///
    /// Where libsrtp is built with NSS, NSS starts with the first session and stops with the last, which takes 1.3 ms
    /// instead of 60 us. So one is always there.
    // It is written once and not touched again.
    private nonisolated(unsafe) static let anchor: srtp_t? = {
        let key = SRTPKey(profile: .aes128GCM, bytes: Array(repeating: 0, count: 28))
        return unsafe try? Self.create(key, direction: .inbound)
    }()

    /// As `SRTPSession.prepare`.
    static func prepare() -> Bool {
        unsafe Self.isStarted && Self.anchor != nil
    }

    init(_ key: SRTPKey, direction: Direction) throws(SRTPError) {
        guard Self.prepare() else { throw .library(UInt32(srtp_err_status_init_fail.rawValue)) }
        let handle = unsafe try Self.create(key, direction: direction)
        self.profile = key.profile
        unsafe self.handle = handle
    }

    deinit {
        _ = unsafe srtp_dealloc(self.handle)
    }

    private static func create(_ key: SRTPKey, direction: Direction) throws(SRTPError) -> srtp_t {
        guard key.bytes.count == key.profile.keyLength + key.profile.saltLength else { throw .badKey }
        var policy = unsafe srtp_policy_t()
        key.profile.apply(to: &policy)
        switch direction {
        case .inbound: unsafe policy.ssrc.type = ssrc_any_inbound
        case .outbound: unsafe policy.ssrc.type = ssrc_any_outbound
        }
        unsafe policy.window_size = Self.window
        // The same sequence number with another payload would use the keystream twice, which with GCM gives the key
        // of its authentication away (RFC 7714 §8.1). So a duplicate that a peer sends in the clear ends here.
        unsafe policy.allow_repeat_tx = 0
        var bytes = key.bytes
        var created: srtp_t?
        let status = unsafe bytes.withUnsafeMutableBufferPointer { buffer in
            unsafe policy.key = buffer.baseAddress
            return unsafe srtp_create(&created, &policy)
        }
        guard status == srtp_err_status_ok, let handle = unsafe created else { throw SRTPError(status) }
        return unsafe handle
    }

    /// As `SRTPSession.protect`.
    mutating func protect(_ packet: UnsafeMutableRawBufferPointer, count: Int) throws(SRTPError) -> Int {
        let ssrc = try unsafe Self.ssrc(packet, count: count, at: 8, minimum: Self.headerLength)
        guard self.profile.tagLength <= packet.count - count else { throw .noRoom }
        guard self.sources.permits(ssrc) else { throw .tooManySources }
        var length = Int32(truncatingIfNeeded: count)
        try self.check(unsafe srtp_protect(self.handle, packet.baseAddress, &length))
        self.used(ssrc)
        return Int(length)
    }

    /// As `SRTPSession.protectControl`.
    mutating func protectControl(_ packet: UnsafeMutableRawBufferPointer, count: Int) throws(SRTPError) -> Int {
        let ssrc = try unsafe Self.ssrc(packet, count: count, at: 4, minimum: Self.controlHeaderLength)
        guard self.profile.controlTrailerLength <= packet.count - count else { throw .noRoom }
        guard self.sources.permits(ssrc) else { throw .tooManySources }
        var length = Int32(truncatingIfNeeded: count)
        try self.check(unsafe srtp_protect_rtcp(self.handle, packet.baseAddress, &length))
        self.used(ssrc)
        return Int(length)
    }

    /// As `SRTPSession.unprotect`.
    mutating func unprotect(_ packet: UnsafeMutableRawBufferPointer, count: Int) throws(SRTPError) -> Int {
        let minimum = Self.headerLength + self.profile.tagLength
        let ssrc = try unsafe Self.ssrc(packet, count: count, at: 8, minimum: minimum)
        guard self.sources.permits(ssrc) else { throw .tooManySources }
        var length = Int32(truncatingIfNeeded: count)
        try self.check(unsafe srtp_unprotect(self.handle, packet.baseAddress, &length))
        self.used(ssrc)
        return Int(length)
    }

    /// As `SRTPSession.unprotectControl`.
    mutating func unprotectControl(_ packet: UnsafeMutableRawBufferPointer, count: Int) throws(SRTPError) -> Int {
        let minimum = Self.controlHeaderLength + self.profile.controlTrailerLength
        let ssrc = try unsafe Self.ssrc(packet, count: count, at: 4, minimum: minimum)
        guard self.sources.permits(ssrc) else { throw .tooManySources }
        var length = Int32(truncatingIfNeeded: count)
        try self.check(unsafe srtp_unprotect_rtcp(self.handle, packet.baseAddress, &length))
        self.used(ssrc)
        return Int(length)
    }

    /// Whether libsrtp keeps a stream for this SSRC.
    func hasStream(_ ssrc: UInt32) -> Bool {
        var rollovers: UInt32 = 0
        return unsafe srtp_get_stream_roc(self.handle, ssrc, &rollovers) == srtp_err_status_ok
    }

    private mutating func used(_ ssrc: UInt32) {
        guard let oldest = self.sources.used(ssrc) else { return }
        // Unlike every other function, libsrtp 2.5 compares the SSRC here as it stands in the packet.
        _ = unsafe srtp_remove_stream(self.handle, oldest.bigEndian)
    }

    private func check(_ status: srtp_err_status_t) throws(SRTPError) {
        if status != srtp_err_status_ok { throw SRTPError(status) }
    }

    /// The SSRC that stands at `offset`, once it is sure that the packet's lengths are right.
    private static func ssrc(
        _ packet: UnsafeMutableRawBufferPointer,
        count: Int,
        at offset: Int,
        minimum: Int
    ) throws(SRTPError) -> UInt32 {
        guard count >= minimum, count <= packet.count, packet.count <= Self.lengthLimit,
            unsafe packet[0] >> 6 == 2
        else { throw .malformed }
        return UInt32(bigEndian: unsafe packet.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }
}
