import ClientProtocol
import Logging
import NIOCore
import Synchronization

/// One WebSocket after its upgrade: the only handler of its channel, TLS aside.
///
/// Text frames become ``ClientRequest`` values, collected by the ``EdgeLoop`` until the read burst ends; events become
/// frames in one buffer, written and flushed once. Idle it holds no buffer.
final class ClientSocket: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum State {
        case open
        /// Our close frame is out. `readable`: the client's frames can still be told apart.
        case closing(readable: Bool)
        case closed
    }

    /// Pings in a row that a client may leave unanswered.
    private static let toleratedPings: UInt8 = 2

    let id: ConnectionID
    /// Whose sockets are counted.
    let user: String
    private let edge: EdgeLoop
    private var context: ChannelHandlerContext?
    private var state = State.open
    private var reader: WebSocketReader
    /// The beginning of a frame whose rest has not come.
    private var rest: ByteBuffer?
    /// Frames that are not yet written.
    private var output: ByteBuffer?
    private var pingsUnanswered: UInt8 = 0
    private var allowance: MessageAllowance

    init(id: ConnectionID, user: String, edge: EdgeLoop) {
        self.id = id
        self.user = user
        self.edge = edge
        let limits = edge.configuration.limits
        self.reader = WebSocketReader(limit: limits.messageBytes)
        self.allowance = MessageAllowance(perSecond: limits.messagesPerSecond, burst: limits.messageBurst)
    }

    /// The channel, until it is gone.
    var channel: (any Channel)? { self.context?.channel }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }
}

// MARK: - From the client

extension ClientSocket {
    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch self.state {
        case .open, .closing(readable: true): break
        case .closing(readable: false), .closed: return
        }
        self.pingsUnanswered = 0
        var buffer = self.unwrapInboundIn(data)
        if var rest = self.rest {
            self.rest = nil
            rest.writeBuffer(&buffer)
            buffer = rest
        }
        while let event = self.reader.next(from: &buffer, payload: &self.edge.payload) {
            guard self.take(event) else { return }
        }
        guard buffer.readableBytes > 0 else { return }
        // A copy of its own: the buffer of the read goes back to the channel, which uses it again.
        self.rest = context.channel.allocator.buffer(capacity: buffer.readableBytes)
        self.rest?.writeBuffer(&buffer)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        self.endBurst()
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.state = .closed
        self.rest = nil
        self.output = nil
        self.edge.remove(self)
        self.edge.flushInbound()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        self.edge.logger.debug(
            "client socket failed",
            metadata: ["connection": "\(self.id.rawValue)", "error": "\(error)"]
        )
        self.drop()
    }

    /// Writes what was said, and hands over what came in.
    func endBurst() {
        self.flush()
        self.edge.flushInbound()
    }

    /// Acts on one event; false where nothing more is to be read.
    private func take(_ event: WebSocketReader.Event) -> Bool {
        if case .closing = self.state {
            switch event {
            case .close, .violation:
                self.drop()
                return false
            case .text, .binary, .ping, .pong, .messageTooBig: return true
            }
        }
        switch event {
        case .text:
            return self.takeText()
        case .binary:
            self.send(.error(ClientError(code: .badMessage, message: "Messages are text frames, not binary ones.")))
        case .ping:
            self.append(.pong, self.edge.payload)
        case .pong:
            break
        case .messageTooBig:
            self.send(
                .error(
                    ClientError(
                        code: .messageTooBig,
                        message: "A message has at most \(self.edge.configuration.limits.messageBytes) bytes."
                    )
                )
            )
        case .close(let code):
            self.appendClose(code ?? .normal)
            self.finish()
            return false
        case .violation(let code):
            self.close(code, readable: false)
            return false
        }
        return true
    }

    private func takeText() -> Bool {
        let payload = self.edge.payload
        guard UTF8Check.isValid(payload.span) else {
            self.close(.invalidUTF8, readable: true)
            return true
        }
        guard self.allowance.take(now: self.edge.eventLoop.now) else {
            self.send(
                .error(
                    ClientError(
                        code: .rateLimited,
                        message: """
                            This socket sends more than \(self.edge.configuration.limits.messagesPerSecond) messages a \
                            second; this one was not read.
                            """
                    )
                )
            )
            return true
        }
        do {
            let request = try ClientMessageReader.read(payload.span)
            self.edge.inbound.append(.received(self.id, request))
        } catch {
            self.send(.error(error))
        }
        return true
    }
}

