extension SIPUserAgent {
    /// Where the response to a request goes (RFC 3261 §18.2.2, RFC 3581 §4); `request` has been stamped on receipt.
    func responseDestination(_ request: SIPRequest, _ flow: SIPFlow) -> SIPOutbound.Destination {
        guard let via = request.headers.via.first else {
            return .flow(
                flow,
                fallback: SIPTarget(transport: flow.transport, host: flow.remote.host, port: flow.remote.port)
            )
        }
        let host = via.received ?? via.host
        let sentBy = via.port ?? flow.transport.defaultPort
        var flow = flow
        let port: UInt16
        switch via.rport {
        case .value(let value): port = flow.transport.isReliable ? sentBy : value
        case .absent, .requested:
            port = sentBy
            // Without rport a datagram goes to the port that the client wrote, not to the one it came from.
            if !flow.transport.isReliable { flow.remote.port = sentBy }
        }
        return .flow(flow, fallback: SIPTarget(transport: flow.transport, host: host, port: port))
    }

    /// A response with the fields that RFC 3261 §8.2.6.2 copies.
    ///
    /// `tag` goes into To where that has none.
    func response(
        _ status: UInt16,
        to request: SIPRequest,
        tag: String?,
        fields: [SIPHeaders.Field] = []
    ) -> SIPResponse {
        var headers = SIPHeaders(
            via: request.headers.via,
            from: request.headers.from,
            to: request.headers.to,
            callID: request.headers.callID,
            cSeq: request.headers.cSeq,
            fields: fields
        )
        if let tag, headers.to.tag == nil { headers.to.tag = tag }
        headers.fields.share(self.ownFields.response)
        return SIPResponse(status: status, reason: SIPStatus.reasonPhrase(for: status), headers: consume headers)
    }

    /// A response to an INVITE that makes or keeps a dialog (§12.1.1): with Contact and Record-Route.
    func dialogResponse(
        _ status: UInt16,
        to invite: ReceivedInvite,
        _ session: Session,
        sdp: [UInt8]?
    ) -> SIPResponse {
        var response = self.response(status, to: invite.request, tag: invite.tag)
        response.headers.recordRoute = invite.request.headers.recordRoute
        if let contact = self.contact(of: invite.flow, invite.request, user: session.user) {
            response.headers.contact = ShortList(contact)
        }
        if status >= 200 { response.headers.fields = self.ownFields.dialogResponse(session.extensions) }
        if let sdp {
            response.headers.contentType = "application/sdp"
            response.body = sdp
        }
        return response
    }

    /// Our Contact on the socket that a request came by; a `sips` URI where the request, or the nearest one on the way back,
    /// is one (RFC 3261 §12.1.1).
    func contact(of flow: SIPFlow, _ request: SIPRequest, user: String?) -> Contact? {
        let nearest = request.headers.recordRoute.first ?? request.headers.contact.first?.address
        let isSecure = flow.transport == .tls && (request.uri.scheme == .sips || nearest?.uri.scheme == .sips)
        let listeners = self.configuration.listeners
        let index = Int(flow.listener)
        if !flow.transport.isReliable, listeners.indices.contains(index),
            listeners[index].transport == flow.transport
        {
            return .address(self.contactAddress(listeners[index], user: user, isSecure: isSecure))
        }
        return self.contact(
            flow.transport,
            toward: flow.remote.host,
            user: user,
            isSecure: isSecure
        )
    }

    // MARK: INVITE server transactions

    func respond(_ response: SIPResponse, to invite: ReceivedInvite, now: Instant) {
        switch invite.machine.respond(status: response.status, now: now) {
        case .sendResponse:
            let outbound = SIPOutbound(
                message: .response(response),
                destination: self.responseDestination(invite.request, invite.flow),
                transaction: nil
            )
            invite.lastResponse = outbound
            self.emit(outbound)
            if response.status >= 200 { invite.session = nil }
            self.settle(invite)
        case .none, .resendResponse, .deliverAck, .reportTimeout:
            break
        }
    }

