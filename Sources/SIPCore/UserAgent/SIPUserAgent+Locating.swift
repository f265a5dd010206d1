/// Targets that are named, and those that are dead (RFC 3263 §4).
extension SIPUserAgent {
    /// Asks for the addresses of a session's target.
    func locate(_ target: SIPTarget, for session: Session, now: Instant) {
        session.stage = .locating(until: now + self.configuration.limits.location)
        self.deadlines.set(session, session.deadline)
        self.actions.append(.locate(LocationID(rawValue: session.id.rawValue), target))
    }

    /// The addresses of a target have been found; an answer that comes too late does nothing.
    func located(_ id: LocationID, _ targets: [SIPTarget], now: Instant) {
        if let session = self.sessions[SessionID(rawValue: id.rawValue)] {
            guard case .locating = session.stage else { return }
            session.targets = targets
            if !self.sendToNext(session, cSeq: 1, now: now) { self.unreachable(session, .unresolved, now: now) }
        } else if let registration = self.registrations[RegistrationID(rawValue: id.rawValue)] {
            self.located(registration, targets, now: now)
        } else if let probe = self.probes[ProbeID(rawValue: id.rawValue)] {
            self.located(probe, targets, now: now)
        }
    }

    /// A session's INVITE found nobody at its target: it goes to the next, as it is but for its branch (§4.3).
    ///
    /// - Returns: false where there is no other target.
    func failOver(_ session: Session, from invite: OutgoingInvite, now: Instant) -> Bool {
        guard !invite.isReinvite, !session.targets.isEmpty else { return false }
        self.count(session, dialogs: 0)
        self.endUpdate(of: session, now: now)
        // What one server has challenged means nothing to another.
        session.digest = session.order?.credentials.map { DigestClient(credentials: $0) }
        guard self.sendToNext(session, cSeq: invite.request.headers.cSeq.number, now: now) else { return false }
        self.abandon(invite, reason: nil, now: now)
        return true
    }

    private func sendToNext(_ session: Session, cSeq: UInt32, now: Instant) -> Bool {
        guard var order = session.order else { return false }
        while !session.targets.isEmpty {
            order.target = session.targets.removeFirst()
            session.order = order
            if self.send(order, of: session, cSeq: cSeq, now: now) { return true }
        }
        return false
    }

    /// There is no way to send a session's INVITE.
    func unreachable(_ session: Session, _ failure: SIPTransportFailure, now: Instant) {
        self.notifyLast(session, .refused(.init(status: 503, cause: .transport(failure))))
        self.finish(session, now: now)
    }
}
