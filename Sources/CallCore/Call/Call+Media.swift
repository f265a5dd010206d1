package import ClientProtocol
package import SIPCore

extension Call {
    // MARK: What apps say

    /// - Throws: `wrong_state`, `bad_message`.
    package mutating func receivedOffer(
        _ offer: JSONFragment,
        from side: Side,
        now: Instant
    ) throws(ClientError) -> CallAction {
        switch self.state {
        case .ringing:
            guard side == .caller else {
                throw ClientError(code: .wrongState, message: "The callee sends `answer_call` before anything else.")
            }
            return try self.receivedEarlyOffer(offer, now: now)
        case .answered(var answered):
            guard let actions = try answered.negotiation?.receivedOffer(offer, from: side, now: now) else {
                return try self.relayedOffer(offer, from: side)
            }
            self.state = .answered(answered)
            self.noteUfrag(of: offer, from: side)
            return self.carryingOut(actions)
        case .ended:
            return CallAction()
        }
    }

    /// - Throws: `wrong_state`, `bad_message`.
    package mutating func receivedAnswer(
        _ answer: JSONFragment,
        from side: Side,
        now: Instant
    ) throws(ClientError) -> CallAction {
        switch self.state {
        case .ringing:
            throw ClientError(code: .wrongState, message: "The callee sends `answer_call` before an `answer`.")
        case .answered(var answered):
            guard let actions = try answered.negotiation?.receivedAnswer(answer, from: side, now: now) else {
                return try self.relayedAnswer(answer, from: side)
            }
            self.state = .answered(answered)
            self.noteUfrag(of: answer, from: side)
            return self.carryingOut(actions)
        case .ended:
            return CallAction()
        }
    }

    /// - Throws: `wrong_state`, `bad_message`.
    package mutating func receivedCandidate(
        _ candidate: JSONFragment,
        from side: Side,
        now: Instant
    ) throws(ClientError) -> CallAction {
        switch self.state {
        case .ringing:
            guard side == .caller else {
                throw ClientError(code: .wrongState, message: "The callee sends `answer_call` before candidates.")
            }
            return try self.receivedEarlyCandidate(candidate)
        case .answered(var answered):
            guard let actions = try answered.negotiation?.receivedCandidate(candidate, from: side, now: now) else {
                // The relay looks for no path: it answers on the one that the app's checks come by (RFC 8445 §2.5).
                _ = try candidate.candidate()
                return CallAction()
            }
            self.state = .answered(answered)
            return self.carryingOut(actions)
        case .ended:
            return CallAction()
        }
    }

    // MARK: What phones say

    /// The ACK of our 2xx came; `sdp` is the answer where our 2xx held an offer.
    package mutating func receivedAcknowledgement(_ leg: LegID, sdp: [UInt8]?) -> CallAction {
        guard case .answered(let answered) = self.state, let side = self.side(of: leg), var sip = self.sip(side) else {
            return CallAction()
        }
        guard sip.progress == .accepted else { return CallAction() }
        sip.progress = .established
        self.set(sip, side)
        guard let negotiation = answered.negotiation else { return self.relayedAcknowledgement(side, sdp: sdp) }
        guard negotiation.owesAnswer(side) else { return CallAction() }
        guard let sdp else { return self.end(CallOutcome(.media)) }
        self.noteReceived(sdp, from: side)
        return self.negotiating { $0.receivedAnswer(sdp: sdp, from: side) }
    }

