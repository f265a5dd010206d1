/// Our REFER within a session, and the peer's NOTIFYs about it (RFC 3515).
extension SIPUserAgent {
    /// Whether the peer of an established session takes REFER, and none is under way.
    package func mayRefer(_ id: SessionID) -> Bool {
        guard let session = self.live(id), case .established = session.stage else { return false }
        return session.allowsRefer && session.reference == nil
    }

    /// What an INVITE to the session's peer must ask for, and where it must go, to take our place in the session
    /// (RFC 3891); nil where it is not established.
    package func replacement(of id: SessionID) -> ReferTarget? {
        guard let session = self.live(id), case .established = session.stage, let dialog = session.dialog else {
            return nil
        }
        var uri = dialog.remoteTarget
        uri.headers = nil
        return ReferTarget(
            uri: uri,
            replaces: Replaces(
                callID: dialog.key.callID,
                toTag: dialog.remoteTag,
                fromTag: dialog.key.localTag
            )
        )
    }

    /// Asks the peer of an established session to call that target; `referral` tells what becomes of it.
    ///
    /// One at a time: a second order is `failed(491)`.
    package func refer(_ id: SessionID, to target: ReferTarget, now: Instant) {
        guard let session = self.live(id), case .established = session.stage else { return }
        guard session.reference == nil else {
            self.notify(session, .referral(.failed(491)))
            return
        }
        session.reference = OutgoingReference(target: target, client: ReferClient(now: now))
        self.proceed(session, now: now)
    }

    /// Sends the REFER or the NOTIFY that is due; nothing else may be on its way in the dialog.
    ///
    /// - Returns: whether there was one.
    func sendReference(of session: Session, now: Instant) -> Bool {
        if session.reference?.isDue == true {
            self.sendRefer(of: session, now: now)
            return true
        }
        return self.sendNotice(of: session, isLast: false, now: now)
    }

    private func sendRefer(of session: Session, now: Instant) {
        guard var reference = session.reference, var request = session.dialog?.nextRequest(.refer),
            let hop = session.dialog?.nextHop
        else {
            self.tell(session, session.reference?.client.lost())
            return
        }
        request.headers.fields = [
            SIPHeaders.Field("Refer-To", reference.target.headerValue),
            SIPHeaders.Field("Referred-By", NameAddress(uri: request.headers.from.uri).text),
        ]
        self.complete(&request, hop, of: session)
        reference.isDue = false
        reference.isOnItsWay = true
        reference.cSeq = request.headers.cSeq.number
        session.reference = reference
        if !self.send(consume request, to: hop, purpose: .refer(session), now: now) {
            session.reference?.isOnItsWay = false
            self.tell(session, session.reference?.client.lost())
        }
    }

    /// Contact, for both methods may refresh the target (RFC 6665 §4.4.1), and all that each request of ours has.
    func complete(_ request: inout SIPRequest, _ hop: Dialog.Hop, of session: Session) {
        let isSecure = session.dialog?.remoteTarget.scheme == .sips
        if let contact = self.contact(for: hop, user: session.user, isSecure: isSecure) {
            request.headers.contact = [contact]
        }
        request.headers.fields.share(self.ownFields.request)
        self.authorize(&request, with: &session.digest)
    }

    /// Our REFER has its final response.
    func referAnswered(_ session: Session, _ response: SIPResponse, now: Instant) {
        guard case .established = session.stage, session.reference != nil else { return }
        session.reference?.isOnItsWay = false
        if response.isChallenge, session.digest?.receivedChallenge(response) == true {
            session.reference?.isDue = true
            self.proceed(session, now: now)
            return
        }
        if response.status < 300 { session.digest?.accepted() }
        self.tell(session, session.reference?.client.receivedResponse(status: response.status, now: now))
        if response.status == 481 {
            self.dialogGone(session, now: now)
        } else {
            self.proceed(session, now: now)
        }
    }

    /// Our REFER found nobody; whether the session still stands, its own requests will tell.
    func referLost(_ session: Session, now: Instant) {
        guard case .established = session.stage, session.reference != nil else { return }
        session.reference?.isOnItsWay = false
        self.tell(session, session.reference?.client.lost())
        self.proceed(session, now: now)
    }

    /// A NOTIFY came within a dialog, in sequence.
    func received(
        notify request: SIPRequest,
        _ session: Session,
        key: ServerTransactionKey,
        flow: SIPFlow,
        now: Instant
    ) {
        var status: UInt16 = 200
        var fields: [SIPHeaders.Field] = []
        var news: ReferClient.News?
        let event = request.headers["Event"].flatMap { NoticeEvent($0) }
        if event?.name.equalsIgnoringCase("refer") != true {
            status = 489
            fields = [SIPHeaders.Field("Allow-Events", "refer")]
        } else if let id = event?.id, session.reference?.cSeq != id {
            status = 481
        } else if session.reference == nil {
            status = 481
        } else if !request.body.isEmpty, !SIPFragment.isType(request.headers.contentType) {
            status = 415
            fields = [SIPHeaders.Field("Accept", "message/sipfrag")]
        } else {
            let state = request.headers["Subscription-State"]?.split(separator: ";").first?.trimmedOfSpace
            news = session.reference?.client.receivedNotice(
                status: SIPFragment.status(request.body),
                isTerminated: state?.equalsIgnoringCase("terminated") == true,
                now: now
            )
        }
        self.respond(status, to: request, key: key, flow: flow, tag: nil, fields: fields, now: now)
        self.tell(session, news)
    }

    /// Hands on what is new, and forgets a REFER whose end is known.
    func tell(_ session: Session, _ news: ReferClient.News?) {
        if session.reference?.client.isOver == true, session.reference?.isOnItsWay != true { session.reference = nil }
        if let news { self.notify(session, .referral(news)) }
        self.deadlines.set(session, session.deadline)
    }
}

/// Our REFER within a session.
struct OutgoingReference {
    let target: ReferTarget
    var client: ReferClient
    /// It waits for its turn.
    var isDue = true
    /// It has no final response.
    var isOnItsWay = false
    /// Its number, by which NOTIFYs may name it.
    var cSeq: UInt32?

    init(target: ReferTarget, client: ReferClient) {
        self.target = target
        self.client = client
    }
}

/// The value of Event (RFC 6665 §8.2.1).
private struct NoticeEvent {
    var name: Substring
    /// The number of the REFER that is meant.
    var id: UInt32?

    init?(_ value: String) {
        let parts = value.split(separator: ";", maxSplits: 16).map { $0.trimmedOfSpace }
        guard let name = parts.first else { return nil }
        self.name = name
        for part in parts.dropFirst() {
            let pair = part.split(separator: "=", maxSplits: 1).map { $0.trimmedOfSpace }
            if pair.count == 2, pair[0].equalsIgnoringCase("id") { self.id = UInt32(pair[1]) ?? 0 }
        }
    }
}
