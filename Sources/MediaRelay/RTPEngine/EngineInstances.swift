package import SIPCore

/// Which of several rtpengines a new leg is laid out at: the first that answers, in the order of the configuration.
///
/// All legs lie at one instance as long as it lives, for two that are joined reach each other best there. Each is asked
/// by `ping` whether it lives; one that doesn't answer gets legs only where none does.
package struct EngineInstances {
    /// Between two pings of one instance.
    package static let interval = Span.seconds(2)
    /// How many pings without an answer make one that doesn't live.
    private static let patience = 2

    private struct Health {
        var unanswered = 0
        var isAlive = true
    }

    private var instances: [Health]
    private var sequence: UInt64 = 0
    private var nextPing: Instant

    /// As many instances as `count`, one at least, all taken for living.
    package init(count: Int, now: Instant) {
        self.instances = Array(repeating: Health(), count: count)
        self.nextPing = now
    }

    package var deadline: Instant { self.nextPing }

    package func isAlive(_ index: Int) -> Bool {
        self.instances.indices.contains(index) && self.instances[index].isAlive
    }

    /// Where a leg is to be opened; nil where all were tried.
    package func choose(without tried: Set<Int>) -> Int? {
        let left = self.instances.indices.filter { !tried.contains($0) }
        return left.first { self.instances[$0].isAlive } ?? left.first
    }

    /// It answered something.
    package mutating func answered(_ index: Int) {
        guard self.instances.indices.contains(index) else { return }
        self.instances[index] = Health()
    }

    /// A leg could not be opened there.
    package mutating func failed(_ index: Int) {
        guard self.instances.indices.contains(index) else { return }
        self.instances[index].isAlive = false
    }

    /// The pings that are due, one for each instance in their order; none before `deadline`.
    package mutating func reachedDeadline(now: Instant, prefix: String) -> [NGMessage] {
        guard self.nextPing <= now else { return [] }
        self.nextPing = now + Self.interval
        self.sequence += 1
        for index in self.instances.indices {
            if self.instances[index].unanswered >= Self.patience { self.instances[index].isAlive = false }
            self.instances[index].unanswered = min(self.instances[index].unanswered + 1, Self.patience)
        }
        return self.instances.indices.map { index in
            NGMessage(cookie: "\(prefix)\(index)_\(self.sequence)", body: EngineRequest.ping)
        }
    }
}