    /// A re-INVITE came.
    package mutating func receivedReinvite(_ leg: LegID, sdp: [UInt8]?, now: Instant) -> CallAction {
        guard case .answered(let answered) = self.state, let side = self.side(of: leg), var sip = self.sip(side) else {
            return CallAction()
        }
        let before = sip.progress
        // Ours waits for its turn: it goes out once this one is refused. Only the relay may let this one go first.
        if case .reinviting = before, answered.negotiation != nil {
            return CallAction(sip: [.rejectReinvite(leg, status: 491)])
        }
        sip.progress = .reinvited
        sip.offeredOrigin = sdp.map { originLine(of: $0) } ?? []
        guard let negotiation = answered.negotiation else {
            self.set(sip, side)
            return self.relayedReinvite(side, sdp: sdp, after: before)
        }
        let isRepeated = !sip.offeredOrigin.isEmpty && sip.offeredOrigin == sip.lastReceivedOrigin
        // Before the first exchange it may come too soon, as the offer in a 2xx does.
        sip.lastReceived = negotiation.isSettled ? [] : sdp ?? []
        self.set(sip, side)
        return self.negotiating { negotiation in
            guard let sdp else { return negotiation.receivedOfferRequest(from: side, now: now) }
            return negotiation.receivedOffer(sdp: sdp, from: side, isRepeated: isRepeated, now: now)
        }
    }

    /// Our re-INVITE got its 2xx.
    package mutating func receivedReinviteAnswer(_ leg: LegID, sdp: [UInt8]?, now: Instant) -> CallAction {
        guard case .answered(let answered) = self.state, let side = self.side(of: leg), var sip = self.sip(side),
            case .reinviting(let withOffer) = sip.progress
        else { return CallAction() }
        sip.progress = withOffer ? .established : .acknowledging
        self.set(sip, side)
        guard let negotiation = answered.negotiation else { return self.relayedReinviteAnswer(side, sdp: sdp) }
        let isAwaited = withOffer ? negotiation.owesAnswer(side) : negotiation.isRequested(by: side.other)
        self.noteReceived(sdp, from: side)
        guard isAwaited else { return withOffer ? CallAction() : self.acknowledgeLate(side) }
        guard let sdp else { return self.end(CallOutcome(.media)) }
        return self.negotiating { negotiation in
            withOffer
                ? negotiation.receivedAnswer(sdp: sdp, from: side)
                : negotiation.receivedOffer(sdp: sdp, from: side, isRepeated: false, now: now)
        }
    }

    /// An offer that nobody waits for any more: its 2xx must have an ACK all the same (RFC 3261 §13.2.2.4).
    ///
    /// The answer is the description that it had last, for the session goes on as it was; and in the name of another
    /// phone we could not write an `o=` line of our own.
    private mutating func acknowledgeLate(_ side: Side) -> CallAction {
        var action = CallAction()
        if let last = self.sip(side)?.lastSent {
            self.send(last, isOffer: false, to: side, &action)
        } else {
            self.answerInactive(side, &action)
        }
        return action
    }

    /// Our re-INVITE was refused.
    ///
    /// Where the call has no media yet, that is its end; else it goes on as it was.
    package mutating func receivedReinviteRefusal(_ leg: LegID, _ refusal: SessionEvent.Refusal) -> CallAction {
        guard case .answered(let answered) = self.state, let side = self.side(of: leg), var sip = self.sip(side) else {
            return CallAction()
        }
        sip.progress = .established
        self.set(sip, side)
        guard answered.negotiation != nil else {
            // The app's first offer has no codec of those that the phone stays with.
            guard !self.isComingRound(side) else { return self.end(CallOutcome(.media, sipStatus: refusal.status)) }
            return self.relayedOfferFailed(side, "The other side refused it with SIP status \(refusal.status).")
        }
        guard self.isSettled else { return self.end(CallOutcome(.media, sipStatus: refusal.status)) }
        // A redirect or a challenge was meant for us.
        let status = CallOutcome(refusal).ending.status
        var action = self.negotiating { $0.receivedRefusal(from: side, status: status) }
        action.tell(
            self.leg(side.other),
            .error(
                ClientError(
                    code: .wrongState,
                    message: "The other side refused the offer with SIP status \(refusal.status).",
                    action: "offer"
                )
            )
        )
        return action
    }

    // MARK: Steps

    private mutating func carryingOut(_ actions: [Negotiation.Action]) -> CallAction {
        var action = CallAction()
        self.carryOut(actions, &action)
        return action
    }

    private mutating func negotiating(_ step: (inout Negotiation) -> [Negotiation.Action]) -> CallAction {
        var action = CallAction()
        self.negotiate(&action, step)
        return action
    }

