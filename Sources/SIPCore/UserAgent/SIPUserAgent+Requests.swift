extension SIPUserAgent {
    /// A request came: finds its transaction, or checks it (RFC 3261 §8.2) and finds its dialog.
    func received(_ request: SIPRequest, by flow: SIPFlow, now: Instant) {
        var request = request
        Self.stamp(&request, flow)
        // Without Via there is no one to answer.
        guard let key = ServerTransactionKey(request) else { return }
        switch request.method {
        case .invite:
            if let invite = self.receivedInvites[key] {
                if invite.machine.receivedRetransmission() == .resendResponse { self.resend(invite) }
                return
            }
        case .ack:
            self.received(ack: request, key: key, flow: flow, now: now)
            return
        case .bye, .cancel, .options, .register, .info, .update, .prack, .message, .refer, .notify, .other:
            if let received = self.receivedRequests[key] {
                if received.machine.receivedRetransmission() == .resendResponse, let response = received.lastResponse {
                    self.emit(response)
                }
                return
            }
        }
        if request.method == .cancel {
            self.received(cancel: request, key: key, flow: flow, now: now)
            return
        }
        let isInDialog = request.headers.to.tag != nil
        let load = isInDialog ? self.transactionCount / 2 : self.transactionCount
        guard load < self.configuration.limits.transactions else {
            self.respondStatelessly(503, to: request, flow: flow, fields: [self.overloadRetryAfter])
            return
        }
        let mergeKey = isInDialog ? nil : MergeKey(request)
        if let mergeKey, self.merges.contains(mergeKey) {
            self.reject(request, 482, key: key, mergeKey: nil, flow: flow, now: now)
            return
        }
        if let (status, fields) = self.objection(to: request, flow, isInDialog: isInDialog) {
            self.reject(request, status, key: key, mergeKey: mergeKey, flow: flow, fields: fields, now: now)
            return
        }
        if let tag = request.headers.to.tag {
            self.received(inDialog: request, tag: tag, key: key, flow: flow, now: now)
            return
        }
        switch request.method {
        case .invite:
            self.received(invite: request, key: key, mergeKey: mergeKey, flow: flow, now: now)
        case .options:
            self.respond(
                200,
                to: request,
                key: key,
                flow: flow,
                tag: self.tokens.tag(),
                mergeKey: mergeKey,
                fields: self.ownFields.options,
                now: now
            )
        case .register:
            self.received(register: request, key: key, mergeKey: mergeKey, flow: flow, now: now)
        case .message:
            guard let sender = self.sender(of: request, key: key, mergeKey: mergeKey, flow: flow, now: now) else {
                return
            }
            self.received(
                message: request,
                from: sender,
                in: nil,
                key: key,
                mergeKey: mergeKey,
                flow: flow,
                now: now
            )
        case .bye, .ack, .cancel, .info, .update, .prack, .refer, .notify, .other:
            self.reject(request, 481, key: key, mergeKey: mergeKey, flow: flow, now: now)
        }
    }

    /// Writes into the topmost Via where the request really came from (RFC 3261 §18.2.1, RFC 3581 §4).
    private static func stamp(_ request: inout SIPRequest, _ flow: SIPFlow) {
        guard let via = request.headers.via.first else { return }
        switch via.rport {
        case .requested, .value:
            request.headers.via[0].received = flow.remote.host
            request.headers.via[0].rport = .value(flow.remote.port)
        case .absent:
            if via.host != flow.remote.host { request.headers.via[0].received = flow.remote.host }
        }
    }

    private var overloadRetryAfter: SIPHeaders.Field {
        SIPHeaders.Field("Retry-After", String(self.configuration.limits.retryAfter))
    }

    /// What RFC 3261 §8.2 has against a request: a status, and the fields that go with it.
    private func objection(
        to request: SIPRequest,
        _ flow: SIPFlow,
        isInDialog: Bool
    ) -> (UInt16, [SIPHeaders.Field])? {
        guard MethodTable.contains(request.method, isRegistrar: self.ownFields.isRegistrar) else {
            return (405, [self.ownFields.allow])
        }
        switch request.uri.scheme {
        case .sip, .tel: break
        // Somebody on the way has broken the promise of that scheme (RFC 3261 §26.2.2).
        case .sips: if flow.transport != .tls, !isInDialog { return (403, []) }
        case .other: return (416, [])
        }
        if request.headers.maxForwards == 0, !isInDialog, request.method != .options { return (483, []) }
        if Self.isReplacesMisplaced(in: request, isInDialog: isInDialog) { return (400, []) }
        let known = request.method == .register ? .ofRegistrar : self.ownFields.extensions
        let unsupported = MethodTable.unsupported(request.headers, known)
        if !unsupported.isEmpty {
            return (420, [SIPHeaders.Field("Unsupported", unsupported.joined(separator: ", "))])
        }
        if let minimum = self.tooShort(request) { return (422, [minimum]) }
        switch request.method {
        case .invite, .update, .prack: break
        case .message: return Self.objection(toText: request)
        case .ack, .bye, .cancel, .options, .register, .info, .refer, .notify, .other: return nil
        }
        guard !request.body.isEmpty else { return nil }
        guard request.headers.holdsSDP else { return (415, [MethodTable.accept]) }
        if let encoding = request.headers["Content-Encoding"], !encoding.equalsIgnoringCase("identity") {
            return (415, [SIPHeaders.Field("Accept-Encoding", "identity")])
        }
        return nil
    }

    /// Refuses a request with a transaction of its own.
    func reject(
        _ request: SIPRequest,
        _ status: UInt16,
        key: ServerTransactionKey,
        mergeKey: MergeKey?,
        flow: SIPFlow,
        fields: [SIPHeaders.Field] = [],
        now: Instant
    ) {
        guard request.method == .invite else {
            self.respond(
                status,
                to: request,
                key: key,
                flow: flow,
                tag: self.tokens.tag(),
                mergeKey: mergeKey,
                fields: fields,
                now: now
            )
            return
        }
        let invite = self.open(
            invite: request,
            key: key,
            mergeKey: mergeKey,
            flow: flow,
            tag: self.tokens.tag(),
            session: nil
        )
        self.respond(status, to: invite, fields: fields, now: now)
    }

    /// Opens the server transaction of an INVITE.
    func open(
        invite request: SIPRequest,
        key: ServerTransactionKey,
        mergeKey: MergeKey?,
        flow: SIPFlow,
        tag: String?,
        session: Session?
    ) -> ReceivedInvite {
        let machine = InviteServerTransaction(
            timers: self.configuration.timers,
            isReliable: flow.transport.isReliable
        )
        let invite = ReceivedInvite(
            key: key,
            request: request,
            flow: flow,
            mergeKey: mergeKey,
            machine: machine,
            tag: tag,
            session: session
        )
        self.receivedInvites[key] = invite
        if let mergeKey { self.merges.insert(mergeKey) }
        return invite
    }

    // MARK: A new session

    private func received(
        invite request: SIPRequest,
        key: ServerTransactionKey,
        mergeKey: MergeKey?,
        flow: SIPFlow,
        now: Instant
    ) {
        guard self.sessions.count < self.configuration.limits.sessions else {
            self.respondStatelessly(503, to: request, flow: flow, fields: [self.overloadRetryAfter])
            return
        }
        guard let sender = self.sender(of: request, key: key, mergeKey: mergeKey, flow: flow, now: now) else { return }
        let tag = self.tokens.tag()
        guard var dialog = Dialog(server: request, localTag: tag, flow: flow) else {
            self.reject(request, 400, key: key, mergeKey: mergeKey, flow: flow, now: now)
            return
        }
        if sender.phone != nil { dialog.followsSource = PhoneRegistry.isBehindNAT(request, flow) }
        let session = Session(
            id: self.nextID(),
            key: dialog.key,
            user: request.headers.to.uri.user,
            extensions: self.ownFields.extensions,
            timer: SessionTimer(policy: self.configuration.sessionTimers)
        )
        session.exchange.begin(remoteOffer: request.sdp)
        session.note(request.headers)
        let invite = self.open(
            invite: request,
            key: key,
            mergeKey: mergeKey,
            flow: flow,
            tag: tag,
            session: session
        )
        session.dialog = dialog
        session.stage = .invited(invite)
        self.sessions[session.id] = session
        self.dialogs[session.key] = session
        self.sendTrying(invite, now: now)
        self.actions.append(.invited(session.id, IncomingInvite(request: request, flow: flow, phone: sender.phone)))
    }

    /// Who sent a request outside any dialog.
    struct Sender {
        /// The phone of ours that it is, by its credentials; nil: From names none of ours.
        var phone: String?
    }

    /// Tells who sent a request outside any dialog; nil: whoever it is has been challenged or refused.
    private func sender(
        of request: SIPRequest,
        key: ServerTransactionKey,
        mergeKey: MergeKey?,
        flow: SIPFlow,
        now: Instant
    ) -> Sender? {
        switch self.phones?.identify(request, by: flow, number: self.tokens.number(upTo: .max), now: now) {
        case nil, .stranger?: return Sender()
        case .phone(let name)?: return Sender(phone: name)
        case .refused(let status, let fields)? where PhoneRegistry.isUnproved(status):
            // Whoever is not known yet costs us no memory (RFC 3261 §26.3.2.4).
            self.respondStatelessly(status, to: request, flow: flow, fields: fields)
        case .refused(let status, let fields)?:
            self.reject(request, status, key: key, mergeKey: mergeKey, flow: flow, fields: fields, now: now)
        }
        return nil
    }

    /// 100, without a To tag and with the request's Timestamp (RFC 3261 §8.2.6.1).
    func sendTrying(_ invite: ReceivedInvite, now: Instant) {
        let timestamp = invite.request.headers["Timestamp"].map { [SIPHeaders.Field("Timestamp", $0)] }
        self.respond(
            self.response(100, to: invite.request, tag: nil, fields: timestamp ?? []),
            to: invite,
            now: now
        )
    }

    // MARK: CANCEL

    private func received(cancel request: SIPRequest, key: ServerTransactionKey, flow: SIPFlow, now: Instant) {
        guard let inviteKey = ServerTransactionKey(request, method: .invite),
            let invite = self.receivedInvites[inviteKey]
        else {
            self.respondStatelessly(481, to: request, flow: flow)
            return
        }
        // Both responses have one To tag (§9.2).
        self.respond(200, to: request, key: key, flow: flow, tag: invite.tag, now: now)
        switch invite.machine.state {
        case .proceeding: break
        case .completed, .confirmed, .accepted, .terminated: return
        }
        guard let session = invite.session else { return }
        self.respond(487, to: invite, now: now)
        switch session.stage {
        case .invited:
            self.notifyGone(session, request.headers.reason)
            self.finish(session, now: now)
        case .established:
            // A re-INVITE was cancelled: the session goes on, and an answer that the call side still gives is void.
            session.operation = .none
            self.proceed(session, now: now)
        case .locating, .inviting, .terminating, .over: break
        }
    }

    // MARK: ACK

    private func received(ack request: SIPRequest, key: ServerTransactionKey, flow: SIPFlow, now: Instant) {
        if let invite = self.receivedInvites[key] {
            let action = invite.machine.receivedAck(now: now)
            self.settle(invite)
            guard action == .deliverAck else { return }
        }
        guard let tag = request.headers.to.tag,
            let session = self.dialogs[Dialog.Key(callID: request.headers.callID, localTag: tag)],
            session.dialog?.remoteTag == request.headers.from.tag ?? "",
            case .unacknowledged(let answer) = session.operation, answer.cSeq == request.headers.cSeq.number
        else { return }
        session.dialog?.reached(by: flow)
        self.acknowledged(session, sdp: request.sdp, now: now)
    }

    // MARK: Within a dialog

    private func received(
        inDialog request: SIPRequest,
        tag: String,
        key: ServerTransactionKey,
        flow: SIPFlow,
        now: Instant
    ) {
        guard let session = self.dialogs[Dialog.Key(callID: request.headers.callID, localTag: tag)] else {
            // Strays cost us no memory.
            self.respondStatelessly(481, to: request, flow: flow)
            return
        }
        if case .inviting = session.stage {
            self.received(early: request, session, key: key, flow: flow, now: now)
            return
        }
        let remoteTag = request.headers.from.tag ?? ""
        guard session.dialog?.remoteTag == remoteTag else {
            self.respondStatelessly(481, to: request, flow: flow)
            return
        }
        guard session.dialog?.acceptRemote(request.headers.cSeq.number) == true else {
            self.reject(request, 500, key: key, mergeKey: nil, flow: flow, fields: [self.randomRetryAfter], now: now)
            return
        }
        session.dialog?.reached(by: flow)
        switch request.method {
        case .bye:
            self.respond(200, to: request, key: key, flow: flow, tag: nil, now: now)
            self.byeCame(session, request.headers.reason, now: now)
        case .invite:
            self.received(reinvite: request, session, key: key, flow: flow, now: now)
        case .options:
            self.respond(
                200,
                to: request,
                key: key,
                flow: flow,
                tag: nil,
                fields: self.ownFields.options,
                now: now
            )
        case .info:
            self.received(info: request, session, key: key, flow: flow, now: now)
        case .message:
            self.received(message: request, from: Sender(), in: session, key: key, mergeKey: nil, flow: flow, now: now)
        case .update:
            switch session.stage {
            case .invited, .established:
                self.received(update: request, session, tag: remoteTag, key: key, flow: flow, now: now)
            case .locating, .inviting, .terminating, .over:
                self.reject(request, 481, key: key, mergeKey: nil, flow: flow, now: now)
            }
        case .prack:
            self.received(prack: request, session, key: key, flow: flow, now: now)
        case .refer:
            self.received(refer: request, session, key: key, flow: flow, now: now)
        case .notify:
            self.received(notify: request, session, key: key, flow: flow, now: now)
        case .ack, .cancel, .register, .other:
            self.reject(request, 405, key: key, mergeKey: nil, flow: flow, fields: [self.ownFields.allow], now: now)
        }
    }

    /// A request in an early dialog of our INVITE.
    ///
    /// A callee may not send BYE there (RFC 3261 §15), but one whose 200 was lost or overtaken may seem to: the call is
    /// over, and a 2xx that still comes is ACKed and ended.
    private func received(
        early request: SIPRequest,
        _ session: Session,
        key: ServerTransactionKey,
        flow: SIPFlow,
        now: Instant
    ) {
        switch request.method {
        case .bye:
            self.respond(200, to: request, key: key, flow: flow, tag: nil, now: now)
            self.notifyLast(session, .refused(.init(status: 480, reason: request.headers.reason)))
            self.abandon(session, reason: nil, now: now)
        case .invite:
            self.reject(request, 491, key: key, mergeKey: nil, flow: flow, now: now)
        case .options:
            self.respond(
                200,
                to: request,
                key: key,
                flow: flow,
                tag: nil,
                fields: self.ownFields.options,
                now: now
            )
        case .info:
            self.received(info: request, session, key: key, flow: flow, now: now)
        case .message:
            self.received(message: request, from: Sender(), in: session, key: key, mergeKey: nil, flow: flow, now: now)
        case .update:
            let tag = request.headers.from.tag ?? ""
            switch session.edit(tag, { dialog, _ in dialog.acceptRemote(request.headers.cSeq.number) }) {
            case true?: self.received(update: request, session, tag: tag, key: key, flow: flow, now: now)
            case false?:
                self.reject(
                    request,
                    500,
                    key: key,
                    mergeKey: nil,
                    flow: flow,
                    fields: [self.randomRetryAfter],
                    now: now
                )
            case nil: self.reject(request, 481, key: key, mergeKey: nil, flow: flow, now: now)
            }
        case .prack, .notify:
            self.reject(request, 481, key: key, mergeKey: nil, flow: flow, now: now)
        case .refer:
            // Who has not answered has nothing to hand on.
            self.reject(request, 491, key: key, mergeKey: nil, flow: flow, now: now)
        case .ack, .cancel, .register, .other:
            self.reject(request, 405, key: key, mergeKey: nil, flow: flow, fields: [self.ownFields.allow], now: now)
        }
    }

    /// Retry-After of 0 to 10 s (RFC 3261 §14.2).
    var randomRetryAfter: SIPHeaders.Field {
        SIPHeaders.Field("Retry-After", String(self.tokens.number(upTo: 10)))
    }
}
