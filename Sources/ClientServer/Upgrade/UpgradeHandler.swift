import ClientProtocol
import Logging
import NIOCore
import NIOHTTP1
import NIOWebSocket
import Synchronization

/// Takes the HTTP requests of a connection: serves the page's files, until one asks for a WebSocket or for something that
/// is not there; of that it makes a WebSocket, or refuses it and closes.
///
/// Everything is decided before the 101. After it the HTTP handlers leave, and a ``ClientSocket`` is alone.
final class UpgradeHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private enum State {
        case waiting
        case received(HTTPRequestHead)
        case answered
    }

    private let edge: EdgeLoop
    private let tokens: TokenVerifier
    private let gate: ClientServerGate
    private let handshakeGuard: HandshakeGuard
    private var state = State.waiting
    private var timeout: Scheduled<Void>?
    /// Files of the page that were asked for.
    private var requests = 0

    init(edge: EdgeLoop, tokens: TokenVerifier, gate: ClientServerGate, handshakeGuard: HandshakeGuard) {
        self.edge = edge
        self.tokens = tokens
        self.gate = gate
        self.handshakeGuard = handshakeGuard
    }

    /// The handlers of a connection that has just been accepted.
    static func configure(_ channel: any Channel, edge: EdgeLoop, tokens: TokenVerifier, gate: ClientServerGate) throws
    {
        edge.handshakeBegan(channel)
        let pipeline = channel.pipeline.syncOperations
        let handshakeGuard = HandshakeGuard(limit: edge.configuration.limits.handshakeBytes)
        try pipeline.addHandler(handshakeGuard)
        try pipeline.addHandler(HTTPResponseEncoder())
        try pipeline.addHandler(ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .forwardBytes)))
        try pipeline.addHandler(UpgradeHandler(edge: edge, tokens: tokens, gate: gate, handshakeGuard: handshakeGuard))
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.close(context.channel, in: self.edge.configuration.handshakeTimeout)
    }

    /// Ends a connection that does not get on, whatever it is that it does not get on with.
    private func close(_ channel: any Channel, in time: TimeAmount) {
        self.timeout?.cancel()
        self.timeout = channel.eventLoop.scheduleTask(in: time) { channel.close(promise: nil) }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.timeout?.cancel()
        self.edge.handshakeEnded(context.channel)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch (self.state, self.unwrapInboundIn(data)) {
        case (.waiting, .head(let head)):
            self.state = .received(head)
        case (.received(let head), .end):
            self.answer(head, context: context)
        case (.waiting, .body), (.waiting, .end), (.received, .head), (.received, .body), (.answered, _):
            break
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if case .answered = self.state {
            context.close(promise: nil)
        } else if error is HandshakeGuard.TooLarge {
            self.refuse(.tooLarge, context: context)
        } else if error is HTTPParserError {
            self.refuse(.badRequest, context: context)
        } else {
            self.edge.logger.debug("connection failed before its upgrade", metadata: ["error": "\(error)"])
            context.close(promise: nil)
        }
    }
}

// MARK: - The answer

extension UpgradeHandler {
    private func answer(_ head: HTTPRequestHead, context: ChannelHandlerContext) {
        self.requests += 1
        // A client that asks for more than it takes gets no more.
        let mayKeepAlive =
            self.requests < self.edge.configuration.limits.requestsPerConnection && self.gate.isOpen
            && context.channel.isWritable
        if let response = PageResponse(head, mayKeepAlive: mayKeepAlive) {
            self.serve(response, context: context)
            return
        }
        switch UpgradeRequest(head, allowedOrigins: self.edge.configuration.allowedOrigins) {
        case .refused(let refusal):
            self.refuse(refusal, context: context)
        case .webSocket(let token, let profile):
            let identity: ClientIdentity
            do {
                identity = try self.tokens.verify(token ?? "")
            } catch {
                self.edge.counters.tokensRefused.add(1, ordering: .relaxed)
                self.edge.logger.info("token refused", metadata: ["reason": "\(error)"])
                self.refuse(.unauthorized, context: context)
                return
            }
            guard self.gate.isOpen else {
                self.refuse(.unavailable, context: context)
                return
            }
            switch self.edge.reserve(identity.userID.text) {
            case .granted: self.upgrade(head, identity, profile, context: context)
            case .userFull: self.refuse(.tooManySockets, context: context)
            case .serverFull: self.refuse(.unavailable, context: context)
            }
        }
    }

