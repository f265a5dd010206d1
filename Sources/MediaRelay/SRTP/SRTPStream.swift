/// What is remembered of one SSRC under one key (RFC 3711 §3.2.3).
package struct SRTPStream: Sendable {
    /// The last number of rollovers and sequence number that there is.
    private static let lastIndex: UInt64 = 0xFFFF_FFFF_FFFF
    /// The last SRTCP index that there is.
    package static let lastControlIndex: UInt64 = 0x7FFF_FFFF

    package let ssrc: UInt32
    /// When it was used last, as `SRTPSources` counts.
    var lastUse: UInt64 = 0
    /// How many packets may come late: at 50 a second those of 20 s.
    private var packets = SRTPReplayWindow<17>()
    private var reports = SRTPReplayWindow<3>()

    package init(ssrc: UInt32) {
        self.ssrc = ssrc
    }

    /// The index of the packet with this sequence number: the possible one that is nearest to the highest so far (RFC
    /// 3711 §3.3.1, appendix A).
    ///
    /// - Throws: `SRTPError.replayed` where it has been there or is too old, `.exhausted` after 2^48 packets.
    package func index(of sequence: UInt16) throws(SRTPError) -> UInt64 {
        let rollovers = self.packets.highest >> 16
        let last = UInt16(truncatingIfNeeded: self.packets.highest)
        var guess = rollovers
        if last < 0x8000 {
            // Before the first rollover there is nothing to come late from.
            if sequence > last, sequence - last > 0x8000, rollovers > 0 { guess -= 1 }
        } else if sequence < last - 0x8000 {
            guess += 1
        }
        let index = guess << 16 | UInt64(sequence)
        guard index <= Self.lastIndex else { throw .exhausted }
        guard self.packets.isFresh(index) else { throw .replayed }
        return index
    }

    /// - Throws: `SRTPError.replayed` where a report with this SRTCP index has been there, or it is too old.
    package func check(control index: UInt32) throws(SRTPError) {
        guard self.reports.isFresh(UInt64(index)) else { throw .replayed }
    }

    /// The SRTCP index of the next report that we send; the first is 1.
    ///
    /// - Throws: `SRTPError.exhausted` after 2^31 - 1 reports.
    package func nextControlIndex() throws(SRTPError) -> UInt32 {
        guard self.reports.highest < Self.lastControlIndex else { throw .exhausted }
        return UInt32(truncatingIfNeeded: self.reports.highest + 1)
    }

    /// A packet with this index was protected, or found authentic.
    package mutating func used(_ index: UInt64) {
        self.packets.mark(index)
    }

    /// A report with this SRTCP index was protected, or found authentic.
    package mutating func used(control index: UInt32) {
        self.reports.mark(UInt64(index))
    }
}
