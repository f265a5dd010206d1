import NIOCore

/// The WebSocket of one app user, from the upgrade on.
final class AppSocket: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    enum Fault: Error {
        case refused(String)
        case closed
    }

    private enum State {
        case upgrading(EventLoopPromise<Void>)
        case open
        case closed
    }

    let user: String
    private let request: String
    private let received: (AppSocket, ServerEvent) -> Void
    private let lost: (AppSocket) -> Void
    private var state: State
    private var unread = ByteBuffer()
    private var context: ChannelHandlerContext?
    private var writes = ByteBuffer()

    /// `upgraded` succeeds with the server's 101; `lost` is called once where an open socket closes.
    init(
        user: String,
        token: String,
        host: String,
        upgraded: EventLoopPromise<Void>,
        received: @escaping (AppSocket, ServerEvent) -> Void,
        lost: @escaping (AppSocket) -> Void
    ) {
        self.user = user
        self.received = received
        self.lost = lost
        self.state = .upgrading(upgraded)
        self.request = [
            "GET /ws/call/?token=\(token) HTTP/1.1", "Host: \(host)", "Connection: Upgrade", "Upgrade: websocket",
            "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "", "",
        ].joined(separator: "\r\n")
    }

    func send(_ message: AppMessage) {
        self.write(WebSocketFrame(opcode: .text, payload: ByteBuffer(string: message.json)))
    }

    func close() {
        self.state = .closed
        self.context?.close(promise: nil)
    }

    // MARK: The channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    func channelActive(context: ChannelHandlerContext) {
        context.writeAndFlush(self.wrapOutboundOut(ByteBuffer(string: self.request)), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var data = self.unwrapInboundIn(data)
        self.unread.writeBuffer(&data)
        do {
            try self.read()
        } catch {
            self.end(error)
            context.close(promise: nil)
        }
        if self.unread.readableBytes == 0 { self.unread = ByteBuffer() }
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.end(Fault.closed)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        self.end(error)
        context.close(promise: nil)
    }

    private func read() throws {
        if case .upgrading(let promise) = self.state {
            guard let end = self.unread.readableBytesView.firstRange(of: Array("\r\n\r\n".utf8)) else { return }
            let length = end.upperBound - self.unread.readerIndex
            let head = self.unread.readString(length: length) ?? ""
            guard head.hasPrefix("HTTP/1.1 101 ") else {
                throw Fault.refused(String(head.prefix { $0 != "\r\n" }))
            }
            self.state = .open
            promise.succeed()
        }
        while let frame = try WebSocketFrame.read(from: &self.unread) {
            switch frame.opcode {
            case .text:
                guard let event = ServerEvent(Array(frame.payload.readableBytesView)) else {
                    throw Fault.refused("not a JSON object")
                }
                self.received(self, event)
            case .ping: self.write(WebSocketFrame(opcode: .pong, payload: frame.payload))
            case .close: throw Fault.closed
            case .binary, .pong: break
            }
        }
    }

    private func write(_ frame: WebSocketFrame) {
        self.writes.clear()
        frame.write(to: &self.writes)
        self.context?.writeAndFlush(self.wrapOutboundOut(self.writes), promise: nil)
    }

    private func end(_ error: any Error) {
        switch self.state {
        case .upgrading(let promise):
            self.state = .closed
            promise.fail(error)
        case .open:
            self.state = .closed
            self.lost(self)
        case .closed:
            break
        }
    }
}
