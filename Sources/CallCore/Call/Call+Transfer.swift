package import ClientProtocol
import MediaCore
package import SIPCore

/// Transfers: a party of an answered call becomes another, or is asked to call elsewhere.
///
/// An app's other party is asked by REFER where it can reach the target by itself. Else, and where a phone asks us by REFER,
/// the gateway calls the target, in a call of its own, whose callee then takes the place of whoever transfers.
extension Call {
    // MARK: What the driver asks

    /// Who transfers the other party at the moment.
    package var transferor: Side? {
        switch self.state {
        case .answered(let answered): answered.transfer?.by
        case .ringing, .ended: nil
        }
    }

    /// The most transfers that one call lives through: two PBXs that refer to each other go round no longer.
    static let mostTransfers = 32

    /// Whether a transfer can begin.
    package var mayTransfer: Bool {
        self.isAnswered && self.transferor == nil && self.transfers < Self.mostTransfers
    }

    /// The phone on that side of an answered call.
    package func phone(_ side: Side) -> (leg: LegID, peer: SIPPeer?)? {
        guard case .answered = self.state, let sip = self.sip(side) else { return nil }
        return (self.leg(side).id, sip.peer)
    }

    /// Where the phone belongs that rings on that leg.
    package func ringingPhone(_ leg: LegID) -> SIPPeer? {
        guard case .ringing(let ringing) = self.state else { return nil }
        return ringing.branches.first { $0.id == leg }?.sip?.peer
    }

    /// The app on that side.
    package func app(_ side: Side) -> AppLeg? {
        switch (side, self.state) {
        case (.caller, _), (.callee, .answered): self.leg(side).app
        case (.callee, .ringing), (.callee, .ended): nil
        }
    }

    /// The side of a phone's leg in an answered call.
    package func answeredSide(of leg: LegID) -> Side? {
        switch self.state {
        case .answered: self.side(of: leg)
        case .ringing, .ended: nil
        }
    }

    /// What that side called the other before a transfer.
    package func formerPeer(of side: Side) -> PartyID? { self.formerPeers[side] }

    /// The id that the app on that side knows the call by.
    package func name(for side: Side) -> String { self.app(side)?.callID ?? self.id.text }

    /// How the call's media is anchored; nil: it passes through.
    package var anchor: RelayPolicy? { self.relay }

    /// Whether the party of that side can talk to somebody else than now: the relay has its media, or can have it.
    package func isMovable(_ side: Side) -> Bool {
        guard case .answered = self.state else { return false }
        let leg = self.leg(side)
        // An app of the user's page knows no offer but the first.
        return leg.media != nil || leg.app?.profile == .extended
    }

    // MARK: By REFER of ours

    /// Asks the phone on the other side to call that target.
    package mutating func beginReferral(
        by side: Side,
        to target: ReferTarget,
        requestID: JSONFragment?
    ) -> CallAction {
        guard case .answered(var answered) = self.state, answered.transfer == nil else { return CallAction() }
        answered.transfer = Transfer(by: side, kind: .referring(isAccepted: false), requestID: requestID)
        self.state = .answered(answered)
        return CallAction(sip: [.refer(self.leg(side.other).id, target)])
    }

    /// The phone of another call has been asked to take our place in this one.
    package mutating func beginReplacement(by side: Side) {
        guard case .answered(var answered) = self.state, answered.transfer == nil else { return }
        answered.transfer = Transfer(by: side, kind: .replaced)
        self.state = .answered(answered)
    }

    /// Nothing has come of it: this call is as it was.
    package mutating func endReplacement() {
        guard case .answered(var answered) = self.state, case .replaced? = answered.transfer?.kind else { return }
        answered.transfer = nil
        self.state = .answered(answered)
    }

    /// The phone tells what becomes of our REFER.
    package mutating func receivedReferral(_ news: ReferClient.News) -> CallAction {
        guard case .answered(var answered) = self.state, let transfer = answered.transfer,
            case .referring = transfer.kind
        else { return CallAction() }
        switch news {
        case .accepted, .progress:
            answered.transfer?.kind = .referring(isAccepted: true)
            self.state = .answered(answered)
            return CallAction()
        case .succeeded:
            return self.end(CallOutcome(.transferred))
        case .refused(let status), .failed(let status):
            answered.transfer = nil
            self.state = .answered(answered)
            var action = CallAction()
            self.tellFailure("The other side answered with SIP status \(status).", transfer, &action)
            return action
        }
    }

    /// Forgets our REFER, which was refused: the call is as it was, and whoever ordered the transfer is told nothing.
    ///
    /// - Returns: who that was, and the id of the request; nil where none is under way.
    package mutating func withdrawReferral() -> (by: Side, requestID: JSONFragment?)? {
        guard case .answered(var answered) = self.state, let transfer = answered.transfer,
            case .referring = transfer.kind
        else { return nil }
        answered.transfer = nil
        self.state = .answered(answered)
        return (transfer.by, transfer.requestID)
    }

