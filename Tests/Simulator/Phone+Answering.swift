import SIPCore

extension Phone {
    // MARK: INVITE

    func received(invite request: SIPRequest) {
        let branch = request.headers.via.first?.branch ?? ""
        if let server = self.servers[branch] {
            if !server.isAcknowledged, let last = server.last { self.reply(last, reliably: server.isReliable) }
            return
        }
        if request.headers.to.tag != nil {
            self.received(reinvite: request)
            return
        }
        guard let contact = request.headers.contact.first?.address, request.headers.maxForwards != nil else {
            return self.violate("an INVITE without Contact or Max-Forwards", nil)
        }
        let tag = self.token()
        var local = request.headers.to
        local.tag = tag
        let dialog = PhoneDialog(
            isCaller: false,
            callID: request.headers.callID,
            localTag: tag,
            local: local,
            remote: request.headers.from,
            sequence: 0,
            target: contact.uri,
            session: self.history.count + 1
        )
        dialog.remoteTag = request.headers.from.tag
        dialog.remoteSequence = request.headers.cSeq.number
        dialog.routes = request.headers.recordRoute
        let server = PhoneServer(request: request, dialog: dialog, isReinvite: false, arrivedAt: self.world.now)
        self.servers[branch] = server
        dialog.server = server
        self.keep(dialog)
        if self.asksForCredentials, request.headers["Authorization"] == nil {
            dialog.stage = .over
            self.respond(
                server,
                401,
                fields: [.init("WWW-Authenticate", "Digest realm=\"phones\", nonce=\"\(tag)\", qop=\"auth\"")]
            )
            return
        }
        if request.headers["Diversion"] != nil { self.world.redirects += 1 }
        dialog.isDirect = contact.uri.host != self.gatewayHost
        if !request.body.isEmpty { self.hear(request.body, dialog, isFinal: true) }
        if let replaces = request.headers["Replaces"] { return self.replace(replaces, server) }
        self.consider(server)
    }

    /// Draws what it does with a call that came in.
    private func consider(_ server: PhoneServer) {
        let dialog = server.dialog
        dialog.plan = self.talkPlan()
        self.drawExtensions(&dialog.plan, isCaller: false)
        let isGood = self.isGood
        let answerAfter = self.random.milliseconds(10, isGood ? 3000 : self.random.chance(30) ? 35_000 : 6000)
        if !isGood {
            switch self.random.below(100) {
            case 0..<9: dialog.plan.status = 486
            case 9..<13: dialog.plan.status = 603
            case 13..<16: dialog.plan.status = 404
            case 16..<19:
                dialog.plan.status = 302
                dialog.plan.contacts = self.drawContacts()
            case 19..<22: dialog.plan.status = self.random.pick([401, 407, 403, 408, 480, 488, 500, 503, 606, 600])
            case 22..<28: dialog.plan.status = nil
            case 28..<31: dialog.plan.isSilent = true
            default: break
            }
            // Behind a proxy the early answer of another phone would be taken for this one's. And one has to know whose
            // call ends by it.
            dialog.plan.answersWithoutSDP =
                self.random.chance(2) && server.request.headers.via.count == 1 && dialog.origin != nil
            dialog.plan.ignoresCancel = self.random.chance(10)
        }
        if dialog.plan.isSilent { return }
        if isGood || self.random.chance(60) { self.respond(server, 100) }
        if isGood || self.random.chance(80) {
            self.plan(.ring(server, self.random.chance(20) ? 183 : 180), after: answerAfter / 4)
            if self.random.chance(20) { self.plan(.ring(server, 180), after: answerAfter / 2) }
        }
        if dialog.plan.status != nil { self.plan(.finish(server), after: answerAfter) }
    }

    /// Up to three that it would send a call to: another number of its gateway, an app, nobody, or itself.
    private func drawContacts() -> [NameAddress] {
        (0..<self.random.between(1, 3)).map { _ in
            let numbers = [
                "\(self.number.prefix(1))0\(self.random.between(1, 6))", "family0", "family1", "11", "21", "777",
            ]
            let isOwn = self.random.chance(20)
            let uri = SIPURI(
                user: isOwn ? self.number : self.random.pick(numbers),
                host: isOwn ? self.node.host : self.gatewayHost
            )
            return NameAddress(uri: uri, parameters: SIPParameters([.init("q", "0.\(self.random.between(1, 9))")]))
        }
    }

    func ring(_ server: PhoneServer, _ status: UInt16) {
        guard server.status == nil else { return }
        // Early media is an answer, so only where there was an offer; the 200 repeats it.
        let hasMedia = status == 183 && !server.request.body.isEmpty
        let sdp = hasMedia ? self.describe(server.dialog, isNew: false, answering: server.request.body) : nil
        guard !self.ringsReliably(server) else { return self.ringReliably(server, status, sdp: sdp) }
        self.respond(server, status, sdp: sdp)
    }

    func finish(_ server: PhoneServer) {
        guard server.status == nil, let status = server.dialog.plan.status else { return }
        if status >= 300 {
            server.dialog.stage = .over
            self.respond(server, status)
            return
        }
        if let reliable = server.reliable, !reliable.response.body.isEmpty {
            // Its answer has to be PRACKed first (RFC 3262 §3).
            return self.plan(.finish(server), after: 500_000_000)
        }
        server.dialog.stage = .answered
        let isEmpty = server.dialog.plan.answersWithoutSDP
        if isEmpty { self.world.blame(server.dialog.origin) }
        self.respond(
            server,
            200,
            sdp: isEmpty ? nil : self.describe(server.dialog, isNew: false, answering: server.request.body),
            fields: self.extensionFields(server.dialog.plan, isRequest: false)
                + self.timerFields(answering: server.request, server.dialog)
        )
        self.plan(.checkFork(server.dialog), after: 45_000_000_000)
    }

