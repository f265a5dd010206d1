package import ClientProtocol
package import SIPCore

extension Call {
    /// An app of the callee takes the call.
    ///
    /// - Throws: `wrong_state` where it does not ring there or has no offer to answer, `bad_message` where a phone could
    ///   not read its answer; then the call rings on.
    package mutating func receivedAnswerCall(
        from connection: ConnectionID,
        answer: JSONFragment?,
        now: Instant
    ) throws(ClientError) -> CallAction {
        guard case .ringing(let ringing) = self.state,
            let branch = ringing.branches.first(where: { $0.app?.connection == connection }), let app = branch.app
        else {
            throw ClientError(
                code: .wrongState,
                message: "This call does not ring on this connection, or not any more."
            )
        }
        guard branch.media == nil else { return try self.relayedAnswerCall(by: branch, ringing, answer, now: now) }
        var negotiation = self.negotiation(with: branch)
        var actions: [Negotiation.Action] = []
        switch ringing.offer {
        case .none:
            break
        case .app(let offer):
            if app.hasOffer {
                negotiation.offerWasDelivered(now: now)
                actions += offer.trickled.map { .candidate(to: .callee, $0) }
            } else {
                actions += negotiation.receivedEarlyOffer(offer, now: now)
            }
        case .phone(let sdp):
            if app.hasOffer {
                negotiation.offerWasDelivered(now: now)
            } else {
                actions += negotiation.receivedOffer(
                    sdp: sdp,
                    from: .caller,
                    isRepeated: false,
                    now: now
                )
            }
        }
        if let answer {
            actions += try negotiation.receivedAnswer(answer, from: .callee, now: now)
            self.calleeUfrag = answer.iceUfrag
        }
        var action = self.won(by: branch, of: ringing, negotiation, now: now)
        self.tellAnswered(&action)
        self.carryOut(actions, &action)
        return action
    }

    /// A phone of the callee sent a 2xx.
    package mutating func receivedAnswer(_ leg: LegID, sdp: [UInt8]?, now: Instant) -> CallAction {
        guard case .ringing(let ringing) = self.state, var branch = ringing.branches.first(where: { $0.id == leg }),
            case .sip(var sip) = branch.kind
        else { return CallAction() }
        guard branch.media == nil else { return self.relayedAnswer(by: branch, ringing, sdp: sdp, now: now) }
        // Neither the answer to our offer nor the offer that we asked for: nobody can talk, so nobody has answered.
        // Some phones answer the offer in a provisional response, and not again.
        let early = ringing.earlyAnswer.flatMap { $0.leg == leg ? $0.sdp : nil }
        guard let sdp = sdp ?? early else { return self.end(CallOutcome(.media)) }
        let offered = sip.lastSent != nil
        let isInactive = sip.isAnsweredInactive
        sip.isAnsweredInactive = false
        sip.progress = offered ? .established : .acknowledging
        branch.kind = .sip(sip)
        var action = self.won(by: branch, of: ringing, self.negotiation(with: branch), now: now)
        self.noteReceived(sdp, from: .callee)
        self.tellAnswered(&action)
        self.negotiate(&action) { negotiation in
            var actions: [Negotiation.Action] = []
            switch (ringing.offer, offered) {
            case (.app(let offer), true) where isInactive:
                actions += negotiation.receivedEarlyOffer(offer, now: now)
            case (.none, true) where isInactive, (.phone, true) where isInactive:
                // The app offers next.
                break
            case (_, true):
                negotiation.offerWasDelivered(now: now)
                actions += negotiation.receivedAnswer(sdp: sdp, from: .callee)
                // The app has this answer since the provisional response, unless another phone sent that one.
                if negotiation.party(.caller) != .phone, let early, originLine(of: early) == originLine(of: sdp) {
                    actions = []
                }
            case (.none, false), (.phone, false):
                // A phone that asked for our offer gets that of the other phone; an app offers next.
                if negotiation.party(.caller) == .phone {
                    _ = negotiation.receivedOfferRequest(from: .caller, now: now)
                }
                actions += negotiation.receivedOffer(sdp: sdp, from: .callee, isRepeated: false, now: now)
            case (.app(let offer), false):
                actions += negotiation.receivedOffer(sdp: sdp, from: .callee, isRepeated: false, now: now)
                actions += negotiation.receivedEarlyOffer(offer, now: now)
            }
            return actions
        }
        return action
    }

    private func negotiation(with callee: Leg) -> Negotiation {
        Negotiation(caller: self.caller.party, callee: callee.party, timers: self.timers)
    }

    /// That leg is the callee from now on, and the others are not needed any more.
    mutating func won(
        by branch: Leg,
        of ringing: Ringing,
        _ negotiation: Negotiation?,
        now: Instant
    ) -> CallAction {
        var action = CallAction(answered: true)
        for loser in ringing.branches where loser.id != branch.id {
            self.drop(loser, .init(.answeredElsewhere, sipReason: .answeredElsewhere), &action)
        }
        if negotiation != nil, self.caller.media != nil {
            // It was there for the phones that rang.
            self.caller.media = nil
            action.media.append(.close(.caller))
        }
        self.state = .answered(
            Answered(
                callee: branch,
                negotiation: negotiation,
                isJoined: ringing.joined == branch.id && negotiation == nil,
                deadline: now + self.timers.negotiation,
                endsAt: self.maxDuration(with: branch).map { now + $0 },
                party: ringing.index(of: ringing.party(of: branch.hunt)).flatMap { ringing.hunts[$0].party }
            )
        )
        return action
    }

    /// How long the call may last once that leg has answered it; nil: no end is set.
    private func maxDuration(with branch: Leg) -> Span? {
        guard let limit = branch.sip?.route?.maxDuration else { return self.timers.call }
        return self.timers.call.map { min($0, limit) } ?? limit
    }

    /// A phone's 200 is no event of its own: it goes out with the description.
    func tellAnswered(_ action: inout CallAction) {
        action.tell(self.caller, .callAnswered(callID: self.id.text, calleeID: self.parties.dialled))
    }
}

extension Leg {
    var party: Negotiation.Party {
        switch self.kind {
        case .app(let app): .app(app.profile)
        case .sip: .phone
        }
    }
}
