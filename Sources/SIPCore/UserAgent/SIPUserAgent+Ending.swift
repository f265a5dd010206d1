extension SIPUserAgent {
    /// Ends a session in whatever state it is; no event of it follows.
    ///
    /// An INVITE of ours without a final response is cancelled, one of the peer's refused with `ending`'s status; an
    /// established session ends with BYE. What is answered meanwhile is ACKed and ended. A status that is no refusal (400
    /// to 699) goes out as 500: no peer shall be able to stop the process by what it makes the call side pass on.
    package func end(_ id: SessionID, _ ending: SessionEnding, now: Instant) {
        guard let session = self.live(id) else { return }
        session.isSilent = true
        switch session.stage {
        case .locating:
            self.finish(session, now: now)
        case .inviting:
            self.abandon(session, reason: ending.reason, now: now)
        case .invited(let invite):
            self.respond(Self.refusal(ending.status), to: invite, fields: self.fields(ending), now: now)
            self.finish(session, now: now)
        case .established:
            if case .unacknowledged(let answer) = session.operation, answer.isInitial {
                // A callee may not send BYE before it has the ACK (RFC 3261 §15).
                session.postponedEnding = ending
                return
            }
            self.release(session, now: now)
            self.terminate(session, reason: ending.reason, now: now)
        case .terminating, .over:
            break
        }
    }

    /// The session of an order; nil where the call side has done with it or never had it.
    func live(_ id: SessionID) -> Session? {
        guard let session = self.sessions[id], !session.isSilent else { return nil }
        return session
    }

    static func refusal(_ status: UInt16) -> UInt16 {
        (400...699).contains(status) ? status : 500
    }

    func fields(_ ending: SessionEnding) -> [SIPHeaders.Field] {
        var fields: [SIPHeaders.Field] = []
        if let reason = ending.reason { fields.append(SIPHeaders.Field("Reason", reason.headerValue)) }
        if let seconds = ending.retryAfter { fields.append(SIPHeaders.Field("Retry-After", String(seconds))) }
        if let text = ending.warning { fields.append(self.warning(text)) }
        return fields
    }

    /// A miscellaneous warning (RFC 3261 §20.43).
    func warning(_ text: String) -> SIPHeaders.Field {
        var bytes: [UInt8] = []
        bytes.append(literal: "399 ")
        let host = self.configuration.listeners.first?.address.host ?? "localhost"
        bytes.append(contentsOf: (host.isIPv6Literal ? "[\(host)]" : host).utf8)
        bytes.append(literal: " ")
        bytes.append(quoting: text)
        return SIPHeaders.Field("Warning", String(decoding: bytes, as: UTF8.self))
    }

    // MARK: The peer's BYE

    func byeCame(_ session: Session, _ reason: SIPReason?, now: Instant) {
        switch session.stage {
        case .invited(let invite):
            // A caller may end an early dialog so, too (§15); its INVITE still gets its final response.
            self.respond(487, to: invite, now: now)
            self.notifyGone(session, reason)
            self.finish(session, now: now)
        case .established:
            self.release(session, now: now)
            self.notifyLast(session, .ended(.bye(reason)))
            self.finish(session, now: now)
        case .terminating:
            // Both hung up at once: the transaction of our BYE ends by itself.
            self.finish(session, now: now)
        case .locating, .inviting, .over:
            break
        }
    }

    // MARK: Steps of an end

    /// Brings the INVITE transaction that runs in a dialog to its end, because the dialog ends.
    func release(_ session: Session, now: Instant) {
        self.endUpdate(of: session, now: now)
        let operation = session.operation
        session.operation = .none
        switch operation {
        case .none, .unacknowledged:
            break
        case .reinviting(let invite, _, _):
            invite.session = nil
            invite.endedDialog = session.dialog
            invite.machine.stopRetransmitting()
            invite.giveUpAt = now + self.configuration.timers.timeout
            self.settle(invite)
        case .owingAck(let invite):
            if let dialog = session.dialog {
                self.acknowledge(invite, in: dialog, tag: dialog.remoteTag, sdp: nil, now: now)
            }
            invite.session = nil
        case .reinvited(let invite, _):
            self.respond(487, to: invite, now: now)
        }
    }

    /// The peer does not know the dialog any more, or can't be reached in it (RFC 3261 §12.2.1.2).
    func dialogGone(_ session: Session, now: Instant) {
        self.notifyLast(session, .ended(.dialogGone))
        self.release(session, now: now)
        self.terminate(session, reason: nil, now: now)
    }

    /// Sends BYE, and waits for its response.
    func terminate(_ session: Session, reason: SIPReason?, now: Instant) {
        self.endUpdate(of: session, now: now)
        self.endReferences(of: session, beforeBye: true, now: now)
        session.stage = .terminating
        session.operation = .none
        session.waiting = []
        session.digits = []
        session.isSilent = true
        self.deadlines.set(session, nil)
        guard let dialog = session.dialog,
            self.sendBye(
                Farewell(dialog: dialog, reason: reason, digest: session.digest, session: session),
                now: now
            )
        else {
            self.finish(session, now: now)
            return
        }
    }

    /// Sends the BYE of a dialog; false where there is no way to send it.
    func sendBye(_ farewell: Farewell, now: Instant) -> Bool {
        var farewell = farewell
        var request = farewell.dialog.nextRequest(.bye)
        guard let hop = farewell.dialog.nextHop else { return false }
        if let reason = farewell.reason { request.headers.fields.append(.init("Reason", reason.headerValue)) }
        request.headers.fields.share(self.ownFields.request)
        self.authorize(&request, with: &farewell.digest)
        return self.send(consume request, to: hop, purpose: .bye(farewell), now: now)
    }

    /// A BYE has its final response, or will never get one.
    func farewellEnded(_ farewell: Farewell, now: Instant) {
        if let session = farewell.session { self.finish(session, now: now) }
    }

    /// Forgets a session.
    func finish(_ session: Session, now: Instant) {
        self.endUpdate(of: session, now: now)
        self.endReferences(of: session, beforeBye: false, now: now)
        session.stage = .over
        session.operation = .none
        session.waiting = []
        session.digits = []
        session.order = nil
        session.provisionals = nil
        session.heldAnswer = nil
        session.timer.stop()
        session.targets = []
        session.isSilent = true
        self.deadlines.set(session, nil)
        self.sessions[session.id] = nil
        if self.dialogs[session.key] === session { self.dialogs[session.key] = nil }
        if let dialog = session.dialog { self.endedDialogs.note(dialog) }
        self.count(session, dialogs: 0)
    }

    /// Keeps the gauge of dialogs.
    func count(_ session: Session, dialogs count: Int) {
        self.dialogCount += count - session.countedDialogs
        session.countedDialogs = count
    }

    // MARK: Time

    func timeoutReached(_ session: Session, now: Instant) {
        if case .received(let received, _, _, let until) = session.update, until <= now {
            self.updateOverdue(session, received, now: now)
        }
        let isDue = session.stageDeadline.map { $0 <= now } ?? false
        switch session.stage {
        case .locating:
            guard isDue else { break }
            self.unreachable(session, .unresolved, now: now)
            return
        case .inviting(let invite, .anyResponse):
            guard isDue else { break }
            // Whoever has not answered by now is not to hear of it again; a late response is still taken care of.
            invite.machine.stopRetransmitting()
            if self.failOver(session, from: invite, now: now) { return }
            self.notifyLast(session, .refused(.init(status: 408, cause: .noResponse)))
            self.abandon(session, reason: nil, now: now)
            return
        case .inviting(_, .finalResponse):
            guard isDue else { break }
            self.notifyLast(session, .refused(.init(status: 408, cause: .noFinalResponse)))
            self.abandon(session, reason: nil, now: now)
            return
        case .invited(let invite):
            guard let deadline = session.provisionals?.deadline, deadline <= now else { break }
            self.prackOverdue(session, invite, now: now)
            return
        case .established:
            guard self.refreshIfDue(session, now: now) else { return }
            self.referencesOverdue(session, now: now)
            if isDue {
                self.operationOverdue(session, now: now)
                return
            }
        case .terminating, .over:
            return
        }
        self.deadlines.set(session, session.deadline)
    }

    private func operationOverdue(_ session: Session, now: Instant) {
        switch session.operation {
        case .none, .owingAck: self.proceed(session, now: now)
        case .reinviting: self.dialogGone(session, now: now)
        case .reinvited(let invite, _):
            self.respond(500, to: invite, now: now)
            session.operation = .none
            self.proceed(session, now: now)
        case .unacknowledged(let answer): self.acknowledgementOverdue(session, answer, now: now)
        }
    }
}