    // MARK: Responses

    func respond(_ server: PhoneServer, _ status: UInt16, sdp: [UInt8]? = nil, fields: [SIPHeaders.Field] = []) {
        if status >= 300 { self.world.blame(server.dialog.origin) }
        let request = server.request
        var headers = SIPHeaders(
            via: request.headers.via,
            from: request.headers.from,
            to: request.headers.to,
            callID: request.headers.callID,
            cSeq: request.headers.cSeq,
            recordRoute: request.headers.recordRoute,
            fields: fields
        )
        if status > 100 { headers.to.tag = server.dialog.localTag }
        if status > 100, status < 400 {
            let contacts = status == 302 ? server.dialog.plan.contacts : []
            headers.contact = contacts.isEmpty ? [self.contact] : ShortList(contacts.map { .address($0) })
        }
        if sdp != nil { headers.contentType = "application/sdp" }
        if sdp != nil { server.dialog.agreedVersion = UInt64(server.dialog.version) }
        let response = SIPResponse(status: status, reason: "", headers: headers, body: sdp ?? [])
        server.last = response
        self.reply(response, reliably: server.isReliable)
        guard status >= 200 else { return }
        server.status = status
        server.giveUpAt = self.world.now + 32_000_000_000
        if status < 300 || !server.isReliable { self.plan(.resendFinal(server), after: server.interval) }
    }

    /// Sends a response where the topmost Via says.
    func reply(_ response: SIPResponse, reliably isReliable: Bool) {
        guard let via = response.headers.via.first else { return }
        self.transmit(.response(response), to: via.host, isReliable: isReliable)
    }

    func resendFinal(_ server: PhoneServer) {
        guard !server.isAcknowledged, let last = server.last else { return }
        guard self.world.now < server.giveUpAt else {
            self.unacknowledged(server)
            return
        }
        self.reply(last, reliably: server.isReliable)
        server.interval = min(server.interval * 2, 4_000_000_000)
        self.plan(.resendFinal(server), after: min(server.interval, server.giveUpAt - self.world.now))
    }

    private func unacknowledged(_ server: PhoneServer) {
        let dialog = server.dialog
        if self.isKnown(server), !self.isExcused(dialog) {
            self.violate("its \(server.status ?? 0) was never ACKed", dialog)
        }
        server.isAcknowledged = true
        dialog.server = nil
        if dialog.stage == .answered {
            dialog.stage = .established
            self.hangUp(dialog)
        }
    }

    // MARK: ACK

    func received(ack request: SIPRequest) {
        if let server = self.servers[request.headers.via.first?.branch ?? ""] {
            if (server.status ?? 0) < 300 {
                self.violate("the ACK of a 2xx has the branch of its INVITE", server.dialog)
            }
            server.isAcknowledged = true
            if server.dialog.server === server { server.dialog.server = nil }
            return
        }
        guard let dialog = self.dialogs[Self.key(request.headers.callID, request.headers.to.tag ?? "")] else {
            return self.violate("an ACK for no dialog", nil)
        }
        guard let server = dialog.server, server.request.headers.cSeq.number == request.headers.cSeq.number,
            server.status.map({ $0 < 300 }) == true
        else { return }
        server.isAcknowledged = true
        dialog.server = nil
        if dialog.stage == .answered {
            dialog.stage = .established
            self.startTalking(dialog)
        }
        guard server.request.body.isEmpty else { return }
        if request.body.isEmpty {
            self.plan(.checkAnswer(dialog), after: 10_000_000_000)
        } else {
            self.hear(request.body, dialog, isFinal: true)
        }
    }

    // MARK: CANCEL

    func received(cancel request: SIPRequest) {
        let branch = request.headers.via.first?.branch ?? ""
        guard let server = self.servers[branch] else {
            // It overtook its INVITE on the way: no harm done, that one is repeated.
            self.reply(self.plainResponse(481, request), reliably: request.headers.via.first?.transport == .tcp)
            return
        }
        // A proxy may cancel what has said nothing yet.
        if server.last == nil, request.headers.via.count == server.request.headers.via.count {
            self.violate("CANCEL before any provisional response", server.dialog)
        }
        self.reply(self.plainResponse(200, request), reliably: server.isReliable)
        guard server.status == nil else { return }
        server.isCancelled = true
        if server.dialog.plan.ignoresCancel, server.dialog.plan.status == 200, server.reliable == nil {
            // It has been taken off the hook at this very moment; while it owes a PRACK's leave it can't be.
            self.finish(server)
            return
        }
        server.dialog.stage = .over
        self.respond(server, 487)
    }

    func plainResponse(_ status: UInt16, _ request: SIPRequest) -> SIPResponse {
        var headers = SIPHeaders(
            via: request.headers.via,
            from: request.headers.from,
            to: request.headers.to,
            callID: request.headers.callID,
            cSeq: request.headers.cSeq
        )
        if headers.to.tag == nil { headers.to.tag = "\(self.node.name)-plain" }
        return SIPResponse(status: status, reason: "", headers: headers)
    }

    // MARK: Forks

    /// Of all that answered one INVITE one may be left, long after.
    func checkFork(_ dialog: PhoneDialog) {
        guard dialog.stage == .established, !self.isExcused(dialog) else { return }
        for phone in self.world.phones where phone !== self && !phone.isGone {
            for other in phone.history where other.callID == dialog.callID && other.stage == .established {
                self.violate("and \(phone.node.name) both are in one call", dialog)
            }
        }
    }
}
