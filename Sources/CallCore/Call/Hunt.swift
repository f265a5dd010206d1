package import ClientProtocol

/// Whom a call rings one after the other: turns, of which each begins where the one before has come to nothing.
///
/// Everything serial is made of it: the bindings of a phone by their `q` (RFC 3261 §16.6), trunks of which one stands in for
/// another, groups that ring in turn, and the targets of a redirect. Turns hold hunts in their own turn, so what rings in
/// turn may ring beside others, to any depth.
package struct Hunt: Hashable, Sendable {
    /// Whose refusal one in person is, by an app or by a 6xx: it ends all that rings for that party, and nothing else.
    package enum Party: Hashable, Sendable {
        /// The user with that id, whose devices ring too that connect meanwhile.
        case user(String)
        case phone
    }

    package var turns: [Turn]
    /// nil: the party of the hunt that this one belongs to; of the outermost one all of the call.
    package var party: Party?

    package init(_ turns: [Turn], party: Party? = nil) {
        self.turns = turns
        self.party = party
    }

    /// Whether it rings nobody, now or later.
    package var isEmpty: Bool { !self.contains { _ in true } }

    /// Whether it rings such a one, now or later.
    func contains(where predicate: (Leg.Kind) -> Bool) -> Bool {
        self.turns.contains { turn in
            turn.callees.contains(where: predicate) || turn.hunts.contains { $0.contains(where: predicate) }
        }
    }

    /// Changes each one that it rings, now or later.
    package mutating func changeCallees(_ change: (inout Leg.Kind) -> Void) {
        for turn in self.turns.indices {
            for callee in self.turns[turn].callees.indices { change(&self.turns[turn].callees[callee]) }
            for hunt in self.turns[turn].hunts.indices { self.turns[turn].hunts[hunt].changeCallees(change) }
        }
    }

    /// Of the apps that it rings, now or later.
    package var connections: [ConnectionID] { self.turns.flatMap(\.connections) }
}
