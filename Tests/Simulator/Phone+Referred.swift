import SIPCore

/// What a phone does with the gateway's REFER (RFC 3515), and with an INVITE that has Replaces (RFC 3891).
extension Phone {
    func received(refer request: SIPRequest) {
        let key = PhoneClient.key(request.headers.via.first?.branch, .refer)
        let isReliable = request.headers.via.first?.transport == .tcp
        if let response = self.replies[key] { return self.reply(response, reliably: isReliable) }
        guard !self.muted.contains(key) else { return }
        guard let dialog = self.dialogs[Self.key(request.headers.callID, request.headers.to.tag ?? "")] else {
            return self.violate("a REFER for no dialog", nil)
        }
        if !dialog.plan.takesRefer { self.violate("a REFER, which it does not take", dialog) }
        if request.headers.cSeq.number <= dialog.remoteSequence {
            self.violate("a REFER whose CSeq is not above the last one", dialog)
        }
        dialog.remoteSequence = request.headers.cSeq.number
        guard let target = request.headers["Refer-To"].flatMap({ try? ReferTarget($0) }) else {
            return self.violate("a REFER without Refer-To", dialog)
        }
        guard let status = self.drawStatus(target, dialog) else { return self.mute(key) }
        var response = self.plainResponse(status, request)
        if status < 300 { response.headers.contact = [self.contact] }
        self.replies[key] = response
        self.reply(response, reliably: isReliable)
        if status == 202 { self.follow(target, dialog) }
    }

    /// nil: it does not answer.
    private func drawStatus(_ target: ReferTarget, _ dialog: PhoneDialog) -> UInt16? {
        switch dialog.stage {
        case .answered, .established: break
        case .calling, .ringing:
            self.violate("a REFER before there is a dialog", dialog)
            return 481
        case .leaving, .over: return 481
        }
        guard self.world.hasTime, self.mayCall(target) else { return 603 }
        guard !self.isGood else { return 202 }
        switch self.random.below(100) {
        case 0..<12: return self.random.pick([405, 603, 491, 500, 480])
        case 12..<15: return nil
        default: return 202
        }
    }

    /// Numbers of its gateway, where that would know it; and another phone whose call it is to take over.
    private func mayCall(_ target: ReferTarget) -> Bool {
        guard target.uri.host != self.gatewayHost else { return !self.number.hasSuffix("50") }
        guard target.replaces != nil, target.uri.host != self.node.host, !self.transport.isReliable else {
            return false
        }
        return self.world.nodes[target.uri.host]?.phone?.transport.isReliable == false
    }

    private func follow(_ target: ReferTarget, _ dialog: PhoneDialog) {
        let telling: PhoneReference.Telling
        switch self.isGood ? 99 : self.random.below(100) {
        case 0..<15: telling = .late(self.random.milliseconds(0, 20_000))
        case 15..<23: telling = .disordered
        case 23..<31: telling = .never
        default: telling = .well
        }
        let reference = PhoneReference(dialog: dialog, telling: telling)
        if case .well = telling { self.plan(.notify(dialog, 100), after: self.random.milliseconds(0, 20)) }
        var fields: [SIPHeaders.Field] = []
        if let replaces = target.replaces {
            fields = [.init("Replaces", replaces.headerValue), .init("Require", "replaces")]
        }
        if !self.isGood, self.random.chance(12) { self.hangUp(dialog) }
        self.call(target.uri, origin: self.world.newOrigin(), fields: fields, for: reference)
    }

    /// The call that it was asked for has got so far.
    func report(_ dialog: PhoneDialog, _ status: UInt16) {
        guard let reference = dialog.reference, !reference.isOver else { return }
        reference.isOver = true
        let asking = reference.dialog
        switch reference.telling {
        case .well: self.plan(.notify(asking, status), after: self.random.milliseconds(10, 60))
        case .late(let span): self.plan(.notify(asking, status), after: span)
        case .disordered:
            self.notify(asking, status)
            self.notify(asking, 100)
        case .never: break
        }
    }

    func notify(_ dialog: PhoneDialog, _ status: UInt16) {
        guard dialog.stage == .established else { return }
        dialog.localSequence += 1
        var request = self.inDialog(.notify, dialog, sequence: dialog.localSequence)
        request.headers.contact = [self.contact]
        request.headers.contentType = "message/sipfrag;version=2.0"
        request.headers.fields = [
            .init("Event", "refer"),
            .init("Subscription-State", status < 200 ? "active;expires=60" : "terminated;reason=noresource"),
        ]
        request.body = Array("SIP/2.0 \(status) So\r\n".utf8)
        _ = self.send(request, .notify, dialog, to: self.hop(dialog))
        if status >= 200, status < 300 { self.plan(.checkLeft(dialog), after: 75_000_000_000) }
    }

    func noticeAnswered(_ client: PhoneClient, _ response: SIPResponse) {
        guard !client.isDone else { return }
        client.isDone = true
        // What comes behind the end is for nothing.
        guard response.status != 200, response.status != 481, self.isGood else { return }
        self.violate("its NOTIFY was answered \(response.status)", client.dialog)
    }

    // MARK: Replaces

    /// Somebody takes the place of the other party in a call: it is answered at once, and the old one is hung up.
    func replace(_ text: String, _ server: PhoneServer) {
        let dialog = server.dialog
        guard let replaces = Replaces(text),
            let old = self.dialogs[Self.key(replaces.callID, replaces.toTag)], old !== dialog,
            old.remoteTag == replaces.fromTag, old.stage == .established
        else {
            dialog.stage = .over
            return self.respond(server, 481)
        }
        dialog.plan = self.plainPlan()
        self.finish(server)
        self.hangUp(old)
    }
}
