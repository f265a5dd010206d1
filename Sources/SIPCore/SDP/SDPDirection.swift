/// Which way media flows, as the one who states it sees it (RFC 8866 §6.7).
package enum SDPDirection: String, Hashable, Sendable {
    case sendrecv
    case sendonly
    case recvonly
    case inactive

    /// From the name of its attribute; nil for any other.
    package init?(_ name: Substring) {
        // The longest has eight bytes, and most attributes have more.
        guard name.utf8.count == 8 else { return nil }
        self.init(rawValue: String(name))
    }

    package init(sends: Bool, receives: Bool) {
        switch (sends, receives) {
        case (true, true): self = .sendrecv
        case (true, false): self = .sendonly
        case (false, true): self = .recvonly
        case (false, false): self = .inactive
        }
    }

    package var sends: Bool { self == .sendrecv || self == .sendonly }
    package var receives: Bool { self == .sendrecv || self == .recvonly }

    /// The same flow as the other side sees it.
    package var reversed: SDPDirection { SDPDirection(sends: self.receives, receives: self.sends) }

    /// What we answer to an offer of this direction, if we are ready for `local` (RFC 3264 §6.1).
    package func answered(by local: SDPDirection) -> SDPDirection {
        SDPDirection(sends: local.sends && self.receives, receives: local.receives && self.sends)
    }
}
