import ClientProtocol
import SIPCore

/// A phone's transfers (RFC 3515, RFC 3891): its REFER, and the NOTIFYs of what becomes of it.
extension Phone {
    /// Draws whether it transfers a call, and lets itself be transferred; nothing where nobody does.
    func drawTransfer(_ plan: inout PhonePlan) {
        guard self.world.profile.transfers else { return }
        plan.takesRefer = self.random.chance(75)
        if self.random.chance(self.isGood ? 15 : 20) { plan.refersAfter = self.random.milliseconds(500, 12_000) }
    }

    /// Whether messages between it and its gateway may be lost for good.
    private var isCutOff: Bool { self.isGone || self.world.profile.isHarsh || self.node.link.wasCut }

    func mute(_ key: String) { self.muted.insert(key) }

    // MARK: REFER

    func refer(_ dialog: PhoneDialog) {
        guard dialog.stage == .established, !dialog.isDirect, self.world.hasTime, dialog.referral?.isOver ?? true else {
            return
        }
        if self.isGood {
            // Good people know that only a relay can lead a call elsewhere, and do one thing at a time.
            guard self.world.profile.relays else { return }
            guard dialog.client == nil, dialog.server == nil else {
                return self.plan(.refer(dialog), after: 1_000_000_000)
            }
        }
        let target = self.drawReferTo(dialog)
        dialog.localSequence += 1
        var request = self.inDialog(.refer, dialog, sequence: dialog.localSequence)
        request.headers.contact = [self.contact]
        request.headers.fields = [.init("Refer-To", target)]
        if self.random.chance(50) { request.headers.fields.append(.init("Referred-By", dialog.local.uri.text)) }
        let leaving: PhoneReferral.Leaving
        switch self.random.below(100) {
        case 0..<45: leaving = .never
        case 45..<70: leaving = .onceAccepted
        case 70..<96: leaving = .onceTold
        default: leaving = self.world.profile.hasCuts ? .vanishes : .never
        }
        dialog.referral = PhoneReferral(sequence: dialog.localSequence, leaving: leaving)
        _ = self.send(request, .refer, dialog, to: self.hop(dialog))
        guard case .vanishes = leaving else { return }
        self.world.faults.cuts += 1
        self.vanish()
    }

    /// Whom its gateway is to call: the other party of another call of its own, or somebody that nobody has asked.
    private func drawReferTo(_ dialog: PhoneDialog) -> String {
        let others = self.history.filter { other in
            other !== dialog && other.stage == .established && !other.isDirect && other.referral == nil
                && (!self.isGood || (other.client == nil && other.server == nil))
        }
        if !others.isEmpty, self.random.chance(60) {
            let other = self.random.pick(others)
            let replaces = Replaces(
                callID: other.callID,
                toTag: other.remoteTag ?? "",
                fromTag: other.localTag
            )
            return ReferTarget(uri: other.target, replaces: replaces).headerValue
        }
        let gateway = (Int(self.number.prefix(1)) ?? 1) - 1
        if !self.isGood {
            switch self.random.below(100) {
            // A dialog that there never was, here or at another phone.
            case 0..<5:
                let replaces = Replaces(callID: self.token(), toTag: "none", fromTag: dialog.localTag)
                let host = self.random.chance(50) ? self.gatewayHost : "10.0.\(gateway + 1).2"
                return ReferTarget(uri: SIPURI(user: "11", host: host), replaces: replaces).headerValue
            case 5..<8:
                return self.random.pick(["<tel:+4930123>", "mailto:ann@example.com", "<sip:nobody@192.0.2.1>", "<"])
            default: break
            }
        }
        let target = self.world.drawTarget(gateway, besides: [self.number, dialog.remote.uri.user ?? ""])
        return NameAddress(uri: SIPURI(user: SIPURI.escapedUser(target.text), host: self.gatewayHost)).text
    }

