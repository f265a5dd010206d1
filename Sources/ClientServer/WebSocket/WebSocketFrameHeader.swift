import NIOCore

/// The opcodes of RFC 6455 §5.2.
enum WebSocketOpcode: UInt8 {
    case continuation = 0x0
    case text = 0x1
    case binary = 0x2
    case close = 0x8
    case ping = 0x9
    case pong = 0xA

    /// Whether it is a control frame, which may stand between the fragments of a message (§5.5).
    var isControl: Bool { self.rawValue >= 0x8 }
}

/// The header of a client's frame (RFC 6455 §5.2), checked.
struct WebSocketFrameHeader {
    /// What lies at the start of a buffer.
    enum Reading {
        case header(WebSocketFrameHeader)
        case incomplete
        /// Unmasked, reserved bits or opcodes, a length in too many bytes, a broken control frame.
        case violation
    }

    var isFinal: Bool
    var opcode: WebSocketOpcode
    /// The bytes of the mask in the order of the wire, the first in the lowest bits.
    var mask: UInt32
    var payloadLength: Int
    /// Bytes of the header itself.
    var length: Int

    /// The header at the reader index, which stays where it is.
    static func read(_ buffer: ByteBuffer) -> Reading {
        let start = buffer.readerIndex
        guard let first = buffer.getInteger(at: start, as: UInt8.self),
            let second = buffer.getInteger(at: start + 1, as: UInt8.self)
        else { return .incomplete }
        guard first & 0x70 == 0, second & 0x80 != 0, let opcode = WebSocketOpcode(rawValue: first & 0x0F) else {
            return .violation
        }
        let isFinal = first & 0x80 != 0
        var payloadLength = Int(second & 0x7F)
        var length = 2
        guard !opcode.isControl || (isFinal && payloadLength <= 125) else { return .violation }
        if payloadLength == 126 {
            guard let long = buffer.getInteger(at: start + 2, as: UInt16.self) else { return .incomplete }
            guard long > 125 else { return .violation }
            payloadLength = Int(long)
            length = 4
        } else if payloadLength == 127 {
            guard let long = buffer.getInteger(at: start + 2, as: UInt64.self) else { return .incomplete }
            guard long > UInt64(UInt16.max), let exact = Int(exactly: long) else { return .violation }
            payloadLength = exact
            length = 10
        }
        guard let mask = buffer.getInteger(at: start + length, endianness: .little, as: UInt32.self) else {
            return .incomplete
        }
        return .header(
            WebSocketFrameHeader(
                isFinal: isFinal,
                opcode: opcode,
                mask: mask,
                payloadLength: payloadLength,
                length: length + 4
            )
        )
    }

    /// Appends the header of an unmasked, final frame of ours.
    static func write(_ opcode: WebSocketOpcode, payloadLength: Int, to buffer: inout ByteBuffer) {
        buffer.writeInteger(0x80 | opcode.rawValue)
        switch payloadLength {
        case ...125:
            buffer.writeInteger(UInt8(payloadLength))
        case ...Int(UInt16.max):
            buffer.writeInteger(126 as UInt8)
            buffer.writeInteger(UInt16(payloadLength))
        default:
            buffer.writeInteger(127 as UInt8)
            buffer.writeInteger(UInt64(payloadLength))
        }
    }
}
