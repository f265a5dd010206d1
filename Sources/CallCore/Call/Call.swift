package import ClientProtocol
package import SIPCore

/// The life of one call: a caller, the legs that ring for the callee, and the one of them that answers.
///
/// ## Overview
/// App and phone are two kinds of leg of this one machine; app-app, app-phone, phone-app and phone-phone are four
/// pairings of the same two things. Inputs are what clients and SIP sessions did; every input gives the whole
/// `CallAction` that the driver must carry out before the next input.
///
/// ## Function
/// ```
///  ringing ──(first leg answers)──▶ answered ──(either side ends)──▶ ended
///     └──(cancel, all legs refuse, time is up)────────────────────────▲
/// ```
///
/// ## Implementation
/// `Call+Ringing` holds the fork, `Call+Hunting` the turns in which it rings, `Call+Answer` the moment it is won,
/// `Call+Media` the exchange of descriptions, `Call+Ending` who is told what, `Call+Transfer` how one of the parties becomes
/// another, `Call+Replacement` how a phone asks for that by itself. What is due between offer and answer is `Negotiation`'s.
package struct Call: ~Copyable {
    enum State {
        case ringing(Ringing)
        case answered(Answered)
        case ended
    }

    /// While nobody has answered.
    struct Ringing {
        /// The legs that ring, or will once the caller's candidates are complete.
        var branches: [Leg] = []
        /// The hunts that are under way, each behind the one that it belongs to.
        var hunts: [RunningHunt] = []
        var begunHunts: UInt32 = 0
        /// Whether a phone rings, or may in its turn.
        var callsPhones = false
        var deadline: Instant
        /// What the caller offered before the answer.
        var offer: CallerOffer
        /// The best that a failed branch had to say.
        var best: CallOutcome?
        var toldRinging = false
        var toldEarlyMedia = false
        /// The status of the provisional response that held an answer.
        var earlyStatus: UInt16 = 183
        /// The branch with which the relay has joined the caller, for early media.
        var joined: LegID?
        var earlyAnswer: EarlyAnswer?
    }

    /// A ringing phone's answer that the caller has from a provisional response: the same one in the 2xx is no news.
    struct EarlyAnswer {
        var leg: LegID
        var sdp: [UInt8]
    }

    /// The caller's description while it is not known who will answer.
    enum CallerOffer {
        case none
        /// An app's.
        case app(TrickledDescription)
        /// A phone's.
        case phone([UInt8])
    }

    /// Once a leg has answered.
    struct Answered {
        var callee: Leg
        /// Between the parties themselves; nil where the relay answers each of them.
        var negotiation: Negotiation?
        /// Until when a calling phone's 200 may wait for the app's media.
        var safeDeadline: Instant?
        /// Whether the relay has been told to join the two.
        var isJoined: Bool
        /// Until when the first exchange must have come to its end.
        var deadline: Instant
        /// When the call is over, whoever talks.
        var endsAt: Instant?
        /// Whose device has answered.
        var party: Hunt.Party?
        /// Nil: none is under way.
        var transfer: Transfer?
    }

    package let id: CallID
    package internal(set) var parties: CallParties
    /// What each side called the other before that was somebody else; messages may still name it.
    var formerPeers: [Side: PartyID] = [:]
    /// How often a party has become another, here and in the calls that parties have come from.
    var transfers = 0
    let timers: CallTimers
    /// How media is anchored where a phone takes part; nil: it passes through.
    var relay: RelayPolicy?
    /// What the throw-away fingerprint of an inactive answer is made of (RFC 3725, flow III).
    let seed: (UInt64, UInt64)
    /// When the call began.
    package let started: Instant
    var caller: Leg
    var state: State
    var callerUfrag: String?
    var calleeUfrag: String?
    /// The `o=` line of the relay's descriptions for apps.
    var appOrigin: SessionOrigin
    private var lastLeg = LegID.caller

    /// A call that has not yet rung anywhere; `begin` starts it.
    ///
    /// - Parameters:
    ///   - id: unguessable, never used before.
    ///   - parties: who calls whom.
    ///   - caller: the caller's leg.
    ///   - timers: its time limits.
    ///   - relay: how its media is anchored where a phone takes part; nil: not at all.
    ///   - seed: random bits.
    ///   - now: when it begins.
    package init(
        id: CallID,
        parties: CallParties,
        caller: Leg.Kind,
        timers: CallTimers,
        relay: RelayPolicy? = nil,
        seed: (UInt64, UInt64),
        now: Instant
    ) {
        self.id = id
        self.parties = parties
        self.timers = timers
        self.relay = relay
        self.seed = seed
        self.appOrigin = SessionOrigin(sessionID: seed.0 >> 2)
        self.started = now
        self.caller = Leg(id: .caller, kind: caller)
        self.state = .ringing(Ringing(deadline: now + timers.ring, offer: .none))
    }

    /// The identity of one more leg.
    package mutating func nextLegID() -> LegID {
        self.lastLeg.number += 1
        return self.lastLeg
    }

    // MARK: What the driver asks

    package var isRinging: Bool {
        switch self.state {
        case .ringing: true
        case .answered, .ended: false
        }
    }

    package var isAnswered: Bool {
        switch self.state {
        case .answered: true
        case .ringing, .ended: false
        }
    }

    /// The side on which that connection is a party of the call; while it rings, of any device that rings.
    package func side(of connection: ConnectionID) -> Side? {
        if self.caller.app?.connection == connection { return .caller }
        switch self.state {
        case .ringing(let ringing):
            return ringing.branches.contains { $0.app?.connection == connection } ? .callee : nil
        case .answered(let answered):
            return answered.callee.app?.connection == connection ? .callee : nil
        case .ended:
            return nil
        }
    }

    /// The app that is the other party of an answered call, and how it knows the party of that leg; nil: none is.
    package func app(oppositeTo leg: LegID) -> (connection: ConnectionID, peer: PartyID)? {
        guard case .answered = self.state, let side = self.side(of: leg),
            let app = self.leg(side.other).app
        else { return nil }
        return (app.connection, self.parties.peer(of: side.other))
    }

    /// The user who has answered, by an app or by a phone; nil: a phone of nobody's has, or the party has been transferred.
    package var answeringUser: String? {
        guard case .answered(let answered) = self.state, case .user(let user)? = answered.party else { return nil }
        return user
    }

    /// Whether the call rings for that user now, or a device of the user has answered it.
    package func concerns(_ user: String) -> Bool {
        switch self.state {
        case .ringing(let ringing): ringing.hunts.contains { $0.party == .user(user) || $0.absent.contains(user) }
        case .answered(let answered): answered.party == .user(user)
        case .ended: false
        }
    }

    /// Whether an `offer` from that side would be taken now.
    package func mayOffer(_ side: Side) -> Bool {
        switch self.state {
        case .ringing(let ringing):
            switch ringing.offer {
            case .none: side == .caller
            case .app, .phone: false
            }
        case .answered(let answered):
            answered.negotiation?.mayOffer(side) ?? self.mayOfferRelay(side)
        case .ended: false
        }
    }

    /// Whether that side owes an `answer` now.
    package func owesAnswer(_ side: Side) -> Bool {
        switch self.state {
        case .answered(let answered):
            answered.negotiation?.owesAnswer(side) ?? self.leg(side).media?.owesAnswer ?? false
        case .ringing, .ended: false
        }
    }

    /// Whether that ICE user fragment is the one of the description that side sent last.
    package func candidateBelongs(ufrag: String, to side: Side) -> Bool {
        switch side {
        case .caller: self.callerUfrag == ufrag
        case .callee: self.calleeUfrag == ufrag
        }
    }

    /// The earliest moment at which `timeoutReached` has something to do; nil once the call is over.
    package var nextDeadline: Instant? {
        switch self.state {
        case .ringing(let ringing):
            ringing.nextDeadline
        case .answered(let answered):
            Self.earliest(
                Self.earliest(answered.negotiation?.nextDeadline, answered.safeDeadline),
                Self.earliest(self.isSettled ? nil : answered.deadline, answered.endsAt)
            )
        case .ended:
            nil
        }
    }

    static func earliest(_ left: Instant?, _ right: Instant?) -> Instant? {
        guard let left, let right else { return left ?? right }
        return min(left, right)
    }

    package mutating func timeoutReached(now: Instant) -> CallAction {
        switch self.state {
        case .ringing(let ringing):
            guard now < ringing.deadline else {
                return self.end(.init(.timeout))
            }
            var action = CallAction()
            self.endTurns(now: now, &action)
            self.endCandidates(now: now, &action)
            return action
        case .answered(let answered) where answered.endsAt.map({ $0 <= now }) ?? false:
            return self.end(CallOutcome(.timeLimit))
        case .answered(var answered):
            let actions = answered.negotiation?.timeoutReached(now: now) ?? []
            if let safe = answered.safeDeadline, safe <= now { answered.safeDeadline = nil }
            self.state = .answered(answered)
            var action = CallAction()
            self.carryOut(actions, &action)
            self.advance(&action)
            if self.negotiationIsOverdue(now: now) { action.append(self.end(.init(.media))) }
            return action
        case .ended:
            return CallAction()
        }
    }

    /// Whether each party has had its first offer/answer.
    var isSettled: Bool {
        switch self.state {
        case .answered(let answered):
            answered.negotiation?.isSettled ?? (self.caller.media?.peer != nil && answered.callee.media?.peer != nil)
        case .ringing, .ended: false
        }
    }

    private func negotiationIsOverdue(now: Instant) -> Bool {
        switch self.state {
        case .answered(let answered): !self.isSettled && answered.deadline <= now
        case .ringing, .ended: false
        }
    }
}

extension CallAction {
    /// What comes after this, carried out in its order.
    mutating func append(_ next: CallAction) {
        self.sip += next.sip
        self.client += next.client
        self.media += next.media
        self.answered = self.answered || next.answered
        self.replaced = self.replaced ?? next.replaced
        self.ended = self.ended ?? next.ended
    }

    mutating func tell(_ leg: Leg, _ event: ClientEvent) {
        guard let app = leg.app else { return }
        self.client.append(.init(app.connection, event.known(as: app.callID)))
    }
}
