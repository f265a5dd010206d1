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
        session.waiting.append(Session.Reinvite(sdp: sdp))
        self.proceed(session, now: now)
    }

    /// Sends the ACK of a 2xx that held the peer's offer, to an INVITE or a re-INVITE of ours without one.
    ///
    /// `sdp` is our answer.
    package func acknowledge(_ id: SessionID, sdp: [UInt8]?, now: Instant) {
        guard let session = self.live(id), case .owingAck(let invite) = session.operation, let dialog = session.dialog
        else { return }
        self.acknowledge(invite, in: dialog, tag: dialog.remoteTag, sdp: sdp, now: now)
        invite.session = nil
        session.operation = .none
        self.proceed(session, now: now)
    }

    /// Starts the next re-INVITE that waits, or sends the next digit, where it may; sets the session's deadline in any case.
    func proceed(_ session: Session, now: Instant) {
        switch (session.stage, session.operation) {
        case (.established, .none):
            // A peer takes no request that another one with a higher CSeq has overtaken (RFC 3261 §12.2.2).
            if session.digitOnItsWay != nil { break }
            if session.waiting.isEmpty || session.retryAt.map({ $0 > now }) == true {
                if !session.digits.isEmpty { self.send(session.digits.removeFirst(), of: session, now: now) }
                break
            }
            session.retryAt = nil
            self.send(session.waiting.removeFirst(), of: session, now: now)
            return
        case (.established, .reinviting), (.established, .owingAck), (.established, .reinvited),
            (.established, .unacknowledged), (.inviting, _), (.invited, _), (.terminating, _), (.over, _):
            break
        }
        self.deadlines.set(session, session.deadline)
    }

    private func send(_ reinvite: Session.Reinvite, of session: Session, now: Instant) {
        guard var request = session.dialog?.nextRequest(.invite), let hop = session.dialog?.nextHop else {
            self.dialogGone(session, now: now)
            return
        }
        if let sdp = reinvite.sdp {
            request.headers.contentType = "application/sdp"
            request.body = sdp
        }
        if let contact = self.contact(
            hop.target.transport,
            toward: hop.target.host,
            user: session.user,
            isSecure: session.dialog?.remoteTarget.scheme == .sips
        ) {
            request.headers.contact = ShortList(contact)
        }
        self.addOwnFields(to: &request.headers)
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
        _ reinvite: Session.Reinvite,
        _ response: SIPResponse,
        by flow: SIPFlow,
        now: Instant
    ) {
        session.digest?.accepted()
        session.dialog?.refreshTarget(response.headers.contact)
        session.dialog?.reached(by: flow)
        if reinvite.sdp == nil {
            session.operation = .owingAck(invite)
        } else {
            if let dialog = session.dialog {
                self.acknowledge(invite, in: dialog, tag: response.headers.to.tag ?? "", sdp: nil, now: now)
            }
            invite.session = nil
            session.operation = .none
        }
        self.notify(session, .reinviteAnswered(sdp: response.sdp))
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
            self.notify(session, .reinviteRefused(Self.refusal(response)))
        case 408, 481:
            self.dialogGone(session, now: now)
            return
        case 491 where reinvite.glares < self.configuration.limits.glareRetries:
            reinvite.glares += 1
            session.waiting.insert(reinvite, at: 0)
            session.retryAt = now + self.glareDelay(ownsCallID: session.dialog?.ownsCallID ?? false)
        default:
            self.notify(session, .reinviteRefused(Self.refusal(response)))
        }
        self.proceed(session, now: now)
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
        case .inviting, .terminating, .over:
            self.reject(request, 481, key: key, mergeKey: nil, flow: flow, now: now)
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
            // The peer has our 2xx, or it would not go on; only its ACK is lost or late (RFC 5407 §3.1.4). Where that
            // ACK owes an answer, it has to be waited for.
            if answer.holdsOffer {
                self.reject(request, 491, key: key, mergeKey: nil, flow: flow, now: now)
                return
            }
            // One of ours that waits is kept back: the peer's is here already.
            let waiting = session.waiting
            session.waiting = []
            self.acknowledged(session, sdp: nil, now: now)
            guard case .established = session.stage else {
                self.reject(request, 481, key: key, mergeKey: nil, flow: flow, now: now)
                return
            }
            session.waiting = waiting
        }
        let invite = self.open(
            invite: request,
            key: key,
            mergeKey: nil,
            flow: flow,
            tag: session.key.localTag,
            session: session
        )
        self.sendTrying(invite, now: now)
        session.operation = .reinvited(invite, until: now + self.configuration.limits.reinviteAnswer)
        self.deadlines.set(session, session.deadline)
        self.notify(session, .reinvited(sdp: request.sdp))
    }

    /// Answers the peer's re-INVITE with 200.
    ///
    /// `sdp` is our answer, or our offer where the re-INVITE had none. The ACK is told by `acknowledged`.
    package func acceptReinvite(_ id: SessionID, sdp: [UInt8]?, now: Instant) {
        guard let session = self.live(id), case .reinvited(let invite, _) = session.operation else { return }
        session.dialog?.refreshTarget(invite.request.headers.contact)
        self.answer(session, invite, sdp: sdp, isInitial: false, now: now)
    }

    /// Refuses the peer's re-INVITE; the session goes on as it was.
    ///
    /// `status` is 400 to 699; another goes out as 500. `warning` is the text of a Warning field.
    package func rejectReinvite(_ id: SessionID, status: UInt16, warning: String?, now: Instant) {
        guard let session = self.live(id), case .reinvited(let invite, _) = session.operation else { return }
        self.respond(Self.refusal(status), to: invite, fields: warning.map { [self.warning($0)] } ?? [], now: now)
        session.operation = .none
        self.proceed(session, now: now)
    }
}
