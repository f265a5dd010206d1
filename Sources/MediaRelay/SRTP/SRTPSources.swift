/// The SSRCs that a key has been used with, which are bounded.
///
/// The one that was silent for longest goes once there are more than `activeLimit`. It never comes back: with the same
/// key again from the start, its old packets could be replayed, and outbound, a keystream would be used twice.
struct SRTPSources {
    /// How many streams there are at most.
    static let activeLimit = 16
    /// How many SSRCs are remembered as given up; when that many are, no new one is taken.
    static let retiredLimit = 256

    private var streams: [SRTPStream] = []
    private var retired: [UInt32] = []
    /// The slot that was used last, which most often is the next one, too.
    private var latest = 0
    /// Counts the uses.
    private var clock: UInt64 = 0

    /// Where the stream of this SSRC is; nil for one that may get a stream.
    ///
    /// - Throws: `SRTPError.tooManySources`.
    func slot(of ssrc: UInt32) throws(SRTPError) -> Int? {
        if self.latest < self.streams.count, self.streams[self.latest].ssrc == ssrc { return self.latest }
        if let slot = self.streams.firstIndex(where: { $0.ssrc == ssrc }) { return slot }
        if self.streams.count < Self.activeLimit { return nil }
        guard self.retired.count < Self.retiredLimit, !self.retired.contains(ssrc) else { throw .tooManySources }
        return nil
    }

    /// Whether this SSRC has a stream.
    func hasStream(_ ssrc: UInt32) -> Bool { self.streams.contains { $0.ssrc == ssrc } }

    /// As `SRTPStream.index(of:)`, with a new stream where there is none.
    func index(of sequence: UInt16, at slot: Int?) throws(SRTPError) -> UInt64 {
        guard let slot else { return UInt64(sequence) }
        return try self.streams[slot].index(of: sequence)
    }

    /// As `SRTPStream.check(control:)`.
    func check(control index: UInt32, at slot: Int?) throws(SRTPError) {
        if let slot { try self.streams[slot].check(control: index) }
    }

    /// As `SRTPStream.nextControlIndex()`.
    func nextControlIndex(at slot: Int?) throws(SRTPError) -> UInt32 {
        guard let slot else { return 1 }
        return try self.streams[slot].nextControlIndex()
    }

    /// A packet was protected, or found authentic.
    mutating func used(_ index: UInt64, of ssrc: UInt32, at slot: Int?) {
        let slot = self.touch(ssrc, at: slot)
        self.streams[slot].used(index)
    }

    /// A report was protected, or found authentic.
    mutating func used(control index: UInt32, of ssrc: UInt32, at slot: Int?) {
        let slot = self.touch(ssrc, at: slot)
        self.streams[slot].used(control: index)
    }

    /// The slot of this SSRC's stream, which is now the one used last.
    private mutating func touch(_ ssrc: UInt32, at slot: Int?) -> Int {
        let slot = slot ?? self.admit(ssrc)
        self.clock &+= 1
        self.latest = slot
        self.streams[slot].lastUse = self.clock
        return slot
    }

    private mutating func admit(_ ssrc: UInt32) -> Int {
        if self.streams.count < Self.activeLimit {
            self.streams.append(SRTPStream(ssrc: ssrc))
            return self.streams.count - 1
        }
        var oldest = 0
        for slot in self.streams.indices where self.streams[slot].lastUse < self.streams[oldest].lastUse {
            oldest = slot
        }
        self.retired.append(self.streams[oldest].ssrc)
        self.streams[oldest] = SRTPStream(ssrc: ssrc)
        return oldest
    }
}
