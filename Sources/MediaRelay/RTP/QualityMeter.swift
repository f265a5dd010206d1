package import MediaCore
package import SIPCore

/// Sums up every 5 s how a leg has fared.
package struct QualityMeter: ~Copyable {
    package static let interval = SIPCore.Span.seconds(5)

    /// When `timeoutReached` is due.
    package private(set) var deadline: Instant
    private var before = RTPTotals()

    package init(now: Instant) {
        self.deadline = now + Self.interval
    }

    /// Ends an interval.
    ///
    /// - Parameters:
    ///   - reception: what the peer sends.
    ///   - session: what its reports tell; the peer's loss is taken from it.
    ///   - now: the present.
    /// - Returns: nil before the deadline, and where nothing came and nothing was reported in the interval.
    package mutating func timeoutReached(
        _ reception: borrowing RTPStreamIn,
        _ session: inout RTCPSession,
        now: Instant
    ) -> MediaQuality? {
        guard self.deadline <= now else { return nil }
        self.deadline = now + Self.interval
        let totals = reception.totals
        let expected = totals.expected &- self.before.expected
        let received = totals.received &- self.before.received
        self.before = totals
        let peerLoss = session.takePeerLoss()
        guard expected > 0 || received > 0 || peerLoss != nil else { return nil }
        let lost = expected > received ? expected - received : 0
        return MediaQuality(
            lossPerMille: expected == 0 ? 0 : UInt16(clamping: lost &* 1000 / expected),
            peerLossPerMille: peerLoss,
            jitter: reception.jitter,
            roundTrip: session.roundTrip
        )
    }
}
