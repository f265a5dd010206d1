import ClientProtocol

/// An extended app's transfers: the other party of a call is to talk to somebody else.
extension AppDevice {
    func planTransfer(_ call: DeviceCall) {
        guard self.world.profile.transfers, self.profile == .extended, self.random.chance(30) else { return }
        self.plan(.transfer(call), after: self.random.milliseconds(500, 10_000))
        // Two at once: the second one is an error.
        if !self.isGood, self.random.chance(10) {
            self.plan(.transfer(call), after: self.random.milliseconds(0, 12_000))
        }
    }

    func transfer(_ call: DeviceCall) {
        guard call.stage == .answered, call.id != nil, self.world.hasTime, !self.isGood || !self.isBusy(call) else {
            return
        }
        // Good people know that only a relay can lead a call elsewhere.
        guard !self.isGood || self.world.profile.relays else { return }
        let others = self.calls.filter { other in
            other !== call && other.stage == .answered && other.id != nil
                && (!self.isGood || (other.peer != call.peer && !self.isBusy(other)))
        }
        var target = ClientAction.TransferTarget.party(self.drawTarget(call))
        if !others.isEmpty, self.random.chance(60) {
            let other = self.random.pick(others)
            other.isHandedOn = true
            target = .call(other.id ?? "")
        } else if !self.isGood, self.random.chance(6) {
            target = .call(self.random.pick([call.id ?? "", "no such call"]))
        }
        let isFirst = !call.isTransferring
        let tag = JSONFragment(utf8: Array("\"t\(self.nextSerial())\"".utf8))
        if isFirst {
            call.transferTag = tag
            call.isTransferring = true
        }
        self.send(.transfer(callID: call.id, peerID: nil, to: target), of: call, requestID: tag)
        guard !self.isGood else { return }
        if self.random.chance(15) { self.plan(.hangUp(call), after: self.random.milliseconds(0, 4000)) }
        if self.world.profile.hasCuts, self.random.chance(4) {
            self.plan(.lose, after: self.random.milliseconds(0, 4000))
        }
    }

    /// Whether a transfer has to do with it already.
    private func isBusy(_ call: DeviceCall) -> Bool { call.transferTag != nil || call.isHandedOn }

    private func drawTarget(_ call: DeviceCall) -> PartyID {
        let gateway = self.gateway === self.world.gateways[0] ? 0 : 1
        return self.world.drawTarget(gateway, besides: [self.identity.userID.text, call.peer.text])
    }

    // MARK: What comes of it

    /// `ok` came.
    func succeeded(_ requestID: JSONFragment) {
        guard let call = self.calls.first(where: { $0.transferTag == requestID }) else { return }
        self.world.transfers.succeeded += 1
        if !call.isTransferring, call.stage != .over { self.violate("was told twice what came of its transfer", call) }
        call.isTransferring = false
        self.plan(.checkTransferred(call), after: 5_000_000_000)
    }

    /// `error` came.
    ///
    /// - Returns: whether it is about a transfer.
    func failed(_ error: ClientError) -> Bool {
        guard error.action == "transfer" else { return false }
        guard let call = self.calls.first(where: { $0.transferTag == error.requestID }) else { return true }
        self.world.transfers.failed += 1
        if !call.isTransferring, call.stage != .over { self.violate("was told twice what came of its transfer", call) }
        call.isTransferring = false
        // The other party may hang up or transfer at this very moment, or be an app that knows no such thing.
        let isBadLuck =
            [.wrongState, .unknownCall].contains(error.code) || error.message == "The call is over."
            || error.message.hasSuffix(" 491.") || error.message.hasPrefix("The media of this call")
            || error.message.hasPrefix("The two can't be joined")
        if self.isGood, !isBadLuck { self.violate("its transfer failed: \(error.message)", call) }
        return true
    }

    /// A call ended.
    func checkTransfer(_ reason: ClientReason, _ call: DeviceCall) {
        guard reason == .transferred, call.transferTag == nil, !call.isHandedOn else { return }
        self.violate("is out of a call that it did not transfer", call)
    }

    /// Whether even good people's calls may end so: they hand calls on, or hang up while somebody else is called for them; and
    /// two that were called talk until they are stopped.
    func isDue(_ reason: ClientReason) -> Bool {
        reason == .transferred || ([.shuttingDown, .cancelled].contains(reason) && self.world.profile.transfers)
    }

    func checkTransferred(_ call: DeviceCall) {
        guard call.stage != .over else { return }
        self.violate("its transfer succeeded, and it is still in the call", call)
    }

    func auditTransfers() {
        for call in self.calls where call.isTransferring && call.stage == .over && !call.isToBlame {
            self.violate("was never told what came of its transfer", call)
        }
    }
}
