import SIPCore

extension Phone {
    /// Calls a number of its gateway.
    func call(_ dialled: String, origin: Int) {
        self.call(SIPURI(user: SIPURI.escapedUser(dialled), host: self.gatewayHost), origin: origin)
    }

    /// Calls somebody; `origin` is the number of the call in this run, `reference` why it was asked to.
    func call(
        _ uri: SIPURI,
        origin: Int,
        fields: [SIPHeaders.Field] = [],
        for reference: PhoneReference? = nil
    ) {
        guard !self.isGone else { return self.world.settle(origin, "caller vanished") }
        let local = NameAddress(
            displayName: "Phone \(self.number)",
            uri: SIPURI(user: self.number, host: self.registrant == nil ? self.node.host : self.gatewayHost),
            parameters: SIPParameters([.init("tag", self.token())])
        )
        let dialog = PhoneDialog(
            isCaller: true,
            callID: self.token(),
            localTag: local.tag ?? "",
            local: local,
            remote: NameAddress(uri: uri),
            sequence: UInt32(self.random.between(1, 90)),
            target: uri,
            session: self.history.count + 1
        )
        dialog.origin = origin
        dialog.reference = reference
        dialog.isDirect = uri.host != self.gatewayHost
        dialog.plan = dialog.isDirect ? self.plainPlan() : self.callerPlan()
        if dialog.plan.asksForOffer { self.world.blame(origin) }
        self.keep(dialog)
        var headers = SIPHeaders(
            via: [self.via("z9hG4bK\(self.token())")],
            from: local,
            to: dialog.remote,
            callID: dialog.callID,
            cSeq: CSeq(dialog.localSequence, .invite),
            maxForwards: 70,
            contact: [self.contact],
            fields: fields + self.extensionFields(dialog.plan, isRequest: true)
        )
        var body: [UInt8] = []
        if !dialog.plan.asksForOffer {
            headers.contentType = "application/sdp"
            body = self.describe(dialog)
        }
        let client = self.send(
            SIPRequest(method: .invite, uri: uri, headers: headers, body: body),
            .invite,
            dialog,
            to: uri.host
        )
        dialog.client = client
        self.plan(.overdue(client), after: 130_000_000_000)
        if let span = dialog.plan.cancelAfter { self.plan(.cancel(dialog), after: span) }
    }

    private func callerPlan() -> PhonePlan {
        var plan = self.talkPlan()
        self.drawExtensions(&plan, isCaller: true)
        guard !self.isGood else { return plan }
        plan.asksForOffer = self.random.chance(8)
        if self.random.chance(20) { plan.cancelAfter = self.random.milliseconds(0, 12_000) }
        switch self.random.below(100) {
        case 0..<8: plan.acknowledging = .late(self.random.milliseconds(100, 8000))
        case 8..<11: plan.acknowledging = .never
        case 11..<14: plan.acknowledging = .empty
        default: break
        }
        return plan
    }

    /// What it does once it talks.
    func talkPlan() -> PhonePlan {
        var plan = PhonePlan()
        if self.random.chance(40) { plan.hangUpAfter = self.random.milliseconds(self.isGood ? 3000 : 0, 25_000) }
        if !self.isGood, self.random.chance(20) { plan.reinviteAfter = self.random.milliseconds(0, 12_000) }
        self.drawTransfer(&plan)
        return plan
    }

    /// Where no gateway is between: it talks, and hangs up.
    func plainPlan() -> PhonePlan {
        var plan = PhonePlan()
        if self.random.chance(40) { plan.hangUpAfter = self.random.milliseconds(0, 25_000) }
        return plan
    }

    /// Plans what happens in a call that has been answered.
    func startTalking(_ dialog: PhoneDialog) {
        if let span = dialog.plan.hangUpAfter { self.plan(.hangUp(dialog), after: span) }
        if let span = dialog.plan.reinviteAfter { self.plan(.reinvite(dialog), after: span) }
        if let span = dialog.plan.refersAfter { self.plan(.refer(dialog), after: span) }
    }

    // MARK: Responses to its INVITE