    mutating func negotiate(_ action: inout CallAction, _ step: (inout Negotiation) -> [Negotiation.Action]) {
        guard case .answered(var answered) = self.state else { return }
        guard var negotiation = answered.negotiation else { return }
        let actions = step(&negotiation)
        answered.negotiation = negotiation
        self.state = .answered(answered)
        self.carryOut(actions, &action)
    }

    /// Puts what the negotiation decided into the messages that each leg is due.
    mutating func carryOut(_ actions: [Negotiation.Action], _ action: inout CallAction) {
        for step in actions {
            switch step {
            case .offer(let side, let offer): self.hand(offer, isOffer: true, to: side, &action)
            case .answer(let side, let answer): self.hand(answer, isOffer: false, to: side, &action)
            case .candidate(let side, let candidate):
                action.tell(
                    self.leg(side),
                    .iceCandidate(
                        callID: self.id.text,
                        senderID: self.parties.peer(of: side),
                        candidate: candidate
                    )
                )
            case .requestOffer(let side): self.requestOffer(side, &action)
            case .refuse(let side, let status): self.refuse(side, status: status, &action)
            case .answerInactive(let side): self.answerInactive(side, &action)
            case .repeatLast(let side):
                if let last = self.sip(side)?.lastSent { self.send(last, isOffer: false, to: side, &action) }
            }
        }
    }

    private mutating func hand(
        _ description: Negotiation.Description,
        isOffer: Bool,
        to side: Side,
        _ action: inout CallAction
    ) {
        switch description {
        case .fragment(let fragment):
            let peer = self.parties.peer(of: side)
            action.tell(
                self.leg(side),
                isOffer
                    ? .callOffer(callID: self.id.text, callerID: peer, offer: fragment)
                    : .callAnswer(callID: self.id.text, calleeID: peer, answer: fragment)
            )
        case .sdp(let sdp):
            self.send(sdp, isOffer: isOffer, to: side, &action)
        case .collected(let description):
            guard var sip = self.sip(side) else { return }
            let sdp = description.sdp(origin: &sip.origin)
            self.set(sip, side)
            self.send(sdp, isOffer: isOffer, to: side, &action)
        }
    }

    /// Sends SDP to a phone in the message that its leg is due.
    mutating func send(_ sdp: [UInt8], isOffer: Bool, to side: Side, _ action: inout CallAction) {
        guard var sip = self.sip(side) else { return }
        let leg = self.leg(side).id
        switch sip.progress {
        case .invited:
            action.sip.append(.accept(leg, sdp: sdp))
            sip.progress = .accepted
        case .reinvited:
            action.sip.append(.acceptReinvite(leg, sdp: sdp))
            sip.progress = .accepted
            if !sip.offeredOrigin.isEmpty { sip.lastReceivedOrigin = sip.offeredOrigin }
        case .acknowledging:
            action.sip.append(.acknowledge(leg, sdp: sdp))
            sip.progress = .established
        case .established, .accepted:
            guard isOffer else { return }
            action.sip.append(.reinvite(leg, sdp: sdp))
            sip.progress = .reinviting(withOffer: true)
        case .waiting, .inviting, .reinviting, .gone:
            return
        }
        sip.lastSent = sdp
        self.set(sip, side)
    }

    private mutating func requestOffer(_ side: Side, _ action: inout CallAction) {
        guard var sip = self.sip(side) else { return }
        switch sip.progress {
        case .established, .accepted:
            action.sip.append(.reinvite(self.leg(side).id, sdp: nil))
            sip.progress = .reinviting(withOffer: false)
            self.set(sip, side)
        case .waiting, .inviting, .invited, .acknowledging, .reinviting, .reinvited, .gone:
            // Asked with the INVITE already.
            return
        }
    }

