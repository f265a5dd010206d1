/// Our reliable provisional responses (RFC 3262 §3).
extension SIPUserAgent {
    /// Sends a provisional response reliably, or keeps it until the one before has its PRACK.
    ///
    /// Of those that would be too many none but the last ones with a description count.
    func ringReliably(_ session: Session, _ invite: ReceivedInvite, status: UInt16, sdp: [UInt8]?, now: Instant) {
        var provisionals =
            session.provisionals
            ?? ReliableProvisionals(
                to: invite.request,
                first: 1 + UInt32(truncatingIfNeeded: self.tokens.number(upTo: 0x7FFF_FFFD))
            )
        if provisionals.pending == nil {
            self.send(status, sdp: sdp, of: session, invite, &provisionals, now: now)
        } else if provisionals.waiting.count < self.configuration.limits.waitingProvisionals {
            provisionals.waiting.append(ReliableProvisionals.Waiting(status: status, sdp: sdp))
        }
        session.provisionals = provisionals
        self.deadlines.set(session, session.deadline)
    }

    private func send(
        _ status: UInt16,
        sdp: [UInt8]?,
        of session: Session,
        _ invite: ReceivedInvite,
        _ provisionals: inout ReliableProvisionals,
        now: Instant
    ) {
        let rSeq = provisionals.nextRSeq()
        var response = self.dialogResponse(status, to: invite, session, sdp: sdp)
        response.headers.fields =
            self.ownFields.dialogResponse(session.extensions) + [
                self.ownFields.reliable, SIPHeaders.Field("RSeq", String(rSeq)),
            ]
        self.respond(response, to: invite, now: now)
        guard let outbound = invite.lastResponse else { return }
        let timers = self.configuration.timers
        provisionals.pending = ReliableProvisionals.Pending(
            rSeq: rSeq,
            response: outbound,
            sdp: sdp,
            interval: timers.t1,
            resendAt: now + timers.t1,
            giveUpAt: now + timers.timeout
        )
        if let sdp, !session.exchange.isSettled { session.exchange.propose(sdp) }
    }

    /// Repeats a reliable provisional response, or gives its PRACK up for lost.
    func prackOverdue(_ session: Session, _ invite: ReceivedInvite, now: Instant) {
        guard var pending = session.provisionals?.pending else { return }
        guard now < pending.giveUpAt else {
            self.respond(504, to: invite, now: now)
            self.notifyGone(session, SIPReason(protocol: "SIP", cause: 504, text: "No PRACK"))
            self.finish(session, now: now)
            return
        }
        pending.interval = pending.interval * 2
        pending.resendAt = now + pending.interval
        session.provisionals?.pending = pending
        self.emit(pending.response)
        self.deadlines.set(session, session.deadline)
    }

    /// A PRACK came, in sequence.
    func received(
        prack request: SIPRequest,
        _ session: Session,
        key: ServerTransactionKey,
        flow: SIPFlow,
        now: Instant
    ) {
        guard let rAck = request.headers["RAck"].flatMap({ RAck($0) }), let pending = session.provisionals?.pending,
            rAck.rSeq == pending.rSeq, rAck.cSeq.method == .invite, rAck.cSeq.number == session.provisionals?.cSeq
        else {
            self.reject(request, 481, key: key, mergeKey: nil, flow: flow, now: now)
            return
        }
        session.provisionals?.pending = nil
        let tag = request.headers.from.tag ?? ""
        let wasSettled = session.exchange.isSettled
        let offered = session.provisionals?.holdsOffer == true
        if pending.sdp != nil, !wasSettled {
            if offered {
                session.exchange.settle(offer: pending.sdp, remoteAnswer: request.sdp)
            } else {
                session.exchange.settle(remoteOffer: nil, answer: pending.sdp)
            }
        }
        if let sdp = request.sdp, wasSettled || !offered {
            guard session.openOffer(tag) == nil else {
                // An offer while another has no answer (RFC 3262 §5).
                self.reject(request, 488, key: key, mergeKey: nil, flow: flow, now: now)
                self.prackDone(session, now: now)
                return
            }
            self.received(offer: sdp, in: request, session, tag: tag, key: key, flow: flow, now: now)
        } else {
            self.respond(200, to: request, key: key, flow: flow, tag: nil, now: now)
        }
        self.notify(
            session,
            .provisionalAcknowledged(sdp: pending.sdp != nil && !wasSettled && offered ? request.sdp : nil)
        )
        self.prackDone(session, now: now)
    }

    /// A reliable provisional response has its PRACK: the 2xx follows if it is ordered, else the next that waits.
    private func prackDone(_ session: Session, now: Instant) {
        guard case .invited(let invite) = session.stage else {
            self.proceed(session, now: now)
            return
        }
        if session.heldAnswer == nil, var provisionals = session.provisionals, !provisionals.waiting.isEmpty {
            let next = provisionals.waiting.removeFirst()
            self.send(next.status, sdp: next.sdp, of: session, invite, &provisionals, now: now)
            session.provisionals = provisionals
        }
        self.updateDone(session, now: now)
    }

    /// Whether our 2xx has to wait: for the PRACK of a description of ours, or for the answer to an offer of the peer's.
    func mustHoldAnswer(_ session: Session) -> Bool {
        if session.provisionals?.holdsAnswerBack == true { return true }
        switch session.update {
        case .none: return false
        case .sent(let modification, _): return modification.sdp != nil
        case .received: return true
        }
    }

    /// Sends the 2xx that was ordered, once nothing holds it back.
    func sendHeldAnswer(of session: Session, now: Instant) {
        guard let held = session.heldAnswer, case .invited(let invite) = session.stage, !self.mustHoldAnswer(session)
        else { return }
        session.heldAnswer = nil
        self.accept(session, invite, sdp: held.sdp, now: now)
    }

    /// Tells that an INVITE of the peer's has come to nothing: to who has answered it already, as the session's end.
    func notifyGone(_ session: Session, _ reason: SIPReason?) {
        self.notifyLast(session, session.heldAnswer == nil ? .cancelled(reason) : .ended(.bye(reason)))
    }
}
