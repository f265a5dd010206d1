/// What the header of a received packet says, and where its payload lies (RFC 3550 §5.1).
///
/// It holds no bytes: CSRCs, header extensions of every form (RFC 8285) and padding are stepped over, and `rewrite` and
/// `copy` leave them behind. Padding is encrypted in SRTP, so a packet is read after it was unprotected.
package struct RTPPacket: Hashable, Sendable {
    /// 0 to 127, and not 64 to 95, which are RTCP (RFC 5761 §4).
    package var payloadType: UInt8
    package var marker: Bool
    package var sequence: UInt16
    package var timestamp: UInt32
    package var ssrc: UInt32
    /// Where the payload lies in the datagram: at 12 or later, maybe empty.
    package var payload: Range<Int>

    package init(
        payloadType: UInt8,
        marker: Bool = false,
        sequence: UInt16,
        timestamp: UInt32,
        ssrc: UInt32,
        payload: Range<Int> = 12..<12
    ) {
        self.payloadType = payloadType
        self.marker = marker
        self.sequence = sequence
        self.timestamp = timestamp
        self.ssrc = ssrc
        self.payload = payload
    }

    /// Reads a datagram; nil where it is no RTP or contradicts itself.
    package init?(_ datagram: RawSpan) {
        let count = datagram.byteCount
        guard count >= RTPHeader.length else { return nil }
        let first = datagram.octet(at: 0)
        let second = datagram.octet(at: 1)
        guard first >> 6 == 2, !(192...223 ~= second) else { return nil }

        var start = RTPHeader.length + 4 * Int(first & 0x0F)
        if first & 0x10 != 0 {
            guard start + 4 <= count else { return nil }
            start += 4 + 4 * Int(datagram.word16(at: start + 2))
        }
        guard start <= count else { return nil }
        var end = count
        if first & 0x20 != 0 {
            // The last byte counts itself, so that it can neither be 0 nor reach into the header.
            guard start < count else { return nil }
            let padding = Int(datagram.octet(at: count - 1))
            guard padding > 0, padding <= count - start else { return nil }
            end -= padding
        }

        self.payloadType = second & 0x7F
        self.marker = second & 0x80 != 0
        self.sequence = datagram.word16(at: 2)
        self.timestamp = datagram.word32(at: 4)
        self.ssrc = datagram.word32(at: 8)
        self.payload = start..<end
    }

    /// Gives the packet another header where it lies; the payload is not moved.
    ///
    /// - Parameters:
    ///   - header: what goes right before the payload.
    ///   - datagram: the one that this packet was read from.
    /// - Returns: where the new packet lies in the datagram, a multiple of 4 from its beginning; nil where the datagram
    ///   is another one, too short for this packet.
    package func rewrite(_ header: RTPHeader, in datagram: inout MutableRawSpan) -> Range<Int>? {
        let start = self.payload.lowerBound - RTPHeader.length
        guard self.payload.upperBound <= datagram.byteCount, header.write(into: &datagram, at: start) != nil else {
            return nil
        }
        return start..<self.payload.upperBound
    }

    /// Writes a packet with another header and this packet's payload.
    ///
    /// - Parameters:
    ///   - header: the new header.
    ///   - datagram: the one that this packet was read from.
    ///   - output: where the new packet goes, from its first byte on.
    /// - Returns: the new packet's length in bytes; nil where `output` has no room for it.
    package func copy(_ header: RTPHeader, from datagram: RawSpan, into output: inout MutableRawSpan) -> Int? {
        let length = RTPHeader.length + self.payload.count
        guard self.payload.lowerBound >= 0, self.payload.upperBound <= datagram.byteCount,
            length <= output.byteCount, header.write(into: &output) != nil
        else { return nil }
        output.copy(datagram.extracting(self.payload), at: RTPHeader.length)
        return length
    }
}
