/// What the relay did since its start, for the operator.
package struct RelayCounters: Hashable, Sendable {
    /// Why datagrams went no further.
    package struct Dropped: Hashable, Sendable {
        /// From an address that belongs to no leg, or is not the leg's peer.
        package var strangers: UInt64 = 0
        /// No media: cut, too short, of no kind, or a STUN message that proves nothing.
        package var malformed: UInt64 = 0
        /// Protection did not stand the test: a wrong key, a repeated or a changed packet.
        package var unauthenticated: UInt64 = 0
        /// The leg is joined to none.
        package var unjoined: UInt64 = 0
        /// The joined leg has no way out yet.
        package var unconnected: UInt64 = 0
        /// The joined leg's peer wants nothing now.
        package var held: UInt64 = 0
        /// The joined leg's peer does not take this format.
        package var unmapped: UInt64 = 0
        /// Our socket's buffer was full.
        package var congested: UInt64 = 0
        /// The system would not send it.
        package var refused: UInt64 = 0

        package init() {}
    }

    package var packetsIn: UInt64 = 0
    package var bytesIn: UInt64 = 0
    package var packetsOut: UInt64 = 0
    package var bytesOut: UInt64 = 0
    package var dropped = Dropped()
    /// Frames of sound that were turned into another codec; they are among `packetsOut`.
    package var transcoded: UInt64 = 0
    /// Now.
    package var legs: Int = 0
    /// UDP ports toward phones that are bound now, RTP and RTCP each: the metric `switchhook_relay_ports_in_use`.
    package var portsInUse: Int = 0

    package init() {}
}
