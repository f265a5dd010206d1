/// What the owner of a session must now do: send the datagrams in this order, then heed the event.
package struct DTLSAction: Equatable, Sendable {
    /// Each at most `DTLSSession.mtu` bytes.
    package var datagrams: [[UInt8]]
    package var event: DTLSEvent?

    package init(datagrams: [[UInt8]] = [], event: DTLSEvent? = nil) {
        self.datagrams = datagrams
        self.event = event
    }
}
