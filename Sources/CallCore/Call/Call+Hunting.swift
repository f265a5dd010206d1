import ClientProtocol
package import SIPCore

/// Ringing in turn.
///
/// A turn is over when all of it have refused, or when its time is up: then those that ring are cancelled, and the next turn
/// begins. The caller hears `call_ringing` once, and of a call that comes to nothing the best that anybody had to say. Where
/// media is relayed the caller goes on from one callee's early media to that of the next, as the relay answers it for good;
/// where it passes through, a phone gets the next one's description in a provisional response or in the 200, as peers do
/// that fork, and an app hears nobody before the last turn.
extension Call {
    /// Begins the outermost hunt.
    mutating func start(_ hunt: Hunt, now: Instant, _ action: inout CallAction) {
        guard case .ringing(var ringing) = self.state else { return }
        let id = ringing.begin(hunt, below: nil)
        self.state = .ringing(ringing)
        self.proceed(id, now: now, &action)
    }

    /// A callee is not to be had: these ring in its place, beside all else that rings.
    ///
    /// - Parameters:
    ///   - hunt: who ring; where that is nobody the call goes on without the callee.
    ///   - leg: the callee's, which does not ring any more and has no session.
    ///   - now: the time.
    /// - Returns: what follows.
    package mutating func ring(_ hunt: Hunt, inPlaceOf leg: LegID, now: Instant) -> CallAction {
        guard case .ringing(var ringing) = self.state, let branch = ringing.remove(leg) else { return CallAction() }
        var action = CallAction()
        self.closeMedia(of: branch, &action)
        let id = ringing.begin(hunt, below: branch.hunt)
        self.state = .ringing(ringing)
        self.proceed(id, now: now, &action)
        return action
    }

    /// Begins the hunt's next turn where nobody of the one before rings any more; after the last one the hunt is over, and
    /// after the outermost hunt the call.
    mutating func proceed(_ id: HuntID, now: Instant, _ action: inout CallAction) {
        guard case .ringing(var ringing) = self.state, let index = ringing.index(of: id), !ringing.isRinging(id) else {
            return
        }
        guard let turn = ringing.hunts[index].next() else {
            let hunt = ringing.hunts.remove(at: index)
            ringing.isOver(hunt)
            self.state = .ringing(ringing)
            guard let parent = hunt.parent else {
                return action.append(self.end(ringing.best ?? CallOutcome(.unavailable)))
            }
            return self.proceed(parent, now: now, &action)
        }
        ringing.hunts[index].deadline = turn.limit.map { now + $0 }
        // All of them before the first one rings: a hunt that comes to nothing at once must find the others there.
        let hunts = turn.hunts.map { ringing.begin($0, below: id) }
        self.state = .ringing(ringing)
        self.ring(turn.callees, of: id, &action)
        for hunt in hunts { self.proceed(hunt, now: now, &action) }
        self.proceed(id, now: now, &action)
    }

    /// Cancels the turns whose time is up.
    mutating func endTurns(now: Instant, _ action: inout CallAction) {
        guard case .ringing(let before) = self.state else { return }
        for id in before.hunts.map(\.id) {
            guard case .ringing(var ringing) = self.state else { return }
            // One of them may have gone with another, or got a turn that is not over.
            guard let index = ringing.index(of: id), let deadline = ringing.hunts[index].deadline, deadline <= now
            else {
                continue
            }
            // It rang there.
            ringing.reached(id)
            ringing.note(CallOutcome(.timeout))
            self.state = .ringing(ringing)
            self.dropAll(of: id, CallOutcome(.timeout, sipReason: .noAnswer), &action)
            self.proceed(id, now: now, &action)
        }
    }

    /// A person refused, or a phone for its user: that is the answer of all that rings for that party.
    mutating func endParty(of branch: Leg, _ outcome: CallOutcome, now: Instant, _ action: inout CallAction) {
        guard case .ringing(var ringing) = self.state else { return }
        let party = ringing.party(of: branch.hunt)
        guard party != .outermost, let index = ringing.index(of: party) else {
            return action.append(self.end(outcome, others: .declinedElsewhere))
        }
        ringing.hunts[index].later = []
        ringing.reached(party)
        self.state = .ringing(ringing)
        self.dropAll(of: party, CallOutcome(.declinedElsewhere, sipReason: outcome.sipReason), &action)
        self.proceed(party, now: now, &action)
    }