    func referAnswered(_ client: PhoneClient, _ response: SIPResponse) {
        let dialog = client.dialog
        guard !client.isDone, let referral = dialog.referral else { return }
        client.isDone = true
        referral.status = response.status
        guard response.status < 300 else {
            if !referral.isTold { self.world.transfers.failed += 1 }
            // The other party may be transferring, or hanging up, at this very moment, or talk by one device in both calls.
            if self.isGood, ![481, 488, 491].contains(response.status) {
                self.violate("its REFER was answered \(response.status)", dialog)
            }
            if referral.isTold { self.violate("was told how its REFER ended, and it was refused", dialog) }
            return
        }
        if response.status != 202 { self.violate("its REFER was answered \(response.status)", dialog) }
        if case .onceAccepted = referral.leaving { self.hangUp(dialog) }
        // Longer than anything may ring.
        self.plan(.checkReferral(dialog), after: 85_000_000_000)
    }

    func checkReferral(_ dialog: PhoneDialog) {
        guard dialog.stage == .established, let referral = dialog.referral, referral.status == 202, !referral.isTold,
            !referral.isSpoilt, !dialog.isSpoilt, !self.isCutOff
        else { return }
        self.violate("its REFER was accepted, and it was never told how that ended", dialog)
    }

    // MARK: NOTIFY

    func received(notify request: SIPRequest) {
        let key = PhoneClient.key(request.headers.via.first?.branch, .notify)
        let isReliable = request.headers.via.first?.transport == .tcp
        if let response = self.replies[key] { return self.reply(response, reliably: isReliable) }
        guard !self.muted.contains(key) else { return }
        guard let dialog = self.dialogs[Self.key(request.headers.callID, request.headers.to.tag ?? "")] else {
            return self.violate("a NOTIFY for no dialog", nil)
        }
        let isOver = dialog.stage == .leaving || dialog.stage == .over
        var status: UInt16? = isOver ? 481 : 200
        if let referral = dialog.referral {
            self.check(notify: request, referral, dialog)
            if !isOver, !self.isGood, !referral.isSpoilt, self.random.chance(8) {
                referral.isSpoilt = true
                status = self.random.pick([nil, 481, 500, 489])
            }
        } else {
            self.violate("a NOTIFY for no REFER", dialog)
        }
        guard let status else { return self.mute(key) }
        let response = self.plainResponse(status, request)
        self.replies[key] = response
        self.reply(response, reliably: isReliable)
    }

    private func check(notify request: SIPRequest, _ referral: PhoneReferral, _ dialog: PhoneDialog) {
        let event = request.headers["Event"] ?? ""
        if event != "refer", event != "refer;id=\(referral.sequence)" {
            self.violate("a NOTIFY of the event \(event)", dialog)
        }
        let line = String(decoding: request.body, as: UTF8.self).split(separator: " ")
        guard line.first == "SIP/2.0", line.count > 1, let status = UInt16(line[1]),
            let state = request.headers["Subscription-State"]
        else { return self.violate("a NOTIFY that says nothing", dialog) }
        if state.hasPrefix("terminated") != (status >= 200) {
            self.violate("a NOTIFY that is \(state), of status \(status)", dialog)
        }
        if let refused = referral.status, refused >= 300 {
            self.violate("a NOTIFY about a REFER that was refused", dialog)
        }
        let sequence = request.headers.cSeq.number
        if let last = referral.lastNotice {
            if sequence > last { self.violate("a NOTIFY after the last one", dialog) }
            return
        }
        guard status >= 200 else { return }
        referral.lastNotice = sequence
        guard status < 300 else {
            self.world.transfers.failed += 1
            if self.isGood { self.violate("its transfer failed with status \(status)", dialog) }
            return
        }
        self.world.transfers.succeeded += 1
        if case .onceTold = referral.leaving { return self.hangUp(dialog) }
        self.plan(.checkLeft(dialog), after: 40_000_000_000)
    }

    /// Whose transfer has succeeded is out of the call.
    func checkLeft(_ dialog: PhoneDialog) {
        guard dialog.stage == .established, !dialog.isSpoilt, !self.isCutOff else { return }
        self.violate("its transfer succeeded, and its own call is still up", dialog)
    }
}