    func received(_ response: SIPResponse) {
        let headers = response.headers
        if headers.cSeq.method == .register {
            self.registrant?.received(response)
            return
        }
        guard let client = self.clients[PhoneClient.key(headers.via.first?.branch, headers.cSeq.method)] else {
            return self.violate("a response to nothing it asked", nil)
        }
        if headers.via.count != 1 { self.violate("a response with \(headers.via.count) Vias", client.dialog) }
        if response.status < 200 {
            client.hasProvisional = true
            if client.kind == .invite, !response.body.isEmpty {
                self.hear(response.body, client.dialog, isFinal: false)
            }
            self.receivedProvisional(client, response)
            if client.cancelIsWanted { self.cancel(client.dialog) }
            return
        }
        switch client.kind {
        case .invite, .reinvite:
            response.status < 300 ? self.succeeded(client, response) : self.refused(client, response)
        case .cancel:
            client.isDone = true
        case .bye:
            guard !client.isDone else { return }
            client.isDone = true
            client.dialog.isStranded = response.status == 481 && client.dialog.stage == .leaving
            client.dialog.stage = .over
        case .refer: self.referAnswered(client, response)
        case .notify: self.noticeAnswered(client, response)
        case .prack: self.prackAnswered(client, response)
        case .update: self.updateAnswered(client, response)
        }
    }

    private func succeeded(_ client: PhoneClient, _ response: SIPResponse) {
        let dialog = client.dialog
        let tag = response.headers.to.tag ?? ""
        if let ack = client.acks[tag] {
            self.transmit(.request(ack), to: self.hop(dialog), isReliable: self.transport.isReliable)
            return
        }
        guard !client.isDone else {
            if let known = dialog.remoteTag, known != tag { self.violate("its INVITE was answered by two", dialog) }
            return
        }
        client.isDone = true
        dialog.client = nil
        if client.kind == .invite {
            dialog.remoteTag = tag
            dialog.remote = response.headers.to
            dialog.routes = response.headers.recordRoute.reversed()
            dialog.stage = .established
            if let origin = dialog.origin { self.world.settle(origin, "answered") }
            self.report(dialog, response.status)
        }
        guard let contact = response.headers.contact.first?.address else {
            return self.violate("a 2xx without Contact", dialog)
        }
        dialog.target = contact.uri
        // What came reliably need not come again (RFC 3261 §13.2.1).
        if !response.body.isEmpty || client.kind != .invite || !dialog.hasReliableAnswer {
            self.checkAnswer(response.body, to: client, dialog)
        }
        self.noteTimer(response, dialog)
        if dialog.hasLostPRACK, client.kind == .invite {
            self.violate("its PRACK was answered 481, and its call 200", dialog)
        }
        switch dialog.plan.acknowledging {
        case .atOnce, .empty: self.acknowledge(client, response)
        case .late(let span) where client.kind == .invite: self.plan(.acknowledge(client, response), after: span)
        case .late: self.acknowledge(client, response)
        case .never where client.kind == .invite: self.world.excuse(dialog.origin)
        case .never: self.acknowledge(client, response)
        }
        if client.cancelWasSent || client.cancelIsWanted {
            self.plan(.hangUp(dialog), after: self.random.milliseconds(0, 300))
        } else if client.kind == .invite {
            self.startTalking(dialog)
        }
    }

    /// A 2xx holds a description; and whoever is offered something new does not repeat the old answer.
    func checkAnswer(_ body: [UInt8], to client: PhoneClient, _ dialog: PhoneDialog) {
        guard !body.isEmpty else { return self.violate("a 2xx without a description", dialog) }
        let before = dialog.lastOrigin?.version
        self.hear(body, dialog, isFinal: true)
        guard let offered = Descriptions.originLine(of: client.request.body)?.version else { return }
        self.checkCodec(body, to: client.request.body, dialog)
        // A relay has nothing new to say where only the version is.
        if client.kind == .reinvite, !self.world.profile.relays, offered > dialog.agreedVersion, let before,
            dialog.lastOrigin?.version == before
        {
            self.violate("offered something new, and was answered with the old description", dialog)
        }
        dialog.agreedVersion = max(dialog.agreedVersion, offered)
    }

