internal import Logging
internal import NIOCore
internal import NIOSSL
internal import NIOTLS
internal import SIPCore
internal import SIPWire

/// One connection: frames and parses what comes, writes what goes, and sees to its limits.
final class Connection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    enum Origin: Sendable {
        /// The peer opened it, to the listener of that number.
        case accepted(listener: UInt16)
        /// We opened it, to reach that target.
        case opened(SIPTarget)
    }

    private enum State {
        case opening
        /// The peer is there; TLS is not agreed on yet.
        case securing(ChannelHandlerContext, SIPFlow)
        case open(ChannelHandlerContext, SIPFlow)
        case closed
    }

    private static let pong = ByteBuffer(string: "\r\n")

    private let edge: Edge
    private let origin: Origin
    /// What the peer's certificate has to be for; nil: its address, or it need not have one.
    private let name: String?
    private var state = State.opening
    private var framer: SIPStreamFramer
    private var batch: [SIPInbound] = []
    /// Requests of which the system has not taken the last byte yet.
    private var unsent: [ClientTransactionKey] = []
    /// How many left `unsent` because the system had taken them.
    private var sentCount = 0
    /// Whether this read wrote something; it is flushed with the read's end.
    private var isFlushWanted = false
    /// Whether the edge knows that there is something to flush.
    private var isFlushNoted = false
    /// When something last went either way.
    private var lastUse = NIODeadline.now()
    /// When the first byte of a message came that is not whole yet.
    private var messageStart: NIODeadline?
    /// Why TLS was not agreed on, where we know.
    private var tlsFailure: String?
    private var watch: Scheduled<Void>?
    private var watchDeadline = NIODeadline.distantFuture

    init(edge: Edge, origin: Origin, name: String? = nil) {
        self.edge = edge
        self.name = name
        self.origin = origin
        self.framer = SIPStreamFramer(limits: edge.context.wireLimits)
    }

    /// nil before it is open and once it is closed.
    var channel: (any Channel)? {
        switch self.state {
        case .securing(let context, _), .open(let context, _): context.channel
        case .opening, .closed: nil
        }
    }

    // MARK: - Lifecycle

    func channelActive(context: ChannelHandlerContext) {
        guard let remote = context.remoteAddress.flatMap({ SIPAddress($0) }), let flow = self.admit(remote) else {
            self.state = .closed
            context.close(promise: nil)
            return
        }
        self.edge.connections[flow.connection] = self
        switch flow.transport {
        case .udp, .tcp, .other: self.opened(context, flow)
        case .tls: self.secure(context, flow)
        }
        if self.edge.isClosing { context.close(promise: nil) }
    }

    /// Waits for the end of the TLS handshake, which a peer must not hold up.
    private func secure(_ context: ChannelHandlerContext, _ flow: SIPFlow) {
        self.state = .securing(context, flow)
        let patience = TimeAmount(self.edge.context.configuration.handshakeTimeout)
        self.watch = self.edge.eventLoop.assumeIsolated().scheduleTask(in: patience) {
            guard case .securing = self.state else { return }
            self.tlsFailure = "not agreed on in time"
            self.close("TLS handshake not finished in time")
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted? = event as? TLSUserEvent, case .securing(_, let flow) = self.state {
            self.watch?.cancel()
            if self.isProved(context) {
                self.opened(context, flow)
            } else {
                // It may take its time to agree on the end.
                self.tlsFailure = TLSFailure.otherName
                self.refused(flow)
                context.close(promise: nil)
            }
        }
        context.fireUserInboundEventTriggered(event)
    }

    /// Whether the peer has proved to be whom we asked for, by name.
    private func isProved(_ context: ChannelHandlerContext) -> Bool {
        guard let name = self.name else { return true }
        return (try? context.pipeline.syncOperations.nioSSL_peerCertificate())?.isFor(name) ?? false
    }

    private func opened(_ context: ChannelHandlerContext, _ flow: SIPFlow) {
        self.state = .open(context, flow)
        let directory = self.edge.context.directory
        directory.register(flow.connection, for: self.targets(flow))
        switch (flow.transport, self.origin) {
        case (.tls, .opened(let target)):
            if let name = target.nameToProve { directory.note(name, at: self.literal(flow)) }
        case (.tls, .accepted), (.tcp, _), (.udp, _), (.other, _): break
        }
        self.edge.context.logger.debug("SIP connection open", metadata: Self.metadata(flow))
        self.lastUse = .now()
        self.startWatch()
        switch self.origin {
        case .accepted: break
        case .opened(let target): self.edge.connected(self, to: target)
        }
    }

    /// Numbers the connection; nil where there are too many, or the peer has too many.
    private func admit(_ remote: SIPAddress) -> SIPFlow? {
        let context = self.edge.context
        let transport: SIPTransportKind
        let listener: Int
        switch self.origin {
        case .accepted(let index):
            listener = Int(index)
            transport = context.listeners[listener].configuration.transport
            guard context.directory.reserve(acceptedFrom: remote.host) else {
                context.counters.turnedAway.increment()
                context.logger.debug("too many SIP connections", metadata: ["remote": "\(remote.text)"])
                return nil
            }
        case .opened(let target):
            // Its place was taken before it was opened.
            transport = target.transport
            listener = context.listener(transport, isIPv6: remote.isIPv6) ?? 0
        }
        return SIPFlow(
            transport: transport,
            remote: remote,
            listener: UInt16(listener),
            connection: self.edge.nextConnection()
        )
    }

    private func literal(_ flow: SIPFlow) -> SIPTarget {
        SIPTarget(transport: flow.transport, host: flow.remote.host, port: flow.remote.port)
    }

    /// The targets that this connection reaches.
    ///
    /// Who came to us by TLS has not proved to be whom we would ask for by its address: requests take its connection where
    /// they are for that very peer (RFC 5923 §5), as `SIPOutbound.Destination.target(_, preferring:)` says.
    private func targets(_ flow: SIPFlow) -> [SIPTarget] {
        let literal = self.literal(flow)
        switch self.origin {
        case .accepted: return flow.transport == .tls ? [] : [literal]
        case .opened(let target): return target == literal ? [literal] : [literal, target]
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        switch self.state {
        case .opening, .closed: break
        case .securing(_, let flow): self.refused(flow)
        case .open(_, let flow): self.closed(flow)
        }
    }

    /// TLS came to nothing; nobody has heard of the connection yet.
    private func refused(_ flow: SIPFlow) {
        self.state = .closed
        self.watch?.cancel()
        self.watch = nil
        self.release(flow)
        let context = self.edge.context
        var metadata = Self.metadata(flow)
        metadata["cause"] = "\(self.tlsFailure ?? "closed by the peer")"
        switch self.origin {
        case .accepted:
            context.counters.malformed.increment()
            context.logger.debug("TLS with a SIP peer failed", metadata: metadata)
        case .opened(let target):
            metadata["host"] = "\(target.host)"
            context.logger.warning("TLS with a SIP peer failed", metadata: metadata)
            context.directory.forgetName(at: self.literal(flow))
            self.edge.refused(target)
        }
    }

    private func release(_ flow: SIPFlow) {
        let directory = self.edge.context.directory
        switch self.origin {
        case .accepted: directory.release(acceptedFrom: flow.remote.host)
        case .opened: directory.release(acceptedFrom: nil)
        }
        self.edge.connections[flow.connection] = nil
    }

    private func closed(_ flow: SIPFlow) {
        self.state = .closed
        self.watch?.cancel()
        self.watch = nil
        self.deliver()
        let context = self.edge.context
        context.directory.unregister(flow.connection, for: self.targets(flow))
        self.release(flow)
        for transaction in self.unsent { self.edge.fail(transaction, .refused) }
        self.unsent = []
        self.edge.report(.closed(flow))
        context.logger.debug("SIP connection closed", metadata: Self.metadata(flow))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if case .securing = self.state, self.tlsFailure == nil { self.tlsFailure = TLSFailure.text(error) }
        self.close("socket error", ["error": "\(error)"])
    }

    /// Closes it by our own will.
    private func close(_ cause: StaticString, _ metadata: Logger.Metadata = [:]) {
        switch self.state {
        case .opening, .closed: break
        case .securing(let context, let flow), .open(let context, let flow):
            var metadata = metadata
            metadata["cause"] = "\(cause)"
            metadata.merge(Self.metadata(flow)) { old, _ in old }
            self.edge.context.logger.debug("closing a SIP connection", metadata: metadata)
            context.close(promise: nil)
        }
    }

    private static func metadata(_ flow: SIPFlow) -> Logger.Metadata {
        ["remote": "\(flow.remote.text)", "connection": "\(flow.connection)"]
    }

    // MARK: - In

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .open(_, let flow) = self.state else { return }
        self.lastUse = .now()
        self.framer.append(self.unwrapInboundIn(data).readableBytesView)
        do throws(SIPFramingError) {
            while let element = try self.framer.next() {
                switch element {
                case .message(let bytes):
                    self.messageStart = nil
                    self.received(bytes, flow)
                case .ping:
                    context.write(self.wrapOutboundOut(Self.pong), promise: nil)
                    self.isFlushWanted = true
                }
            }
        } catch {
            self.rejected(error.fault, self.edge.parser.refusal(of: error.head, for: error.fault), flow)
            context.flush()
            self.close("stream is not SIP")
        }
    }

    private func received(_ bytes: [UInt8], _ flow: SIPFlow) {
        switch self.edge.parser.parse(bytes) {
        case .message(let message): self.batch.append(.message(message, flow))
        case .rejected(let fault, let response): self.rejected(fault, response, flow)
        case .keepalive: break
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        self.deliver()
        if self.isFlushWanted { self.flush() }
        guard case .open = self.state else { return }
        guard self.framer.pending > 0 else {
            self.messageStart = nil
            return
        }
        guard self.messageStart == nil else { return }
        self.messageStart = self.lastUse
        if self.nextDeadline < self.watchDeadline { self.startWatch() }
    }

    private func deliver() {
        guard !self.batch.isEmpty else { return }
        let batch = self.batch
        self.batch = []
        self.edge.deliver(batch)
    }

    /// Tells the peer where there is something to tell.
    private func rejected(_ fault: SIPWireFault, _ response: SIPResponse?, _ flow: SIPFlow) {
        let context = self.edge.context
        context.counters.malformed.increment()
        var metadata = Self.metadata(flow)
        metadata["fault"] = "\(fault.reason)"
        context.logger.debug("malformed SIP message", metadata: metadata)
        guard let response else { return }
        self.buffer(.response(response.addressed(to: flow.remote)), for: nil)
        self.isFlushWanted = true
    }

    // MARK: - Out

    /// Writes a message; the edge flushes it.
    ///
    /// The transaction hears of it where the connection breaks before the system has taken the message.
    func write(_ message: SIPMessage, for transaction: ClientTransactionKey?) {
        self.buffer(message, for: transaction)
        guard !self.isFlushNoted else { return }
        self.isFlushNoted = true
        self.edge.wrote(to: self)
    }

    private func buffer(_ message: SIPMessage, for transaction: ClientTransactionKey?) {
        switch self.state {
        case .opening, .securing, .closed:
            self.edge.fail(transaction, .refused)
        case .open(let context, _):
            self.edge.scratch.removeAll(keepingCapacity: true)
            SIPWriter.write(message, into: &self.edge.scratch)
            var buffer = context.channel.allocator.buffer(capacity: self.edge.scratch.count)
            buffer.writeBytes(self.edge.scratch)
            if let transaction { self.unsent.append(transaction) }
            context.write(self.wrapOutboundOut(buffer), promise: nil)
            self.edge.context.counters.sent.increment()
        }
    }

    func flush() {
        self.isFlushWanted = false
        self.isFlushNoted = false
        guard case .open(let context, _) = self.state else { return }
        self.lastUse = .now()
        context.flush()
        // The flush may have closed it.
        guard case .open = self.state else { return }
        self.noteSent(context)
        if !context.channel.isWritable { self.close("peer does not read") }
    }

    /// Finds out which requests the system has taken: most often all, at once.
    private func noteSent(_ context: ChannelHandlerContext) {
        guard !self.unsent.isEmpty else { return }
        let end = self.sentCount + self.unsent.count
        if (try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)) == 0 {
            return self.sent(upTo: end)
        }
        // Nothing, written behind them, is done when they are.
        let promise = self.edge.eventLoop.makePromise(of: Void.self)
        promise.futureResult.assumeIsolated().whenSuccess { self.sent(upTo: end) }
        context.writeAndFlush(self.wrapOutboundOut(ByteBuffer()), promise: promise)
    }

    private func sent(upTo end: Int) {
        guard end > self.sentCount else { return }
        self.unsent.removeFirst(min(end - self.sentCount, self.unsent.count))
        self.sentCount = end
    }

    // MARK: - Time

    private var nextDeadline: NIODeadline {
        let configuration = self.edge.context.configuration
        let idle = self.lastUse + TimeAmount(configuration.idleTimeout)
        guard let messageStart = self.messageStart else { return idle }
        return min(idle, messageStart + TimeAmount(configuration.messageTimeout))
    }

    /// Sets the one timer; deadlines that move away don't touch it, it finds out when it fires.
    private func startWatch() {
        self.watch?.cancel()
        self.watchDeadline = self.nextDeadline
        self.watch = self.edge.eventLoop.assumeIsolated().scheduleTask(deadline: self.watchDeadline) {
            self.watchFired()
        }
    }

    private func watchFired() {
        guard case .open = self.state else { return }
        guard self.nextDeadline <= .now() else { return self.startWatch() }
        self.close(self.messageStart == nil ? "idle" : "message not finished in time")
    }
}
