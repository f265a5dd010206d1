/// The header of a packet that we send: 12 bytes, without CSRCs, extension and padding (RFC 3550 §5.1).
package struct RTPHeader: Hashable, Sendable {
    /// In bytes.
    package static let length = 12

    /// 0 to 127.
    package var payloadType: UInt8
    package var marker: Bool
    package var sequence: UInt16
    package var timestamp: UInt32
    package var ssrc: UInt32

    package init(payloadType: UInt8, marker: Bool, sequence: UInt16, timestamp: UInt32, ssrc: UInt32) {
        self.payloadType = payloadType
        self.marker = marker
        self.sequence = sequence
        self.timestamp = timestamp
        self.ssrc = ssrc
    }

    /// Writes the header from `offset` on.
    ///
    /// - Returns: where the payload goes; nil, and nothing written, where there is no room.
    package func write(into bytes: inout MutableRawSpan, at offset: Int = 0) -> Int? {
        guard offset >= 0, bytes.byteCount >= Self.length, offset <= bytes.byteCount - Self.length else { return nil }
        bytes.set(octet: 0x80, at: offset)
        bytes.set(octet: (self.marker ? 0x80 : 0) | (self.payloadType & 0x7F), at: offset + 1)
        bytes.set(word16: self.sequence, at: offset + 2)
        bytes.set(word32: self.timestamp, at: offset + 4)
        bytes.set(word32: self.ssrc, at: offset + 8)
        return offset + Self.length
    }
}
