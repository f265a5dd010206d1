import SIPCore

/// What newer phones do: reliable provisional responses (RFC 3262), UPDATE (RFC 3311) and session timers (RFC 4028).
extension Phone {
    /// The session interval that all ask for, in seconds; half of it passes between two refreshes.
    static let sessionSeconds: UInt64 = 90

    /// Draws which of it a call has; nothing where nobody has any.
    func drawExtensions(_ plan: inout PhonePlan, isCaller: Bool) {
        guard self.world.profile.hasExtensions else { return }
        plan.takesUpdate = self.random.chance(60)
        plan.hasTimer = self.random.chance(60)
        plan.refreshes = self.random.chance(50)
        // Behind a proxy another phone's 200 may follow upon its reliable answer.
        plan.reliability = self.random.pick([.none, .supported, .required])
        if isCaller, plan.reliability == .required, !self.world.profile.relays { plan.reliability = .supported }
    }

    /// The fields that tell of it in an INVITE, or in a response that makes a dialog.
    func extensionFields(_ plan: PhonePlan, isRequest: Bool) -> [SIPHeaders.Field] {
        guard self.world.profile.hasExtensions || self.world.profile.transfers else { return [] }
        var methods = ["INVITE", "ACK", "CANCEL", "BYE", "INFO"]
        if self.world.profile.hasExtensions { methods.append("PRACK") }
        if plan.takesUpdate { methods.append("UPDATE") }
        if plan.takesRefer { methods += ["REFER", "NOTIFY"] }
        var fields: [SIPHeaders.Field] = [.init("Allow", methods.joined(separator: ", "))]
        var supported = plan.hasTimer ? ["timer"] : []
        if plan.reliability == .supported { supported.append("100rel") }
        if !supported.isEmpty { fields.append(.init("Supported", supported.joined(separator: ", "))) }
        if isRequest, plan.reliability == .required { fields.append(.init("Require", "100rel")) }
        if isRequest, plan.hasTimer { fields.append(.init("Session-Expires", "\(Self.sessionSeconds)")) }
        return fields
    }

    // MARK: Session timers

    /// The fields of a 2xx to a request that may ask for a timer.
    func timerFields(answering request: SIPRequest, _ dialog: PhoneDialog) -> [SIPHeaders.Field] {
        guard dialog.plan.hasTimer, let asked = request.headers["Session-Expires"] else { return [] }
        let seconds = asked.split(separator: ";").first.map { String($0) } ?? ""
        var refresher = dialog.plan.refreshes ? "uas" : "uac"
        for name in ["uac", "uas"] where asked.contains("refresher=\(name)") { refresher = name }
        if refresher == "uas" { self.planRefresh(dialog) }
        return [.init("Session-Expires", "\(seconds);refresher=\(refresher)"), .init("Require", "timer")]
    }

    /// A 2xx to a request of its own may make it the one who refreshes.
    func noteTimer(_ response: SIPResponse, _ dialog: PhoneDialog) {
        guard let agreed = response.headers["Session-Expires"] else { return }
        if !dialog.plan.hasTimer, self.world.profile.hasExtensions {
            return self.violate("told of a session timer, which it does not support", dialog)
        }
        if agreed.contains("refresher=uac") { self.planRefresh(dialog) }
    }

    private func planRefresh(_ dialog: PhoneDialog) {
        dialog.refreshes += 1
        self.plan(.refresh(dialog, dialog.refreshes), after: Self.sessionSeconds * 500_000_000)
    }

    func refresh(_ dialog: PhoneDialog, _ number: Int) {
        guard dialog.stage == .established, dialog.refreshes == number else { return }
        self.update(dialog, offer: nil)
    }

    // MARK: UPDATE

    /// Sends an UPDATE, one at a time.
    func update(_ dialog: PhoneDialog, offer: [UInt8]?) {
        guard dialog.stage == .established else { return }
        dialog.localSequence += 1
        var request = self.inDialog(.update, dialog, sequence: dialog.localSequence)
        request.headers.contact = [self.contact]
        if let offer {
            request.headers.contentType = "application/sdp"
            request.body = offer
        }
        if dialog.plan.hasTimer {
            request.headers.fields = [
                .init("Supported", "timer"), .init("Session-Expires", "\(Self.sessionSeconds);refresher=uac"),
            ]
        }
        let client = self.send(request, .update, dialog, to: self.hop(dialog))
        if offer != nil { dialog.client = client }
    }

