/// Session timers (RFC 4028): refreshes that are due, and sessions that have run out.
extension SIPUserAgent {
    /// Min-SE, where a request asks for a shorter interval than we take (§9); nil where it does not.
    ///
    /// Who does not support timers did not ask: a proxy did, and could not be told.
    func tooShort(_ request: SIPRequest) -> SIPHeaders.Field? {
        guard request.method == .invite || request.method == .update, self.configuration.sessionTimers.isOn,
            let expires = request.headers.sessionExpires,
            expires.seconds < self.configuration.sessionTimers.minimum,
            request.headers.lists(MethodTable.Extension.timer.rawValue, in: "Supported")
        else { return nil }
        return self.ownFields.minimum
    }

    /// Says which session timer a call of a peer's is to have, before that is answered.
    ///
    /// A peer that requires timers gets the usual one in place of none.
    package func setSessionTimer(_ id: SessionID, _ wanted: InviteOrder.SessionTimer) {
        guard let session = self.live(id), case .invited(let invite) = session.stage,
            self.ownFields.extensions.contains(.timer)
        else { return }
        let isRequired = invite.request.headers.lists(MethodTable.Extension.timer.rawValue, in: "Require")
        guard wanted != .off || !isRequired else { return }
        session.timer = self.timer(as: wanted)
        if wanted == .off { session.extensions.remove(.timer) }
    }

    /// Does what a session's timer says.
    ///
    /// - Returns: whether the session goes on.
    func refreshIfDue(_ session: Session, now: Instant) -> Bool {
        switch session.timer.due(now: now) {
        case .none:
            return true
        case .refresh:
            session.waiting.append(Session.Modification(kind: .refresh))
            self.proceed(session, now: now)
            switch session.stage {
            case .established: return true
            case .locating, .inviting, .invited, .terminating, .over: return false
            }
        case .expire:
            self.notifyLast(session, .ended(.sessionExpired))
            self.release(session, now: now)
            let reason = SIPReason(protocol: "SIP", cause: 408, text: "Session timer expired")
            self.terminate(session, reason: session.postponedEnding?.reason ?? reason, now: now)
            return false
        }
    }
}
