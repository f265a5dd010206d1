extension SIPUserAgent {
    // MARK: Ours

    /// Sends a re-INVITE as soon as no other INVITE transaction runs in the dialog (RFC 3261 §14.1), and again after a 491.
    ///
    /// Orders are carried out one after the other, each with its own event; one too many is refused with 491 at once. An
    /// order for a session that is not answered yet waits for the answer. `sdp` is our offer; nil asks the peer for its own,
    /// and `acknowledge` is owed then.
    package func reinvite(_ id: SessionID, sdp: [UInt8]?, now: Instant) {
        guard let session = self.live(id) else { return }
        guard session.waiting.count < self.configuration.limits.waitingReinvites else {
            self.notify(session, .reinviteRefused(.init(status: 491)))
            return
        }
        session.waiting.append(Session.Modification(sdp: sdp))
        self.proceed(session, now: now)
    }

    /// Takes back the re-INVITEs that wait for their turn, as after a 491; nothing more is told of them.
    package func withdrawReinvites(_ id: SessionID) {
        guard let session = self.live(id) else { return }
        session.waiting.removeAll { $0.kind == .reinvite }
        if session.waiting.isEmpty { session.retryAt = nil }
        self.deadlines.set(session, session.deadline)
    }

    /// Sends the ACK of a 2xx that held the peer's offer, to an INVITE or a re-INVITE of ours without one.
    ///
    /// `sdp` is our answer.
    package func acknowledge(_ id: SessionID, sdp: [UInt8]?, now: Instant) {
        guard let session = self.live(id), case .owingAck(let invite) = session.operation, let dialog = session.dialog
        else { return }
        self.acknowledge(invite, in: dialog, tag: dialog.remoteTag, sdp: sdp, now: now)
        session.exchange.settle(remoteOffer: nil, answer: sdp)
        invite.session = nil
        session.operation = .none
        self.proceed(session, now: now)
    }

    /// Starts the next re-INVITE or UPDATE that waits, or sends the next digit, where it may; sets the session's deadline in
    /// any case.
    func proceed(_ session: Session, now: Instant) {
        switch (session.stage, session.operation) {
        case (.established, .none):
            // A peer takes no request that another one with a higher CSeq has overtaken (RFC 3261 §12.2.2).
            if session.hasRequestOnItsWay { break }
            if session.waiting.isEmpty || session.isUpdating || session.retryAt.map({ $0 > now }) == true {
                if self.sendReference(of: session, now: now) { break }
                if !session.digits.isEmpty { self.send(session.digits.removeFirst(), of: session, now: now) }
                break
            }
            session.retryAt = nil
            let next = session.waiting.removeFirst()
            switch next.kind {
            case .reinvite: self.send(next, of: session, now: now)
            case .update: self.send(update: next, of: session, now: now)
            case .refresh:
                if session.allowsUpdate {
                    self.send(update: next, of: session, now: now)
                } else {
                    self.send(next, of: session, now: now)
                }
            }
            return
        case (.inviting, _), (.invited, _):
            if self.mayUpdateEarly(session) {
                self.send(update: session.waiting.removeFirst(), of: session, now: now)
                return
            }
        case (.established, .reinviting), (.established, .owingAck), (.established, .reinvited),
            (.established, .unacknowledged), (.locating, _), (.terminating, _), (.over, _):
            break
        }
        self.deadlines.set(session, session.deadline)
    }

    private func send(_ modification: Session.Modification, of session: Session, now: Instant) {
        var reinvite = modification
        switch reinvite.kind {
        case .reinvite, .update: break
        case .refresh:
            // Without a description there is nothing to refresh with: a re-INVITE would ask for an offer.
            guard let local = session.exchange.local else {
                session.timer.refreshFailed(retryAfter: nil, now: now)
                self.proceed(session, now: now)
                return
            }
            reinvite.sdp = local
        }
        guard var request = session.dialog?.nextRequest(.invite), let hop = session.dialog?.nextHop else {
            self.dialogGone(session, now: now)
            return
        }
        if let sdp = reinvite.sdp {
            request.headers.contentType = "application/sdp"
            request.body = sdp
        }
        let isSecure = session.dialog?.needsSecureContact == true
        if let contact = self.contact(for: hop, user: session.user, isSecure: isSecure) {
            request.headers.contact = [contact]
        }
        var extensions = session.extensions
        // Whoever asks for an offer expects it in the 2xx.
        if reinvite.sdp == nil { extensions.remove(.reliableProvisionals) }
        self.addFields(extensions, of: session, to: &request)
        self.authorize(&request, with: &session.digest)
        guard let invite = self.send(invite: consume request, to: hop, session: session, isReinvite: true, now: now)
        else {
            self.dialogGone(session, now: now)
            return
        }
        session.operation = .reinviting(invite, reinvite, timerC: nil)
        self.deadlines.set(session, session.deadline)
    }

    /// Our re-INVITE got its 2xx.
    func reinviteAnswered(
        _ session: Session,
        _ invite: OutgoingInvite,
        _ reinvite: Session.Modification,
        _ response: SIPResponse,
        by flow: SIPFlow,
        now: Instant
    ) {
        session.digest?.accepted()
        session.dialog?.refreshTarget(response.headers.contact)
        session.dialog?.reached(by: flow)
        session.note(response.headers)
        session.timer.agreed(by: response.headers, now: now)
        let sdp = response.sdp ?? invite.early.first { $0.tag == response.headers.to.tag }?.exchange.remote
        let isNew = sdp.map { !session.exchange.isKnown($0) } ?? false
        if reinvite.sdp == nil {
            session.operation = .owingAck(invite)
            session.exchange.begin(remoteOffer: sdp)
        } else {
            if let dialog = session.dialog {
                self.acknowledge(invite, in: dialog, tag: response.headers.to.tag ?? "", sdp: nil, now: now)
            }
            session.exchange.settle(offer: reinvite.sdp, remoteAnswer: sdp)
            invite.session = nil
            session.operation = .none
        }
        switch reinvite.kind {
        case .reinvite, .update: self.notify(session, .reinviteAnswered(sdp: sdp))
        case .refresh: if let sdp, isNew { self.notify(session, .redescribed(sdp: sdp)) }
        }
        self.proceed(session, now: now)
    }

    /// Our re-INVITE got another final response.
    func reinviteRefused(_ session: Session, _ invite: OutgoingInvite, _ response: SIPResponse, now: Instant) {
        guard case .reinviting(let current, var reinvite, _) = session.operation, current === invite else { return }
        session.operation = .none
        switch response.status {
        case 401, 407:
            if session.digest?.receivedChallenge(response) == true {
                self.send(reinvite, of: session, now: now)
                return
            }
        case 408, 481:
            self.dialogGone(session, now: now)
            return
        case 422 where session.timer.raise(for: response.headers):
            self.send(reinvite, of: session, now: now)
            return
        case 491 where reinvite.glares < self.configuration.limits.glareRetries:
            reinvite.glares += 1
            self.tryAgain(reinvite, of: session, now: now)
            return
        default:
            break
        }
        switch reinvite.kind {
        case .reinvite, .update: self.notify(session, .reinviteRefused(Self.refusal(response)))
        case .refresh: session.timer.refreshFailed(retryAfter: Self.retryAfter(response), now: now)
        }
        self.proceed(session, now: now)
    }

    /// After a 491: it goes first, after the wait of RFC 3261 §14.1, which RFC 3311 §5.1 takes over.
    func tryAgain(_ modification: Session.Modification, of session: Session, now: Instant) {
        session.waiting.insert(modification, at: 0)
        session.retryAt = now + self.glareDelay(ownsCallID: session.dialog?.ownsCallID ?? true)
        self.proceed(session, now: now)
    }

    /// The peer's Retry-After, an hour at most.
    static func retryAfter(_ response: SIPResponse) -> Span? {
        response.headers.number("Retry-After").map { .seconds(UInt64(min($0, 3600))) }
    }

    /// The wait after a 491 (RFC 3261 §14.1): 2.1 to 4 s where the Call-ID is ours, else 0 to 2 s, in units of 10 ms.
    private func glareDelay(ownsCallID: Bool) -> Span {
        ownsCallID
            ? .milliseconds(2100 + 10 * self.tokens.number(upTo: 190))
            : .milliseconds(10 * self.tokens.number(upTo: 200))
    }

    // MARK: The peer's

    /// A re-INVITE came, in sequence.
    func received(
        reinvite request: SIPRequest,
        _ session: Session,
        key: ServerTransactionKey,
        flow: SIPFlow,
        now: Instant
    ) {
        switch session.stage {
        case .established: break
        case .invited:
            self.reject(request, 500, key: key, mergeKey: nil, flow: flow, fields: [self.randomRetryAfter], now: now)
            return
        case .locating, .inviting, .terminating, .over:
            self.reject(request, 481, key: key, mergeKey: nil, flow: flow, now: now)
            return
        }
        switch session.update {
        case .none: break
        case .sent(let modification, _):
            // An offer of ours is on its way (RFC 3261 §14.2); without one an UPDATE disturbs nothing.
            if modification.kind != .refresh, modification.sdp != nil {
                self.reject(request, 491, key: key, mergeKey: nil, flow: flow, now: now)
                return
            }
        case .received:
            self.reject(request, 500, key: key, mergeKey: nil, flow: flow, fields: [self.randomRetryAfter], now: now)
            return
        }
        switch session.operation {
        case .none:
            break
        case .reinviting, .owingAck:
            self.reject(request, 491, key: key, mergeKey: nil, flow: flow, now: now)
            return
        case .reinvited:
            self.reject(request, 500, key: key, mergeKey: nil, flow: flow, fields: [self.randomRetryAfter], now: now)
            return
        case .unacknowledged(let answer):
            if answer.holdsOffer {
                self.reject(request, 491, key: key, mergeKey: nil, flow: flow, now: now)
                return
            }
            guard self.takesForAcknowledged(session, now: now) else {
                self.reject(request, 481, key: key, mergeKey: nil, flow: flow, now: now)
                return
            }
        }
        session.note(request.headers)
        let invite = self.open(
            invite: request,
            key: key,
            mergeKey: nil,
            flow: flow,
            tag: session.key.localTag,
            session: session
        )
        self.sendTrying(invite, now: now)
        if let offer = request.sdp, request.headers.sessionExpires != nil,
            let answer = session.exchange.answer(repeating: offer)
        {
            session.dialog?.refreshTarget(request.headers.contact)
            self.answer(session, invite, sdp: answer, isInitial: false, isRefresh: true, now: now)
            return
        }
        session.operation = .reinvited(invite, until: now + self.configuration.limits.reinviteAnswer)
        self.deadlines.set(session, session.deadline)
        self.notify(session, .reinvited(sdp: request.sdp))
    }

    /// A request came that only follows our 2xx, whose ACK is lost or late (RFC 5407 §3.1.4); where that ACK owes an
    /// answer, it has to be waited for.
    ///
    /// - Returns: whether the session goes on.
    func takesForAcknowledged(_ session: Session, now: Instant) -> Bool {
        // One of ours that waits is kept back: the peer's is here already.
        let waiting = session.waiting
        session.waiting = []
        self.acknowledged(session, sdp: nil, now: now)
        guard case .established = session.stage else { return false }
        session.waiting = waiting
        return true
    }

    /// Answers the peer's re-INVITE with 200, or the UPDATE or PRACK that was told by `updated`; there is one at most.
    ///
    /// `sdp` is our answer, or our offer where the re-INVITE had none. The ACK is told by `acknowledged`.
    package func acceptReinvite(_ id: SessionID, sdp: [UInt8]?, now: Instant) {
        guard let session = self.live(id) else { return }
        if case .received(let received, let tag, let offer, _) = session.update {
            self.accept(update: received, tag: tag, offer: offer, sdp: sdp, of: session, now: now)
            return
        }
        guard case .reinvited(let invite, _) = session.operation else { return }
        session.dialog?.refreshTarget(invite.request.headers.contact)
        self.answer(session, invite, sdp: sdp, isInitial: false, now: now)
    }

    /// Refuses what `acceptReinvite` would answer; the session goes on as it was.
    ///
    /// `status` is 400 to 699; another goes out as 500. `warning` is the text of a Warning field.
    package func rejectReinvite(_ id: SessionID, status: UInt16, warning: String?, now: Instant) {
        guard let session = self.live(id) else { return }
        let fields = warning.map { [self.warning($0)] } ?? []
        if case .received(let received, _, _, _) = session.update {
            self.respond(Self.refusal(status), to: received, fields: fields, now: now)
            session.update = .none
            self.updateDone(session, now: now)
            return
        }
        guard case .reinvited(let invite, _) = session.operation else { return }
        self.respond(Self.refusal(status), to: invite, fields: fields, now: now)
        session.operation = .none
        self.proceed(session, now: now)
    }
}