    // MARK: By a call of the gateway's

    /// Another call rings for whoever is to take that side's place.
    package mutating func beginTransfer(by side: Side, requestID: JSONFragment?, now: Instant) {
        guard case .answered(var answered) = self.state, answered.transfer == nil else { return }
        answered.transfer = Transfer(by: side, kind: .calling, requestID: requestID)
        // A phone that transfers may hang up meanwhile: the other party waits alone.
        answered.deadline = now + self.timers.ring + self.timers.negotiation
        self.state = .answered(answered)
    }

    /// It rings there.
    package func transferProgressed(status: UInt16) -> CallAction {
        guard case .answered(let answered) = self.state, let transfer = answered.transfer,
            case .calling = transfer.kind, self.sip(transfer.by) != nil
        else { return CallAction() }
        return CallAction(sip: [.reportReferral(self.leg(transfer.by).id, status: status)])
    }

    /// Nobody came: the call goes on as it was, or is over where whoever transferred has gone.
    package mutating func transferFailed(_ outcome: CallOutcome) -> CallAction {
        guard case .answered(var answered) = self.state, let transfer = answered.transfer,
            case .calling = transfer.kind
        else { return CallAction() }
        answered.transfer = nil
        self.state = .answered(answered)
        let leg = self.leg(transfer.by)
        var action = CallAction()
        switch leg.kind {
        case .app:
            self.tellFailure("Nobody came: \(outcome.reason.rawValue).", transfer, &action)
        case .sip(let sip):
            if sip.progress == .gone { return self.end(outcome, silent: transfer.by) }
            action.sip.append(.reportReferral(leg.id, status: outcome.ending.status))
        }
        return action
    }

    /// A session ended while a transfer was under way.
    mutating func sessionEnded(_ side: Side, _ outcome: CallOutcome, during transfer: Transfer) -> CallAction {
        switch transfer.kind {
        case .referring(isAccepted: true) where side != transfer.by, .replaced where side != transfer.by:
            // It does what it was asked for; that the new call is answered need not reach us any more.
            return self.end(CallOutcome(.transferred), silent: side)
        case .calling where side == transfer.by, .replacing where side == transfer.by:
            guard var sip = self.sip(side) else { return CallAction() }
            var action = CallAction()
            self.closeMedia(of: self.leg(side), &action)
            sip.progress = .gone
            self.set(sip, side)
            self.setMedia(nil, side)
            return action
        case .referring, .calling, .replaced, .replacing:
            return self.end(outcome, silent: side)
        }
    }

    /// The call ends before its transfer did: the app that ordered it hears of that, unless it ended the call itself.
    func refuseTransfer(_ outcome: CallOutcome, _ silent: Side?, _ action: inout CallAction) {
        guard case .answered(let answered) = self.state, let transfer = answered.transfer else { return }
        if outcome.reason == .transferred {
            self.confirm(transfer, &action)
        } else if silent != transfer.by {
            self.tellFailure("The call is over.", transfer, &action)
        }
    }

    private func tellFailure(_ explanation: String, _ transfer: Transfer, _ action: inout CallAction) {
        switch transfer.kind {
        case .referring, .calling: break
        case .replaced, .replacing: return
        }
        let error = ClientError(
            code: .transferFailed,
            message: explanation,
            action: "transfer",
            requestID: transfer.requestID
        )
        action.tell(self.leg(transfer.by), .error(error))
    }

    private func confirm(_ transfer: Transfer, _ action: inout CallAction) {
        let leg = self.leg(transfer.by)
        guard let requestID = transfer.requestID, leg.app?.profile == .extended else { return }
        action.tell(leg, .ok(requestID: requestID))
    }

    // MARK: One party for another

    /// Gives the party of that side away; the other one hears that it was transferred, and the call is over.
    ///
    /// - Returns: the party, yet without its new names, and what is to be done; nil where the call is not answered.
    package mutating func surrender(_ side: Side) -> (newcomer: Newcomer, action: CallAction)? {
        guard case .answered(let answered) = self.state, self.isMovable(side) else { return nil }
        var leg = self.leg(side)
        if case .app(var app) = leg.kind {
            app.callID = app.callID ?? self.id.text
            app.owesOldAnswer = self.owesOldAnswer(side, app)
            leg.kind = .app(app)
        }
        let newcomer = Newcomer(
            leg: leg,
            ufrag: side == .caller ? self.callerUfrag : self.calleeUfrag,
            origin: self.appOrigin,
            formerPeer: self.parties.peer(of: side),
            id: self.parties.peer(of: side.other),
            username: "",
            peer: self.parties.peer(of: side),
            peerUsername: nil,
            endsAt: answered.endsAt,
            transfers: self.transfers
        )
        let outcome = CallOutcome(.transferred)
        var action = CallAction(ended: outcome)
        self.hangUp(self.leg(side.other), side.other, outcome, &action)
        self.state = .ended
        return (newcomer, action)
    }

