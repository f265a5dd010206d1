import SIPCore

extension Phone {
    // MARK: Its requests

    func inDialog(_ method: SIPMethod, _ dialog: PhoneDialog, sequence: UInt32) -> SIPRequest {
        var headers = SIPHeaders(
            via: [self.via("z9hG4bK\(self.token())")],
            from: dialog.local,
            to: dialog.remote,
            callID: dialog.callID,
            cSeq: CSeq(sequence, method),
            maxForwards: 70
        )
        headers.route = dialog.routes
        return SIPRequest(method: method, uri: dialog.target, headers: headers)
    }

    /// Where its requests in a dialog go.
    func hop(_ dialog: PhoneDialog) -> String {
        dialog.routes.first?.uri.host ?? dialog.target.host
    }

    func hangUp(_ dialog: PhoneDialog) {
        switch dialog.stage {
        case .established: break
        case .answered:
            // A callee may not send BYE before it has the ACK (RFC 3261 §15).
            self.plan(.hangUp(dialog), after: 1_000_000_000)
            return
        case .calling, .ringing, .leaving, .over: return
        }
        dialog.stage = .leaving
        dialog.localSequence += 1
        let request = self.inDialog(.bye, dialog, sequence: dialog.localSequence)
        _ = self.send(request, .bye, dialog, to: self.hop(dialog))
    }

    func reinvite(_ dialog: PhoneDialog) {
        guard dialog.stage == .established else { return }
        guard dialog.client == nil, dialog.server == nil else {
            self.plan(.reinvite(dialog), after: 1_000_000_000)
            return
        }
        if self.world.profile.hasExtensions, self.world.profile.relays, self.random.chance(50) {
            return self.update(
                dialog,
                offer: self.describe(dialog, direction: self.random.pick(["sendrecv", "sendonly"]))
            )
        }
        dialog.localSequence += 1
        var request = self.inDialog(.invite, dialog, sequence: dialog.localSequence)
        request.headers.contact = [self.contact]
        if let offer = dialog.refusedOffer, offer == dialog.lastDescription {
            dialog.refusedOffer = nil
            request.headers.contentType = "application/sdp"
            request.body = offer
        } else if !self.random.chance(15) {
            request.headers.contentType = "application/sdp"
            request.body =
                self.random.chance(20)
                ? dialog.lastDescription
                : self.describe(dialog, direction: self.random.pick(["sendrecv", "sendonly", "inactive"]))
        }
        let client = self.send(request, .reinvite, dialog, to: self.hop(dialog))
        dialog.client = client
        self.plan(.overdue(client), after: 40_000_000_000)
    }

    // MARK: The gateway's re-INVITE

    func received(reinvite request: SIPRequest) {
        let branch = request.headers.via.first?.branch ?? ""
        let tag = request.headers.to.tag ?? ""
        guard let dialog = self.dialogs[Self.key(request.headers.callID, tag)] else {
            return self.violate("a re-INVITE for no dialog", nil)
        }
        let server = PhoneServer(request: request, dialog: dialog, isReinvite: true, arrivedAt: self.world.now)
        self.servers[branch] = server
        switch dialog.stage {
        case .answered, .established: break
        case .calling, .ringing:
            self.violate("a re-INVITE before there is a dialog", dialog)
            return
        case .leaving, .over:
            self.respond(server, 481)
            return
        }
        guard request.headers.cSeq.number > dialog.remoteSequence else {
            self.violate("a re-INVITE whose CSeq is not above the last one", dialog)
            return
        }
        dialog.remoteSequence = request.headers.cSeq.number
        if request.headers.from.tag != dialog.remoteTag { self.violate("a re-INVITE of somebody else", dialog) }
        if !request.body.isEmpty { self.hear(request.body, dialog, isFinal: true) }
        if dialog.client != nil {
            self.respond(server, 491)
            return
        }
        if let pending = dialog.server {
            // It has gone on, so it has our 2xx; only its ACK is late (RFC 5407 §3.1.4).
            guard pending.status.map({ $0 < 300 }) == true else {
                return self.violate("a second INVITE while the first one runs", dialog)
            }
            pending.isAcknowledged = true
            if dialog.stage == .answered {
                dialog.stage = .established
                self.startTalking(dialog)
            }
        }
        dialog.server = server
        let status: UInt16
        switch self.isGood ? 99 : self.random.below(100) {
        case 0..<4: status = 488
        case 4..<6: status = 603
        case 6..<8: status = 302
        case 8..<10: status = 481
        case 10..<12: status = 401
        case 12..<14: status = 0
        case 14..<18: status = 491
        default: status = 200
        }
        if [0, 401, 481].contains(status) { dialog.isSpoilt = true }
        if status == 0 {
            self.world.blame(dialog.origin)
            self.respond(server, 100)
            return
        }
        let span = self.random.milliseconds(0, self.isGood ? 300 : self.random.chance(5) ? 28_000 : 2500)
        if span > 10_000_000_000 { self.world.blame(dialog.origin) }
        if span > 1_000_000_000 { self.respond(server, 100) }
        self.plan(.answerReinvite(server, status), after: span)
    }

