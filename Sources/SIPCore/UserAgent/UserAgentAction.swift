/// What the driver of a `SIPUserAgent` must now do, in this order.
package enum UserAgentAction: Hashable, Sendable {
    case send(SIPOutbound)
    /// A new session by a peer; `end`, `ring` or `accept` it.
    case invited(SessionID, IncomingInvite)
    case session(SessionID, SessionEvent)
    /// A phone of ours has registered, is registered no more, or has lost a binding; a store may keep it.
    case bindings(BindingChange)
    /// What has become of a registration of ours at another's registrar.
    case registration(RegistrationID, RegistrationEvent)
}