    private mutating func refuse(_ side: Side, status: UInt16, _ action: inout CallAction) {
        guard var sip = self.sip(side) else { return }
        switch sip.progress {
        case .reinvited:
            action.sip.append(.rejectReinvite(self.leg(side).id, status: status))
            sip.progress = .established
            self.set(sip, side)
        case .invited, .acknowledging:
            action.append(self.end(CallOutcome(.media)))
        case .waiting, .inviting, .accepted, .established, .reinviting, .gone:
            return
        }
    }

    private mutating func answerInactive(_ side: Side, _ action: inout CallAction) {
        guard var sip = self.sip(side) else { return }
        guard let answer = self.inactiveAnswer(sip.lastReceived, of: &sip) else {
            action.append(self.end(CallOutcome(.media)))
            return
        }
        sip.lastReceived = []
        self.set(sip, side)
        self.send(answer, isOffer: false, to: side, &action)
    }

    /// An answer with nothing to hear (RFC 3725, flow III); nil where the offer can't be read.
    func inactiveAnswer(_ offer: [UInt8], of sip: inout SIPLeg) -> [UInt8]? {
        guard let offer = try? SessionDescription(offer) else { return nil }
        sip.origin.version += 1
        let random = [self.seed.0, self.seed.1].flatMap { bits in
            (0..<8).map { UInt8(truncatingIfNeeded: bits >> ($0 * 8)) }
        }
        return SessionDescription.inactiveAnswer(
            to: offer,
            fingerprint: ThrowawayFingerprint(random: random),
            origin: SDPOrigin(
                sessionID: sip.origin.sessionID,
                version: sip.origin.version,
                address: SessionOrigin.address
            )
        ).bytes
    }

    // MARK: The legs

    func leg(_ side: Side) -> Leg {
        switch (side, self.state) {
        case (.callee, .answered(let answered)): answered.callee
        case (.caller, _), (.callee, .ringing), (.callee, .ended): self.caller
        }
    }

    func sip(_ side: Side) -> SIPLeg? {
        switch self.leg(side).kind {
        case .sip(let leg): leg
        case .app: nil
        }
    }

    func side(of leg: LegID) -> Side? {
        if leg == self.caller.id { return .caller }
        switch self.state {
        case .answered(let answered): return answered.callee.id == leg ? .callee : nil
        case .ringing, .ended: return nil
        }
    }

    mutating func set(_ sip: SIPLeg, _ side: Side) {
        self.set(.sip(sip), side)
    }

    mutating func set(_ app: AppLeg, _ side: Side) {
        self.set(.app(app), side)
    }

    private mutating func set(_ kind: Leg.Kind, _ side: Side) {
        switch (side, self.state) {
        case (.caller, _):
            self.caller.kind = kind
        case (.callee, .answered(var answered)):
            answered.callee.kind = kind
            self.state = .answered(answered)
        case (.callee, .ringing), (.callee, .ended):
            return
        }
    }

    mutating func noteUfrag(of description: JSONFragment, from side: Side) {
        self.noteUfrag(description.iceUfrag, from: side)
    }

    mutating func noteUfrag(_ ufrag: String?, from side: Side) {
        switch side {
        case .caller: self.callerUfrag = ufrag
        case .callee: self.calleeUfrag = ufrag
        }
    }

    /// Keeps what later messages are compared with, or answered from.
    mutating func noteReceived(_ sdp: [UInt8]?, from side: Side) {
        guard let sdp, var sip = self.sip(side) else { return }
        sip.lastReceivedOrigin = originLine(of: sdp)
        // An offer in a 2xx is mirrored by our inactive answer; nothing else is looked at twice.
        sip.lastReceived = sip.progress == .acknowledging ? sdp : []
        self.set(sip, side)
    }
}

/// The `o=` line of a session description, empty where it has none.
func originLine(of sdp: [UInt8]) -> [UInt8] {
    var start = sdp.startIndex
    while start < sdp.endIndex {
        let end = sdp[start...].firstIndex { $0 == 0x0A || $0 == 0x0D } ?? sdp.endIndex
        if sdp[start..<end].starts(with: [0x6F, 0x3D]) { return Array(sdp[start..<end]) }
        start = end + 1
    }
    return []
}
