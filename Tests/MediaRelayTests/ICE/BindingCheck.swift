import COpenSSL
import MediaCore
import MediaRelay
import SIPCore

/// A Binding request as a browser sends it, made by other means than the code under test.
struct BindingCheck {
    var type: UInt16 = 0x0001
    var username: String? = "serverAA:peerufrag"
    /// Nil: no MESSAGE-INTEGRITY.
    var password: String? = ICECredentials.server.password
    var priority: UInt32? = 1_845_501_695
    var usesCandidate = false
    /// ICE-CONTROLLED instead of ICE-CONTROLLING.
    var isControlled = false
    var extra: [(type: UInt16, value: [UInt8])] = []
    /// Behind MESSAGE-INTEGRITY.
    var trailing: [(type: UInt16, value: [UInt8])] = []
    var hasFingerprint = true

    static let transactionID: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]

    var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes += Self.octets(self.type) + [0, 0, 0x21, 0x12, 0xA4, 0x42] + Self.transactionID
        if let username = self.username { Self.append(0x0006, Array(username.utf8), to: &bytes) }
        for attribute in self.extra { Self.append(attribute.type, attribute.value, to: &bytes) }
        if let priority = self.priority {
            Self.append(0x0024, (0..<4).map { UInt8(truncatingIfNeeded: priority >> (24 - 8 * $0)) }, to: &bytes)
        }
        if self.usesCandidate { Self.append(0x0025, [], to: &bytes) }
        Self.append(self.isControlled ? 0x8029 : 0x802A, [9, 9, 9, 9, 9, 9, 9, 9], to: &bytes)
        if let password = self.password {
            Self.setLength(bytes.count + 4, in: &bytes)
            Self.append(0x0008, Self.hmac(bytes, key: Array(password.utf8)), to: &bytes)
        }
        for attribute in self.trailing { Self.append(attribute.type, attribute.value, to: &bytes) }
        Self.setLength(bytes.count - 20, in: &bytes)
        if self.hasFingerprint { Self.appendFingerprint(to: &bytes) }
        return bytes
    }

    static func append(_ type: UInt16, _ value: [UInt8], to bytes: inout [UInt8]) {
        bytes += Self.octets(type) + Self.octets(UInt16(value.count)) + value
        while bytes.count % 4 != 0 { bytes.append(0) }
    }

    static func appendFingerprint(to bytes: inout [UInt8]) {
        Self.setLength(bytes.count - 12, in: &bytes)
        let value = Self.crc32(bytes) ^ 0x5354_554E
        Self.append(0x8028, (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) }, to: &bytes)
    }

    static func setLength(_ length: Int, in bytes: inout [UInt8]) {
        bytes.replaceSubrange(2..<4, with: Self.octets(UInt16(length)))
    }

    static func octets(_ value: UInt16) -> [UInt8] { [UInt8(value >> 8), UInt8(value & 0xFF)] }

    static func hmac(_ bytes: [UInt8], key: [UInt8]) -> [UInt8] {
        var value = [UInt8](repeating: 0, count: 20)
        var length: UInt32 = 0
        _ = unsafe HMAC(EVP_sha1(), key, Int32(key.count), bytes, bytes.count, &value, &length)
        return value
    }

    /// Bit by bit, as the polynomial says.
    static func crc32(_ bytes: [UInt8]) -> UInt32 {
        var remainder = UInt32.max
        for byte in bytes {
            remainder ^= UInt32(byte)
            for _ in 0..<8 {
                remainder = remainder & 1 == 1 ? remainder >> 1 ^ 0xEDB8_8320 : remainder >> 1
            }
        }
        return ~remainder
    }
}

extension ICECredentials {
    static let server = ICECredentials(ufrag: "serverAA", password: "serverpassword0123456789")
    static let server2 = ICECredentials(ufrag: "serverBB", password: "secondpassword0123456789")
    static let server3 = ICECredentials(ufrag: "serverCC", password: "third/password0123456789")
    static let peer = ICECredentials(ufrag: "peerufrag", password: "peerpassword0123456789")
    static let peer2 = ICECredentials(ufrag: "peer2", password: "peerpassword9876543210")
}

extension MediaAddress {
    static let wifi = MediaAddress(ipv4: 0xC000_0201, port: 40_000)
    static let mobile = MediaAddress(ipv6: 0x2001_0DB8_0000_0000, 7, port: 50_000)
    static let third = MediaAddress(ipv4: 0xC633_6407, port: 40_001)
}

extension Instant {
    static func second(_ count: UInt64) -> Instant { Instant(nanoseconds: count * 1_000_000_000) }
}

/// What came of a datagram.
struct CheckOutcome: Equatable {
    var action: ICELiteAgent.Action
    /// What the answer says; nil where there is none.
    var answer: Answer?

    enum Answer: Equatable {
        case success(MediaAddress?)
        case failure(UInt16?, isSigned: Bool)
    }

    static let silence = CheckOutcome(action: .init(), answer: nil)

    static func success(
        _ address: MediaAddress,
        unbinds: MediaAddress? = nil,
        retires: ICECredentials? = nil,
        selects: MediaAddress? = nil
    ) -> CheckOutcome {
        CheckOutcome(
            action: .init(
                answers: true,
                binds: address,
                unbinds: unbinds,
                retires: retires.map { ICEUfragKey(ours: $0) },
                selects: selects
            ),
            answer: .success(address)
        )
    }

    static func failure(_ code: UInt16, isSigned: Bool) -> CheckOutcome {
        CheckOutcome(action: .init(answers: true), answer: .failure(code, isSigned: isSigned))
    }
}

/// Hands a datagram to an agent, and checks that the answer is one, with the right fingerprint and integrity.
func deliver(
    _ bytes: [UInt8],
    to agent: inout ICELiteAgent,
    from source: MediaAddress = .wifi,
    at now: Instant = .second(1),
    password: String = ICECredentials.server.password
) throws -> CheckOutcome {
    var answer: [UInt8] = [0xFF]
    let message = try STUNMessage(bytes.span)
    let action = agent.received(message, in: bytes.span, from: source, now: now, answer: &answer)
    guard action.answers else { return CheckOutcome(action: action, answer: nil) }
    let response = try STUNMessage(answer.span)
    guard response.transactionID == message.transactionID, response.method == STUNMessage.binding,
        response.hasFingerprint, answer.count <= STUNWriter.maximumLength
    else { return CheckOutcome(action: action, answer: nil) }
    let isSigned = response.isIntact(in: answer.span, password: Array(password.utf8))
    switch response.kind {
    case .success: return CheckOutcome(action: action, answer: isSigned ? .success(response.mappedAddress) : nil)
    case .failure: return CheckOutcome(action: action, answer: .failure(response.errorCode, isSigned: isSigned))
    case .request, .indication: return CheckOutcome(action: action, answer: nil)
    }
}
