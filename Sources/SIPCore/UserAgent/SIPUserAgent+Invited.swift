extension SIPUserAgent {
    /// Sends a provisional response to the INVITE of a peer; it makes an early dialog.
    ///
    /// `status` is 101 to 199; with another nothing is sent. `sdp` is that of early media, where there is any.
    package func ring(_ id: SessionID, status: UInt16, sdp: [UInt8]?, now: Instant) {
        guard (101...199).contains(status), let session = self.live(id), case .invited(let invite) = session.stage
        else { return }
        self.count(session, dialogs: 1)
        self.respond(self.dialogResponse(status, to: invite, user: session.user, sdp: sdp), to: invite, now: now)
    }

    /// Answers the INVITE of a peer with 200.
    ///
    /// `sdp` is our answer, or our offer where the INVITE had none. The 200 is repeated until its ACK comes, which is told
    /// by `acknowledged`.
    package func accept(_ id: SessionID, sdp: [UInt8]?, now: Instant) {
        guard let session = self.live(id), case .invited(let invite) = session.stage else { return }
        session.stage = .established
        self.count(session, dialogs: 1)
        self.answer(session, invite, sdp: sdp, isInitial: true, now: now)
    }

    /// Sends our 200 and waits for its ACK.
    func answer(_ session: Session, _ invite: ReceivedInvite, sdp: [UInt8]?, isInitial: Bool, now: Instant) {
        self.respond(self.dialogResponse(200, to: invite, user: session.user, sdp: sdp), to: invite, now: now)
        guard let response = invite.lastResponse else { return }
        let timers = self.configuration.timers
        session.operation = .unacknowledged(
            Session.UnacknowledgedAnswer(
                response: response,
                cSeq: invite.request.headers.cSeq.number,
                isInitial: isInitial,
                holdsOffer: invite.request.body.isEmpty,
                interval: timers.t1,
                resendAt: now + timers.t1,
                giveUpAt: now + timers.timeout
            )
        )
        self.deadlines.set(session, session.deadline)
    }

    /// The ACK of our 2xx came, or a request that only follows one.
    func acknowledged(_ session: Session, sdp: [UInt8]?, now: Instant) {
        session.operation = .none
        if let ending = session.postponedEnding {
            self.terminate(session, reason: ending.reason, now: now)
            return
        }
        self.notify(session, .acknowledged(sdp: sdp))
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
