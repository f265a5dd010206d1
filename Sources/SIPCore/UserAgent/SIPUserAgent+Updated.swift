/// The peer's UPDATEs (RFC 3311 §5.2), and the offers in its PRACKs.
extension SIPUserAgent {
    /// An UPDATE came, in sequence, in the dialog with the peer of that tag.
    func received(
        update request: SIPRequest,
        _ session: Session,
        tag: String,
        key: ServerTransactionKey,
        flow: SIPFlow,
        now: Instant
    ) {
        session.note(request.headers)
        guard let offer = request.sdp else {
            if case .received = session.update {
                self.rejectForNow(request, key: key, flow: flow, now: now)
                return
            }
            let received = self.open(request, key: key, mergeKey: nil, flow: flow)
            self.answer(received, tag: tag, sdp: nil, of: session, now: now)
            return
        }
        switch session.openOffer(tag) {
        case .ours: self.reject(request, 491, key: key, mergeKey: nil, flow: flow, now: now)
        case .theirs: self.rejectForNow(request, key: key, flow: flow, now: now)
        case nil: self.received(offer: offer, in: request, session, tag: tag, key: key, flow: flow, now: now)
        }
    }

    /// An offer came that may be answered: one that repeats the peer's last description is answered with ours at once.
    func received(
        offer: [UInt8],
        in request: SIPRequest,
        _ session: Session,
        tag: String,
        key: ServerTransactionKey,
        flow: SIPFlow,
        now: Instant
    ) {
        if let answer = session.exchange(tag)?.answer(repeating: offer) {
            let received = self.open(request, key: key, mergeKey: nil, flow: flow)
            self.answer(received, tag: tag, sdp: answer, of: session, now: now)
            return
        }
        if case .unacknowledged = session.operation, !self.takesForAcknowledged(session, now: now) {
            self.reject(request, 481, key: key, mergeKey: nil, flow: flow, now: now)
            return
        }
        let received = self.open(request, key: key, mergeKey: nil, flow: flow)
        let until = now + self.configuration.limits.updateAnswer
        session.update = .received(received, tag: tag, offer: offer, until: until)
        self.deadlines.set(session, session.deadline)
        self.notify(session, .updated(sdp: offer))
    }

    private func rejectForNow(_ request: SIPRequest, key: ServerTransactionKey, flow: SIPFlow, now: Instant) {
        self.reject(request, 500, key: key, mergeKey: nil, flow: flow, fields: [self.randomRetryAfter], now: now)
    }

    /// Sends the 200 of an UPDATE or PRACK: with our answer, where that held an offer.
    func answer(_ received: ReceivedRequest, tag: String, sdp: [UInt8]?, of session: Session, now: Instant) {
        let request = received.request
        var response = self.response(200, to: request, tag: nil)
        if request.method == .update {
            _ = session.edit(tag) { dialog, _ in dialog.refreshTarget(request.headers.contact) }
            response.headers.fields = self.ownFields.dialogResponse(session.extensions)
            if let contact = self.contact(of: received.flow, request, user: session.user) {
                response.headers.contact = ShortList(contact)
            }
            if case .established = session.stage {
                response.headers.fields += session.timer.accepted(request.headers, self.ownFields, now: now)
            }
        }
        if let sdp {
            response.headers.contentType = "application/sdp"
            response.body = sdp
        }
        self.respond(response, to: received, now: now)
        self.deadlines.set(session, session.deadline)
    }

    /// The call side answers the offer that it was told by `updated`.
    func accept(
        update received: ReceivedRequest,
        tag: String,
        offer: [UInt8],
        sdp: [UInt8]?,
        of session: Session,
        now: Instant
    ) {
        session.update = .none
        if let sdp {
            _ = session.edit(tag) { _, exchange in exchange.settle(remoteOffer: offer, answer: sdp) }
            self.answer(received, tag: tag, sdp: sdp, of: session, now: now)
            self.notify(session, .acknowledged(sdp: nil))
        } else {
            // An offer has to have an answer.
            self.respond(500, to: received, now: now)
        }
        self.updateDone(session, now: now)
    }

    /// The call side did not answer in time.
    func updateOverdue(_ session: Session, _ received: ReceivedRequest, now: Instant) {
        self.respond(504, to: received, now: now)
        session.update = .none
        self.updateDone(session, now: now)
    }

    /// No UPDATE runs any more: what has waited for its end goes on.
    func updateDone(_ session: Session, now: Instant) {
        self.sendHeldAnswer(of: session, now: now)
        self.proceed(session, now: now)
    }

    /// One fork has answered: an UPDATE with another comes to nothing.
    func endUpdate(of session: Session, unlessWith tag: String, now: Instant) {
        switch session.update {
        case .none: return
        case .sent(_, tag: tag), .received(_, tag: tag, offer: _, until: _): return
        case .sent: self.notify(session, .updateRefused(.init(status: 481)))
        case .received: break
        }
        self.endUpdate(of: session, now: now)
    }

    /// The dialog ends: an UPDATE that waits for the call side still gets its response (RFC 3261 §15.1.2).
    func endUpdate(of session: Session, now: Instant) {
        let update = session.update
        session.update = .none
        switch update {
        case .none, .sent: break
        case .received(let received, _, _, _): self.respond(487, to: received, now: now)
        }
    }
}
