import CallCore
import ClientProtocol
import SIPCore

extension CallTable {
    /// Carries out what a call decided.
    func carryOut(_ action: CallAction, of entry: Entry, now: Instant) {
        for order in action.media { self.carryOut(order, of: entry) }
        for client in action.client { self.clientOutbound.append(.send(client.connection, client.event)) }
        var unsent: [(leg: LegID, reason: ClientReason)] = []
        for order in action.sip {
            if case .invite(let leg, _) = order, let reason = self.objection(toInviting: leg, of: entry) {
                unsent.append((leg, reason))
            } else {
                self.carryOut(order, of: entry, now: now)
            }
        }
        if action.answered {
            entry.wasAnswered = true
            self.counters.answered(after: now - entry.call.started)
            self.stopRinging(entry)
        }
        if let side = action.replaced { self.replaceUser(on: side, of: entry) }
        if let outcome = action.ended {
            self.forget(entry, outcome)
            self.endTransfer(of: entry, outcome, now: now)
        } else {
            self.arm(entry)
            if action.answered { self.completeTransfer(with: entry, now: now) }
        }
        for (leg, reason) in unsent {
            let action = self.goOn(after: .init(status: 503), of: leg, entry, now: now)
            self.carryOut(action ?? entry.call.couldNotInvite(leg, reason, now: now), of: entry, now: now)
        }
    }

    private func carryOut(_ order: CallAction.SIP, of entry: Entry, now: Instant) {
        switch order {
        case .invite(let leg, let invite):
            let session = self.userAgent.invite(invite, now: now)
            self.bind(session, to: leg, of: entry, trunk: entry.call.route(of: leg)?.trunk)
        case .ring(let leg, let status, let sdp):
            self.reportRinging(of: entry, status: status, now: now)
            // The relay's own answer is worth a PRACK, for it stays; another phone's may be followed by a third one's.
            let reliably = entry.ringsReliably ?? (sdp != nil && entry.media.contains { $0.leg == leg })
            self.with(leg, of: entry) {
                self.userAgent.ring($0, status: status, sdp: sdp, reliably: reliably, now: now)
            }
        case .accept(let leg, let sdp):
            self.with(leg, of: entry) { self.userAgent.accept($0, sdp: sdp, now: now) }
        case .acknowledge(let leg, let sdp):
            self.with(leg, of: entry) { self.userAgent.acknowledge($0, sdp: sdp, now: now) }
        case .answerProvisional(let leg, let sdp):
            self.with(leg, of: entry) { self.userAgent.answerProvisional($0, sdp: sdp, now: now) }
        case .reinvite(let leg, let sdp):
            self.with(leg, of: entry) { self.userAgent.reinvite($0, sdp: sdp, now: now) }
        case .withdrawReinvites(let leg):
            self.with(leg, of: entry) { self.userAgent.withdrawReinvites($0) }
        case .acceptReinvite(let leg, let sdp):
            self.with(leg, of: entry) { self.userAgent.acceptReinvite($0, sdp: sdp, now: now) }
        case .rejectReinvite(let leg, let status, let warning):
            self.with(leg, of: entry) {
                self.userAgent.rejectReinvite($0, status: status, warning: warning, now: now)
            }
        case .sendDigit(let leg, let digit):
            self.with(leg, of: entry) { self.userAgent.sendDigit($0, digit, now: now) }
        case .refer(let leg, let target):
            self.with(leg, of: entry) { self.userAgent.refer($0, to: target, now: now) }
        case .reportReferral(let leg, let status):
            self.with(leg, of: entry) { self.userAgent.reportReferral($0, status: status, now: now) }
        case .end(let leg, let ending):
            self.with(leg, of: entry) {
                self.unbind($0, entry)
                self.userAgent.end($0, ending, now: now)
            }
        }
    }

    private func with(_ leg: LegID, of entry: Entry, _ body: (SessionID) -> Void) {
        if let session = self.session(of: leg, entry) { body(session) }
    }

    func session(of leg: LegID, _ entry: Entry) -> SessionID? {
        entry.sessions.first { $0.leg == leg }?.session
    }

    func bind(_ session: SessionID, to leg: LegID, of entry: Entry, trunk: String? = nil) {
        entry.sessions.append(LegSession(leg: leg, session: session, trunk: trunk))
        if let trunk { self.trunkCalls[trunk, default: 0] += 1 }
        self.sessions[session] = (entry.call.id, leg)
    }

    // MARK: The table's own book-keeping

    /// Takes a call into the table.
    func enter(_ entry: Entry) {
        self.calls[entry.call.id] = entry
        if let user = entry.callingUser {
            let caller = self.user(user)
            caller.placed += 1
            caller.calls.append(entry.call.id)
        }
        for user in entry.calledUsers.map(\.text) {
            let callee = self.user(user)
            callee.ringing.append(entry.call.id)
            if user != entry.callingUser { callee.calls.append(entry.call.id) }
        }
    }

    /// Notes that a connection may speak of that call.
    func join(_ connection: ConnectionID, _ entry: Entry) {
        self.connections[connection]?.calls.append(entry.call.id)
    }

    private func stopRinging(_ entry: Entry) {
        for user in entry.calledUsers { self.users[user.text]?.ringing.removeAll { $0 == entry.call.id } }
    }

    private func forget(_ entry: Entry, _ outcome: CallOutcome) {
        let id = entry.call.id
        self.calls[id] = nil
        self.stopRinging(entry)
        if let user = entry.callingUser {
            self.users[user]?.placed -= 1
            self.leave(id, user: user)
        }
        for user in entry.calledUsers { self.leave(id, user: user.text) }
        for joined in entry.joinedUsers { self.leave(id, user: joined.user) }
        for alias in entry.aliases { self.callAliases[alias] = nil }
        for bound in entry.sessions {
            self.sessions[bound.session] = nil
            self.releaseTrunk(of: bound)
        }
        self.closeMedia(of: entry)
        self.counters.ended(entry.direction, entry.wasAnswered ? nil : outcome.reason)
    }

    func leave(_ id: CallID, user: String) {
        self.users[user]?.calls.removeAll { $0 == id }
        for connection in self.users[user]?.connections ?? [] {
            self.connections[connection]?.calls.removeAll { $0 == id }
            self.closeIfExpired(connection)
        }
        self.forgetIfIdle(user)
    }

    /// The user of that name, made where nothing was known yet.
    func user(_ name: String) -> User {
        if let user = self.users[name] { return user }
        let user = User()
        self.users[name] = user
        return user
    }

    func forgetIfIdle(_ user: String) {
        if self.users[user]?.isIdle == true { self.users[user] = nil }
    }
}
