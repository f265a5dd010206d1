internal import Glibc
internal import Logging
internal import NIOCore
internal import NIOPosix
internal import SIPCore

extension Edge {
    /// Connections that the system keeps for us until we accept them.
    private static let backlog: CInt = 1024

    /// How long a peer may leave unacknowledged what we sent, in milliseconds (RFC 5482); the system's own patience is a
    /// quarter of an hour, in which every call over a dead connection would fail.
    private static let acknowledgementTimeout = 20_000

    private static let userTimeout = Edge.option(TCP_USER_TIMEOUT)

    /// After how many seconds of silence a connection is probed, and how often again (RFC 1122 §4.2.3.6, RFC 5626 §4.4.1).
    ///
    /// A NAT forgets a silent one within minutes, and the phone behind it could not be called any more; the system's own
    /// patience is two hours.
    private static let probeTime = (silence: 100, interval: 10)
    private static let probeSilence = Edge.option(TCP_KEEPIDLE)
    private static let probeInterval = Edge.option(TCP_KEEPINTVL)

    private static func option(_ name: CInt) -> ChannelOptions.Types.SocketOption {
        ChannelOptions.Types.SocketOption(level: .tcp, name: NIOBSDSocket.Option(rawValue: name))
    }

    /// Addresses of one name that are tried, one after the other.
    private static let maximumCandidates = 4

    // MARK: - In

