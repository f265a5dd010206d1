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
        var answered = self.won(by: branch, now: now)
        var actions: [Negotiation.Action] = []
        switch ringing.offer {
        case .none:
            break
        case .app(let offer):
            if app.hasOffer {
                answered.negotiation.offerWasDelivered(now: now)
                actions += offer.trickled.map { .candidate(to: .callee, $0) }
            } else {
                actions += answered.negotiation.receivedEarlyOffer(offer, now: now)
            }
        case .phone(let sdp):
            if app.hasOffer {
                answered.negotiation.offerWasDelivered(now: now)
            } else {
                actions += answered.negotiation.receivedOffer(
                    sdp: sdp,
                    from: .caller,
                    isRepeated: false,
                    now: now
                )
            }
        }
        if let answer {
            actions += try answered.negotiation.receivedAnswer(answer, from: .callee, now: now)
            self.calleeUfrag = answer.iceUfrag
        }
        var action = self.dropLosers(of: ringing, winner: branch.id)
        self.state = .answered(answered)
        action.answered = true
        self.tellAnswered(&action)
        self.carryOut(actions, &action)
        return action
    }

    /// A phone of the callee sent a 2xx.
    package mutating func receivedAnswer(_ leg: LegID, sdp: [UInt8]?, now: Instant) -> CallAction {
        guard case .ringing(let ringing) = self.state, var branch = ringing.branches.first(where: { $0.id == leg }),
            case .sip(var sip) = branch.kind
        else { return CallAction() }
        // Neither the answer to our offer nor the offer that we asked for: nobody can talk, so nobody has answered.
        // Some phones answer the offer in a provisional response, and not again.
        guard let sdp = sdp ?? ringing.earlyAnswer else { return self.end(CallOutcome(.media)) }
        let offered = sip.lastSent != nil
        sip.progress = offered ? .established : .acknowledging
        branch.kind = .sip(sip)
        var action = self.dropLosers(of: ringing, winner: leg)
        self.state = .answered(self.won(by: branch, now: now))
        action.answered = true
        self.noteReceived(sdp, from: .callee)
        self.tellAnswered(&action)
        self.negotiate(&action) { negotiation in
            var actions: [Negotiation.Action] = []
            switch (ringing.offer, offered) {
            case (_, true):
                negotiation.offerWasDelivered(now: now)
                actions += negotiation.receivedAnswer(sdp: sdp, from: .callee)
                // The app has this answer since the provisional response, unless another phone sent that one.
                if negotiation.party(.caller) != .phone, let early = ringing.earlyAnswer,
                    originLine(of: early) == originLine(of: sdp)
                {
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

    private func won(by branch: Leg, now: Instant) -> Answered {
        Answered(
            callee: branch,
            negotiation: Negotiation(caller: self.caller.party, callee: branch.party, timers: self.timers),
            deadline: now + self.timers.negotiation
        )
    }

    /// A phone's 200 is no event of its own: it goes out with the description.
    private func tellAnswered(_ action: inout CallAction) {
        action.tell(self.caller, .callAnswered(callID: self.id.text, calleeID: self.parties.dialled))
    }

    private func dropLosers(of ringing: Ringing, winner: LegID) -> CallAction {
        var action = CallAction()
        for branch in ringing.branches where branch.id != winner {
            self.drop(branch, .init(.answeredElsewhere, sipReason: .answeredElsewhere), &action)
        }
        return action
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
