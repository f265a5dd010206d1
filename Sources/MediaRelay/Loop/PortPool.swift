package import SIPCore

/// The pairs of ports for legs toward phones: RTP on an even port, RTCP on the next (RFC 3550 §11).
///
/// They are given out in random order, so that nobody can foretell the next call's. A port that comes back rests
/// for a while, so that the last packets of one call do not come to the next.
package struct PortPool: ~Copyable {
    private struct Resting {
        var port: UInt16
        var until: Instant
    }

    private let quarantine: Span
    private var free: [UInt16]
    /// In the order in which they came back, from `restingStart` on.
    private var resting: [Resting] = []
    private var restingStart = 0
    private var generator = SystemRandomNumberGenerator()
    /// Pairs that are given out and have not come back.
    package private(set) var inUse = 0

    /// - Parameters:
    ///   - range: RTP and RTCP ports; an odd first one and an even last one stay unused.
    ///   - quarantine: how long a pair rests.
    package init(range: ClosedRange<UInt16>, quarantine: Span) {
        self.quarantine = quarantine
        self.free = range.filter { $0.isMultiple(of: 2) && $0 < range.upperBound && $0 != 0 }
    }

    /// Pairs that could be given out now, those excepted whose rest has ended since the last `take`.
    package var freeCount: Int { self.free.count }

    /// Gives out a pair, told by its even port; nil where none is free.
    package mutating func take(now: Instant) -> UInt16? {
        self.wake(now: now)
        guard !self.free.isEmpty else { return nil }
        let index = Int.random(in: 0..<self.free.count, using: &self.generator)
        self.free.swapAt(index, self.free.count - 1)
        self.inUse += 1
        return self.free.removeLast()
    }

    /// Takes a pair back, used up or found to be another process's.
    package mutating func giveBack(_ port: UInt16, now: Instant) {
        self.inUse -= 1
        self.resting.append(Resting(port: port, until: now + self.quarantine))
    }

    private mutating func wake(now: Instant) {
        while self.restingStart < self.resting.count, self.resting[self.restingStart].until <= now {
            self.free.append(self.resting[self.restingStart].port)
            self.restingStart += 1
        }
        if self.restingStart > 64, self.restingStart * 2 > self.resting.count {
            self.resting.removeFirst(self.restingStart)
            self.restingStart = 0
        }
    }
}
