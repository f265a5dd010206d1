package import ClientProtocol
package import Logging
package import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// The apps' side of the gateway: WebSockets at `/ws/call/`, one event loop for each of them.
///
/// A client's messages come out as batches of ``ClientInbound`` on the loop of its socket, in order for each connection:
/// `connected` first, `disconnected` last and once. Orders go in by ``deliver(_:)`` from any thread.
///
/// - A request for another path: 404; without an upgrade: 426; from a page of another origin: 403.
/// - Anything wrong with the token: 401, and the reason only in the log. It is checked before the upgrade.
/// - A user with too many sockets: 429. Too many in all, or draining: 503.
package final class ClientServer: Sendable {
    private let configuration: ClientServerConfiguration
    private let tokens: TokenVerifier
    private let group: any EventLoopGroup
    private let logger: Logger
    private let gate = ClientServerGate()
    private let edges: [NIOLoopBoundBox<EdgeLoop>]
    private let indices: [ObjectIdentifier: Int]
    private let listener = Mutex<(any Channel)?>(nil)
    private let tls = Mutex<NIOSSLContext?>(nil)
    /// What has happened here since the start.
    package let counters: ClientServerCounters

    /// - Parameters:
    ///   - configuration: Addresses and limits.
    ///   - tokens: Decides who may come in.
    ///   - group: Its loops share the connections; 1024 of them at most.
    ///   - logger: Gets no token, at any level.
    ///   - receive: Called on the loop of the connections that the batch speaks of.
    package init(
        configuration: ClientServerConfiguration,
        tokens: TokenVerifier,
        group: any EventLoopGroup,
        logger: Logger,
        receive: @escaping @Sendable ([ClientInbound]) -> Void
    ) {
        self.configuration = configuration
        self.tokens = tokens
        self.group = group
        self.logger = logger
        let counters = ClientServerCounters()
        self.counters = counters
        let quota = SocketQuota(
            perUser: configuration.limits.socketsPerUser,
            total: configuration.limits.connections,
            counters: counters
        )
        let loops = Array(group.makeIterator())
        precondition(loops.count <= 1 << EdgeLoop.indexBits, "more event loops than a connection's id can tell apart")
        self.edges = loops.enumerated().map { index, loop in
            NIOLoopBoundBox.makeBoxSendingValue(
                EdgeLoop(
                    index: index,
                    eventLoop: loop,
                    configuration: configuration,
                    counters: counters,
                    quota: quota,
                    logger: logger,
                    receive: receive
                ),
                eventLoop: loop
            )
        }
        self.indices = Dictionary(
            loops.enumerated().map { (ObjectIdentifier($1), $0) },
            uniquingKeysWith: { first, _ in first }
        )
    }

    /// WebSockets that are open now.
    package var connectionCount: Int { self.counters.connections.load(ordering: .relaxed) }

    /// Binds the listener.
    ///
    /// - Returns: The address that it got.
    /// - Throws: `NIOSSLError` where the certificate or its key is unusable, `IOError` where the address is taken.
    package func start() async throws -> SocketAddress {
        try self.reloadCertificates()
        let outbound = max(2, self.configuration.limits.outboundBytes)
        let bootstrap = ServerBootstrap(group: self.group)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    // Out of file descriptors is a time to wait, not to spin.
                    try channel.pipeline.syncOperations.addHandler(AcceptBackoffHandler())
                }
            }
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try self.adopt(channel) }
            }
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            // Signalling comes in small pieces: what a channel keeps for its next read is small too.
            .childChannelOption(
                .recvAllocator,
                value: AdaptiveRecvByteBufferAllocator(minimum: 512, initial: 1024, maximum: 16_384)
            )
            .childChannelOption(.maxMessagesPerRead, value: 4)
            // One mark: writable is what waits within the limit.
            .childChannelOption(.writeBufferWaterMark, value: .init(low: outbound - 1, high: outbound))
        let channel = try await bootstrap.bind(host: self.configuration.host, port: self.configuration.port).get()
        self.listener.withLock { $0 = channel }
        guard let address = channel.localAddress else { throw ChannelError.unknownLocalAddress }
        return address
    }

    /// Reads the certificate and its key again, for the connections to come; does nothing without `tls`.
    ///
    /// - Throws: `NIOSSLError`; then the old ones stay.
    package func reloadCertificates() throws {
        guard let tls = self.configuration.tls else { return }
        let chain = try NIOSSLCertificate.fromPEMFile(tls.certificatePath).map {
            NIOSSLCertificateSource.certificate($0)
        }
        let key = try NIOSSLPrivateKey(file: tls.keyPath, format: .pem)
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain,
            privateKey: .privateKey(key)
        )
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        let context = try NIOSSLContext(configuration: configuration)
        self.tls.withLock { $0 = context }
    }

    /// Carries out a batch of orders, in order for each connection; at once on the loop of the connections, by one hop to
    /// every other; one flush for each socket.
    ///
    /// Orders for a connection that is gone are dropped.
    package func deliver(_ batch: [ClientOutbound]) {
        guard let first = batch.first else { return }
        let index = EdgeLoop.index(of: first.connection)
        guard batch.allSatisfy({ EdgeLoop.index(of: $0.connection) == index }) else {
            var parts = [[ClientOutbound]](repeating: [], count: self.edges.count)
            for order in batch {
                let index = EdgeLoop.index(of: order.connection)
                if index < parts.count { parts[index].append(order) }
            }
            for (index, part) in parts.enumerated() where !part.isEmpty { self.deliver(part, to: index) }
            return
        }
        if index < self.edges.count { self.deliver(batch, to: index) }
    }

    private func deliver(_ batch: [ClientOutbound], to index: Int) {
        let edge = self.edges[index]
        if edge.eventLoop.inEventLoop {
            edge.value.deliver(batch)
        } else {
            edge.eventLoop.execute { edge.value.deliver(batch) }
        }
    }

    /// Lets no new WebSocket in; those that are there stay.
    package func stopAccepting() async {
        self.gate.close()
        let listener = self.listener.withLock { listener in
            defer { listener = nil }
            return listener
        }
        // Closing what is closed already is no fault.
        try? await listener?.close().get()
    }

    /// Stops accepting, closes every WebSocket with 1001, and returns when all are gone, after the close timeout at the
    /// latest.
    package func shutdown() async {
        await self.stopAccepting()
        for edge in self.edges {
            // Each of these futures succeeds: a channel's end is no fault.
            try? await edge.eventLoop.flatSubmit { edge.value.closeAll() }.get()
        }
    }

    /// Takes a connection that is to become a WebSocket: an accepted one, or one that another listener hands over.
    ///
    /// - Parameter channel: Lives on a loop of the group; to be called on that loop, before the first read.
    /// - Throws: An error of the pipeline or of TLS, or because too many connections of that loop are not upgraded yet;
    ///   then the channel is to be closed.
    package func adopt(_ channel: any Channel) throws {
        guard let index = self.indices[ObjectIdentifier(channel.eventLoop)] else {
            preconditionFailure("a connection on a loop outside the group")
        }
        guard self.edges[index].value.takesHandshakes else {
            self.counters.requestsRefused.add(1, ordering: .relaxed)
            throw TooManyHandshakes()
        }
        if let context = self.tls.withLock({ $0 }) {
            try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context))
        }
        try UpgradeHandler.configure(channel, edge: self.edges[index].value, tokens: self.tokens, gate: self.gate)
    }
}

/// A loop has as many connections that are not upgraded yet as it may have.
private struct TooManyHandshakes: Error {}

extension ClientOutbound {
    fileprivate var connection: ConnectionID {
        switch self {
        case .send(let id, _), .close(let id, _): id
        }
    }
}
