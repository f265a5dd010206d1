/// Our UPDATEs (RFC 3311 §5.1), and with them the refreshes of sessions (RFC 4028 §7.4).
extension SIPUserAgent {
    /// Sends an UPDATE as soon as nothing else is under way in the dialog; `updateAnswered` or `updateRefused` follows.
    ///
    /// Orders wait for their turn with those of `reinvite`. Before the session is answered, one with an offer waits until
    /// the INVITE's offer has been answered by a reliable provisional response. A peer whose Allow does not name UPDATE gets
    /// none, and the order is refused with 405; one too many is refused with 491. `sdp` is our offer; without one the
    /// UPDATE tells the peer our Contact, no more.
    package func update(_ id: SessionID, sdp: [UInt8]?, now: Instant) {
        guard let session = self.live(id) else { return }
        guard session.waiting.count < self.configuration.limits.waitingReinvites else {
            self.notify(session, .updateRefused(.init(status: 491)))
            return
        }
        session.waiting.append(Session.Modification(kind: .update, sdp: sdp))
        self.proceed(session, now: now)
    }

    /// Whether the first that waits is an UPDATE that may go out before the session is answered.
    func mayUpdateEarly(_ session: Session) -> Bool {
        guard let next = session.waiting.first, next.kind == .update, !session.isUpdating,
            session.heldAnswer == nil, session.allowsUpdate, session.countedDialogs > 0, let tag = session.tagOfUpdates
        else { return false }
        return next.sdp == nil || session.openOffer(tag) == nil
    }

    func send(update modification: Session.Modification, of session: Session, now: Instant) {
        guard session.allowsUpdate else {
            self.notify(session, .updateRefused(.init(status: 405)))
            self.proceed(session, now: now)
            return
        }
        guard let tag = session.tagOfUpdates,
            let next = session.edit(tag, { dialog, _ in (request: dialog.nextRequest(.update), hop: dialog.nextHop) }),
            let hop = next.hop
        else {
            self.updateUnsent(modification, of: session, now: now)
            return
        }
        var request = next.request
        let isSecure = session.edit(tag) { dialog, _ in dialog.needsSecureContact } ?? false
        if let contact = self.contact(for: hop, user: session.user, isSecure: isSecure) {
            request.headers.contact = [contact]
        }
        if let sdp = modification.offer {
            request.headers.contentType = "application/sdp"
            request.body = sdp
        }
        self.addFields(session.extensions, of: session, to: &request)
        self.authorize(&request, with: &session.digest)
        guard self.send(consume request, to: hop, purpose: .update(session, tag: tag), now: now) else {
            self.updateUnsent(modification, of: session, now: now)
            return
        }
        session.update = .sent(modification, tag: tag)
        self.deadlines.set(session, session.deadline)
    }

    /// What a re-INVITE or an UPDATE tells about us; within the session its timer belongs to it (RFC 4028 §7.4).
    func addFields(_ extensions: MethodTable.Extensions, of session: Session, to request: inout SIPRequest) {
        request.headers.fields.share(self.ownFields.invite(extensions))
        switch session.stage {
        case .established: request.headers.fields += session.timer.requestFields(self.ownFields)
        case .locating, .inviting, .invited, .terminating, .over: break
        }
    }

    private func updateUnsent(_ modification: Session.Modification, of session: Session, now: Instant) {
        switch session.stage {
        case .established: self.dialogGone(session, now: now)
        case .inviting, .invited:
            self.notify(session, .updateRefused(.init(status: 503, cause: .transport(.unsupported))))
            self.proceed(session, now: now)
        case .locating, .terminating, .over: break
        }
    }

    /// Our UPDATE has its final response.
    func updateAnswered(_ session: Session, tag: String, _ response: SIPResponse, now: Instant) {
        guard case .sent(var modification, tag) = session.update else { return }
        session.update = .none
        session.note(response.headers)
        if response.status < 300 {
            self.updateAccepted(session, tag: tag, modification, response, now: now)
            return
        }
        switch response.status {
        case 401, 407:
            if session.digest?.receivedChallenge(response) == true {
                self.send(update: modification, of: session, now: now)
                return
            }
        case 408, 481:
            if case .established = session.stage {
                self.dialogGone(session, now: now)
                return
            }
        case 422 where session.timer.raise(for: response.headers):
            self.send(update: modification, of: session, now: now)
            return
        case 491 where modification.glares < self.configuration.limits.glareRetries:
            modification.glares += 1
            self.tryAgain(modification, of: session, now: now)
            return
        case 405, 501:
            session.allowsUpdate = false
        default:
            break
        }
        switch modification.kind {
        case .reinvite, .update:
            self.notify(session, .updateRefused(Self.refusal(response)))
        case .refresh:
            if session.allowsUpdate {
                session.timer.refreshFailed(retryAfter: Self.retryAfter(response), now: now)
            } else {
                session.waiting.insert(modification, at: 0)
            }
        }
        self.updateDone(session, now: now)
    }

    private func updateAccepted(
        _ session: Session,
        tag: String,
        _ modification: Session.Modification,
        _ response: SIPResponse,
        now: Instant
    ) {
        session.digest?.accepted()
        _ = session.edit(tag) { dialog, exchange in
            dialog.refreshTarget(response.headers.contact)
            if let offer = modification.offer { exchange.settle(offer: offer, remoteAnswer: response.sdp) }
        }
        if case .established = session.stage { session.timer.agreed(by: response.headers, now: now) }
        switch modification.kind {
        case .reinvite, .update:
            self.notify(session, .updateAnswered(sdp: modification.offer == nil ? nil : response.sdp))
        case .refresh: break
        }
        self.updateDone(session, now: now)
    }

    /// Our UPDATE found nobody, or could not be sent.
    ///
    /// No response within 64·T1 says that the dialog is gone (RFC 3261 §12.2.1.2). A connection that breaks says less: a
    /// refresh that was agreed on has time for another attempt.
    func updateLost(_ session: Session, tag: String, isTimeout: Bool, now: Instant) {
        guard case .sent(let modification, tag) = session.update else { return }
        session.update = .none
        let isEstablished: Bool
        switch session.stage {
        case .established: isEstablished = true
        case .inviting, .invited: isEstablished = false
        case .locating, .terminating, .over: return
        }
        switch modification.kind {
        case .refresh where isTimeout || !session.timer.isAgreed, .update where isTimeout && isEstablished:
            self.dialogGone(session, now: now)
            return
        case .refresh:
            session.timer.refreshFailed(retryAfter: nil, now: now)
        case .reinvite, .update:
            let cause: SessionEvent.Refusal.Cause = isTimeout ? .noResponse : .transport(.refused)
            self.notify(session, .updateRefused(.init(status: isTimeout ? 408 : 503, cause: cause)))
        }
        self.updateDone(session, now: now)
    }
}

extension Session.Modification {
    /// What an UPDATE holds: a refresh by UPDATE needs no description (RFC 4028 §7.4).
    fileprivate var offer: [UInt8]? {
        switch self.kind {
        case .reinvite, .update: self.sdp
        case .refresh: nil
        }
    }
}
