extension SIPUserAgent {
    /// Sends an INVITE that opens a session.
    ///
    /// A target that is named is found first; of several addresses the next is tried where one finds nobody (RFC 3263 §4.3).
    ///
    /// - Returns: the session's identifier. Where there is no socket for the target, the session is refused at once, by an
    ///   event as ever.
    package func invite(_ order: InviteOrder, now: Instant) -> SessionID {
        let session = Session(
            id: self.nextID(),
            key: Dialog.Key(callID: self.tokens.callID(), localTag: self.tokens.tag()),
            user: order.from.uri.user,
            extensions: self.extensions(of: order),
            timer: self.timer(as: order.sessionTimer)
        )
        session.order = order
        session.exchange.begin(offer: order.offer)
        session.digest = order.credentials.map { DigestClient(credentials: $0) }
        self.sessions[session.id] = session
        self.dialogs[session.key] = session
        if order.flow == nil, order.target.isNamed {
            self.locate(order.target, for: session, now: now)
        } else if !self.send(order, of: session, cSeq: 1, now: now) {
            self.unreachable(session, .unsupported, now: now)
        }
        return session.id
    }

    /// Sends a session's INVITE: the first time, in answer to a challenge, or to another target.
    ///
    /// - Returns: false where there is no socket for the target.
    func send(_ order: InviteOrder, of session: Session, cSeq: UInt32, now: Instant) -> Bool {
        var from = order.from
        from.tag = session.key.localTag
        var headers = SIPHeaders(
            from: from,
            to: order.to,
            callID: session.key.callID,
            cSeq: CSeq(cSeq, .invite),
            maxForwards: order.maxForwards,
            route: order.route,
            contentType: order.offer == nil ? nil : "application/sdp",
            fields: order.fields
        )
        headers.to.tag = nil
        // The Contact names the transport of the target, even where the size of this request will choose another.
        let hop = Dialog.Hop(target: order.target, preferring: order.flow)
        let isSecure = order.uri.scheme == .sips || order.route.first?.uri.scheme == .sips
        if let contact = self.contact(for: hop, user: session.user, isSecure: isSecure) {
            headers.contact = [contact]
        }
        if order.reliability == .required { headers.fields.append(self.ownFields.reliable) }
        if session.timer.isUsual || !session.timer.isOn {
            headers.fields.share(self.ownFields.firstInvite(session.extensions))
        } else {
            headers.fields += self.ownFields.invite(session.extensions) + session.timer.requestFields(self.ownFields)
        }
        var request = SIPRequest(method: .invite, uri: order.uri, headers: consume headers, body: order.offer ?? [])
        self.authorize(&request, with: &session.digest)
        guard
            let invite = self.send(
                invite: consume request,
                to: hop,
                session: session,
                isReinvite: false,
                now: now
            )
        else { return false }
        session.stage = .inviting(invite, .anyResponse(until: now + order.tryTimeout))
        self.deadlines.set(session, session.deadline)
        return true
    }

    private func extensions(of order: InviteOrder) -> MethodTable.Extensions {
        var extensions = self.ownFields.extensions
        switch order.reliability {
        case .usual: if order.offer == nil { extensions.remove(.reliableProvisionals) }
        case .supported, .required: break
        case .off: extensions.remove(.reliableProvisionals)
        }
        if order.sessionTimer == .off { extensions.remove(.timer) }
        return extensions
    }

    func timer(as wanted: InviteOrder.SessionTimer) -> SessionTimer {
        let policy = self.configuration.sessionTimers
        return switch wanted {
        case .usual: SessionTimer(policy: policy)
        case .interval(let seconds): SessionTimer(policy: policy, interval: seconds)
        case .off: SessionTimer(policy: policy, isOn: false)
        }
    }

    /// Adds our credentials, where the peer has asked for them.
    func authorize(_ request: inout SIPRequest, with digest: inout DigestClient?) {
        guard var client = digest else { return }
        digest = nil
        let fields = client.authorization(
            method: request.method,
            uri: request.uri,
            body: request.body,
            cnonce: self.tokens.clientNonce()
        )
        if !fields.isEmpty { request.headers.fields += fields }
        digest = client
    }

    /// The first 2xx came: the session stands.
    func answered(
        _ session: Session,
        _ invite: OutgoingInvite,
        _ response: SIPResponse,
        by flow: SIPFlow,
        now: Instant
    ) {
        let dialog = self.confirmedDialog(of: invite, response, flow: flow)
        let early = invite.early.first { $0.tag == dialog.remoteTag }?.exchange
        session.dialog = dialog
        session.digest?.accepted()
        session.order = nil
        session.targets = []
        session.stage = .established
        self.endUpdate(of: session, unlessWith: dialog.remoteTag, now: now)
        if let early { session.exchange = early }
        session.note(response.headers)
        self.count(session, dialogs: 1)
        if invite.request.body.isEmpty, !session.exchange.isSettled {
            session.operation = .owingAck(invite)
            session.exchange.begin(remoteOffer: response.sdp)
        } else {
            session.exchange.settle(answerInSuccess: response.sdp)
            self.acknowledge(invite, in: dialog, tag: dialog.remoteTag, sdp: nil, now: now)
            invite.session = nil
        }
        session.timer.agreed(by: response.headers, now: now)
        self.notify(session, .answered(sdp: session.exchange.remote))
        self.proceed(session, now: now)
    }

