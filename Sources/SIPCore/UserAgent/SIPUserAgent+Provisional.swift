/// Provisional responses to our INVITEs, the reliable ones among them (RFC 3262 §4).
extension SIPUserAgent {
    func receivedProvisional(
        _ response: SIPResponse,
        to invite: OutgoingInvite,
        by flow: SIPFlow,
        now: Instant
    ) {
        guard let session = invite.session else {
            if case .wanted(let reason) = invite.cancellation { self.sendCancel(invite, reason: reason, now: now) }
            return
        }
        let timerC = now + self.configuration.timers.timerC
        if invite.isReinvite {
            guard case .reinviting(let current, let reinvite, _) = session.operation, current === invite else { return }
            session.operation = .reinviting(invite, reinvite, timerC: timerC)
            self.deadlines.set(session, session.deadline)
            self.noteReliable(response, to: invite, of: session, by: flow, now: now)
            return
        }
        guard case .inviting(_, let patience) = session.stage else { return }
        switch patience {
        case .anyResponse:
            session.stage = .inviting(invite, .finalResponse(until: timerC))
        case .finalResponse:
            if response.status > 100 { session.stage = .inviting(invite, .finalResponse(until: timerC)) }
        }
        self.deadlines.set(session, session.deadline)
        guard response.status > 100 else { return }
        if let tag = response.headers.to.tag, invite.early.count < self.configuration.limits.forks,
            !invite.early.contains(where: { $0.tag == tag })
        {
            let offer = invite.request.body.isEmpty ? nil : invite.request.body
            invite.early.append(EarlyDialog(tag: tag, response: response, flow: flow, offer: offer))
            self.count(session, dialogs: invite.early.count)
        }
        session.note(response.headers)
        self.noteReliable(response, to: invite, of: session, by: flow, now: now)
        self.proceed(session, now: now)
    }

    /// Takes a provisional response: one that is not reliable is told, a reliable one in its turn is also PRACKed.
    private func noteReliable(
        _ response: SIPResponse,
        to invite: OutgoingInvite,
        of session: Session,
        by flow: SIPFlow,
        now: Instant
    ) {
        let sdp = response.sdp
        guard response.status > 100, let tag = response.headers.to.tag,
            response.headers.lists(MethodTable.Extension.reliableProvisionals.rawValue, in: "Require"),
            let rSeq = response.headers.number("RSeq"),
            Self.offersReliability(invite.request)
        else {
            if !invite.isReinvite {
                self.notify(session, .provisional(status: response.status, sdp: sdp))
            }
            return
        }
        if invite.isReinvite, !invite.early.contains(where: { $0.tag == tag }), session.dialog?.remoteTag == tag {
            invite.early.append(EarlyDialog(tag: tag, response: response, flow: flow, offer: nil))
        }
        guard let index = invite.early.firstIndex(where: { $0.tag == tag }) else { return }
        // Repeated, or one before it is lost: then this one will be repeated, too (§4).
        if let last = invite.early[index].rSeq, rSeq != last &+ 1 { return }
        if invite.early[index].owesAnswer { return }
        invite.early[index].rSeq = rSeq
        if let sdp, invite.request.body.isEmpty, !invite.early[index].exchange.isSettled {
            invite.early[index].owesAnswer = true
            invite.early[index].exchange.begin(remoteOffer: sdp)
            self.notify(session, .offered(status: response.status, sdp: sdp))
            return
        }
        if !invite.early[index].exchange.isSettled {
            invite.early[index].exchange.settle(offer: invite.request.body, remoteAnswer: sdp)
        }
        self.sendPrack(of: session, invite, tag: tag, rSeq: rSeq, sdp: nil, now: now)
        if !invite.isReinvite {
            self.notify(session, .provisional(status: response.status, sdp: sdp))
        }
    }

    private static func offersReliability(_ request: SIPRequest) -> Bool {
        let tag = MethodTable.Extension.reliableProvisionals.rawValue
        return request.headers.lists(tag, in: "Supported") || request.headers.lists(tag, in: "Require")
    }

    /// Answers the offer that a reliable provisional response to our INVITE held, in its PRACK (RFC 3262 §5).
    ///
    /// `sdp` is our answer. Nothing happens where no such answer is owed.
    package func answerProvisional(_ id: SessionID, sdp: [UInt8], now: Instant) {
        guard let session = self.live(id), case .inviting(let invite, _) = session.stage,
            let index = invite.early.firstIndex(where: { $0.owesAnswer }), let rSeq = invite.early[index].rSeq
        else { return }
        invite.early[index].owesAnswer = false
        invite.early[index].exchange.settle(remoteOffer: nil, answer: sdp)
        self.sendPrack(of: session, invite, tag: invite.early[index].tag, rSeq: rSeq, sdp: sdp, now: now)
        self.proceed(session, now: now)
    }

    private func sendPrack(
        of session: Session,
        _ invite: OutgoingInvite,
        tag: String,
        rSeq: UInt32,
        sdp: [UInt8]?,
        now: Instant
    ) {
        let rAck = RAck(rSeq: rSeq, cSeq: invite.request.headers.cSeq)
        self.sendPrack(of: session, tag: tag, rAck: SIPHeaders.Field("RAck", rAck.headerValue), sdp: sdp, now: now)
    }

    private func sendPrack(of session: Session, tag: String, rAck: SIPHeaders.Field, sdp: [UInt8]?, now: Instant) {
        guard
            let (request, next) = session.edit(tag, { dialog, _ in (dialog.nextRequest(.prack), dialog.nextHop) }),
            var request = Optional(request), let hop = next
        else { return }
        request.headers.fields.append(rAck)
        request.headers.fields += self.ownFields.request
        if let sdp {
            request.headers.contentType = "application/sdp"
            request.body = sdp
        }
        self.authorize(&request, with: &session.digest)
        _ = self.send(consume request, to: hop, purpose: .prack(session, tag: tag), now: now)
    }

    /// A PRACK has its final response: whatever it is, the INVITE goes on; a challenge is answered.
    func prackAnswered(
        _ session: Session,
        tag: String,
        _ outgoing: OutgoingRequest,
        _ response: SIPResponse,
        now: Instant
    ) {
        guard response.isChallenge else {
            if response.status < 300 { session.digest?.accepted() }
            return
        }
        guard session.digest?.receivedChallenge(response) == true,
            let rAck = outgoing.request.headers.fields.first(where: { $0.name == "RAck" })
        else { return }
        self.sendPrack(of: session, tag: tag, rAck: rAck, sdp: outgoing.request.sdp, now: now)
    }
}
