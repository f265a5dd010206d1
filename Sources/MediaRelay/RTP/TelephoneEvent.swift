/// The payload of one telephone-event packet (RFC 4733 §2.3).
package struct TelephoneEvent: Hashable, Sendable {
    /// In bytes.
    package static let length = 4

    /// 0 to 15 are the digits.
    package var code: UInt8
    package var isEnd: Bool
    /// The power level in dBm0 without its sign, 0 to 63.
    package var volume: UInt8
    /// From the packet's timestamp on, in clock units.
    package var duration: UInt16

    package init(code: UInt8, isEnd: Bool, volume: UInt8 = 10, duration: UInt16) {
        self.code = code
        self.isEnd = isEnd
        self.volume = volume
        self.duration = duration
    }

    /// Reads a payload; nil where it is too short.
    ///
    /// Of several events, only the first is read.
    package init?(_ datagram: RawSpan, at payload: Range<Int>) {
        guard payload.count >= Self.length, payload.lowerBound >= 0, payload.upperBound <= datagram.byteCount else {
            return nil
        }
        let word = datagram.word32(at: payload.lowerBound)
        self.code = UInt8(word >> 24)
        self.isEnd = word & 0x80_0000 != 0
        self.volume = UInt8(word >> 16 & 0x3F)
        self.duration = UInt16(truncatingIfNeeded: word)
    }

    /// Writes the payload from `offset` on; false, and nothing written, where there is no room.
    package func write(into bytes: inout MutableRawSpan, at offset: Int) -> Bool {
        guard offset >= 0, bytes.byteCount >= Self.length, offset <= bytes.byteCount - Self.length else { return false }
        let flags = (self.isEnd ? 0x80 : 0) | (self.volume & 0x3F)
        bytes.set(word32: UInt32(self.code) << 24 | UInt32(flags) << 16 | UInt32(self.duration), at: offset)
        return true
    }
}
