/// What a sender tells of itself (RFC 3550 §6.4.1).
package struct RTCPSenderInfo: Hashable, Sendable {
    /// In bytes, without the SSRC.
    static let length = 20

    package var ssrc: UInt32
    /// The time of the report, in 2^-32 seconds since 1900.
    package var ntp: UInt64
    /// The same moment by the stream's clock.
    package var timestamp: UInt32
    package var packets: UInt32
    package var octets: UInt32

    package init(ssrc: UInt32, ntp: UInt64, timestamp: UInt32, packets: UInt32, octets: UInt32) {
        self.ssrc = ssrc
        self.ntp = ntp
        self.timestamp = timestamp
        self.packets = packets
        self.octets = octets
    }

    /// Reads the SSRC and the 20 bytes behind it from `offset` on, which must be there.
    init(_ bytes: RawSpan, at offset: Int) {
        self.init(
            ssrc: bytes.word32(at: offset),
            ntp: bytes.word64(at: offset + 4),
            timestamp: bytes.word32(at: offset + 12),
            packets: bytes.word32(at: offset + 16),
            octets: bytes.word32(at: offset + 20)
        )
    }

    /// Writes 24 bytes from `offset` on, where there must be room.
    func write(into bytes: inout MutableRawSpan, at offset: Int) {
        bytes.set(word32: self.ssrc, at: offset)
        bytes.set(word64: self.ntp, at: offset + 4)
        bytes.set(word32: self.timestamp, at: offset + 12)
        bytes.set(word32: self.packets, at: offset + 16)
        bytes.set(word32: self.octets, at: offset + 20)
    }
}
