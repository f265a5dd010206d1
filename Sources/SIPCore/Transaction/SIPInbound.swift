/// What the transport tells the core.
package enum SIPInbound: Hashable, Sendable {
    case message(SIPMessage, SIPFlow)
    /// A request of that client transaction could not be sent.
    case failed(ClientTransactionKey, SIPTransportFailure)
    /// A connection is gone; datagram flows never close.
    case closed(SIPFlow)
}