    /// Opens a TCP socket and accepts what comes to it; the connections are dealt out to the loops of `group`.
    ///
    /// The system being out of descriptors closes nothing: NIO waits for a second and accepts again.
    func bindStreams(
        at address: SocketAddress,
        index: UInt16,
        group: any EventLoopGroup,
        _ doors: [EdgeDoor]
    ) -> EventLoopFuture<any Channel> {
        let edge = NIOLoopBound(self, eventLoop: self.eventLoop)
        var bootstrap = ServerBootstrap(group: self.eventLoop, childGroup: group)
            .serverChannelOption(.backlog, value: Self.backlog)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.socketOption(.so_keepalive), value: 1)
            .childChannelOption(Self.probeSilence, value: Self.probeTime.silence)
            .childChannelOption(Self.probeInterval, value: Self.probeTime.interval)
            .childChannelOption(Self.userTimeout, value: Self.acknowledgementTimeout)
            .childChannelOption(.writeBufferWaterMark, value: self.waterMark)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    guard let door = doors.first(where: { $0.eventLoop === channel.eventLoop }) else {
                        preconditionFailure("A connection was accepted on a loop that has no edge.")
                    }
                    try door.configure(channel, origin: .accepted(listener: index))
                }
            }
        if address.protocol == .inet6 {
            // Each family has a listener of its own.
            let only = ChannelOptions.Types.SocketOption(level: .ipv6, name: .ipv6_v6only)
            bootstrap = bootstrap.serverChannelOption(only, value: 1)
        }
        return bootstrap.bind(to: address).map { channel in
            edge.value.opened(channel)
            return channel
        }
    }

    /// Fills the pipeline of a connection, accepted or opened.
    func configure(_ channel: any Channel, origin: Connection.Origin) throws {
        let transport =
            switch origin {
            case .accepted(let listener): self.context.listeners[Int(listener)].configuration.transport
            case .opened(let target): target.transport
            }
        var name: String?
        if transport == .tls {
            switch origin {
            case .accepted: break
            case .opened(let target): name = target.nameToProve ?? self.context.directory.name(at: target)
            }
            try channel.pipeline.syncOperations.addHandler(self.context.tls.handler(origin, name: name))
        }
        try channel.pipeline.syncOperations.addHandler(Connection(edge: self, origin: origin, name: name))
    }

    // MARK: - Out

    func sendStream(_ outbound: SIPOutbound, to target: SIPTarget) {
        let target = self.canonical(target)
        if let number = self.context.directory.connection(to: target), let connection = self.connections[number] {
            return connection.write(outbound.message, for: outbound.transaction)
        }
        guard self.context.lane(of: target) == self.lane else { return self.redirect(outbound, to: target) }
        if let pending = self.connecting[target] {
            guard pending.queue.count < self.context.configuration.maximumQueuedMessages else {
                return self.fail(outbound, .refused)
            }
            pending.queue.append(outbound)
            return
        }
        let pending = PendingConnection(target: target, first: outbound)
        self.connecting[target] = pending
        if let address = self.addresses.literal(target.host, port: target.port) {
            self.open(pending, [address])
        } else {
            self.locate(target) { found in
                self.open(pending, found.compactMap { self.addresses.literal($0.host, port: $0.port) })
            }
        }
    }

    /// One spelling for one target: lower case, and IPv6 as the system writes it (RFC 5952).
    private func canonical(_ target: SIPTarget) -> SIPTarget {
        var target = target
        if target.host.utf8.contains(UInt8(ascii: ":")) {
            let address = self.addresses.literal(target.host, port: target.port)
            target.host = address?.ipAddress ?? target.host
        } else if target.host.utf8.contains(where: { $0 != $0.asciiLowercased }) {
            target.host = target.host.lowercased()
        }
        return target
    }

    private func open(_ pending: PendingConnection, _ addresses: [SocketAddress]) {
        let target = pending.target
        guard self.connecting[target] === pending else { return }
        guard !addresses.isEmpty else { return self.abandon(pending, .unresolved) }
        let usable = addresses.filter {
            self.context.listener(target.transport, isIPv6: $0.protocol == .inet6) != nil
        }
        guard !usable.isEmpty else { return self.abandon(pending, .unsupported) }
        // A name's address may be connected already, by itself or by another name; with TLS the name is to be proved.
        for address in usable.lazy.compactMap({ SIPAddress($0) })
        where address.host != target.host && target.transport != .tls {
            let literal = SIPTarget(transport: target.transport, host: address.host, port: address.port)
            guard self.context.directory.connection(to: literal) != nil else { continue }
            self.connecting[target] = nil
            for outbound in pending.queue { self.redirect(outbound, to: literal) }
            return
        }
        pending.candidates = usable.prefix(Self.maximumCandidates).reversed()
        pending.attemptTime = .nanoseconds(
            TimeAmount(self.context.configuration.connectTimeout).nanoseconds / Int64(pending.candidates.count)
        )
        self.connectNext(pending)
    }

    private func connectNext(_ pending: PendingConnection) {
        guard self.connecting[pending.target] === pending else { return }
        guard let address = pending.candidates.popLast() else { return self.abandon(pending, .refused) }
        guard self.context.directory.reserve(acceptedFrom: nil) else {
            self.context.counters.turnedAway.increment()
            self.context.logger.debug("too many SIP connections", metadata: ["remote": "\(address)"])
            return self.abandon(pending, .refused)
        }
        let edge = NIOLoopBound(self, eventLoop: self.eventLoop)
        let origin = Connection.Origin.opened(pending.target)
        var bootstrap = ClientBootstrap(group: self.eventLoop)
        // From the address that listens, as datagrams go: a trunk knows us by it.
        if let source = self.context.source(of: pending.target.transport, isIPv6: address.protocol == .inet6) {
            bootstrap = bootstrap.bind(to: source)
        }
        bootstrap
            .connectTimeout(pending.attemptTime)
            .channelOption(.socketOption(.so_keepalive), value: 1)
            .channelOption(Self.probeSilence, value: Self.probeTime.silence)
            .channelOption(Self.probeInterval, value: Self.probeTime.interval)
            .channelOption(Self.userTimeout, value: Self.acknowledgementTimeout)
            .channelOption(.writeBufferWaterMark, value: self.waterMark)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try edge.value.configure(channel, origin: origin) }
            }
            .connect(to: address)
            .assumeIsolated().whenFailure { error in
                self.context.logger.debug(
                    "SIP connection refused",
                    metadata: ["remote": "\(address)", "error": "\(error)"]
                )
                self.context.directory.release(acceptedFrom: nil)
                self.connectNext(pending)
            }
    }

    private func abandon(_ pending: PendingConnection, _ failure: SIPTransportFailure) {
        self.connecting[pending.target] = nil
        for outbound in pending.queue { self.fail(outbound, failure) }
    }

    /// A connection that writes more than a bound without its peer reading becomes unwritable, and is closed.
    private var waterMark: ChannelOptions.Types.WriteBufferWaterMark {
        let bound = max(1, self.context.configuration.maximumPendingBytes)
        return ChannelOptions.Types.WriteBufferWaterMark(low: bound, high: bound)
    }

    // MARK: - What connections tell

    /// The peer of a connection that we opened would not agree on TLS, or could not prove who it is: its other addresses
    /// are tried.
    func refused(_ target: SIPTarget) {
        if let pending = self.connecting[target] { self.connectNext(pending) }
    }

    /// A connection that we opened is there: what waited for it goes out.
    func connected(_ connection: Connection, to target: SIPTarget) {
        guard let pending = self.connecting.removeValue(forKey: target) else { return }
        for outbound in pending.queue { connection.write(outbound.message, for: outbound.transaction) }
        self.flush()
    }
}