    private func serve(_ response: PageResponse, context: ChannelHandlerContext) {
        context.write(self.wrapOutboundOut(.head(response.head)), promise: nil)
        if let body = response.body { context.write(self.wrapOutboundOut(.body(.byteBuffer(body))), promise: nil) }
        // The response's own time counts too: who takes it drop by drop can't hold the connection.
        self.close(context.channel, in: self.edge.configuration.keepAliveTimeout)
        guard response.keepsAlive else {
            self.state = .answered
            self.finish(context: context)
            return
        }
        self.state = .waiting
        self.handshakeGuard.startOver()
        context.writeAndFlush(self.wrapOutboundOut(.end(nil)), promise: nil)
    }

    private func refuse(_ refusal: UpgradeRefusal, context: ChannelHandlerContext) {
        self.state = .answered
        if refusal != .unauthorized { self.edge.counters.requestsRefused.add(1, ordering: .relaxed) }
        // Never the URI: it holds the token.
        self.edge.logger.debug("request refused", metadata: ["status": "\(refusal.status.code)"])
        var headers = refusal.headers
        let text = refusal.text + "\n"
        headers.add(name: "Content-Type", value: "text/plain")
        headers.add(name: "Content-Length", value: "\(text.utf8.count)")
        headers.add(name: "Connection", value: "close")
        let head = HTTPResponseHead(version: .http1_1, status: refusal.status, headers: headers)
        context.write(self.wrapOutboundOut(.head(head)), promise: nil)
        context.write(self.wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: text)))), promise: nil)
        self.finish(context: context)
    }

    /// Ends the last response, and then what we say on this connection.
    private func finish(context: ChannelHandlerContext) {
        let channel = context.channel
        let written = context.eventLoop.makePromise(of: Void.self)
        written.futureResult.whenComplete { _ in channel.close(mode: .output, promise: nil) }
        context.writeAndFlush(self.wrapOutboundOut(.end(nil)), promise: written)
    }

    private func upgrade(
        _ head: HTTPRequestHead,
        _ identity: ClientIdentity,
        _ profile: ClientProfile,
        context: ChannelHandlerContext
    ) {
        self.state = .answered
        let upgrader = NIOWebSocketServerUpgrader(
            shouldUpgrade: { channel, _ in channel.eventLoop.makeSucceededFuture(UpgradeRequest.headers(for: profile))
            },
            upgradePipelineHandler: { channel, _ in channel.eventLoop.makeSucceededVoidFuture() }
        )
        upgrader.buildUpgradeResponse(channel: context.channel, upgradeRequest: head, initialResponseHeaders: [:])
            .assumeIsolated()
            .whenComplete { result in
                guard case .success(let headers) = result else {
                    self.edge.release(identity.userID.text)
                    self.refuse(.badRequest, context: context)
                    return
                }
                let response = HTTPResponseHead(version: .http1_1, status: .switchingProtocols, headers: headers)
                context.writeAndFlush(self.wrapOutboundOut(.head(response)), promise: nil)
                self.replaceHandlers(identity, profile, context: context)
            }
    }

    private func replaceHandlers(_ identity: ClientIdentity, _ profile: ClientProfile, context: ChannelHandlerContext) {
        let pipeline = context.pipeline.syncOperations
        guard context.channel.isActive,
            let decoder = try? pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self),
            let encoder = try? pipeline.handler(type: HTTPResponseEncoder.self)
        else {
            self.edge.release(identity.userID.text)
            context.close(promise: nil)
            return
        }
        let socket = self.edge.makeSocket(identity, profile)
        do {
            try pipeline.addHandler(socket)
        } catch {
            // Without a handler nobody hears of the end of the channel.
            self.edge.remove(socket)
            context.close(promise: nil)
            return
        }
        pipeline.removeHandler(encoder, promise: nil)
        pipeline.removeHandler(self.handshakeGuard, promise: nil)
        // Frames may have come right behind the request: the decoder hands them on as it leaves.
        pipeline.removeHandler(decoder).assumeIsolated().whenComplete { _ in socket.endBurst() }
        pipeline.removeHandler(context: context, promise: nil)
    }
}
