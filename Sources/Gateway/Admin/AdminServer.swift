package import Logging
package import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import Synchronization

/// The HTTP listener of the admin interface: health, metrics, live calls.
package final class AdminServer: Sendable {
    /// How many connections may be open at once; one more is closed as it comes.
    private static let mostConnections = 64

    private struct State {
        var listener: (any Channel)?
        var connections: [ObjectIdentifier: any Channel] = [:]
    }

    private let configuration: GatewayConfiguration.Admin
    private let responder: AdminResponder
    private let group: any EventLoopGroup
    private let state = Mutex(State())

    package init(
        configuration: GatewayConfiguration.Admin,
        source: any AdminSource,
        group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton,
        logger: Logger
    ) {
        self.configuration = configuration
        self.responder = AdminResponder(source: source, token: configuration.token, logger: logger)
        self.group = group
    }

    /// Binds the listener; call it once.
    ///
    /// - Returns: The bound address, with its actual port.
    /// - Throws: `GatewayError`, which names the address.
    package func start() async throws(GatewayError) -> HostPort {
        let bootstrap = ServerBootstrap(group: self.group)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    guard self.admit(channel) else { throw ChannelError.inputClosed }
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline(withPipeliningAssistance: true)
                    try channel.pipeline.syncOperations.addHandler(AdminHandler(responder: self.responder))
                }
            }
        let listen = self.configuration.listen
        do {
            let channel = try await bootstrap.bind(host: listen.host, port: Int(listen.port)).get()
            self.state.withLock { $0.listener = channel }
            let port = channel.localAddress?.port.flatMap(UInt16.init(exactly:)) ?? listen.port
            return HostPort(host: listen.host, port: port)
        } catch {
            throw GatewayError(.bindFailed, "admin.listen: cannot listen on \(listen): \(GatewayError.reason(error))")
        }
    }

    /// Closes the listener and every connection; returns once all are closed.
    package func shutdown() async {
        let channels = self.state.withLock { state in
            let channels = [state.listener].compactMap(\.self) + state.connections.values
            state.listener = nil
            return channels
        }
        for channel in channels {
            // It may be closed already, which is as good.
            try? await channel.close().get()
        }
    }

    private func admit(_ channel: any Channel) -> Bool {
        let id = ObjectIdentifier(channel)
        let isAdmitted = self.state.withLock { state in
            guard state.connections.count < Self.mostConnections else { return false }
            state.connections[id] = channel
            return true
        }
        guard isAdmitted else { return false }
        channel.closeFuture.whenComplete { _ in
            _ = self.state.withLock { $0.connections.removeValue(forKey: id) }
        }
        return true
    }
}
