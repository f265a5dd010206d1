import ClientProtocol

/// What an app does besides where a relay stands in the middle: hold, digits, ICE restarts.
extension AppDevice {
    private var isRelayed: Bool { self.world.profile.relays }

    /// What a description must look like for those who read it.
    func readable(_ sdp: [UInt8], _ call: DeviceCall, type: String) -> [UInt8] {
        guard self.isRelayed else { return sdp }
        let offer = type == "answer" ? call.lastHeard.flatMap { try? $0.sessionDescription().sdp } : nil
        return Descriptions.relayed(
            sdp,
            codecs: Descriptions.codecs(of: self.name, seed: self.world.seed),
            answering: offer
        )
    }

    /// Plans what an extended app does with a call that is answered.
    func planControls(_ call: DeviceCall) {
        self.planTransfer(call)
        guard self.isRelayed, self.profile == .extended else { return }
        if self.random.chance(25) {
            let hold = self.random.milliseconds(0, 8000)
            self.plan(.hold(call, true), after: hold)
            if self.random.chance(80) {
                self.plan(.hold(call, false), after: hold + self.random.milliseconds(0, 4000))
            }
        }
        // Of an app that it calls it can't know.
        if !self.isGood, self.random.chance(25) { self.plan(.dial(call), after: self.random.milliseconds(0, 12_000)) }
    }

    func hold(_ call: DeviceCall, _ isHeld: Bool) {
        guard call.stage == .answered else { return }
        let (id, peer) = self.address(call)
        let action: ClientAction =
            isHeld ? .hold(callID: id, peerID: peer) : .resume(callID: id, peerID: peer)
        call.heldAt = self.world.now
        self.send(action, of: call)
    }

    func dial(_ call: DeviceCall) {
        guard call.stage == .answered else { return }
        let (id, peer) = self.address(call)
        self.send(.dtmf(callID: id, peerID: peer, digits: "12#", milliseconds: 100), of: call)
    }

    /// A later offer may bring new credentials.
    func mayRestart(_ call: DeviceCall) {
        if self.isRelayed, call.hasOffered, self.random.chance(60) { call.restarts += 1 }
    }
}
