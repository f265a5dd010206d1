import SIPCore

/// Finds out from counts of packets when a peer falls silent, is heard again, and is gone.
struct EngineWatch {
    enum News: Hashable, Sendable {
        case heard(Bool)
        case lost
    }

    private var packets: Int64 = 0
    private var lastGrowth: Instant?
    private var silentSince: Instant?
    private var isSilent = false
    private var isLost = false

    mutating func begin(now: Instant) {
        self.lastGrowth = now
        self.silentSince = now
    }

    /// What a count tells.
    ///
    /// - Parameters:
    ///   - packets: all that have come so far; nil where that is not known.
    ///   - owesSound: whether silence is a fault now.
    ///   - isHeld: whether not even the end can be told from silence.
    ///   - timing: how long silence may be.
    ///   - now: the present.
    /// - Returns: each change once.
    mutating func observed(
        _ packets: Int64?,
        owesSound: Bool,
        isHeld: Bool,
        timing: RTPEngineSession.Timing,
        now: Instant
    ) -> [News] {
        if let packets, packets != self.packets {
            self.packets = packets
            self.lastGrowth = now
            self.silentSince = now
            self.isLost = false
            defer { self.isSilent = false }
            return self.isSilent ? [.heard(true)] : []
        }
        var news: [News] = []
        // It has its full time from the moment on at which it has to send.
        if !owesSound { self.silentSince = now }
        if isHeld { self.lastGrowth = now }
        if packets != nil, !self.isSilent, owesSound, let since = self.silentSince, now - since >= timing.silence {
            self.isSilent = true
            news.append(.heard(false))
        }
        if !self.isLost, let lastGrowth, now - lastGrowth >= timing.timeout {
            self.isLost = true
            news.append(.lost)
        }
        return news
    }
}
