package import NIOCore

/// An RTP packet without its header extension, its contributing sources and its padding (RFC 3550 §5.1).
package struct RTPPacket: Hashable, Sendable {
    /// Bytes of a packet, its header included; longer ones are none of a telephone's.
    package static let longest = 1_500

    private static let headerLength = 12

    package var isMarked: Bool
    /// 0 to 127.
    package var payloadType: UInt8
    package var sequence: UInt16
    /// In units of the payload type's clock.
    package var timestamp: UInt32
    /// The SSRC.
    package var source: UInt32
    package var payload: ByteBuffer

    package init(
        isMarked: Bool,
        payloadType: UInt8,
        sequence: UInt16,
        timestamp: UInt32,
        source: UInt32,
        payload: ByteBuffer
    ) {
        self.isMarked = isMarked
        self.payloadType = payloadType
        self.sequence = sequence
        self.timestamp = timestamp
        self.source = source
        self.payload = payload
    }

    /// Reads a datagram; nil where it is RTCP, anything else, or cut short.
    package init?(_ datagram: ByteBuffer) {
        var buffer = datagram
        guard buffer.readableBytes <= Self.longest,
            let (first, second, sequence, timestamp, source) = buffer.readMultipleIntegers(
                as: (UInt8, UInt8, UInt16, UInt32, UInt32).self
            ),
            // Version 2, and no RTCP (RFC 5761 §4).
            first >> 6 == 2, !(192...223).contains(second)
        else { return nil }
        guard buffer.readSlice(length: Int(first & 0x0F) * 4) != nil else { return nil }
        if first & 0x10 != 0 {
            guard let (_, words) = buffer.readMultipleIntegers(as: (UInt16, UInt16).self),
                buffer.readSlice(length: Int(words) * 4) != nil
            else { return nil }
        }
        var length = buffer.readableBytes
        if first & 0x20 != 0 {
            guard let padding = buffer.readableBytesView.last, padding > 0, Int(padding) <= length else { return nil }
            length -= Int(padding)
        }
        guard let payload = buffer.readSlice(length: length) else { return nil }
        self.init(
            isMarked: second & 0x80 != 0,
            payloadType: second & 0x7F,
            sequence: sequence,
            timestamp: timestamp,
            source: source,
            payload: payload
        )
    }

    /// The datagram that carries it.
    package func datagram(_ allocator: ByteBufferAllocator) -> ByteBuffer {
        var buffer = allocator.buffer(capacity: Self.headerLength + self.payload.readableBytes)
        buffer.writeMultipleIntegers(
            UInt8(0x80),
            (self.isMarked ? 0x80 : 0) | (self.payloadType & 0x7F),
            self.sequence,
            self.timestamp,
            self.source
        )
        buffer.writeImmutableBuffer(self.payload)
        return buffer
    }
}
