import ClientProtocol
import SIPCore

/// A hunt that is under way.
struct RunningHunt {
    let id: HuntID
    /// The hunt in whose turn it rings; nil: the outermost one.
    let parent: HuntID?
    let party: Hunt.Party?
    /// The turns that have not begun.
    var later: ArraySlice<Turn>
    /// Until when the turn that rings may.
    var deadline: Instant?
    /// Whether a callee of the turn that rings was reached: one that only stands in for a way that fails is passed over.
    var wasReached = false
    /// Whether it has rung anybody.
    var hasRung = false
    /// The users of the turn that rings who had no device when it began: one that connects rings.
    var absent: [String] = []

    init(_ hunt: Hunt, id: HuntID, below parent: HuntID?) {
        self.id = id
        self.parent = parent
        self.party = hunt.party
        self.later = hunt.turns[...]
    }

    /// Takes the turn that begins now.
    mutating func next() -> Turn? {
        while let turn = self.later.popFirst() {
            if turn.condition == .unreached, self.wasReached { continue }
            self.wasReached = false
            self.absent = []
            self.hasRung = self.hasRung || !turn.callees.isEmpty
            return turn
        }
        return nil
    }
}

/// A hunt of a call, by the number in which it began.
struct HuntID: Hashable, Sendable {
    var number: UInt32

    static let outermost = HuntID(number: 0)
}

// MARK: What waits for its turn

extension Hunt {
    /// Takes a device in, where it waits for its turn to ring for that user.
    mutating func add(_ app: AppLeg, for user: String) -> Bool {
        if self.party == .user(user) {
            guard !self.turns.isEmpty else { return false }
            self.turns[0].callees.append(.app(app))
            return true
        }
        for index in self.turns.indices where self.turns[index].add(app, for: user) { return true }
        return false
    }

    mutating func remove(_ connection: ConnectionID) {
        for index in self.turns.indices { self.turns[index].remove(connection) }
    }
}

extension Turn {
    mutating func add(_ app: AppLeg, for user: String) -> Bool {
        for index in self.hunts.indices where self.hunts[index].add(app, for: user) { return true }
        return false
    }

    mutating func remove(_ connection: ConnectionID) {
        self.callees.removeAll { callee in
            switch callee {
            case .app(let app): app.connection == connection
            case .sip: false
            }
        }
        for index in self.hunts.indices { self.hunts[index].remove(connection) }
    }
}
