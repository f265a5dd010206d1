import CallCore
import ClientProtocol

extension AppDevice {
    /// Calls somebody; `origin` is the number of the call in this run.
    func call(_ callee: PartyID, origin: Int) {
        guard self.link != nil else { return self.world.settle(origin, "caller offline") }
        guard self.mayCall(callee) else { return self.world.settle(origin, "caller has such a call") }
        let serial = self.nextSerial()
        let call = DeviceCall(origin: origin, side: .caller, peer: callee, serial: serial, id: nil)
        call.requestID = JSONFragment(utf8: Array("\(serial)".utf8))
        self.calls.append(call)
        self.drawMedia(call)
        var offer: JSONFragment?
        if call.offering == .withStart {
            offer = self.description(call, type: "offer")
            call.hasOffered = true
        }
        self.send(.startCall(calleeID: callee, offer: offer), of: call, requestID: call.requestID)
        if offer != nil { self.startTrickling(call) }
        if call.offering == .whileRinging { self.plan(.offer(call), after: self.random.milliseconds(20, 2500)) }
        guard !self.isGood else { return }
        if self.random.chance(20) { self.plan(.cancel(call), after: self.random.milliseconds(0, 12_000)) }
        if self.random.chance(5) { self.plan(.hangUp(call), after: self.random.milliseconds(0, 9000)) }
        if self.world.profile.hasCuts, self.random.chance(6) {
            self.plan(.lose, after: self.random.milliseconds(0, 15_000))
        }
    }

    func mayCall(_ callee: PartyID) -> Bool {
        if self.isGood, self.identity.userID.names(callee) { return false }
        return !self.calls.contains { $0.stage != .over && $0.peer.names(callee) }
    }

    private func drawMedia(_ call: DeviceCall) {
        switch self.random.below(100) {
        case 0..<25: call.offering = .withStart
        case 25..<45: call.offering = .whileRinging
        case 45..<93: call.offering = .afterAnswer
        default: call.offering = self.isGood ? .afterAnswer : .never
        }
        if call.offering == .never { self.world.blame(call.origin) }
        // Another gateway's app can't be asked for an offer: an INVITE to it must hold one.
        if call.side == .caller, call.peer.text.utf8.first == UInt8(ascii: "9"), self.isGood || self.random.chance(60) {
            call.offering = .withStart
        }
        switch self.random.below(100) {
        case 0..<50: call.trickling = .complete
        case 50..<70: call.trickling = .open
        default: call.trickling = .none
        }
        call.candidates = self.random.between(1, 4)
        call.answersOffers = self.isGood || !self.random.chance(6)
        if self.random.chance(15) { call.padding = 24 }
    }

    /// A session description of its own, the next version.
    func description(_ call: DeviceCall, type: String) -> JSONFragment {
        call.version += 1
        let origin = call.origin < 0 ? "x" : String(call.origin)
        let sdp = Descriptions.browser(
            owner: "k\(origin).\(self.name)",
            version: call.version,
            ufrag: self.ufrag(call),
            candidates: call.trickling == .none ? call.candidates : 0,
            isComplete: call.trickling == .none,
            padding: call.padding
        )
        return .sessionDescription(type: type, sdp: self.readable(sdp, call, type: type))
    }

    private func ufrag(_ call: DeviceCall) -> String {
        "u\(self.index)c\(call.serial)x" + (call.restarts == 0 ? "" : String(call.restarts))
    }

    func startTrickling(_ call: DeviceCall) {
        guard call.trickling != .none else { return }
        self.plan(.candidate(call, 0), after: self.random.milliseconds(1, 400))
    }

    func trickle(_ call: DeviceCall, _ number: Int) {
        guard call.stage != .over else { return }
        let (id, peer) = self.address(call)
        if number < call.candidates {
            let candidate = Descriptions.candidate(number, ufrag: self.ufrag(call))
            self.send(.iceCandidate(callID: id, peerID: peer, candidate: candidate), of: call)
            self.plan(.candidate(call, number + 1), after: self.random.milliseconds(1, 400))
        } else if call.trickling == .complete {
            let end = self.random.pick(Descriptions.endOfCandidates)
            self.send(.iceCandidate(callID: id, peerID: peer, candidate: end), of: call)
        }
    }

    func offer(_ call: DeviceCall) {
        guard call.stage != .over, call.side == .callee || call.stage == .answered || !call.hasOffered else { return }
        guard !call.hasOffered || !self.isGood else { return }
        self.mayRestart(call)
        call.hasOffered = true
        let (id, peer) = self.address(call)
        self.send(
            .offer(callID: id, peerID: peer, offer: self.description(call, type: "offer")),
            of: call,
            requestID: call.tag
        )
        self.startTrickling(call)
    }

    // MARK: Called

