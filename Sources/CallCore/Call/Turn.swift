package import ClientProtocol
package import SIPCore

/// Those of a hunt that ring at once.
package struct Turn: Hashable, Sendable {
    /// What must have become of the turn before for this one to begin.
    package enum Condition: Hashable, Sendable {
        /// Nobody of it answered.
        case unanswered
        /// Nobody of it could be reached: a way failed, and nothing was heard of the callee.
        case unreached
    }

    package var callees: [Leg.Kind]
    /// Beside the callees, each rings by turns of its own.
    package var hunts: [Hunt]
    /// How long they ring before the next turn begins in their place; nil: as long as the call may ring.
    package var limit: Span?
    package var condition: Condition

    package init(
        _ callees: [Leg.Kind],
        hunts: [Hunt] = [],
        limit: Span? = nil,
        after condition: Condition = .unanswered
    ) {
        self.callees = callees
        self.hunts = hunts
        self.limit = limit
        self.condition = condition
    }

    /// Has a hunt ring beside the others: where it has one turn only, as one of them.
    package mutating func add(_ hunt: Hunt) {
        if hunt.turns.count == 1, hunt.party == nil, hunt.turns[0].limit == nil {
            self.callees += hunt.turns[0].callees
            self.hunts += hunt.turns[0].hunts
        } else if !hunt.turns.isEmpty {
            self.hunts.append(hunt)
        }
    }

    /// Of the apps that it rings.
    package var connections: [ConnectionID] {
        self.callees.compactMap { callee in
            switch callee {
            case .app(let app): app.connection
            case .sip: nil
            }
        } + self.hunts.flatMap(\.connections)
    }
}
