/// A WebSocket status code (RFC 6455 §7.4).
struct CloseCode: RawRepresentable, Hashable, Sendable {
    static let normal = CloseCode(rawValue: 1000)
    static let goingAway = CloseCode(rawValue: 1001)
    static let protocolError = CloseCode(rawValue: 1002)
    static let invalidUTF8 = CloseCode(rawValue: 1007)
    static let policyViolation = CloseCode(rawValue: 1008)
    static let messageTooBig = CloseCode(rawValue: 1009)

    var rawValue: UInt16

    /// Whether a peer may send it in a close frame (RFC 6455 §7.4.1, §7.4.2).
    var mayBeSent: Bool {
        switch self.rawValue {
        case 1000...1003, 1007...1014, 3000...4999: true
        default: false
        }
    }
}
