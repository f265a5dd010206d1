/// What SRTP has to know of an RTP packet.
struct SRTPHeader {
    /// Without CSRCs and extension (RFC 3550 §5.1).
    static let minimumLength = 12

    let sequence: UInt16
    let ssrc: UInt32
    /// With CSRCs and extension, in bytes.
    let length: Int

    /// Nil where the header is not all there, or is of another version than 2.
    ///
    /// - Parameter packet: without what protects it.
    init?(_ packet: RawSpan) {
        guard packet.byteCount >= Self.minimumLength else { return nil }
        let first = packet.octet(at: 0)
        guard first >> 6 == 2 else { return nil }
        var length = Self.minimumLength + 4 * Int(first & 0x0F)
        if first & 0x10 != 0 {
            guard length + 4 <= packet.byteCount else { return nil }
            length += 4 + 4 * Int(packet.word16(at: length + 2))
        }
        guard length <= packet.byteCount else { return nil }
        self.sequence = packet.word16(at: 2)
        self.ssrc = packet.word32(at: 8)
        self.length = length
    }
}
