extension SIPUserAgent {
    /// Sends a provisional response to the INVITE of a peer; it makes an early dialog.
    ///
    /// `status` is 101 to 199; with another nothing is sent. `sdp` is that of early media, where there is any. A peer that
    /// requires reliable provisional responses gets them so (RFC 3262), one that supports them if `reliably` says so; then
    /// `provisionalAcknowledged` follows.
    package func ring(_ id: SessionID, status: UInt16, sdp: [UInt8]?, reliably: Bool = false, now: Instant) {
        guard (101...199).contains(status), let session = self.live(id), case .invited(let invite) = session.stage,
            session.heldAnswer == nil
        else { return }
        self.count(session, dialogs: 1)
        let headers = invite.request.headers
        let tag = MethodTable.Extension.reliableProvisionals.rawValue
        if headers.lists(tag, in: "Require") || (reliably && headers.lists(tag, in: "Supported")) {
            self.ringReliably(session, invite, status: status, sdp: sdp, now: now)
            return
        }
        self.respond(self.dialogResponse(status, to: invite, session, sdp: sdp), to: invite, now: now)
    }

    /// Answers the INVITE of a peer with 200.
    ///
    /// `sdp` is our answer, or our offer where the INVITE had none. The 200 is repeated until its ACK comes, which is told
    /// by `acknowledged`. It waits for the PRACK of a description that was sent before, and for what `updated` has told.
    package func accept(_ id: SessionID, sdp: [UInt8]?, now: Instant) {
        guard let session = self.live(id), case .invited(let invite) = session.stage, session.heldAnswer == nil else {
            return
        }
        guard !self.mustHoldAnswer(session) else {
            session.heldAnswer = Session.HeldAnswer(sdp: sdp)
            return
        }
        self.accept(session, invite, sdp: sdp, now: now)
    }

    func accept(_ session: Session, _ invite: ReceivedInvite, sdp: [UInt8]?, now: Instant) {
        session.stage = .established
        // A PRACK that is still on its way is to be taken (RFC 3262 §3); nothing is repeated any more.
        session.provisionals?.waiting = []
        self.count(session, dialogs: 1)
        // What was answered reliably is not repeated (RFC 3261 §13.2.1).
        let isKnown = session.exchange.isSettled && session.exchange.local == sdp
        self.answer(session, invite, sdp: isKnown ? nil : sdp, isInitial: true, now: now)
    }

    /// Sends our 200 and waits for its ACK.
    func answer(
        _ session: Session,
        _ invite: ReceivedInvite,
        sdp: [UInt8]?,
        isInitial: Bool,
        isRefresh: Bool = false,
        now: Instant
    ) {
        var response = self.dialogResponse(200, to: invite, session, sdp: sdp)
        let timer = session.timer.accepted(invite.request.headers, self.ownFields, now: now)
        if !timer.isEmpty { response.headers.fields += timer }
        self.respond(consume response, to: invite, now: now)
        guard let response = invite.lastResponse else { return }
        let isOffer = invite.request.body.isEmpty && !(isInitial && session.exchange.isSettled)
        if isOffer {
            if let sdp { session.exchange.propose(sdp) }
        } else if !isRefresh {
            session.exchange.settle(remoteOffer: invite.request.sdp, answer: sdp)
        }
        let timers = self.configuration.timers
        session.operation = .unacknowledged(
            Session.UnacknowledgedAnswer(
                response: response,
                cSeq: invite.request.headers.cSeq.number,
                isInitial: isInitial,
                holdsOffer: isOffer,
                isRefresh: isRefresh,
                interval: timers.t1,
                resendAt: now + timers.t1,
                giveUpAt: now + timers.timeout
            )
        )
        self.deadlines.set(session, session.deadline)
    }

    /// The ACK of our 2xx came, or a request that only follows one.
    func acknowledged(_ session: Session, sdp: [UInt8]?, now: Instant) {
        var isRefresh = false
        if case .unacknowledged(let answer) = session.operation {
            isRefresh = answer.isRefresh
            if answer.holdsOffer { session.exchange.settle(offer: nil, remoteAnswer: sdp) }
        }
        session.operation = .none
        if let ending = session.postponedEnding {
            self.terminate(session, reason: ending.reason, now: now)
            return
        }
        if !isRefresh { self.notify(session, .acknowledged(sdp: sdp)) }
        self.proceed(session, now: now)
    }

    /// Repeats our 2xx, or gives its ACK up for lost (RFC 3261 §13.3.1.4).
    func acknowledgementOverdue(_ session: Session, _ answer: Session.UnacknowledgedAnswer, now: Instant) {
        guard now < answer.giveUpAt else {
            self.notifyLast(session, .ended(.noAcknowledgement))
            self.terminate(session, reason: session.postponedEnding?.reason, now: now)
            return
        }
        var answer = answer
        answer.interval = self.configuration.timers.doubled(answer.interval)
        answer.resendAt = now + answer.interval
        session.operation = .unacknowledged(answer)
        self.emit(answer.response)
        self.deadlines.set(session, session.deadline)
    }
}
