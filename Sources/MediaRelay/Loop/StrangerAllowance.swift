import SIPCore

/// Bounds the work that packets from unknown addresses can make: to test one by its key costs more than to send it.
struct StrangerAllowance {
    /// In a second: a peer that has moved is found out within a few packets.
    static let limit = 100

    private var left = StrangerAllowance.limit
    private var until = Instant(nanoseconds: 0)

    /// Whether one more may be tested.
    mutating func takes(now: Instant) -> Bool {
        if now >= self.until {
            self.until = now + .seconds(1)
            self.left = Self.limit
        }
        guard self.left > 0 else { return false }
        self.left -= 1
        return true
    }
}
