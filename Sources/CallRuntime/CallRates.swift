import CallCore
package import SIPCore

/// How often each user has called of late: a bucket of `callRatePerUser` calls that fills again within the period.
package struct CallRates {
    private struct Bucket {
        /// When the bucket will be full again.
        var full: Instant
    }

    private static let leastPruneAt = 10_000

    private var buckets: [String: Bucket] = [:]
    /// How many buckets make it worth while to look for full ones.
    private var pruneAt = Self.leastPruneAt

    /// How often full buckets were looked for.
    package private(set) var prunes = 0

    package init() {}

    /// Takes one call of that user; false where the user has called too often.
    package mutating func take(_ user: String, limits: CallLimits, now: Instant) -> Bool {
        guard limits.callRatePerUser > 0 else { return false }
        let each = Span(nanoseconds: limits.callRatePeriod.nanoseconds / UInt64(limits.callRatePerUser))
        let full = max(self.buckets[user]?.full ?? now, now) + each
        guard full - now <= limits.callRatePeriod else { return false }
        if self.buckets.count >= self.pruneAt {
            // A full bucket says nothing more than no bucket.
            self.buckets = self.buckets.filter { $0.value.full > now }
            // Where most of them are in use, the next look is so far off that its cost does not grow with their number.
            self.pruneAt = max(Self.leastPruneAt, 2 * self.buckets.count)
            self.prunes += 1
        }
        self.buckets[user] = Bucket(full: full)
        return true
    }
}