    /// Sends the ACK of a 2xx and keeps it for the repetitions of that 2xx.
    ///
    /// `tag` is the To tag of the 2xx.
    func acknowledge(_ invite: OutgoingInvite, in dialog: Dialog, tag: String, sdp: [UInt8]?, now: Instant) {
        var request = dialog.ack(cSeq: invite.request.headers.cSeq.number)
        // An ACK can't be challenged: it takes the credentials of its INVITE (RFC 3261 §22.1).
        for field in invite.request.headers.fields
        where field.name.equalsIgnoringCase("Authorization") || field.name.equalsIgnoringCase("Proxy-Authorization") {
            request.headers.fields.append(field)
        }
        if let sdp {
            request.headers.contentType = "application/sdp"
            request.body = sdp
        }
        // Where the Contact names nothing that we could send to, the way of the INVITE is the best there is.
        let hop = dialog.nextHop ?? invite.hop
        let branch = self.freshBranch()
        guard let passage = self.address(&request, to: hop, branch: branch, now: now) else { return }
        let isLarge = passage.fallback != nil
        let message = SIPOutbound(
            message: .request(request),
            destination: .target(passage.hop.target, preferring: passage.hop.preferring),
            transaction: isLarge ? ClientTransactionKey(branch: branch, method: .ack) : nil
        )
        invite.acks.append(OutgoingInvite.Ack(tag: tag, message: message, fallback: passage.fallback))
        if isLarge, self.outgoingInvites[invite.branch] === invite { self.largeAcks[branch] = invite }
        self.emit(message)
    }

    /// A final response other than 2xx came, and has been ACKed.
    func refused(_ session: Session, _ invite: OutgoingInvite, _ response: SIPResponse, now: Instant) {
        if invite.isReinvite {
            self.reinviteRefused(session, invite, response, now: now)
            return
        }
        if response.isChallenge, session.digest?.receivedChallenge(response) == true, let order = session.order {
            self.sendAgain(order, of: session, after: invite, now: now)
            return
        }
        if response.status == 422, let order = session.order, session.timer.raise(for: response.headers) {
            self.sendAgain(order, of: session, after: invite, now: now)
            return
        }
        if response.status == 503, self.failOver(session, from: invite, now: now) { return }
        self.notifyLast(session, .refused(Self.refusal(response)))
        self.finish(session, now: now)
    }

    /// The same INVITE with the next number, to the same early state (RFC 3261 §22.2, RFC 4028 §7.3).
    private func sendAgain(_ order: InviteOrder, of session: Session, after invite: OutgoingInvite, now: Instant) {
        self.count(session, dialogs: 0)
        self.endUpdate(of: session, now: now)
        if !self.send(order, of: session, cSeq: invite.request.headers.cSeq.number &+ 1, now: now) {
            self.unreachable(session, .unsupported, now: now)
        }
    }

    static func refusal(_ response: SIPResponse) -> SessionEvent.Refusal {
        SessionEvent.Refusal(
            status: response.status,
            reason: response.headers.reason,
            contacts: response.status < 400 ? response.headers.contact.compactMap { $0.address } : []
        )
    }

    /// An INVITE found nobody: no response within 64·T1, or it could not be sent.
    func inviteFailed(
        _ session: Session,
        _ invite: OutgoingInvite,
        _ cause: SessionEvent.Refusal.Cause,
        now: Instant
    ) {
        if invite.isReinvite {
            self.dialogGone(session, now: now)
            return
        }
        if self.failOver(session, from: invite, now: now) { return }
        let status: UInt16 =
            switch cause {
            case .response, .noResponse, .noFinalResponse: 408
            case .transport: 503
            }
        self.notifyLast(session, .refused(.init(status: status, cause: cause)))
        self.finish(session, now: now)
    }

    // MARK: Giving up

    /// Nobody waits for the INVITE of a session any more: it is cancelled, and the session is forgotten.
    func abandon(_ session: Session, reason: SIPReason?, now: Instant) {
        guard case .inviting(let invite, _) = session.stage else { return }
        self.finish(session, now: now)
        self.abandon(invite, reason: reason, now: now)
    }

    /// The same for one INVITE of a session.
    func abandon(_ invite: OutgoingInvite, reason: SIPReason?, now: Instant) {
        invite.session = nil
        switch invite.machine.state {
        case .calling:
            // CANCEL may not overtake the INVITE (RFC 3261 §9.1).
            invite.cancellation = .wanted(reason)
            self.settle(invite)
        case .proceeding:
            self.sendCancel(invite, reason: reason, now: now)
        case .completed, .accepted, .terminated:
            break
        }
    }

    /// Sends CANCEL on the way of its INVITE, and waits 64·T1 for the INVITE's final response.
    func sendCancel(_ invite: OutgoingInvite, reason: SIPReason?, now: Instant) {
        invite.cancellation = .sent
        invite.giveUpAt = now + self.configuration.timers.timeout
        self.settle(invite)
        let request = invite.request
        var headers = SIPHeaders(
            via: request.headers.via,
            from: request.headers.from,
            to: request.headers.to,
            callID: request.headers.callID,
            cSeq: CSeq(request.headers.cSeq.number, .cancel),
            maxForwards: 70,
            route: request.headers.route
        )
        if let reason { headers.fields.append(SIPHeaders.Field("Reason", reason.headerValue)) }
        self.open(
            SIPRequest(method: .cancel, uri: request.uri, headers: headers),
            by: Passage(hop: invite.hop),
            branch: invite.branch,
            purpose: .cancel,
            now: now
        )
    }
}
