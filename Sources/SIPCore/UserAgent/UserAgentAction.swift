/// What the driver of a `SIPUserAgent` must now do, in this order.
package enum UserAgentAction: Hashable, Sendable {
    case send(SIPOutbound)
    /// Find the addresses of a target that is named, and tell by `SIPInbound.located`.
    case locate(LocationID, SIPTarget)
    /// A new session by a peer; `end`, `ring` or `accept` it.
    case invited(SessionID, IncomingInvite)
    case session(SessionID, SessionEvent)
    /// A peer sent a text; `answerMessage` is owed.
    case message(MessageID, IncomingMessage)
    /// The final response to a text of ours; 408 where none came, 503 where it could not be sent.
    case messageAnswered(MessageID, status: UInt16)
    /// A phone of ours has registered, is registered no more, or has lost a binding; a store may keep it.
    case bindings(BindingChange)
    /// A probe is over: whether one of the target's addresses has answered.
    case probed(ProbeID, isAlive: Bool)
    /// What has become of a registration of ours at another's registrar.
    case registration(RegistrationID, RegistrationEvent)
}