    private func rings(_ call: DeviceCall, offer: JSONFragment?) {
        self.drawMedia(call)
        call.owesAnswer = offer != nil
        if let offer {
            self.hear(offer, call)
            if !call.answersOffers { self.world.blame(call.origin) }
        }
        if self.isGood {
            self.plan(.answerCall(call), after: self.random.milliseconds(200, 3000))
            if self.random.chance(40) { self.plan(.hangUp(call), after: self.random.milliseconds(6000, 25_000)) }
            return
        }
        let think = self.random.milliseconds(5, self.random.chance(20) ? 30_000 : 6000)
        switch self.random.below(100) {
        case 0..<66: self.plan(.answerCall(call), after: think)
        case 66..<78: self.plan(.reject(call), after: think)
        case 78..<82: self.plan(.hangUp(call), after: think)
        case 82..<86 where self.world.profile.hasCuts: self.plan(.lose, after: think)
        default: break
        }
        if self.random.chance(35) { self.plan(.hangUp(call), after: think + self.random.milliseconds(0, 25_000)) }
        if self.random.chance(15) { self.plan(.mischief(call), after: self.random.milliseconds(0, 12_000)) }
    }

    func answerCall(_ call: DeviceCall) {
        guard call.stage == .ringing else { return }
        var answer: JSONFragment?
        if call.owesAnswer, call.answersOffers, self.random.chance(60) {
            answer = self.description(call, type: "answer")
            call.owesAnswer = false
        }
        let (id, peer) = self.address(call)
        self.send(.answerCall(callID: id, callerID: peer, answer: answer), of: call)
        call.stage = .answered
        call.answeredAt = self.world.now
        self.planControls(call)
        // The caller's offer may never come: that is for the gateway to see.
        if answer != nil {
            self.startTrickling(call)
        } else if call.owesAnswer, call.answersOffers {
            self.plan(.answer(call), after: self.random.milliseconds(1, 1500))
        }
    }

    func reject(_ call: DeviceCall) {
        guard call.stage == .ringing else { return }
        let (id, peer) = self.address(call)
        self.send(
            .rejectCall(callID: id, callerID: peer, reason: self.random.chance(40) ? .busy : nil),
            of: call
        )
        call.stage = .over
    }

    func answer(_ call: DeviceCall) {
        guard call.stage == .answered, call.owesAnswer else { return }
        call.owesAnswer = false
        let (id, peer) = self.address(call)
        self.send(
            .answer(callID: id, peerID: peer, answer: self.description(call, type: "answer")),
            of: call,
            requestID: call.tag
        )
        self.startTrickling(call)
        if self.profile == .extended, !self.isGood, self.random.chance(25) {
            self.plan(.offer(call), after: self.random.milliseconds(0, 4000))
        }
    }

    /// What a client should not do: the gateway must say `error`, or bear it.
    func makeMischief(_ call: DeviceCall) {
        // It may be taken: then the gateway waits for what this device does not know of.
        call.isToBlame = true
        self.world.blame(call.origin)
        let (id, peer) = self.address(call)
        let mischief: ClientAction
        switch self.random.below(9) {
        case 0: mischief = .answerCall(callID: id, callerID: peer, answer: nil)
        case 1: mischief = .cancelCall(callID: id, calleeID: peer)
        case 2: mischief = .answer(callID: id, peerID: peer, answer: self.description(call, type: "answer"))
        case 3: mischief = .offer(callID: id, peerID: peer, offer: JSONFragment(utf8: Array("{}".utf8)))
        case 4: mischief = .hangUp(callID: "no such call", peerID: peer)
        case 5: mischief = .hangUp(callID: id, peerID: .string("somebody else"))
        case 6:
            let foreign = self.world.devices.first { $0.gateway === self.gateway && !$0.calls.isEmpty }
            mischief = .hangUp(callID: foreign?.calls.last?.id ?? "another", peerID: .string("nobody"))
        case 7:
            mischief = .iceCandidate(
                callID: id,
                peerID: peer,
                candidate: Descriptions.candidate(0, ufrag: self.ufrag(call))
            )
        default: mischief = .offer(callID: id, peerID: peer, offer: self.description(call, type: "offer"))
        }
        self.send(mischief, of: call, requestID: JSONFragment(utf8: Array("\"m\"".utf8)))
    }

    // MARK: What it is told

    func received(_ event: ClientEvent) {
        switch event {
        case .incomingCall(let id, let callerID, _, let offer):
            let call = DeviceCall(origin: -1, side: .callee, peer: callerID, serial: self.nextSerial(), id: id)
            self.calls.append(call)
            self.rings(call, offer: offer)
        case .session: break
        case .ok(let requestID): self.succeeded(requestID)
        // They change nothing in the call.
        case .callHeld, .callResumed, .dtmfReceived, .messageReceived, .callQuality: break
        case .error(let error): self.received(error)
        case .callStarted(let id, let calleeID, let requestID):
            guard let call = self.calls.first(where: { $0.requestID == requestID && $0.side == .caller }) else {
                return self.violate("call_started for nothing it started", nil)
            }
            if call.peer != calleeID { self.violate("call_started names another callee", call) }
            call.id = id
        case .callRinging, .callAnswered, .callOffer, .callAnswer, .iceCandidate, .callHangedUp, .callRejected,
            .callCancelled, .callFailed, .callTransferred:
            guard let call = self.call(of: event) else { return }
            if call.id == nil { call.id = event.callID }
            self.received(event, in: call)
        }
    }

