package import ClientProtocol
package import SIPCore

extension Call {
    /// Rings the first of a hunt, and the others in turn; or ends the call where there is none.
    ///
    /// - Throws: `bad_message` where a phone is called and could not read the app's offer; then nothing has happened.
    package mutating func begin(_ hunt: Hunt, offer: JSONFragment?, now: Instant) throws(ClientError) -> CallAction {
        guard case .ringing(var ringing) = self.state else { return CallAction() }
        var action = CallAction()
        ringing.callsPhones = hunt.contains { $0.isSIP }
        if ringing.callsPhones { self.caller = self.preparingMedia(of: self.caller, &action) }
        if let offer {
            ringing.offer = .app(try self.callerOffer(offer, forPhones: ringing.callsPhones, now: now))
            self.callerUfrag = offer.iceUfrag
        }
        self.state = .ringing(ringing)
        self.start(hunt, now: now, &action)
        return action
    }

    /// The same for a caller that is a phone.
    ///
    /// Without `sdp` the INVITE asks for the callee's offer, which no app can give.
    package mutating func begin(_ hunt: Hunt, sdp: [UInt8]?, now: Instant) -> CallAction {
        guard case .ringing(var ringing) = self.state else { return CallAction() }
        var action = CallAction()
        self.caller = self.preparingMedia(of: self.caller, &action)
        if self.caller.media != nil {
            if let fault = self.relayedInvite(sdp) { return self.end(CallOutcome(fault)) }
        } else if let sdp {
            ringing.offer = .phone(sdp)
        } else {
            ringing.best = CallOutcome(.media)
        }
        self.state = .ringing(ringing)
        self.noteReceived(sdp, from: .caller)
        self.start(hunt, now: now, &action)
        return action
    }

    private mutating func callerOffer(
        _ offer: JSONFragment,
        forPhones: Bool,
        now: Instant
    ) throws(ClientError) -> TrickledDescription {
        if self.caller.media != nil { try self.keepRelayedOffer(offer) }
        // For phones the relay offers by itself, and other apps get it as it is.
        guard forPhones, self.caller.media == nil else { return TrickledDescription(fragment: offer) }
        return try TrickledDescription(fragment: offer, role: .offer, deadline: now + self.timers.candidates)
    }

    /// The same for a call that is to give its callee to another one, and has no caller of its own.
    package mutating func begin(_ hunt: Hunt, now: Instant) -> CallAction {
        var action = CallAction()
        self.start(hunt, now: now, &action)
        return action
    }

    /// Rings the callees of a turn.
    mutating func ring(_ callees: [Leg.Kind], of hunt: HuntID, _ action: inout CallAction) {
        guard case .ringing(var ringing) = self.state else { return }
        let first = ringing.branches.count
        ringing.branches.reserveCapacity(first + callees.count)
        for kind in callees where self.mayRing(kind, ringing) {
            let branch = Leg(id: self.nextLegID(), kind: kind.hearing(ringing.offer), hunt: hunt)
            ringing.branches.append(self.preparingMedia(of: branch, &action))
        }
        self.state = .ringing(ringing)
        self.inviteWaitingBranches(&action)
        let told = action.client.count
        for branch in ringing.branches[first...] { self.tellIncoming(branch, ringing.offer, &action) }
        if action.client.count > told { self.callerHearsRinging(&action) }
    }

    /// Whether a callee of that kind could be answered.
    func mayRing(_ kind: Leg.Kind, _ ringing: Ringing) -> Bool {
        guard !kind.isSIP, self.caller.media == nil else { return true }
        switch self.caller.kind {
        // A phone that asked for our offer can be answered by a phone only, unless the relay offers.
        case .sip: return ringing.offer.exists || self.relay != nil
        // An offer has one answer only, and the caller has it from a phone that was heard before it answered.
        case .app: return !ringing.toldEarlyMedia
        }
    }

    /// A device of the user connected while the call rings for the user: it rings too.
    package mutating func deviceConnected(_ app: AppLeg, of user: String) -> CallAction {
        guard case .ringing(var ringing) = self.state, self.side(of: app.connection) == nil else { return CallAction() }
        var action = CallAction()
        let hunt = self.mayRing(.app(app), ringing) ? ringing.hunt(for: user) : nil
        if hunt == nil { ringing.add(app, for: user) }
        self.state = .ringing(ringing)
        guard let hunt else { return action }
        self.ring([.app(app)], of: hunt, &action)
        return action
    }

    private func tellIncoming(_ branch: Leg, _ callerOffer: CallerOffer, _ action: inout CallAction) {
        guard let app = branch.app, app.isTold else { return }
        let offer: JSONFragment? =
            switch (app.hasOffer, callerOffer) {
            case (true, .app(let offer)): offer.fragment
            case (true, .phone(let sdp)): .sessionDescription(type: "offer", sdp: sdp)
            case (true, .none), (false, _): nil
            }
        self.tellIncoming(branch, offer: offer, &action)
    }

