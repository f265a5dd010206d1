import CallCore
import SIPCore

/// How often each user has called of late: a bucket of `callRatePerUser` calls that fills again within the period.
struct CallRates {
    private struct Bucket {
        /// When the bucket will be full again.
        var full: Instant
    }

    private static let pruneAt = 10_000

    private var buckets: [String: Bucket] = [:]

    /// Takes one call of that user; false where the user has called too often.
    mutating func take(_ user: String, limits: CallLimits, now: Instant) -> Bool {
        guard limits.callRatePerUser > 0 else { return false }
        let each = Span(nanoseconds: limits.callRatePeriod.nanoseconds / UInt64(limits.callRatePerUser))
        let full = max(self.buckets[user]?.full ?? now, now) + each
        guard full - now <= limits.callRatePeriod else { return false }
        if self.buckets.count >= Self.pruneAt {
            // A full bucket says nothing more than no bucket.
            self.buckets = self.buckets.filter { $0.value.full > now }
        }
        self.buckets[user] = Bucket(full: full)
        return true
    }
}