    func answerReinvite(_ server: PhoneServer, _ status: UInt16) {
        let dialog = server.dialog
        guard server.status == nil, dialog.stage == .established || dialog.stage == .answered else { return }
        let status = status == 200 && !self.hasCodec(server.request.body) ? 488 : status
        guard status == 200 else {
            if dialog.server === server { dialog.server = nil }
            self.respond(server, status)
            return
        }
        self.respond(
            server,
            200,
            sdp: self.describe(dialog, answering: server.request.body),
            fields: self.extensionFields(dialog.plan, isRequest: false)
                + self.timerFields(answering: server.request, dialog)
        )
    }

    /// Who comes by a transfer may have nothing that it has.
    private func hasCodec(_ offer: [UInt8]) -> Bool {
        guard self.world.profile.transfers, self.world.profile.relays, !offer.isEmpty else { return true }
        let own = Descriptions.codecs(of: self.number, seed: self.world.seed)
        return Descriptions.types(of: offer)?.contains { own.contains($0) } ?? false
    }

    // MARK: INFO

    /// A digit: it comes in sequence, and only once both sides know that the call is answered.
    func received(info request: SIPRequest) {
        let key = PhoneClient.key(request.headers.via.first?.branch, .info)
        let isReliable = request.headers.via.first?.transport == .tcp
        if let response = self.replies[key] {
            self.reply(response, reliably: isReliable)
            return
        }
        guard let dialog = self.dialogs[Self.key(request.headers.callID, request.headers.to.tag ?? "")] else {
            return self.violate("an INFO for no dialog", nil)
        }
        let isOver = dialog.stage == .leaving || dialog.stage == .over
        let response = self.plainResponse(isOver ? 481 : 200, request)
        self.replies[key] = response
        self.reply(response, reliably: isReliable)
        guard !isOver else { return }
        if dialog.stage == .calling || dialog.stage == .ringing, !self.isExcused(dialog) {
            self.violate("an INFO before the call is answered", dialog)
        }
        if request.headers.cSeq.number <= dialog.remoteSequence {
            self.violate("an INFO whose CSeq is not above the last one", dialog)
        }
        dialog.remoteSequence = request.headers.cSeq.number
    }

    // MARK: BYE

    func received(bye request: SIPRequest) {
        let key = PhoneClient.key(request.headers.via.first?.branch, .bye)
        let isReliable = request.headers.via.first?.transport == .tcp
        if let response = self.replies[key] {
            self.reply(response, reliably: isReliable)
            return
        }
        guard let dialog = self.dialogs[Self.key(request.headers.callID, request.headers.to.tag ?? "")] else {
            return self.violate("a BYE for no dialog", nil)
        }
        let response = self.plainResponse(dialog.stage == .over ? 481 : 200, request)
        self.replies[key] = response
        self.reply(response, reliably: isReliable)
        switch dialog.stage {
        case .calling:
            if !self.isExcused(dialog) { self.violate("a BYE before its INVITE was answered", dialog) }
        case .ringing:
            self.violate("a BYE while it rings", dialog)
        case .answered, .established, .leaving, .over: break
        }
        if request.headers.cSeq.number <= dialog.remoteSequence {
            self.violate("a BYE whose CSeq is not above the last one", dialog)
        }
        dialog.remoteSequence = request.headers.cSeq.number
        if let server = dialog.server {
            // The ACK of a 2xx was lost, or is behind: whoever sends BYE has that 2xx.
            if server.status == nil { self.respond(server, 487) } else { server.isAcknowledged = true }
        }
        dialog.server = nil
        dialog.stage = .over
        dialog.isStranded = false
    }
}