    func respond(_ status: UInt16, to invite: ReceivedInvite, fields: [SIPHeaders.Field] = [], now: Instant) {
        self.respond(
            self.response(status, to: invite.request, tag: invite.tag, fields: fields),
            to: invite,
            now: now
        )
    }

    func resend(_ invite: ReceivedInvite) {
        if let response = invite.lastResponse { self.emit(response) }
    }

    func settle(_ invite: ReceivedInvite) {
        switch invite.machine.state {
        case .proceeding, .completed, .confirmed, .accepted:
            self.deadlines.set(invite, invite.machine.deadline)
        case .terminated:
            self.deadlines.set(invite, nil)
            self.receivedInvites[invite.key] = nil
            if let mergeKey = invite.mergeKey { self.merges.remove(mergeKey) }
        }
    }

    func timeoutReached(_ invite: ReceivedInvite, now: Instant) {
        switch invite.machine.timeoutReached(now: now) {
        case .resendResponse: self.resend(invite)
        // The peer never ACKed a refusal: nothing is lost by it.
        case .reportTimeout: break
        case .none, .sendResponse, .deliverAck: break
        }
        self.settle(invite)
    }

    // MARK: Other server transactions

    /// Answers a request other than INVITE, and keeps the response for when it comes once more.
    func respond(
        _ status: UInt16,
        to request: SIPRequest,
        key: ServerTransactionKey,
        flow: SIPFlow,
        tag: String?,
        mergeKey: MergeKey? = nil,
        fields: [SIPHeaders.Field] = [],
        contacts: ShortList<Contact> = [],
        now: Instant
    ) {
        let received = self.open(request, key: key, mergeKey: mergeKey, flow: flow)
        var response = self.response(status, to: request, tag: tag, fields: fields)
        if !contacts.isEmpty { response.headers.contact = contacts }
        self.respond(consume response, to: received, now: now)
    }

    /// Opens the server transaction of a request other than INVITE.
    func open(_ request: SIPRequest, key: ServerTransactionKey, mergeKey: MergeKey?, flow: SIPFlow) -> ReceivedRequest {
        let machine = NonInviteServerTransaction(
            timers: self.configuration.timers,
            isReliable: flow.transport.isReliable
        )
        let received = ReceivedRequest(key: key, request: request, flow: flow, mergeKey: mergeKey, machine: machine)
        self.receivedRequests[key] = received
        if let mergeKey { self.merges.insert(mergeKey) }
        return received
    }

    func respond(_ status: UInt16, to received: ReceivedRequest, fields: [SIPHeaders.Field] = [], now: Instant) {
        self.respond(self.response(status, to: received.request, tag: nil, fields: fields), to: received, now: now)
    }

    /// Gives a request its final response.
    func respond(_ response: SIPResponse, to received: ReceivedRequest, now: Instant) {
        guard received.machine.respond(status: response.status, now: now) == .sendResponse else { return }
        let outbound = SIPOutbound(
            message: .response(response),
            destination: self.responseDestination(received.request, received.flow),
            transaction: nil
        )
        received.lastResponse = outbound
        self.emit(outbound)
        self.settle(received)
    }

    func settle(_ received: ReceivedRequest) {
        switch received.machine.state {
        case .trying, .proceeding, .completed:
            self.deadlines.set(received, received.machine.deadline)
        case .terminated:
            self.deadlines.set(received, nil)
            self.receivedRequests[received.key] = nil
            if let mergeKey = received.mergeKey { self.merges.remove(mergeKey) }
        }
    }

    func timeoutReached(_ received: ReceivedRequest, now: Instant) {
        received.machine.timeoutReached(now: now)
        self.settle(received)
    }

    // MARK: Responses without a transaction

    /// Answers without keeping anything (RFC 3261 §8.2.7): a repetition is judged anew, and gets the same response.
    func respondStatelessly(
        _ status: UInt16,
        to request: SIPRequest,
        flow: SIPFlow,
        fields: [SIPHeaders.Field] = []
    ) {
        self.emit(
            SIPOutbound(
                message: .response(self.response(status, to: request, tag: self.statelessTag, fields: fields)),
                destination: self.responseDestination(request, flow),
                transaction: nil
            )
        )
    }
}
