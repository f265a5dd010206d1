/// The targets that refused TCP lately: a large request for one of them goes by UDP at once.
///
/// RFC 3261 §18.1.1 has every request above a size try TCP, and UDP once that is refused. Most phones take no TCP; without
/// a memory each of their calls would pay for an attempt, and wait for it.
package struct StreamRefusals {
    /// How long a refusal counts: a phone that starts to take TCP is found out after that.
    package static let memory = Span.seconds(300)

    private let limit: Int
    private var until: [SIPTarget: Instant] = [:]

    /// - Parameter limit: how many targets are known at most; peers name them.
    package init(limit: Int = 4096) {
        self.limit = limit
    }

    package func holds(_ target: SIPTarget, now: Instant) -> Bool {
        guard !self.until.isEmpty, let until = self.until[target] else { return false }
        return now < until
    }

    package mutating func note(_ target: SIPTarget, now: Instant) {
        if self.until.count >= self.limit, self.until[target] == nil {
            self.until = self.until.filter { now < $0.value }
            // Which of them goes does not matter, and all at once is cheapest.
            if self.until.count >= self.limit { self.until.removeAll() }
        }
        self.until[target] = now + Self.memory
    }
}
