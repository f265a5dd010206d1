import CallCore
package import ClientProtocol
package import SIPCore

/// What the table holds at one moment; every live count is 0 when nothing is going on.
package struct CallTableStatistics: Hashable, Sendable {
    package var calls: Int
    package var connections: Int
    package var transactions: Int
    package var dialogs: Int
    /// Bindings of phones that are registered here.
    package var bindings: Int
    /// By name.
    package var trunks: [TrunkSummary]
    /// What has become of wrong passwords.
    package var guesses: GuessCounters
    package var counters: CallCounters
    package var isDraining: Bool
}

/// One live call, for an operator.
package struct CallSummary: Hashable, Sendable {
    package var id: String
    package var direction: CallDirection
    package var callerID: PartyID
    package var dialled: PartyID
    package var isAnswered: Bool
    /// How long ago it began.
    package var age: Span
}

extension CallTable {
    package var statistics: CallTableStatistics {
        let counts = self.userAgent.counts
        return CallTableStatistics(
            calls: self.calls.count,
            connections: self.connections.count,
            transactions: counts.transactions,
            dialogs: counts.dialogs,
            bindings: self.userAgent.phones?.bindingCount ?? 0,
            trunks: self.trunkSummaries,
            guesses: self.userAgent.phones?.guessCounters ?? GuessCounters(),
            counters: self.counters,
            isDraining: self.isDraining
        )
    }

    /// The live calls, oldest first.
    package func summaries(now: Instant) -> [CallSummary] {
        self.calls.values.sorted { $0.call.started < $1.call.started }.map { entry in
            CallSummary(
                id: entry.call.id.text,
                direction: entry.direction,
                callerID: entry.call.parties.callerID,
                dialled: entry.call.parties.dialled,
                isAnswered: entry.call.isAnswered,
                age: now - entry.call.started
            )
        }
    }

    /// Whether the table holds nothing but open connections: what a test asks when all is said and done.
    package var isAtRest: Bool {
        let counts = self.userAgent.counts
        return self.calls.isEmpty && self.callAliases.isEmpty && self.sessions.isEmpty && self.mediaLegs.isEmpty
            && self.messages.isEmpty && self.trunkCalls.isEmpty
            && counts.transactions == 0 && counts.dialogs == 0
            && counts.sessions == 0
            && self.users.values.allSatisfy { $0.ringing.isEmpty && $0.calls.isEmpty && $0.placed == 0 }
            && self.connections.values.allSatisfy { $0.calls.isEmpty }
    }
}
