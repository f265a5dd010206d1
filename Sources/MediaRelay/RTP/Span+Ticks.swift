import SIPCore

/// Time in the units of an RTP clock.
extension SIPCore.Span {
    /// The length of `ticks` of a clock; zero where the clock stands still.
    init(ticks: UInt64, at clockRate: UInt32) {
        let rate = UInt64(clockRate)
        guard rate > 0 else {
            self = .zero
            return
        }
        // The remainder is below 2^32, so that its product stays below 2^62.
        self.init(nanoseconds: (ticks / rate) &* 1_000_000_000 &+ ticks % rate * 1_000_000_000 / rate)
    }

    /// The whole ticks of a clock in this time.
    func ticks(at clockRate: UInt32) -> UInt64 {
        let rate = UInt64(clockRate)
        return (self.nanoseconds / 1_000_000_000) &* rate &+ self.nanoseconds % 1_000_000_000 * rate / 1_000_000_000
    }
}

extension UInt32 {
    /// How far this timestamp or number lies after `other`; below zero where it lies before it.
    ///
    /// Both wrap.
    func distance(after other: UInt32) -> Int64 {
        Int64(Int32(bitPattern: self &- other))
    }
}

extension UInt16 {
    /// How far this sequence number lies after `other`; below zero where it lies before it.
    ///
    /// Both wrap.
    func distance(after other: UInt16) -> Int {
        Int(Int16(bitPattern: self &- other))
    }
}
