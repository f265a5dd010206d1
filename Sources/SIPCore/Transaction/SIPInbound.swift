/// What the transport tells the core.
package enum SIPInbound: Hashable, Sendable {
    case message(SIPMessage, SIPFlow)
    /// A request of that client transaction could not be sent.
    case failed(ClientTransactionKey, SIPTransportFailure)
    /// What `UserAgentAction.locate` asked for: addresses, in the order in which they are to be tried.
    case located(LocationID, [SIPTarget])
    /// A connection is gone; datagram flows never close.
    case closed(SIPFlow)
}
