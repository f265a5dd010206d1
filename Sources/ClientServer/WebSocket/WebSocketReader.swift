import ClientProtocol
import NIOCore

/// The bytes of one client made into messages (RFC 6455 §5, §6.2, §7.1.5).
///
/// It holds no bytes but the fragments of a message whose end has not come; a message over the limit is counted and
/// thrown away as it comes in. After a violation nothing more can be read.
struct WebSocketReader {
    /// What came in; the payload of the first four is in `payload`.
    enum Event: Equatable {
        /// One whole text message, not yet known to be UTF-8.
        case text
        /// One whole binary message.
        case binary
        case ping
        case pong
        /// `code` is nil where the frame held none.
        case close(code: CloseCode?)
        /// A message over the limit has ended; it was not kept.
        case messageTooBig
        /// Nothing can be read after this; close with that code.
        case violation(CloseCode)
    }

    private struct Message {
        var isText: Bool
        /// Bytes of all its fragments so far, kept or not.
        var count = 0
        var bytes: [UInt8] = []
    }

    /// How many times the limit a message may have before it is a violation.
    private static let tolerance = 16

    private let limit: Int
    private var message: Message?
    /// Payload bytes of the current frame that are still to be thrown away.
    private var discarding = 0
    private var isDiscarding = false
    private var isDiscardedFrameFinal = false

    /// - Parameter limit: Bytes of a message that are kept; above 0.
    init(limit: Int) {
        self.limit = limit
    }

    /// The next event, or nil where more bytes are needed; those that are used up are gone from `buffer`.
    mutating func next(from buffer: inout ByteBuffer, payload: inout [UInt8]) -> Event? {
        while true {
            if self.isDiscarding {
                let count = min(self.discarding, buffer.readableBytes)
                buffer.moveReaderIndex(forwardBy: count)
                self.discarding -= count
                guard self.discarding == 0 else { return nil }
                self.isDiscarding = false
                if self.isDiscardedFrameFinal {
                    self.message = nil
                    return .messageTooBig
                }
            }
            switch WebSocketFrameHeader.read(buffer) {
            case .incomplete: return nil
            case .violation: return .violation(.protocolError)
            case .header(let header):
                if header.opcode.isControl {
                    guard self.take(header, from: &buffer, into: &payload) else { return nil }
                    return Self.control(header.opcode, payload)
                }
                switch self.data(header, from: &buffer, payload: &payload) {
                case .event(let event): return event
                case .incomplete: return nil
                case .goOn: continue
                }
            }
        }
    }

    private enum DataResult {
        case event(Event)
        case incomplete
        case goOn
    }

    /// One fragment of a message, or a whole one.
    private mutating func data(
        _ header: WebSocketFrameHeader,
        from buffer: inout ByteBuffer,
        payload: inout [UInt8]
    ) -> DataResult {
        // A message begins with its type, and goes on with continuations (§5.4).
        guard (header.opcode == .continuation) == (self.message != nil) else {
            return .event(.violation(.protocolError))
        }
        let before = self.message?.count ?? 0
        let (count, overflow) = before.addingReportingOverflow(header.payloadLength)
        guard !overflow, count <= self.limit.multipliedReportingOverflow(by: Self.tolerance).partialValue else {
            return .event(.violation(.messageTooBig))
        }
        if count > self.limit {
            buffer.moveReaderIndex(forwardBy: header.length)
            self.message = Message(isText: self.message?.isText ?? (header.opcode == .text), count: count)
            self.discarding = header.payloadLength
            self.isDiscarding = true
            self.isDiscardedFrameFinal = header.isFinal
            return .goOn
        }
        guard self.take(header, from: &buffer, into: &payload) else { return .incomplete }
        if header.isFinal, self.message == nil { return .event(header.opcode == .text ? .text : .binary) }

        var message = self.message ?? Message(isText: header.opcode == .text)
        self.message = nil
        message.bytes.append(contentsOf: payload)
        message.count = count
        guard header.isFinal else {
            self.message = message
            return .goOn
        }
        swap(&payload, &message.bytes)
        return .event(message.isText ? .text : .binary)
    }

    /// Takes a whole frame from the buffer, unmasked; false where it is not all there.
    private func take(
        _ header: WebSocketFrameHeader,
        from buffer: inout ByteBuffer,
        into payload: inout [UInt8]
    ) -> Bool {
        guard buffer.readableBytes - header.length >= header.payloadLength else { return false }
        buffer.moveReaderIndex(forwardBy: header.length)
        payload.removeAll(keepingCapacity: true)
        if let slice = buffer.readSlice(length: header.payloadLength) {
            payload.append(contentsOf: slice.readableBytesView)
        }
        let mask = UInt64(header.mask) << 32 | UInt64(header.mask)
        payload.withUnsafeMutableBytes { bytes in
            var index = 0
            while index + 8 <= bytes.count {
                let word = bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)
                bytes.storeBytes(of: word ^ mask.littleEndian, toByteOffset: index, as: UInt64.self)
                index += 8
            }
            while index < bytes.count {
                bytes[index] ^= UInt8(truncatingIfNeeded: mask >> UInt64(index % 8 * 8))
                index += 1
            }
        }
        return true
    }

    private static func control(_ opcode: WebSocketOpcode, _ payload: [UInt8]) -> Event {
        switch opcode {
        case .ping: return .ping
        case .pong: return .pong
        case .close, .continuation, .text, .binary: break
        }
        guard !payload.isEmpty else { return .close(code: nil) }
        guard payload.count >= 2 else { return .violation(.protocolError) }
        let code = CloseCode(rawValue: UInt16(payload[0]) << 8 | UInt16(payload[1]))
        guard code.mayBeSent else { return .violation(.protocolError) }
        guard UTF8Check.isValid(payload.span.extracting(2..<payload.count)) else { return .violation(.invalidUTF8) }
        return .close(code: code)
    }
}
