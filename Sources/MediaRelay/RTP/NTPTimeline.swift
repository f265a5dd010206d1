package import SIPCore

/// What ties the monotonic clock to the time of day, for sender reports (RFC 3550 §4).
package struct NTPTimeline: Hashable, Sendable {
    /// From 1900 to 1970.
    private static let secondsBeforeUnix: UInt64 = 2_208_988_800

    private let unixNanoseconds: UInt64
    private let moment: Instant

    /// - Parameters:
    ///   - unixNanoseconds: since 1970, as a clock of the day had them at `moment`.
    ///   - moment: when that was.
    package init(unixNanoseconds: UInt64, at moment: Instant) {
        self.unixNanoseconds = unixNanoseconds
        self.moment = moment
    }

    /// In 2^-32 seconds since 1900; it wraps in 2036.
    package func ntp(at now: Instant) -> UInt64 {
        let nanoseconds = self.unixNanoseconds &+ (now.nanoseconds &- self.moment.nanoseconds)
        let seconds = nanoseconds / 1_000_000_000 + Self.secondsBeforeUnix
        let rest = nanoseconds % 1_000_000_000
        return seconds << 32 | (rest << 32) / 1_000_000_000
    }

    /// The middle 32 bits of it, in 65,536ths of a second.
    package func compact(at now: Instant) -> UInt32 {
        UInt32(truncatingIfNeeded: self.ntp(at: now) >> 16)
    }
}
