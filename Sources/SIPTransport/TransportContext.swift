internal import Logging
internal import NIOCore
internal import SIPCore
internal import SIPWire

/// What all edges of one transport have in common; nothing of it changes but the counters and the directory.
final class TransportContext: Sendable {
    /// A listener with its address read, and the edge whose loop it lives on.
    struct Listener: Sendable {
        var configuration: SIPTransport.Configuration.Listener
        /// nil where the host is no IP address; such a transport does not start.
        var address: SocketAddress?
        var lane: Int
    }

    let configuration: SIPTransport.Configuration
    let wireLimits: SIPWireLimits
    let listeners: [Listener]
    /// How many edges there are; each has a lane from 0 on.
    let lanes: Int
    let directory: ConnectionDirectory
    let counters = TransportCounters()
    let tls = TLSContexts()
    let logger: Logger
    let locator: Locator
    let receive: @Sendable ([SIPInbound]) -> Void

    init(
        configuration: SIPTransport.Configuration,
        lanes: Int,
        logger: Logger,
        names: (@Sendable () -> any NameSource)?,
        receive: @escaping @Sendable ([SIPInbound]) -> Void
    ) {
        self.configuration = configuration
        var limits = SIPWireLimits()
        limits.message = configuration.maximumMessageSize
        limits.head = min(limits.head, limits.message)
        limits.body = min(limits.body, limits.message)
        self.wireLimits = limits
        self.lanes = lanes
        self.listeners = configuration.listeners.enumerated().map { index, listener in
            Listener(
                configuration: listener,
                address: try? SocketAddress(ipAddress: listener.host, port: Int(listener.port)),
                lane: index % lanes
            )
        }
        self.directory = ConnectionDirectory(
            maximum: configuration.maximumConnections,
            maximumPerAddress: configuration.maximumConnectionsPerAddress
        )
        self.logger = logger
        let servers = configuration.nameServers
        self.locator = Locator(
            reach: self.listeners.map {
                TargetSearch.Reach($0.configuration.transport, isIPv6: $0.address?.protocol == .inet6)
            },
            source: names ?? { AresSource(servers: servers) }
        )
        self.receive = receive
    }

    /// The first listener of that transport and address family; nil: we can't send there.
    func listener(_ transport: SIPTransportKind, isIPv6: Bool) -> Int? {
        self.listeners.firstIndex { listener in
            listener.configuration.transport == transport && (listener.address?.protocol == .inet6) == isIPv6
        }
    }

    /// The address that connections we open come from: that of the first listener that fits, and any port.
    func source(of transport: SIPTransportKind, isIPv6: Bool) -> SocketAddress? {
        guard let listener = self.listener(transport, isIPv6: isIPv6),
            var address = self.listeners[listener].address
        else { return nil }
        address.port = 0
        return address
    }

    /// Which edge takes a message first.
    func lane(of destination: SIPOutbound.Destination) -> Int {
        switch destination {
        case .flow(let flow, _): self.lane(of: flow)
        case .target(_, preferring: let flow?): self.lane(of: flow)
        case .target(let target, preferring: nil): self.lane(of: target)
        }
    }

    /// The edge that has the flow's socket.
    func lane(of flow: SIPFlow) -> Int {
        if flow.connection != 0 { return Int(flow.connection % UInt64(self.lanes)) }
        let index = Int(flow.listener)
        return index < self.listeners.count ? self.listeners[index].lane : 0
    }

    /// The edge that has, or shall have, the socket for a target.
    ///
    /// Every message for one target goes to one edge, so that two messages at once open one connection.
    func lane(of target: SIPTarget) -> Int {
        guard self.lanes > 1 else { return 0 }
        switch target.transport {
        case .udp:
            let isIPv6 = target.host.utf8.contains(UInt8(ascii: ":"))
            let index = self.listener(.udp, isIPv6: isIPv6) ?? self.listener(.udp, isIPv6: !isIPv6)
            return index.map { self.listeners[$0].lane } ?? 0
        case .tcp, .tls, .other:
            if let connection = self.directory.connection(to: target) {
                return Int(connection % UInt64(self.lanes))
            }
            return Int(UInt(bitPattern: target.hashValue) % UInt(self.lanes))
        }
    }
}
