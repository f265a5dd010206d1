package import SIPCore

/// What the bytes of a datagram, or of one message out of a stream, are.
package enum SIPWireResult: Hashable, Sendable {
    case message(SIPMessage)
    /// Not for the core. The response goes back the way the bytes came, after the transport has set `received` and
    /// `rport` in its Via as in that of any request; nil where nothing can be answered: to a response, to an ACK, to
    /// bytes without a readable Via.
    case rejected(SIPWireFault, SIPResponse?)
    /// Only line ends or zero bytes, or nothing: a NAT keep-alive, to which no answer is due.
    case keepalive
}