    func tellIncoming(_ branch: Leg, offer: JSONFragment?, _ action: inout CallAction) {
        action.tell(
            branch,
            .incomingCall(
                callID: self.id.text,
                callerID: self.parties.callerID,
                callerUsername: self.parties.callerUsername,
                offer: offer
            )
        )
    }

    /// Sends the INVITEs that nothing holds back any more.
    mutating func inviteWaitingBranches(_ action: inout CallAction) {
        guard case .ringing(var ringing) = self.state else { return }
        if case .app(let offer) = ringing.offer, !offer.isComplete { return }
        for index in ringing.branches.indices {
            guard case .sip(var leg) = ringing.branches[index].kind, leg.progress == .waiting, var order = leg.order
            else { continue }
            switch (ringing.branches[index].media, ringing.offer) {
            case (.some(var media), _):
                guard let offer = self.relayedOffer(to: &media, &leg) else { continue }
                ringing.branches[index].media = media
                order.offer = offer
            case (nil, .none): order.offer = nil
            case (nil, .app(let offer)): order.offer = offer.sdp(origin: &leg.origin)
            case (nil, .phone(let sdp)): order.offer = sdp
            }
            leg.progress = .inviting
            leg.lastSent = order.offer
            leg.order = nil
            ringing.branches[index].kind = .sip(leg)
            action.sip.append(.invite(ringing.branches[index].id, order))
        }
        self.state = .ringing(ringing)
    }

    /// The caller's candidates are complete, as far as phones need them, when their time is up.
    mutating func endCandidates(now: Instant, _ action: inout CallAction) {
        guard case .ringing(var ringing) = self.state, case .app(var offer) = ringing.offer, !offer.isComplete,
            offer.deadline <= now
        else { return }
        offer.complete()
        ringing.offer = .app(offer)
        self.state = .ringing(ringing)
        self.inviteWaitingBranches(&action)
    }

    // MARK: What a ringing phone says

    /// A phone of the callee sent a provisional response other than 100.
    package mutating func receivedProvisional(_ leg: LegID, status: UInt16, sdp: [UInt8]?) -> CallAction {
        guard case .ringing(var ringing) = self.state, let branch = ringing.branches.first(where: { $0.id == leg })
        else { return CallAction() }
        var action = CallAction()
        // In a fork it is not known yet whose media the caller should hear.
        if branch.media != nil, let sdp, ringing.branches.count == 1 {
            return self.relayedEarlyMedia(sdp, status: status, from: branch)
        }
        if let sdp, ringing.branches.count == 1, branch.hasBeenOffered, self.mayHearAnother(ringing) {
            self.callerHearsEarlyMedia(sdp, status: status, from: branch, &ringing, &action)
            self.state = .ringing(ringing)
        } else if (180...183).contains(status) {
            self.callerHearsRinging(&action)
        }
        return action
    }

    /// Whether an answer that is not the last word may go to the caller as it is: a phone bears another one after it, but
    /// an app's offer has one answer only.
    private func mayHearAnother(_ ringing: Ringing) -> Bool {
        switch self.caller.kind {
        case .sip: true
        case .app: !ringing.mayRingOthers
        }
    }

    private func callerHearsEarlyMedia(
        _ sdp: [UInt8],
        status: UInt16,
        from branch: Leg,
        _ ringing: inout Ringing,
        _ action: inout CallAction
    ) {
        switch self.caller.kind {
        case .sip:
            action.sip.append(.ring(.caller, status: status, sdp: sdp))
        case .app(let app):
            if !ringing.toldEarlyMedia {
                action.tell(
                    self.caller,
                    .callAnswer(
                        callID: self.id.text,
                        calleeID: self.parties.dialled,
                        answer: .sessionDescription(type: "answer", sdp: sdp)
                    )
                )
            }
            if app.profile == .extended, !ringing.toldEarlyMedia {
                action.tell(
                    self.caller,
                    .callRinging(callID: self.id.text, calleeID: self.parties.dialled, earlyMedia: true)
                )
            }
        }
        if ringing.earlyAnswer == nil { ringing.earlyAnswer = EarlyAnswer(leg: branch.id, sdp: sdp) }
        ringing.toldEarlyMedia = true
    }