    func updateAnswered(_ client: PhoneClient, _ response: SIPResponse) {
        let dialog = client.dialog
        guard !client.isDone else { return }
        client.isDone = true
        if dialog.client === client { dialog.client = nil }
        guard dialog.stage == .established else { return }
        switch response.status {
        case 200:
            self.noteTimer(response, dialog)
            guard !client.request.body.isEmpty else { return }
            self.checkAnswer(response.body, to: client, dialog)
        case 481, 408: self.hangUp(dialog)
        // What it offered nobody has taken; and it may refresh a little later.
        case 491, 500, 504, 488:
            if client.request.body.isEmpty { self.plan(.refresh(dialog, dialog.refreshes), after: 3_000_000_000) }
        default: self.violate("its UPDATE was answered \(response.status)", dialog)
        }
    }

    func received(update request: SIPRequest) {
        let key = PhoneClient.key(request.headers.via.first?.branch, .update)
        let isReliable = request.headers.via.first?.transport == .tcp
        if let response = self.replies[key] { return self.reply(response, reliably: isReliable) }
        guard let dialog = self.dialogs[Self.key(request.headers.callID, request.headers.to.tag ?? "")] else {
            return self.violate("an UPDATE for no dialog", nil)
        }
        let isOver = dialog.stage == .leaving || dialog.stage == .over
        var response = self.plainResponse(isOver ? 481 : 200, request)
        if !isOver {
            response.headers.contact = [self.contact]
            response.headers.fields =
                self.extensionFields(dialog.plan, isRequest: false)
                + self.timerFields(answering: request, dialog)
            if !dialog.plan.takesUpdate { self.violate("an UPDATE, which it does not take", dialog) }
            if !request.body.isEmpty { self.violate("an UPDATE with an offer", dialog) }
            if request.headers.cSeq.number <= dialog.remoteSequence {
                self.violate("an UPDATE whose CSeq is not above the last one", dialog)
            }
            dialog.remoteSequence = request.headers.cSeq.number
        }
        self.replies[key] = response
        self.reply(response, reliably: isReliable)
    }

    // MARK: Reliable provisional responses to its INVITE

    /// Takes a provisional response: a reliable one is PRACKed in its turn.
    func receivedProvisional(_ client: PhoneClient, _ response: SIPResponse) {
        let dialog = client.dialog
        guard response.status > 100, self.world.profile.hasExtensions else { return }
        guard let rSeq = response.headers["RSeq"].flatMap({ UInt32($0) }) else {
            if client.kind == .invite, dialog.plan.reliability == .required {
                self.violate("a \(response.status) that is not reliable", dialog)
            }
            return
        }
        if dialog.plan.reliability == .none { self.violate("a reliable \(response.status) that it can't take", dialog) }
        if let last = dialog.lastRSeq {
            if rSeq <= last { return }
            if rSeq != last + 1 { return self.violate("RSeq went from \(last) to \(rSeq)", dialog) }
        }
        guard dialog.stage == .calling, !client.isDone, let contact = response.headers.contact.first?.address else {
            return
        }
        dialog.lastRSeq = rSeq
        dialog.remote = response.headers.to
        dialog.routes = response.headers.recordRoute.reversed()
        dialog.target = contact.uri
        if !response.body.isEmpty, !client.request.body.isEmpty {
            dialog.hasReliableAnswer = true
            self.checkAnswer(response.body, to: client, dialog)
        }
        dialog.localSequence += 1
        var request = self.inDialog(.prack, dialog, sequence: dialog.localSequence)
        let cSeq = client.request.headers.cSeq
        request.headers.fields = [.init("RAck", "\(rSeq) \(cSeq.number) \(cSeq.method.name)")]
        _ = self.send(request, .prack, dialog, to: self.hop(dialog))
    }

