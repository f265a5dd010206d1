/// A peer's REFER within a session, and our NOTIFYs about it (RFC 3515).
extension SIPUserAgent {
    /// A REFER came within a dialog, in sequence.
    func received(
        refer request: SIPRequest,
        _ session: Session,
        key: ServerTransactionKey,
        flow: SIPFlow,
        now: Instant
    ) {
        let targets = request.headers.all("Refer-To")
        let target: ReferTarget
        do throws(ReferTarget.Fault) {
            guard targets.count == 1 else { throw .malformed }
            target = try ReferTarget(targets[0])
        } catch {
            let status: UInt16 = error == .malformed ? 400 : 416
            self.respond(status, to: request, key: key, flow: flow, tag: nil, now: now)
            return
        }
        guard case .established = session.stage, !session.isSilent, session.receivedReference == nil else {
            self.respond(491, to: request, key: key, flow: flow, tag: nil, now: now)
            return
        }
        let isSilent = request.headers["Refer-Sub"].map { $0.equalsIgnoringCase("false") } ?? false
        session.receivedReference = ReceivedReference(
            received: self.open(request, key: key, mergeKey: nil, flow: flow),
            server: ReferServer(isSilent: isSilent, now: now),
            isSilent: isSilent,
            id: session.hasReferred ? request.headers.cSeq.number : nil
        )
        session.hasReferred = true
        let referrer = request.headers["Referred-By"].flatMap { NameAddress($0) }
        self.notify(session, .referred(target, by: referrer))
    }

    /// Takes the peer's REFER; `reportReferral` then tells it how the call goes.
    package func acceptRefer(_ id: SessionID, now: Instant) {
        guard let session = self.live(id), var reference = session.receivedReference, reference.server.isAsked else {
            return
        }
        reference.server.accept()
        session.receivedReference = reference
        let fields = reference.isSilent ? [SIPHeaders.Field("Refer-Sub", "false")] : []
        self.respond(202, to: reference.received, fields: fields, now: now)
        self.proceed(session, now: now)
    }

    /// Refuses the peer's REFER.
    package func rejectRefer(_ id: SessionID, status: UInt16, now: Instant) {
        guard let session = self.live(id), let reference = session.receivedReference, reference.server.isAsked else {
            return
        }
        session.receivedReference = nil
        self.respond(Self.refusal(status), to: reference.received, now: now)
    }

    /// The call that the peer has asked for has got so far; 200 and more is the end of it.
    ///
    /// A BYE that is ordered behind it leaves behind it.
    package func reportReferral(_ id: SessionID, status: UInt16, now: Instant) {
        guard let session = self.live(id), session.receivedReference != nil else { return }
        session.receivedReference?.server.report(status)
        self.proceed(session, now: now)
    }

    /// Sends the NOTIFY that is due.
    ///
    /// - Returns: whether there was one.
    func sendNotice(of session: Session, isLast: Bool, now: Instant) -> Bool {
        guard var reference = session.receivedReference,
            let notice = reference.server.nextNotice(now: now, isLast: isLast)
        else {
            self.forgetReferenceIfOver(session)
            return false
        }
        session.receivedReference = reference
        defer { self.forgetReferenceIfOver(session) }
        guard var request = session.dialog?.nextRequest(.notify), let hop = session.dialog?.nextHop else {
            reference.server.noticeAnswered(status: 503)
            session.receivedReference = reference
            return false
        }
        request.headers.contentType = SIPFragment.contentType
        request.body = SIPFragment.body(status: notice.status)
        request.headers.fields = [
            SIPHeaders.Field("Event", reference.id.map { "refer;id=\($0)" } ?? "refer"),
            SIPHeaders.Field(
                "Subscription-State",
                notice.expires.map { "active;expires=\($0)" } ?? "terminated;reason=noresource"
            ),
        ]
        self.complete(&request, hop, of: session)
        if !self.send(consume request, to: hop, purpose: .notify(session), now: now) {
            session.receivedReference?.server.noticeAnswered(status: 503)
        }
        return true
    }

    private func forgetReferenceIfOver(_ session: Session) {
        if session.receivedReference?.server.isOver == true { session.receivedReference = nil }
    }

    /// Our NOTIFY has its final response.
    func notifyAnswered(_ session: Session, _ response: SIPResponse, now: Instant) {
        guard case .established = session.stage else { return }
        // A challenge is not worth an answer: the next NOTIFY has the credentials.
        if response.isChallenge { _ = session.digest?.receivedChallenge(response) }
        session.receivedReference?.server.noticeAnswered(status: response.isChallenge ? 200 : response.status)
        self.forgetReferenceIfOver(session)
        self.proceed(session, now: now)
    }

    /// Our NOTIFY found nobody.
    func notifyLost(_ session: Session, now: Instant) {
        guard case .established = session.stage else { return }
        session.receivedReference?.server.noticeAnswered(status: 408)
        self.forgetReferenceIfOver(session)
        self.proceed(session, now: now)
    }

    // MARK: Time, and the end of the session

    /// Whatever has waited too long for news comes to its end.
    func referencesOverdue(_ session: Session, now: Instant) {
        if let news = session.reference?.client.timeoutReached(now: now) { self.tell(session, news) }
        if let deadline = session.receivedReference?.server.deadline, deadline <= now {
            session.receivedReference?.server.timeoutReached(now: now)
            self.proceed(session, now: now)
        }
    }

    /// The session ends: a REFER that nobody has decided about gets its response, and the last NOTIFY leaves before our BYE.
    func endReferences(of session: Session, beforeBye: Bool, now: Instant) {
        session.reference = nil
        guard let reference = session.receivedReference else { return }
        if reference.server.isAsked {
            self.respond(481, to: reference.received, now: now)
        } else if beforeBye {
            _ = self.sendNotice(of: session, isLast: true, now: now)
        }
        session.receivedReference = nil
    }
}

/// A peer's REFER within a session.
struct ReceivedReference {
    /// Answered once the call side has decided.
    let received: ReceivedRequest
    var server: ReferServer
    /// The peer wants no NOTIFY (RFC 4488).
    let isSilent: Bool
    /// What Event names it by; nil: there is no other.
    let id: UInt32?
}