    /// A relay answers with one codec, which was offered.
    private func checkCodec(_ answer: [UInt8], to offer: [UInt8], _ dialog: PhoneDialog) {
        guard self.world.profile.relays, !dialog.isDirect else { return }
        let codecs = (Descriptions.types(of: answer) ?? []).filter { $0 != 101 }
        let offered = Descriptions.types(of: offer) ?? []
        guard codecs.count == 1, offered.contains(codecs[0]) else {
            return self.violate("offered \(offered), and was answered \(codecs)", dialog)
        }
    }

    func acknowledge(_ client: PhoneClient, _ response: SIPResponse) {
        let dialog = client.dialog
        let tag = response.headers.to.tag ?? ""
        guard client.acks[tag] == nil else { return }
        var request = self.inDialog(.ack, dialog, sequence: client.request.headers.cSeq.number)
        if client.request.body.isEmpty {
            if case .empty = dialog.plan.acknowledging {
                self.world.blame(dialog.origin)
            } else {
                request.headers.contentType = "application/sdp"
                request.body = self.describe(dialog, answering: response.body)
                dialog.agreedVersion = UInt64(dialog.version)
            }
        }
        client.acks[tag] = request
        self.transmit(.request(request), to: self.hop(dialog), isReliable: self.transport.isReliable)
    }

    private func refused(_ client: PhoneClient, _ response: SIPResponse) {
        let dialog = client.dialog
        var headers = SIPHeaders(
            via: client.request.headers.via,
            from: client.request.headers.from,
            to: response.headers.to,
            callID: dialog.callID,
            cSeq: CSeq(client.request.headers.cSeq.number, .ack),
            maxForwards: 70
        )
        headers.route = client.request.headers.route
        self.transmit(
            .request(SIPRequest(method: .ack, uri: client.request.uri, headers: headers)),
            to: client.destination,
            isReliable: client.isReliable
        )
        guard !client.isDone else { return }
        client.isDone = true
        dialog.client = nil
        if client.kind == .invite, !client.cancelIsWanted, !client.cancelWasSent,
            let request = self.registrant?.authorized(client.request, by: response)
        {
            return self.callAgain(request, dialog)
        }
        guard client.kind == .reinvite else {
            dialog.stage = .over
            if let origin = dialog.origin {
                self.world.settle(
                    origin,
                    client.cancelWasSent ? "cancelled" : "status \(response.status)",
                    call: dialog.callID
                )
            }
            self.report(dialog, response.status)
            return
        }
        switch response.status {
        case 408, 481: self.hangUp(dialog)
        case 491:
            if dialog.stage == .established {
                dialog.refusedOffer = client.request.body.isEmpty ? nil : client.request.body
                let owns = dialog.isCaller
                self.plan(
                    .reinvite(dialog),
                    after: owns ? self.random.milliseconds(2100, 4000) : self.random.milliseconds(0, 2000)
                )
            }
        default: break
        }
    }

    /// The same INVITE with credentials: a request of its own in the same series (RFC 3261 §22.2).
    private func callAgain(_ request: SIPRequest, _ dialog: PhoneDialog) {
        var request = request
        dialog.localSequence += 1
        request.headers.cSeq.number = dialog.localSequence
        request.headers.via = [self.via("z9hG4bK\(self.token())")]
        let client = self.send(request, .invite, dialog, to: self.gatewayHost)
        dialog.client = client
        self.plan(.overdue(client), after: 130_000_000_000)
    }

    // MARK: CANCEL

    func cancel(_ dialog: PhoneDialog) {
        guard dialog.stage == .calling, let client = dialog.client, !client.cancelWasSent else { return }
        guard client.hasProvisional else {
            client.cancelIsWanted = true
            return
        }
        client.cancelWasSent = true
        let request = client.request
        let headers = SIPHeaders(
            via: request.headers.via,
            from: request.headers.from,
            to: request.headers.to,
            callID: dialog.callID,
            cSeq: CSeq(request.headers.cSeq.number, .cancel),
            maxForwards: 70
        )
        _ = self.send(
            SIPRequest(method: .cancel, uri: request.uri, headers: headers),
            .cancel,
            dialog,
            to: client.destination
        )
    }
}
