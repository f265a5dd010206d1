/// What a receiver tells of one source (RFC 3550 §6.4.1).
package struct RTCPReportBlock: Hashable, Sendable {
    /// In bytes.
    static let length = 24

    /// The source.
    package var ssrc: UInt32
    /// Since the last report, in 256ths.
    package var fractionLost: UInt8
    /// Since the beginning; 24 bits with a sign.
    package var lost: Int32
    /// The highest sequence number, with the number of wraps above it.
    package var highest: UInt32
    /// In clock units.
    package var jitter: UInt32
    /// The middle of the NTP time of the source's last sender report; 0: none came.
    package var lastReport: UInt32
    /// How long ago that came, in 65,536ths of a second.
    package var delay: UInt32

    package init(
        ssrc: UInt32,
        fractionLost: UInt8,
        lost: Int32,
        highest: UInt32,
        jitter: UInt32,
        lastReport: UInt32 = 0,
        delay: UInt32 = 0
    ) {
        self.ssrc = ssrc
        self.fractionLost = fractionLost
        self.lost = lost
        self.highest = highest
        self.jitter = jitter
        self.lastReport = lastReport
        self.delay = delay
    }

    /// Reads the 24 bytes from `offset` on, which must be there.
    init(_ bytes: RawSpan, at offset: Int) {
        let loss = bytes.word32(at: offset + 4)
        self.init(
            ssrc: bytes.word32(at: offset),
            fractionLost: UInt8(loss >> 24),
            // Shifted there and back, so that the 24th bit is the sign.
            lost: Int32(bitPattern: loss << 8) >> 8,
            highest: bytes.word32(at: offset + 8),
            jitter: bytes.word32(at: offset + 12),
            lastReport: bytes.word32(at: offset + 16),
            delay: bytes.word32(at: offset + 20)
        )
    }

    /// Writes 24 bytes from `offset` on, where there must be room.
    func write(into bytes: inout MutableRawSpan, at offset: Int) {
        bytes.set(word32: self.ssrc, at: offset)
        bytes.set(
            word32: UInt32(self.fractionLost) << 24 | UInt32(bitPattern: self.lost) & 0xFF_FFFF,
            at: offset + 4
        )
        bytes.set(word32: self.highest, at: offset + 8)
        bytes.set(word32: self.jitter, at: offset + 12)
        bytes.set(word32: self.lastReport, at: offset + 16)
        bytes.set(word32: self.delay, at: offset + 20)
    }
}
