/// What came of one run.
package struct SimulationReport: Sendable {
    /// A broken invariant.
    package struct Violation: Hashable, Sendable {
        /// Seconds of simulated time.
        package var second: Double
        package var text: String
        /// The Call-ID or `call_id` that it concerns, where one is known.
        package var call: String?
        /// The last events of that call.
        package var trace: [String] = []
    }

    /// What the links and peers did wrong, each counted once.
    package struct Faults: Hashable, Sendable {
        package var lost = 0
        package var duplicated = 0
        package var reordered = 0
        /// Links and connections that were cut, and peers that vanished.
        package var cuts = 0

        package init() {}

        package static func += (left: inout Faults, right: Faults) {
            left.lost += right.lost
            left.duplicated += right.duplicated
            left.reordered += right.reordered
            left.cuts += right.cuts
        }
    }

    /// What whoever asked for a transfer was told of it.
    package struct Transfers: Hashable, Sendable {
        package var succeeded = 0
        package var failed = 0

        package init() {}

        package static func += (left: inout Transfers, right: Transfers) {
            left.succeeded += right.succeeded
            left.failed += right.failed
        }
    }

    package var seed: UInt64
    package var calls: Int
    /// How the calls ended for those who began them: `answered`, or the reason or SIP status that they were told.
    package var outcomes: [String: Int]
    /// The reasons of every `call_hanged_up`.
    package var hangUps: [String: Int]
    package var faults: Faults
    package var violations: [Violation]
    /// A hash over every event of the run, in order.
    package var hash: UInt64
    /// How often a relay has joined two legs.
    package var joins: Int
    /// How many REGISTERs were granted.
    package var registrations: Int
    package var transfers: Transfers
    /// How often a 302 has led to another phone or app.
    package var redirects: Int
    /// Messages that were delivered.
    package var events: Int

    package var answered: Int { self.outcomes["answered"] ?? 0 }
}