    private func call(of event: ClientEvent) -> DeviceCall? {
        if let call = self.calls.last(where: { $0.id == event.callID }) { return call }
        return self.calls.last { $0.id == nil && $0.side == .caller && $0.peer == event.peer }
    }

    private func received(_ event: ClientEvent, in call: DeviceCall) {
        switch event {
        case .callAnswered:
            guard call.stage == .ringing else { return }
            call.stage = .answered
            call.answeredAt = self.world.now
            self.world.settle(call.origin, "answered")
            if call.offering == .afterAnswer || (call.offering == .whileRinging && !call.hasOffered) {
                self.plan(
                    .offer(call),
                    after: self.random.milliseconds(1, !self.isGood && self.random.chance(10) ? 9000 : 800)
                )
            }
            if self.random.chance(50) {
                self.plan(.hangUp(call), after: self.random.milliseconds(self.isGood ? 4000 : 0, 30_000))
            }
            if self.profile == .extended, !self.isGood, self.random.chance(15) {
                self.plan(.offer(call), after: self.random.milliseconds(0, 15_000))
            }
            if !self.isGood, self.random.chance(10) {
                self.plan(.mischief(call), after: self.random.milliseconds(0, 8000))
            }
            self.planControls(call)
        case .callOffer(_, _, let offer):
            self.hear(offer, call)
            call.owesAnswer = true
            guard call.answersOffers else { return self.world.blame(call.origin) }
            let isSlow = !self.isGood && self.random.chance(5)
            if isSlow { self.world.blame(call.origin) }
            self.plan(.answer(call), after: self.random.milliseconds(1, isSlow ? 25_000 : 900))
        case .callAnswer(_, _, let answer):
            self.hear(answer, call)
        case .callHangedUp(_, _, let reason, let status):
            self.world.hangUps[reason.rawValue, default: 0] += 1
            // A hold that crosses the other side's BYE is told first that there is no such call.
            let isCrossed = reason == .connectionLost && call.heldAt.map { self.world.now - $0 < 4_000_000_000 } == true
            if self.isGood, reason != .hungUp, !isCrossed, !self.isDue(reason) {
                self.violate("ended by \(reason.rawValue)", call)
            }
            self.checkTransfer(reason, call)
            self.checkMedia(reason, status, call)
            self.close(call, reason.rawValue)
        case .callRejected(_, _, let reason, let status), .callFailed(_, _, let reason, let status):
            self.checkMedia(reason, status, call)
            self.close(call, reason.rawValue)
        case .callCancelled:
            self.close(call, "cancelled")
        case .callTransferred(_, let peer, _): call.peer = peer
        case .callRinging, .iceCandidate, .incomingCall, .callStarted, .session, .callHeld, .callResumed, .dtmfReceived,
            .messageReceived, .callQuality, .ok, .error:
            break
        }
    }

    /// A call ends for want of media where a party is to blame; a phone that refused has told so by its status.
    private func checkMedia(_ reason: ClientReason, _ status: UInt16?, _ call: DeviceCall) {
        guard reason == .media, status == nil, call.hasOffered || call.side == .callee,
            self.world.isInnocent(call.origin)
        else { return }
        self.violate("ended for want of media, though both parties did what was due", call)
    }

    private func received(_ error: ClientError) {
        if self.failed(error) { return }
        if error.action == "start_call",
            let call = self.calls.first(where: { $0.requestID == error.requestID && $0.side == .caller })
        {
            self.close(call, "error \(error.code.rawValue)")
        }
        if let call = self.calls.first(where: { $0.tag == error.requestID }) { self.world.blame(call.origin) }
        if error.action == "cancel_call", error.code == .ambiguousCall,
            let call = self.calls.first(where: { $0.requestID == error.requestID && $0.side == .caller })
        {
            self.plan(.endAgain(call), after: 500_000_000)
        }
        // Of several devices that answer one is too late; a candidate may be behind the end of its call, or name a peer
        // with whom there are two.
        let isTolerable =
            [.unknownCall, .alreadyAnswered, .ambiguousCall].contains(error.code)
            || (error.code == .notYourCall && self.world.profile.transfers)
        guard self.isGood, error.action != "answer_call", !isTolerable else { return }
        self.violate("error \(error.code.rawValue) to \(error.action ?? ""): \(error.message)", nil)
    }

    /// A description came: there may be one party only that is heard.
    private func hear(_ description: JSONFragment, _ call: DeviceCall) {
        call.hasHeard = true
        call.lastHeard = description
        guard let owner = Descriptions.owner(of: description.utf8) else { return }
        if call.origin < 0, let origin = Descriptions.origin(of: owner) {
            call.origin = origin
            if call.isToBlame { self.world.blame(origin) }
        }
        // Early media may be another fork's than the answer.
        guard call.stage == .answered || call.side == .callee else { return }
        let name = Descriptions.name(of: owner)
        if let before = call.owner, before != name { self.violate("hears \(name), and has heard \(before)", call) }
        call.owner = name
    }
}