    /// Puts a party of another call in the place of that side's, which hears that it was transferred.
    ///
    /// - Parameters:
    ///   - newcomer: the party, whose session and media are this call's already.
    ///   - side: whose place it takes.
    ///   - relay: how media is anchored from now on, where it was not.
    ///   - now: the time.
    /// - Returns: what is to be done.
    package mutating func take(
        _ newcomer: Newcomer,
        inPlaceOf side: Side,
        relay: RelayPolicy,
        now: Instant
    ) -> CallAction {
        guard case .answered(var answered) = self.state else { return CallAction() }
        var action = CallAction(replaced: side)
        let old = self.leg(side)
        if let transfer = answered.transfer { self.confirm(transfer, &action) }
        // Who leaves hears of it once all is done (RFC 3891 §3).
        var farewell = CallAction()
        if let sip = old.sip, sip.progress != .gone, case .calling? = answered.transfer?.kind,
            answered.transfer?.by == side
        {
            farewell.sip.append(.reportReferral(old.id, status: 200))
        }
        self.hangUp(old, side, CallOutcome(.transferred), &farewell)
        self.closeMedia(of: old, &action)
        self.relay = self.relay ?? relay
        self.transfers += newcomer.transfers + 1
        var staying = self.leg(side.other)
        if case .app(var app) = staying.kind {
            app.owesOldAnswer = self.owesOldAnswer(side.other, app)
            staying.kind = .app(app)
        }
        var new = newcomer.leg
        staying.prepareForTransfer(&action)
        new.prepareForTransfer(&action)
        answered.negotiation = nil
        answered.isJoined = false
        answered.safeDeadline = nil
        answered.transfer = nil
        answered.deadline = now + self.timers.negotiation
        answered.endsAt = Self.earliest(answered.endsAt, newcomer.endsAt)
        answered.callee = side == .callee ? new : staying
        if side == .callee { answered.party = nil }
        self.caller = side == .callee ? staying : new
        self.state = .answered(answered)
        if new.app != nil {
            if staying.app == nil { self.appOrigin = newcomer.origin }
            self.noteUfrag(newcomer.ufrag, from: side)
        }
        self.rename(newcomer, on: side, &action)
        for side in [side.other, side] { self.tellHold(self.leg(side.other).media?.holds ?? false, to: side, &action) }
        self.advance(&action)
        action.append(farewell)
        return action
    }

    private func owesOldAnswer(_ side: Side, _ app: AppLeg) -> Bool {
        guard case .answered(let answered) = self.state else { return false }
        return app.owesOldAnswer || answered.negotiation?.owesAnswer(side) == true
    }

    /// Who is who for each side from now on: an app of the user's page knows one peer, and goes on knowing that.
    private mutating func rename(_ newcomer: Newcomer, on side: Side, _ action: inout CallAction) {
        let staying = self.leg(side.other)
        let former = self.parties.peer(of: side.other)
        var names: [Side: PartyID] = [:]
        names[side.other] = staying.app?.profile == .baseline ? former : newcomer.id
        names[side] = newcomer.leg.app?.profile == .baseline ? newcomer.formerPeer : newcomer.peer
        self.formerPeers = [side.other: former, side: newcomer.formerPeer]
        self.parties = CallParties(
            callerID: names[.callee] ?? newcomer.id,
            callerUsername: side == .caller ? newcomer.username : self.parties.callerUsername,
            dialled: names[.caller] ?? newcomer.id
        )
        self.tellTransferred(newcomer.id, newcomer.username, to: staying, &action)
        if let username = newcomer.peerUsername {
            self.tellTransferred(newcomer.peer, username, to: newcomer.leg, &action)
        }
    }

    private func tellTransferred(_ id: PartyID, _ username: String, to leg: Leg, _ action: inout CallAction) {
        guard leg.app?.profile == .extended else { return }
        action.tell(leg, .callTransferred(callID: self.id.text, peerID: id, peerUsername: username))
    }

    private mutating func setMedia(_ media: RelayedLeg?, _ side: Side) {
        switch (side, self.state) {
        case (.caller, _): self.caller.media = media
        case (.callee, .answered(var answered)):
            answered.callee.media = media
            self.state = .answered(answered)
        case (.callee, .ringing), (.callee, .ended): return
        }
    }
}

extension Leg {
    /// Lays out what the leg needs to talk to somebody new: it is held no more, may be asked for another codec, and where
    /// the relay did not have its media so far, the relay offers it to the app.
    fileprivate mutating func prepareForTransfer(_ action: inout CallAction) {
        if self.media == nil, self.app != nil { self.media = RelayedLeg(.webRTC) }
        guard var media = self.media else { return }
        media.isHeld = false
        media.isTuned = false
        media.offersFirst = media.kind == .webRTC && media.peer == nil && media.pendingOffer == nil
        self.media = media
        if !media.isOrdered { self.openMedia(&action) }
    }
}
