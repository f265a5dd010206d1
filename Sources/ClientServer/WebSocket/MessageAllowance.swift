import NIOCore

/// How many messages a client may send: `perSecond` over a while, and `burst` of them at once.
///
/// Each message puts off by its share of a second the moment at which all is forgotten; beyond the burst that would be
/// too far off (the generic cell rate algorithm, ITU-T I.371).
struct MessageAllowance {
    private let each: TimeAmount
    private let burst: TimeAmount
    /// When all is forgotten.
    private var clear = NIODeadline.uptimeNanoseconds(0)

    /// - Parameters:
    ///   - perSecond: 1 to 1,000,000,000.
    ///   - burst: 1 to 1,000,000.
    init(perSecond: Int, burst: Int) {
        self.each = .nanoseconds(1_000_000_000 / Int64(min(max(perSecond, 1), 1_000_000_000)))
        self.burst = .nanoseconds(self.each.nanoseconds * Int64(min(max(burst, 1), 1_000_000)))
    }

    /// Takes one message; false where it is one too many.
    mutating func take(now: NIODeadline) -> Bool {
        let clear = max(self.clear, now) + self.each
        guard clear <= now + self.burst else { return false }
        self.clear = clear
        return true
    }
}
