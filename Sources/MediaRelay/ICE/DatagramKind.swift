/// What a datagram on a shared media port is, by its first bytes (RFC 7983 §7, RFC 5761 §4).
package enum DatagramKind: Hashable, Sendable {
    case stun
    case dtls
    case rtp
    case rtcp
    /// Nothing that we speak: empty, ZRTP, a TURN channel, or a range that is not assigned.
    case other

    /// Looks at no more than two bytes: the datagram can still be malformed.
    package init(_ datagram: Swift.Span<UInt8>) {
        guard !datagram.isEmpty else {
            self = .other
            return
        }
        switch datagram[0] {
        case 0...3:
            self = .stun
        case 20...63:
            self = .dtls
        case 128...191:
            guard datagram.count >= 2 else {
                self = .other
                return
            }
            // The packet types of RTCP, as an RTP packet with its marker and a payload type of 64 to 95 would have them.
            self = 192...223 ~= datagram[1] ? .rtcp : .rtp
        default:
            self = .other
        }
    }
}
