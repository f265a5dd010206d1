/// The SSRCs that a key has been used with, which are bounded.
///
/// libsrtp keeps a stream for each SSRC, some kilobytes large, and never gives one up by itself. So the one that was
/// silent for longest goes once there are more than `activeLimit`. It never comes back: with the same key again from
/// the start, its old packets could be replayed, and outbound, a keystream would be used twice.
struct SRTPSources {
    /// How many streams there are at most.
    static let activeLimit = 16
    /// How many SSRCs are remembered as given up; when that many are, no new one is taken.
    static let retiredLimit = 256

    /// Latest first.
    private var active: [UInt32] = []
    private var retired: [UInt32] = []

    init() {
        self.active.reserveCapacity(Self.activeLimit + 1)
    }

    /// Whether a packet of this SSRC may be worked on at all.
    func permits(_ ssrc: UInt32) -> Bool {
        if self.active.first == ssrc || self.active.contains(ssrc) { return true }
        if self.active.count < Self.activeLimit { return true }
        return self.retired.count < Self.retiredLimit && !self.retired.contains(ssrc)
    }

    /// A packet of this SSRC was protected, or found authentic.
    ///
    /// - Returns: the SSRC whose stream has to go, if one has.
    mutating func used(_ ssrc: UInt32) -> UInt32? {
        if self.active.first == ssrc { return nil }
        if let index = self.active.firstIndex(of: ssrc) {
            self.active.remove(at: index)
            self.active.insert(ssrc, at: 0)
            return nil
        }
        self.active.insert(ssrc, at: 0)
        guard self.active.count > Self.activeLimit, let oldest = self.active.popLast() else { return nil }
        self.retired.append(oldest)
        return oldest
    }
}