    /// Cancels what rings in that hunt, with all hunts below it.
    private mutating func dropAll(of id: HuntID, _ outcome: CallOutcome, _ action: inout CallAction) {
        guard case .ringing(var ringing) = self.state else { return }
        let family = ringing.family(of: id)
        for branch in ringing.branches where family.contains(branch.hunt) {
            self.drop(branch, outcome, &action)
            _ = ringing.remove(branch.id)
        }
        ringing.hunts.removeAll { $0.id != id && family.contains($0.id) }
        self.state = .ringing(ringing)
    }
}

extension Call.Ringing {
    /// Takes a branch out that does not ring any more, with what its early media has left.
    mutating func remove(_ leg: LegID) -> Leg? {
        guard let index = self.branches.firstIndex(where: { $0.id == leg }) else { return nil }
        if self.joined == leg { self.joined = nil }
        if self.earlyAnswer?.leg == leg { self.earlyAnswer = nil }
        return self.branches.remove(at: index)
    }

    /// Keeps what a branch that failed had to say, where it is the best so far.
    mutating func note(_ outcome: CallOutcome) {
        if self.best.map({ outcome.isBetter(than: $0) }) ?? true { self.best = outcome }
    }

    // MARK: Hunts

    mutating func begin(_ hunt: Hunt, below parent: HuntID?) -> HuntID {
        let id = HuntID(number: self.begunHunts)
        self.begunHunts += 1
        self.hunts.append(RunningHunt(hunt, id: id, below: parent))
        return id
    }

    func index(of hunt: HuntID) -> Int? { self.hunts.firstIndex { $0.id == hunt } }

    /// Whether anybody of the hunt's turn rings.
    func isRinging(_ hunt: HuntID) -> Bool {
        self.branches.contains { $0.hunt == hunt } || self.hunts.contains { $0.parent == hunt }
    }

    /// Whether somebody else may ring later.
    var mayRingOthers: Bool { self.hunts.contains { !$0.later.isEmpty } }

    /// Tells the hunt that this one rang for.
    mutating func isOver(_ hunt: RunningHunt) {
        guard let parent = hunt.parent.flatMap({ self.index(of: $0) }) else { return }
        if hunt.wasReached { self.hunts[parent].wasReached = true }
        if case .user(let user)? = hunt.party, !hunt.hasRung { self.hunts[parent].absent.append(user) }
    }

    mutating func reached(_ hunt: HuntID) {
        if let index = self.index(of: hunt) { self.hunts[index].wasReached = true }
    }

    /// The hunt that rings for the same party, and for all of it.
    func party(of hunt: HuntID) -> HuntID {
        guard let index = self.index(of: hunt), self.hunts[index].party == nil, let parent = self.hunts[index].parent
        else { return hunt }
        return self.party(of: parent)
    }

    /// The hunt and all below it, whom it has begun before them.
    func family(of id: HuntID) -> Set<HuntID> {
        self.hunts.reduce(into: [id]) { family, hunt in
            if let parent = hunt.parent, family.contains(parent) { family.insert(hunt.id) }
        }
    }

    // MARK: Devices that come and go

    /// The hunt in which a device of that user rings that connects now; nil: its turn is not now.
    mutating func hunt(for user: String) -> HuntID? {
        if let hunt = self.hunts.first(where: { $0.party == .user(user) }) { return hunt.id }
        guard let index = self.hunts.firstIndex(where: { $0.absent.contains(user) }) else { return nil }
        self.hunts[index].absent.removeAll { $0 == user }
        return self.begin(Hunt([], party: .user(user)), below: self.hunts[index].id)
    }

    /// Has a device ring in its user's turn, where that is still to come.
    mutating func add(_ app: AppLeg, for user: String) {
        for hunt in self.hunts.indices {
            for turn in self.hunts[hunt].later.indices where self.hunts[hunt].later[turn].add(app, for: user) { return }
        }
    }

    /// A device that waits for its turn is gone.
    mutating func removeWaiting(_ connection: ConnectionID) {
        for hunt in self.hunts.indices {
            for turn in self.hunts[hunt].later.indices { self.hunts[hunt].later[turn].remove(connection) }
        }
    }
}

extension SessionEvent.Refusal {
    /// Whether it tells of the way to the callee and not of the callee, so that another way is worth a try: no response, no
    /// connection, our credentials refused, a flow that is gone (430), a server that failed (5xx) or waited in vain (408).
    ///
    /// That a number is unknown, barred, busy or not answered, a second carrier would say too; and what it costs to find out
    /// is a call that rings where the callee has just refused it.
    package var isOfTheWay: Bool {
        switch self.cause {
        case .noResponse, .transport: true
        case .noFinalResponse: false
        case .response:
            switch self.status {
            case 401, 407, 408, 430, 500..<600: true
            default: false
            }
        }
    }
}