    /// The caller learns that somebody's device rings, once.
    mutating func callerHearsRinging(_ action: inout CallAction) {
        guard case .ringing(var ringing) = self.state, !ringing.toldRinging else { return }
        ringing.toldRinging = true
        self.state = .ringing(ringing)
        switch self.caller.kind {
        case .sip:
            action.sip.append(.ring(.caller, status: 180, sdp: nil))
        case .app(let app):
            guard app.profile == .extended else { return }
            action.tell(
                self.caller,
                .callRinging(callID: self.id.text, calleeID: self.parties.dialled, earlyMedia: false)
            )
        }
    }

    /// A phone of the callee refused, or could not be reached.
    package mutating func receivedRefusal(
        _ leg: LegID,
        _ refusal: SessionEvent.Refusal,
        now: Instant
    ) -> CallAction {
        guard case .ringing(var ringing) = self.state, let branch = ringing.remove(leg) else { return CallAction() }
        var action = CallAction()
        self.closeMedia(of: branch, &action)
        let outcome = CallOutcome(refusal)
        ringing.note(outcome)
        if !refusal.isOfTheWay { ringing.reached(branch.hunt) }
        self.state = .ringing(ringing)
        if refusal.status >= 600 {
            // It speaks for the user, wherever else it rings (RFC 3261 §21.6).
            self.endParty(of: branch, outcome, now: now, &action)
        } else {
            self.proceed(branch.hunt, now: now, &action)
        }
        return action
    }

    /// An INVITE that was ordered is not sent: its trunk is known to be down, or takes no more calls.
    package mutating func couldNotInvite(_ leg: LegID, _ reason: ClientReason, now: Instant) -> CallAction {
        guard case .ringing(var ringing) = self.state, let branch = ringing.remove(leg) else { return CallAction() }
        var action = CallAction()
        self.closeMedia(of: branch, &action)
        ringing.note(CallOutcome(reason))
        self.state = .ringing(ringing)
        self.proceed(branch.hunt, now: now, &action)
        return action
    }

    /// Where the INVITE of a leg that rings went, or goes; nil of any other leg, and where nobody asks.
    package func route(of leg: LegID) -> Router.Route? {
        guard case .ringing(let ringing) = self.state else { return nil }
        return ringing.branches.first { $0.id == leg }?.sip?.route
    }

    // MARK: What apps say while it rings

    /// The caller's offer, sent after `start_call` and before the answer.
    ///
    /// - Throws: `wrong_state` where there is one already, `bad_message` where a phone could not read it.
    mutating func receivedEarlyOffer(_ offer: JSONFragment, now: Instant) throws(ClientError) -> CallAction {
        guard case .ringing(var ringing) = self.state, !ringing.offer.exists else {
            throw ClientError(code: .wrongState, message: "The call has an offer already, and it is not answered yet.")
        }
        ringing.offer = .app(try self.callerOffer(offer, forPhones: ringing.callsPhones, now: now))
        self.callerUfrag = offer.iceUfrag
        self.state = .ringing(ringing)
        var action = CallAction()
        self.advance(&action)
        return action
    }

    /// A candidate of the caller before the answer.
    ///
    /// - Throws: `wrong_state` before its offer, `bad_message` where a phone could not read it.
    mutating func receivedEarlyCandidate(_ candidate: JSONFragment) throws(ClientError) -> CallAction {
        guard case .ringing(var ringing) = self.state, case .app(var offer) = ringing.offer else {
            throw ClientError(code: .wrongState, message: "A candidate comes after the `offer` that it belongs to.")
        }
        try offer.add(candidate)
        ringing.offer = .app(offer)
        self.state = .ringing(ringing)
        var action = CallAction()
        self.inviteWaitingBranches(&action)
        return action
    }
}

extension Call.Ringing {
    var nextDeadline: Instant {
        var deadline = self.deadline
        if case .app(let offer) = self.offer, !offer.isComplete { deadline = min(deadline, offer.deadline) }
        for hunt in self.hunts { deadline = min(deadline, hunt.deadline ?? deadline) }
        return deadline
    }
}

extension Leg {
    /// Whether its INVITE held an offer, so that SDP which comes back is an answer.
    fileprivate var hasBeenOffered: Bool {
        switch self.kind {
        case .sip(let sip): sip.lastSent != nil && !sip.isAnsweredInactive
        case .app: false
        }
    }
}

extension Leg.Kind {
    /// The leg as it rings: an extended app hears the caller's offer with `incoming_call`, where there is one by then.
    fileprivate func hearing(_ offer: Call.CallerOffer) -> Leg.Kind {
        switch self {
        case .sip: return self
        case .app(var app):
            app.hasOffer = app.profile == .extended && offer.exists
            app.isTold = true
            return .app(app)
        }
    }

    var isSIP: Bool {
        switch self {
        case .sip: true
        case .app: false
        }
    }
}

extension Call.CallerOffer {
    var exists: Bool {
        switch self {
        case .none: false
        case .app, .phone: true
        }
    }
}
