/// Which counts of which nonces have been used, so that no request is taken twice (RFC 7616 §3.4, `nc`).
///
/// Only nonces are kept that right credentials came with, in two generations: a nonce is dead before it is forgotten. Where
/// there are too many, the older generation goes early, and all nonces of its time are dead with it.
struct NonceUses {
    /// The counts of one nonce: the highest, and which of the 63 before it have been used.
    private struct Counts {
        var highest: UInt32
        /// Bit 0 is the highest's.
        var used: UInt64 = 1

        /// Whether `count` is new.
        mutating func take(_ count: UInt32) -> Bool {
            if count > self.highest {
                let step = UInt64(count - self.highest)
                self.used = step > 63 ? 1 : self.used << step | 1
                self.highest = count
                return true
            }
            // Datagrams overtake each other; what is further behind is a replay or as good as one.
            let age = UInt64(self.highest - count)
            guard age <= 63, self.used & (1 << age) == 0 else { return false }
            self.used |= 1 << age
            return true
        }
    }

    private let lifetime: Span
    private let limit: Int
    private var young: [UInt64: Counts] = [:]
    private var old: [UInt64: Counts] = [:]
    /// When the younger generation began, and when it is over.
    private var youngFrom = Instant(nanoseconds: 0)
    private var turnAt: Instant?
    /// Nonces that were made before are dead.
    private(set) var validFrom = Instant(nanoseconds: 0)

    /// - Parameters:
    ///   - lifetime: how long a nonce lives.
    ///   - limit: how many nonces are kept at most.
    init(lifetime: Span, limit: Int) {
        self.lifetime = lifetime
        self.limit = max(2, limit)
    }

    /// Takes a count of a living nonce.
    ///
    /// - Returns: false where that count has been used.
    mutating func take(_ count: UInt32, of nonce: UInt64, now: Instant) -> Bool {
        guard count > 0 else { return false }
        self.turn(now: now)
        if self.young[nonce] != nil { return self.young[nonce]?.take(count) ?? false }
        if var counts = self.old[nonce] {
            let isNew = counts.take(count)
            self.old[nonce] = counts
            return isNew
        }
        if self.young.count >= self.limit / 2 {
            // What is forgotten now was made before the younger generation began.
            self.validFrom = self.youngFrom
            self.old = self.young
            self.begin(now: now)
        }
        self.young[nonce] = Counts(highest: count)
        return true
    }

    /// Begins a generation where the last one is over: what is forgotten then is a lifetime old at least.
    private mutating func turn(now: Instant) {
        guard let turnAt = self.turnAt else { return self.begin(now: now) }
        guard turnAt <= now else { return }
        self.old = now < turnAt + self.lifetime ? self.young : [:]
        self.begin(now: now)
    }

    private mutating func begin(now: Instant) {
        self.young = [:]
        self.youngFrom = now
        self.turnAt = now + self.lifetime
    }
}