    func prackAnswered(_ client: PhoneClient, _ response: SIPResponse) {
        guard !client.isDone else { return }
        client.isDone = true
        // A call that is over knows of no PRACK any more.
        guard response.status != 200, client.dialog.stage == .calling, client.dialog.client?.isDone == false else {
            return
        }
        if client.dialog.client?.cancelWasSent == true { return }
        if response.status == 481 {
            // The call may have been refused, and the refusal be on its way; it must not be answered, though.
            client.dialog.hasLostPRACK = true
        } else {
            self.violate("its PRACK was answered \(response.status)", client.dialog)
        }
    }

    // MARK: Its own reliable provisional responses

    /// Whether it sends its provisional responses to that INVITE reliably.
    func ringsReliably(_ server: PhoneServer) -> Bool {
        guard self.world.profile.hasExtensions, server.request.headers.via.count == 1 else { return false }
        let headers = server.request.headers
        if headers["Require"]?.contains("100rel") == true { return true }
        return server.dialog.plan.reliability != .none && headers["Supported"]?.contains("100rel") == true
    }

    func ringReliably(_ server: PhoneServer, _ status: UInt16, sdp: [UInt8]?) {
        // One at a time.
        guard server.reliable == nil else { return }
        server.rSeq += 1
        self.respond(
            server,
            status,
            sdp: sdp,
            fields: self.extensionFields(server.dialog.plan, isRequest: false) + [
                .init("Require", "100rel"), .init("RSeq", "\(server.rSeq)"),
            ]
        )
        guard let response = server.last else { return }
        server.reliable = PhoneServer.Reliable(
            response: response,
            interval: 500_000_000,
            giveUpAt: self.world.now + 32_000_000_000
        )
        self.plan(.resendProvisional(server, server.rSeq), after: 500_000_000)
    }

    func resendProvisional(_ server: PhoneServer, _ rSeq: UInt32) {
        guard var reliable = server.reliable, server.rSeq == rSeq, server.status == nil else { return }
        guard self.world.now < reliable.giveUpAt else {
            // Whoever has cancelled listens no more.
            if self.isKnown(server), !self.isExcused(server.dialog), !server.isCancelled {
                self.violate("its reliable \(reliable.response.status) was never PRACKed", server.dialog)
            }
            server.reliable = nil
            server.dialog.plan.status = 504
            return self.finish(server)
        }
        self.reply(reliable.response, reliably: server.isReliable)
        reliable.interval *= 2
        server.reliable = reliable
        self.plan(.resendProvisional(server, rSeq), after: min(reliable.interval, reliable.giveUpAt - self.world.now))
    }

    func received(prack request: SIPRequest) {
        let key = PhoneClient.key(request.headers.via.first?.branch, .prack)
        let isReliable = request.headers.via.first?.transport == .tcp
        if let response = self.replies[key] { return self.reply(response, reliably: isReliable) }
        guard let dialog = self.dialogs[Self.key(request.headers.callID, request.headers.to.tag ?? "")] else {
            return self.violate("a PRACK for no dialog", nil)
        }
        // Once the call is answered nothing hangs on it, and others may have overtaken it.
        if request.headers.cSeq.number <= dialog.remoteSequence, dialog.server?.reliable != nil {
            self.violate("a PRACK whose CSeq is not above the last one", dialog)
        }
        dialog.remoteSequence = max(dialog.remoteSequence, request.headers.cSeq.number)
        let server = dialog.server
        let rAck = server.map { "\($0.rSeq) \($0.request.headers.cSeq.number) INVITE" }
        let isDue = server?.reliable != nil && rAck == request.headers["RAck"]
        if isDue, let server {
            if server.request.body.isEmpty, let sent = server.reliable?.response.body, !sent.isEmpty {
                if request.body.isEmpty {
                    self.violate("a PRACK without the answer that it owes", dialog)
                } else {
                    dialog.hasReliableAnswer = true
                    self.hear(request.body, dialog, isFinal: true)
                }
            }
            server.reliable = nil
        }
        let response = self.plainResponse(isDue ? 200 : 481, request)
        self.replies[key] = response
        self.reply(response, reliably: isReliable)
    }
}
