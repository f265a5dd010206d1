/// How many packets a peer has sent, as its sequence numbers tell, and how many of them came.
package struct RTPTotals: Hashable, Sendable {
    package var expected: UInt64
    /// With duplicates, as in RFC 3550 §A.3: it can be more than `expected`.
    package var received: UInt64

    package init(expected: UInt64 = 0, received: UInt64 = 0) {
        self.expected = expected
        self.received = received
    }

    func adding(expected: UInt64, received: UInt64) -> RTPTotals {
        RTPTotals(expected: self.expected &+ expected, received: self.received &+ received)
    }
}
