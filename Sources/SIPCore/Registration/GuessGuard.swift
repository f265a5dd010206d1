/// Turns away whoever tries passwords: counts wrong ones by where they come from, and never by the phone's name alone, so
/// that nobody can lock a phone out from elsewhere.
///
/// A nonce is good only where it was sent, so a source can't be forged: the count of an address is that address's own doing.
struct GuessGuard: Sendable {
    /// What is counted: the wrong passwords of a source for one name, and for all names together (nil).
    private struct Key: Hashable {
        var source: Source
        var name: String?
    }

    /// An IPv4 address, or the 64 bits of an IPv6 network, which one host has whole.
    private enum Source: Hashable {
        case address(String)
        case network(UInt64)

        init(_ host: String) {
            self = IPv6Literal(host[...]).map { .network($0.high) } ?? .address(host)
        }
    }

    private struct Count {
        var wrong: Int
        /// When the first of them came.
        var since: Instant
        /// Turned away until then.
        var until: Instant?
    }

    /// A name that is longer is nobody's, and not worth the memory.
    private static let longestName = 64

    private let limits: GuessLimits
    /// In two generations, so that what is old goes away by itself.
    private var young: [Key: Count] = [:]
    private var old: [Key: Count] = [:]
    private var turnAt: Instant?

    init(limits: GuessLimits) {
        self.limits = limits
    }

    /// How long requests with credentials of that name are turned away from there; nil: not at all.
    ///
    /// Where all of a source is turned away, a phone that is registered from there is not (`isKnownThere`): it may share
    /// its address with whoever guesses.
    func wait(of name: String, from host: String, isKnownThere: () -> Bool, now: Instant) -> Span? {
        let source = Source(host)
        let own = self.wait(Key(source: source, name: name), now: now)
        guard let all = self.wait(Key(source: source, name: nil), now: now) else { return own }
        return isKnownThere() ? own : max(own ?? .zero, all)
    }

    private func wait(_ key: Key, now: Instant) -> Span? {
        guard let until = (self.young[key] ?? self.old[key])?.until, now < until else { return nil }
        return until - now
    }

    /// A password was wrong.
    mutating func wasWrong(_ name: String, from host: String, now: Instant) {
        self.turn(now: now)
        let source = Source(host)
        if name.utf8.count <= Self.longestName {
            self.count(Key(source: source, name: name), most: self.limits.wrong, now: now)
        }
        self.count(Key(source: source, name: nil), most: self.limits.wrongOfSource, now: now)
    }

    /// A password was right: what was wrong before was a slip.
    mutating func wasRight(_ name: String, from host: String) {
        guard !self.young.isEmpty || !self.old.isEmpty else { return }
        let key = Key(source: Source(host), name: name)
        self.young[key] = nil
        self.old[key] = nil
    }

    private mutating func count(_ key: Key, most: Int, now: Instant) {
        var count = self.young[key] ?? self.old.removeValue(forKey: key) ?? Count(wrong: 0, since: now)
        if count.since + self.limits.period <= now { count = Count(wrong: 0, since: now, until: count.until) }
        count.wrong += 1
        if count.wrong >= most {
            count.until = now + self.limits.ban
            count.wrong = 0
            count.since = now
        }
        self.young[key] = count
    }

    private mutating func turn(now: Instant) {
        let isDue = self.turnAt.map { $0 <= now } ?? true
        guard isDue || self.young.count >= self.limits.sources else { return }
        self.old = self.young
        self.young = [:]
        self.turnAt = now + max(self.limits.ban, self.limits.period)
    }
}

/// How many wrong passwords are borne.
package struct GuessLimits: Hashable, Sendable {
    /// From one address for one phone within `period`: so many, and the address is turned away for that phone; 10 by default.
    package var wrong: Int
    /// For all phones together: four times as many, for many phones may share an address.
    var wrongOfSource: Int { self.wrong.multipliedReportingOverflow(by: 4).partialValue }
    /// 60 s by default.
    package var period: Span
    /// For how long; 300 s by default.
    package var ban: Span
    /// Counts that are kept at most, twice over; beyond it the oldest go.
    package var sources: Int

    package init(
        wrong: Int = 10,
        period: Span = .seconds(60),
        ban: Span = .seconds(300),
        sources: Int = 16_384
    ) {
        self.wrong = max(1, wrong)
        self.period = period
        self.ban = ban
        self.sources = max(2, sources)
    }
}

/// What has become of wrong passwords since the start.
package struct GuessCounters: Hashable, Sendable {
    /// Requests whose credentials were wrong.
    package var wrong = 0
    /// Requests with credentials that were not looked at, for too many from there had been wrong.
    package var turnedAway = 0

    package init() {}
}
