import NIOCore

/// One frame of RFC 6455, as this client reads and writes it: whole messages, never in fragments.
struct WebSocketFrame {
    enum Opcode: UInt8 {
        case text = 0x1
        case binary = 0x2
        case close = 0x8
        case ping = 0x9
        case pong = 0xA
    }

    enum Fault: Error {
        /// A fragment, a masked frame or an opcode that no server of ours sends.
        case unexpected(firstByte: UInt8, secondByte: UInt8)
        case tooLong(UInt64)
    }

    private static let longest: UInt64 = 1 << 20

    var opcode: Opcode
    var payload: ByteBuffer

    /// Takes the next frame off what the server sent; nil where it is not whole yet.
    static func read(from buffer: inout ByteBuffer) throws -> WebSocketFrame? {
        let start = buffer.readerIndex
        guard let (first, second) = buffer.readMultipleIntegers(as: (UInt8, UInt8).self) else { return nil }
        guard first & 0xF0 == 0x80, second < 0x80, let opcode = Opcode(rawValue: first & 0x0F) else {
            throw Fault.unexpected(firstByte: first, secondByte: second)
        }
        let length: UInt64?
        switch second {
        case 126: length = buffer.readInteger(as: UInt16.self).map(UInt64.init)
        case 127: length = buffer.readInteger(as: UInt64.self)
        default: length = UInt64(second)
        }
        if let length, length > self.longest { throw Fault.tooLong(length) }
        guard let length, let payload = buffer.readSlice(length: Int(length)) else {
            buffer.moveReaderIndex(to: start)
            return nil
        }
        return WebSocketFrame(opcode: opcode, payload: payload)
    }

    /// Appends the frame with a mask of zeros, which leaves the payload readable in a capture (RFC 6455 section 5.3).
    func write(to buffer: inout ByteBuffer) {
        let length = self.payload.readableBytes
        buffer.writeInteger(0x80 | self.opcode.rawValue)
        switch length {
        case ..<126:
            buffer.writeInteger(0x80 | UInt8(length))
        case ..<65_536:
            buffer.writeInteger(0x80 | UInt8(126))
            buffer.writeInteger(UInt16(length))
        default:
            buffer.writeInteger(0x80 | UInt8(127))
            buffer.writeInteger(UInt64(length))
        }
        buffer.writeInteger(UInt32(0))
        buffer.writeImmutableBuffer(self.payload)
    }
}