// MARK: - To the client

extension ClientSocket {
    /// Appends the frame of an event; ``flush()`` writes it.
    func send(_ event: ClientEvent) {
        guard case .open = self.state else { return }
        self.edge.json.removeAll(keepingCapacity: true)
        ClientMessageWriter.write(event, into: &self.edge.json)
        self.append(.text, self.edge.json)
    }

    /// Writes all that was appended, and drops a client that does not take it.
    func flush() {
        guard let context = self.context, let output = self.output else { return }
        self.output = nil
        context.writeAndFlush(self.wrapOutboundOut(output), promise: nil)
        self.edge.giveBack(consume output)
        // The high water mark is the limit of the queue: not writable after a flush means that it is passed.
        guard case .open = self.state, !context.channel.isWritable else { return }
        self.edge.counters.slowSocketsDropped.add(1, ordering: .relaxed)
        self.edge.logger.info(
            "client too slow, dropped",
            metadata: ["connection": "\(self.id.rawValue)", "user": "\(self.user)"]
        )
        self.drop()
    }

    /// Starts the closing handshake (RFC 6455 §7.1.2).
    ///
    /// - Parameters:
    ///   - code: Goes into the close frame.
    ///   - readable: Whether the client's own close frame can be waited for. If not, the end of the stream follows ours.
    func close(_ code: CloseCode, readable: Bool) {
        guard case .open = self.state else { return }
        self.appendClose(code)
        self.state = .closing(readable: readable)
        self.flush()
        if !readable {
            self.rest = nil
            self.context?.close(mode: .output, promise: nil)
        }
        self.edge.closing(self)
    }

    /// Ends the connection at once.
    func drop() {
        self.state = .closed
        self.output = nil
        self.edge.ended(self)
        self.context?.close(promise: nil)
    }

    /// Asks whether the client is still there; one that has missed two questions is dropped (gateway-profile §5).
    func ping() {
        guard case .open = self.state else { return }
        guard self.pingsUnanswered < Self.toleratedPings else {
            self.edge.counters.silentSocketsDropped.add(1, ordering: .relaxed)
            self.edge.logger.info(
                "client silent, dropped",
                metadata: ["connection": "\(self.id.rawValue)", "user": "\(self.user)"]
            )
            self.drop()
            return
        }
        self.pingsUnanswered += 1
        self.append(.ping, [])
        self.flush()
    }

    /// Ends the connection once the client's close frame is answered.
    private func finish() {
        guard let context = self.context, let output = self.output else { return self.drop() }
        self.output = nil
        self.state = .closed
        self.edge.ended(self)
        let written = context.eventLoop.makePromise(of: Void.self)
        let channel = context.channel
        written.futureResult.whenComplete { _ in channel.close(promise: nil) }
        context.writeAndFlush(self.wrapOutboundOut(output), promise: written)
        // A client that takes nothing can't hold the socket.
        self.edge.closing(self)
    }

    private func appendClose(_ code: CloseCode) {
        self.append(.close, [UInt8(code.rawValue >> 8), UInt8(code.rawValue & 0xFF)])
    }

    private func append(_ opcode: WebSocketOpcode, _ payload: [UInt8]) {
        guard case .open = self.state, let context = self.context else { return }
        if self.output == nil { self.output = self.edge.takeBuffer(payload.count + 10, context.channel.allocator) }
        self.output?.writeFrame(opcode, payload)
    }
}

extension ByteBuffer {
    fileprivate mutating func writeFrame(_ opcode: WebSocketOpcode, _ payload: [UInt8]) {
        WebSocketFrameHeader.write(opcode, payloadLength: payload.count, to: &self)
        self.writeBytes(payload)
    }
}
