import SIPCore

/// The state of one SSRC that is heard, with the arithmetic of RFC 3550, appendix A.
struct RTPReception: Sendable {
    /// What a sequence number says (§A.1).
    enum Order {
        case inSequence
        /// Late or a duplicate.
        case late
        /// A jump; if the next packet follows on it, the source began anew.
        case suspect
        case restarted
    }

    let ssrc: UInt32
    private(set) var clockRate: UInt32 = 0
    /// In clock units, times 16 (§A.8).
    private(set) var jitter: UInt64 = 0
    private(set) var received: UInt32 = 1
    private let base: UInt16
    private var highest: UInt16
    /// How often the sequence numbers wrapped, times 2^16.
    private var cycles: UInt32 = 0
    /// What comes after a jump.
    private var suspect: UInt16?
    private var expectedBefore: UInt32 = 0
    private var receivedBefore: UInt32 = 0
    /// The arrival less the timestamp of the packet before.
    private var transit: UInt32?

    init(ssrc: UInt32, sequence: UInt16) {
        self.ssrc = ssrc
        self.base = sequence
        self.highest = sequence
    }

    private var extendedHighest: UInt32 { self.cycles &+ UInt32(self.highest) }

    /// How many packets the sequence numbers stand for.
    var expected: UInt32 { self.extendedHighest &- UInt32(self.base) &+ 1 }

    mutating func received(_ sequence: UInt16) -> Order {
        let step = Int(sequence &- self.highest)
        if step >= RTPLimits.dropout, step <= 65_536 - RTPLimits.misorder {
            guard self.suspect == sequence else {
                self.suspect = sequence &+ 1
                return .suspect
            }
            return .restarted
        }
        self.received &+= 1
        // A number from before the first one would count as received, yet never as expected; it is no matter for one.
        guard step > 0, step < RTPLimits.dropout else { return .late }
        if sequence < self.highest { self.cycles &+= 1 << 16 }
        self.highest = sequence
        return .inSequence
    }

    /// Takes a packet's timestamp into the jitter (§A.8).
    mutating func measure(_ timestamp: UInt32, clockRate: UInt32?, now: Instant) {
        guard let clockRate else { return }
        if clockRate != self.clockRate {
            // Rescaled, so that a report tells of the time that it was measured over.
            let jitter = self.clockRate == 0 ? 0 : self.jitter &* UInt64(clockRate) / UInt64(self.clockRate)
            self.jitter = jitter
            self.clockRate = clockRate
            self.transit = nil
        }
        let arrival = SIPCore.Span(nanoseconds: now.nanoseconds).ticks(at: clockRate)
        let transit = UInt32(truncatingIfNeeded: arrival) &- timestamp
        defer { self.transit = transit }
        guard let before = self.transit else { return }
        let difference = transit.distance(after: before).magnitude
        // A source that counts its timestamps anew, or none on hold, is no jitter.
        guard difference <= 2 * UInt64(clockRate) else { return }
        self.jitter = self.jitter &+ difference &- ((self.jitter &+ 8) >> 4)
    }

    /// The numbers since the last block (§6.4.1, §A.3).
    mutating func reportBlock() -> RTCPReportBlock {
        let expected = self.expected
        let expectedNow = expected &- self.expectedBefore
        let lostNow = Int64(expectedNow) - Int64(self.received &- self.receivedBefore)
        self.expectedBefore = expected
        self.receivedBefore = self.received
        let fraction = expectedNow == 0 || lostNow <= 0 ? 0 : (lostNow << 8) / Int64(expectedNow)
        let lost = Int64(expected) - Int64(self.received)
        return RTCPReportBlock(
            ssrc: self.ssrc,
            fractionLost: UInt8(clamping: fraction),
            lost: Int32(max(-0x80_0000, min(0x7F_FFFF, lost))),
            highest: self.extendedHighest,
            jitter: UInt32(clamping: self.jitter >> 4)
        )
    }
}
