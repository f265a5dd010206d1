/// Digits by INFO within a session (RFC 6086).
extension SIPUserAgent {
    /// Sends a digit to the peer of an established session.
    ///
    /// One waits for the response to the one before, and for the end of an INVITE transaction in the dialog, so that no
    /// request can overtake another; from `waitingDigits` on those that come are dropped, and so are those that the peer
    /// refuses.
    package func sendDigit(_ id: SessionID, _ digit: SIPDigit, now: Instant) {
        guard let session = self.live(id), case .established = session.stage,
            session.digits.count < self.configuration.limits.waitingDigits
        else { return }
        session.digits.append(digit)
        self.proceed(session, now: now)
    }

    /// Sends a digit; nothing else may be on its way in the dialog.
    func send(_ digit: SIPDigit, of session: Session, now: Instant) {
        guard var request = session.dialog?.nextRequest(.info), let hop = session.dialog?.nextHop else {
            session.digits = []
            return
        }
        request.headers.contentType = SIPDigit.contentType
        request.body = digit.body
        request.headers.fields.share(self.ownFields.request)
        self.authorize(&request, with: &session.digest)
        if self.send(consume request, to: hop, purpose: .info(session), now: now) {
            session.digitOnItsWay = digit
        } else {
            session.digits = []
        }
    }

    /// The INFO of a session's digit has its final response.
    func digitAnswered(_ session: Session, _ response: SIPResponse, now: Instant) {
        guard case .established = session.stage, let digit = session.digitOnItsWay else { return }
        session.digitOnItsWay = nil
        switch response.status {
        case 401, 407:
            if session.digest?.receivedChallenge(response) == true {
                self.send(digit, of: session, now: now)
                return
            }
        case 408, 481:
            self.dialogGone(session, now: now)
            return
        default:
            if response.status < 300 { session.digest?.accepted() }
        }
        self.proceed(session, now: now)
    }

    /// The INFO of a session's digit found nobody.
    func digitLost(_ session: Session, isTimeout: Bool, now: Instant) {
        guard case .established = session.stage else { return }
        session.digitOnItsWay = nil
        // No response within 64·T1 says that the dialog is gone (RFC 3261 §12.2.1.2).
        if isTimeout { self.dialogGone(session, now: now) } else { self.proceed(session, now: now) }
    }

    /// An INFO came within a dialog, in sequence.
    func received(
        info request: SIPRequest,
        _ session: Session,
        key: ServerTransactionKey,
        flow: SIPFlow,
        now: Instant
    ) {
        var status: UInt16 = 200
        var fields: [SIPHeaders.Field] = []
        if request.headers["Info-Package"] != nil {
            // Of packages there are none that we take (RFC 6086 §4.2.2).
            status = 469
            fields = [SIPHeaders.Field("Recv-Info", "")]
        } else if !request.body.isEmpty {
            switch SIPDigit.read(request.body, contentType: request.headers.contentType) {
            case .digit(let digit):
                self.notify(session, .digit(digit))
            case .malformed:
                status = 400
            case .otherType:
                status = 415
                fields = [SIPHeaders.Field("Accept", SIPDigit.acceptedTypes)]
            }
        }
        self.respond(status, to: request, key: key, flow: flow, tag: nil, fields: fields, now: now)
    }
}
