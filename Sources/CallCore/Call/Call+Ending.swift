package import ClientProtocol
package import SIPCore

extension Call {
    // MARK: What apps say

    /// The caller's `cancel_call` or `hang_up`, the callee's `hang_up`, either side's.
    ///
    /// While it rings, a caller's is a cancel and a callee's a `reject_call` (gateway-profile §6).
    package mutating func receivedHangUp(from connection: ConnectionID, now: Instant) -> CallAction {
        guard let side = self.side(of: connection) else { return CallAction() }
        switch (self.state, side) {
        case (.ringing, .caller): return self.end(CallOutcome(.cancelled), silent: .caller)
        case (.ringing, .callee): return self.receivedReject(from: connection, reason: .declined, now: now)
        case (.answered, _): return self.end(CallOutcome(.hungUp), silent: side)
        case (.ended, _): return CallAction()
        }
    }

    /// The caller's `cancel_call` that may have crossed the answer: the intent is plain all the same.
    package mutating func receivedCancel(from connection: ConnectionID) -> CallAction {
        guard self.side(of: connection) == .caller else { return CallAction() }
        return self.end(CallOutcome(.cancelled), silent: .caller)
    }

    /// A device of the callee rejects, and does so for the user.
    package mutating func receivedReject(
        from connection: ConnectionID,
        reason: ClientReason,
        now: Instant
    ) -> CallAction {
        guard case .ringing(var ringing) = self.state,
            let leg = ringing.branches.first(where: { $0.app?.connection == connection })?.id,
            let branch = ringing.remove(leg)
        else { return CallAction() }
        let outcome = CallOutcome(reason, refusedByPerson: true)
        ringing.note(outcome)
        self.state = .ringing(ringing)
        var action = CallAction()
        self.endParty(of: branch, outcome, now: now, &action)
        if action.ended == nil { self.closeMedia(of: branch, &action) }
        return action
    }

    /// The socket of a party or of a ringing device is gone.
    package mutating func connectionLost(_ connection: ConnectionID, now: Instant) -> CallAction {
        if case .ringing(var ringing) = self.state, ringing.mayRingOthers {
            ringing.removeWaiting(connection)
            self.state = .ringing(ringing)
        }
        guard let side = self.side(of: connection) else { return CallAction() }
        switch (self.state, side) {
        case (.ringing(var ringing), .callee):
            guard let leg = ringing.branches.first(where: { $0.app?.connection == connection })?.id,
                let branch = ringing.remove(leg)
            else { return CallAction() }
            var action = CallAction()
            self.closeMedia(of: branch, &action)
            ringing.note(CallOutcome(.unavailable))
            self.state = .ringing(ringing)
            self.proceed(branch.hunt, now: now, &action)
            return action
        case (.ringing, .caller), (.answered, _):
            return self.end(CallOutcome(.connectionLost), silent: side)
        case (.ended, _):
            return CallAction()
        }
    }

    // MARK: What phones say

    /// A phone that calls sent CANCEL.
    package mutating func receivedCancel(_ leg: LegID, reason: SIPReason?) -> CallAction {
        if let action = self.replacementCancelled(leg) { return action }
        let elsewhere = reason?.protocol == "SIP" && reason?.cause == 200
        return self.end(
            CallOutcome(elsewhere ? .answeredElsewhere : .cancelled, sipReason: reason),
            silent: self.side(of: leg) ?? .caller
        )
    }

    /// A phone's session is over, and not by our order.
    package mutating func sessionEnded(_ leg: LegID, _ end: SessionEnd, now: Instant) -> CallAction {
        switch self.state {
        case .answered(let answered):
            guard let side = self.side(of: leg) else { return CallAction() }
            if let transfer = answered.transfer {
                return self.sessionEnded(side, Self.outcome(of: end), during: transfer)
            }
            return self.end(Self.outcome(of: end), silent: side)
        case .ringing where leg == .caller:
            return self.end(Self.outcome(of: end), silent: .caller)
        case .ringing:
            return self.receivedRefusal(leg, .init(status: 480), now: now)
        case .ended:
            return CallAction()
        }
    }

    private static func outcome(of end: SessionEnd) -> CallOutcome {
        switch end {
        case .bye(let reason): CallOutcome(.hungUp, sipReason: reason)
        case .noAcknowledgement, .dialogGone: CallOutcome(.connectionLost)
        case .sessionExpired: CallOutcome(.sessionExpired)
        }
    }

    // MARK: What the gateway says

    /// Ends the call on both sides: it drains, or an operator wants it so.
    package mutating func end(_ reason: ClientReason) -> CallAction {
        self.end(CallOutcome(reason))
    }

    // MARK: Who hears what

    /// Ends every leg.
    ///
    /// Whoever ended the call hears nothing of it (`silent`), all others hear it once.
    ///
    /// `others` is the reason for the devices that ring, where it is not the call's own.
    mutating func end(
        _ outcome: CallOutcome,
        silent: Side? = nil,
        others: ClientReason? = nil
    ) -> CallAction {
        var action = CallAction(ended: outcome)
        switch self.state {
        case .ringing(let ringing):
            if silent != .caller { self.refuseCaller(outcome, &action) }
            for branch in ringing.branches {
                self.drop(branch, CallOutcome(others ?? outcome.reason, sipReason: outcome.sipReason), &action)
            }
        case .answered(let answered):
            self.refuseTransfer(outcome, silent, &action)
            self.refuseArrival(&action)
            if silent != .caller { self.hangUp(self.caller, .caller, outcome, &action) }
            if silent != .callee { self.hangUp(answered.callee, .callee, outcome, &action) }
        case .ended:
            return CallAction()
        }
        self.state = .ended
        return action
    }

    /// Tells a leg that rings that it is not needed any more.
    func drop(_ branch: Leg, _ outcome: CallOutcome, _ action: inout CallAction) {
        self.closeMedia(of: branch, &action)
        switch branch.kind {
        case .app(let app):
            guard app.isTold else { return }
            action.tell(
                branch,
                .callCancelled(
                    callID: self.id.text,
                    callerID: self.parties.callerID,
                    reason: outcome.reason,
                    sipStatus: nil
                )
            )
        case .sip(let sip):
            guard sip.progress != .waiting else { return }
            action.sip.append(.end(branch.id, SessionEnding(reason: outcome.sipReason)))
        }
    }

    private func refuseCaller(_ outcome: CallOutcome, _ action: inout CallAction) {
        switch self.caller.kind {
        case .sip:
            action.sip.append(.end(.caller, outcome.ending))
        case .app(let app):
            let failed = app.profile == .extended && !outcome.refusedByPerson
            action.tell(
                self.caller,
                failed
                    ? .callFailed(
                        callID: self.id.text,
                        calleeID: self.parties.dialled,
                        reason: outcome.reason,
                        sipStatus: outcome.sipStatus
                    )
                    : .callRejected(
                        callID: self.id.text,
                        calleeID: self.parties.dialled,
                        reason: outcome.reason,
                        sipStatus: outcome.sipStatus
                    )
            )
        }
    }

    func hangUp(_ leg: Leg, _ side: Side, _ outcome: CallOutcome, _ action: inout CallAction) {
        switch leg.kind {
        case .sip:
            action.sip.append(.end(leg.id, outcome.ending))
        case .app:
            action.tell(
                leg,
                .callHangedUp(
                    callID: self.id.text,
                    hangedUpBy: self.parties.peer(of: side),
                    reason: outcome.reason,
                    sipStatus: outcome.sipStatus
                )
            )
        }
    }
}
