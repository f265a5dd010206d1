internal import CallCore
internal import CallRuntime
internal import ClientProtocol
internal import ClientServer
internal import Foundation
package import Logging
internal import MediaCore
internal import MediaRelay
internal import NIOCore
internal import NIOPosix
internal import SIPCore
internal import SIPTransport
internal import ServiceLifecycle
internal import Synchronization

/// A whole gateway in this process: its edges, its signalling loop, its admin interface.
///
/// `start` binds everything, `run` serves until it is told to stop. Services stop in the reverse of their order: first
/// the calls are drained, then the apps' side closes, then SIP, then the admin interface, which can so be asked to the
/// end how the draining goes.
package final class RunningGateway: Sendable {
    /// What has been bound.
    package let listeners: GatewayListeners
    private let loops: GatewayLoops
    private let loop: SignallingLoop
    private let clients: ClientServer
    private let transport: SIPTransport
    private let media: (any MediaEngine)?
    private let admin: AdminServer
    private let inspector: GatewayInspector
    private let lag: EventLoopLagProbe
    private let storage: PhoneStorage
    private let logger: Logger
    private let configuration: Mutex<GatewayConfiguration>
    private let toClients: LateBound<ClientServer>

    private init(
        listeners: GatewayListeners,
        configuration: GatewayConfiguration,
        parts: Parts,
        clients: ClientServer,
        admin: AdminServer,
        inspector: GatewayInspector,
        logger: Logger
    ) {
        self.listeners = listeners
        self.loops = parts.loops
        self.loop = parts.loop
        self.clients = clients
        self.transport = parts.transport
        self.media = parts.media
        self.admin = admin
        self.inspector = inspector
        self.lag = parts.lag
        self.storage = parts.storage
        self.logger = logger
        self.configuration = Mutex(configuration)
        self.toClients = parts.toClients
    }

    /// What there is once SIP is bound.
    private struct Parts {
        var loops: GatewayLoops
        var loop: SignallingLoop
        var transport: SIPTransport
        var media: (any MediaEngine)?
        var lag: EventLoopLagProbe
        var toClients: LateBound<ClientServer>
        var storage: PhoneStorage
        var sip: [SIPListenAddress]
    }

    // MARK: Starting

    /// Binds every listener.
    ///
    /// - Parameters:
    ///   - configuration: A checked one.
    ///   - cores: How many the machine has.
    ///   - logger: Gets no token, number or session description.
    /// - Returns: The gateway, bound but not yet run.
    /// - Throws: `GatewayError` where a listener can't be bound or a key is unusable; then nothing is left open.
    package static func start(
        _ configuration: GatewayConfiguration,
        cores: Int = System.coreCount,
        logger: Logger
    ) async throws(GatewayError) -> RunningGateway {
        DescriptorLimit.raise()
        let verifier = try await self.verifier(of: configuration)
        let parts = try await self.startSIP(configuration, cores: cores, logger: logger)
        let loop = parts.loop
        let clients = ClientServer(
            configuration: configuration.clientServer,
            tokens: verifier,
            group: parts.loops.edges,
            logger: logger
        ) { loop.receive($0) }
        parts.toClients.bind(clients)
        let inspector = GatewayInspector(
            loop: loop,
            clients: clients,
            transport: parts.transport,
            media: parts.media,
            lag: parts.lag
        )
        let admin = AdminServer(
            configuration: configuration.admin,
            source: inspector,
            group: parts.loops.edges,
            logger: logger
        )
        do {
            let client = try await self.bind(clients, configuration.client)
            let listeners = GatewayListeners(
                client: client,
                isClientSecure: configuration.client.tls != nil,
                sip: parts.sip,
                admin: try await admin.start()
            )
            parts.lag.start()
            inspector.setReady(true)
            return RunningGateway(
                listeners: listeners,
                configuration: configuration,
                parts: parts,
                clients: clients,
                admin: admin,
                inspector: inspector,
                logger: logger
            )
        } catch {
            await clients.shutdown()
            await parts.transport.shutdown()
            parts.media?.stop()
            parts.toClients.bind(nil)
            await parts.loops.shutdown()
            throw error
        }
    }

    private static func verifier(
        of configuration: GatewayConfiguration
    ) async throws(GatewayError) -> TokenVerifier {
        let keys = try configuration.tokens.verifierConfiguration()
        do {
            return try await TokenVerifier(keys)
        } catch {
            throw GatewayError(.unusableKey, "tokens: \(error)")
        }
    }

    private static func startSIP(
        _ configuration: GatewayConfiguration,
        cores: Int,
        logger: Logger
    ) async throws(GatewayError) -> Parts {
        let origin = Self.unixTimeAtOrigin
        let storage = try PhoneStorage(configuration, unixTimeAtOrigin: origin, logger: logger)
        let content = try await storage.content(configuration)
        let bindings = try await storage.bindings()
        let loops = GatewayLoops(cores: cores)
        let waiting = WaitingInbound()
        let transport = SIPTransport(configuration: configuration.transport, group: loops.edges, logger: logger) {
            waiting.receive($0)
        }
        let toClients = LateBound<ClientServer>()
        let toLoop = LateBound<SignallingLoop>()
        let media = configuration.mediaEngine { toLoop.value?.receive($0) }
        do {
            try media?.start()
            let bound = try await transport.start()
            let userAgent = configuration.userAgent(bound)
            let table = configuration.callTable(content.users)
            let registry = configuration.phoneRegistry(unixTimeAtOrigin: origin)
            let loop = try await SignallingLoop(
                eventLoop: loops.signalling,
                table: {
                    let phones = PhoneRegistry(
                        configuration: registry,
                        accounts: content.accounts,
                        key: (0..<32).map { _ in UInt8.random(in: .min ... .max) }
                    )
                    phones.restore(
                        bindings,
                        now: SIPCore.Instant(nanoseconds: NIODeadline.now().uptimeNanoseconds)
                    )
                    return CallTable(
                        configuration: table,
                        userAgent: SIPUserAgent(
                            configuration: userAgent,
                            tokens: TokenSource(BufferedRandom()),
                            phones: phones
                        ),
                        random: BufferedRandom(),
                        unixTimeAtOrigin: origin
                    )
                },
                toClients: { toClients.value?.deliver($0) },
                toPhones: { transport.send($0) },
                toNames: { Self.find($0, by: transport) { toLoop.value?.receive([$0]) } },
                toMedia: { media?.perform($0) },
                toStorage: { storage.store.save($0) },
                toOperator: { registrations, servers in
                    Self.log(registrations, logger)
                    Self.log(servers, logger)
                }
            )
            toLoop.bind(loop)
            waiting.open(to: loop)
            try await loop.setRegistrations(configuration.registrations)
            try await loop.watchTrunks()
            let sip = zip(configuration.sip.listen, bound).map { listener, bound in
                SIPListenAddress(
                    transport: listener.transport,
                    address: HostPort(host: bound.address.host, port: bound.address.port)
                )
            }
            return Parts(
                loops: loops,
                loop: loop,
                transport: transport,
                media: media,
                lag: EventLoopLagProbe(eventLoop: loops.signalling),
                toClients: toClients,
                storage: storage,
                sip: sip
            )
        } catch {
            media?.stop()
            await transport.shutdown()
            await loops.shutdown()
            let key = error is RelayError ? "media.\(configuration.anchor ?? .relay)" : "sip.listen"
            throw GatewayError(.bindFailed, "\(key): \(GatewayError.reason(error))")
        }
    }

    private static func find(
        _ names: [LocationRequest],
        by transport: SIPTransport,
        tell: @escaping @Sendable (SIPInbound) -> Void
    ) {
        for name in names { transport.locate(name.target) { tell(.located(name.id, $0)) } }
    }

    /// The Unix time at which the loops' clock stood at zero.
    private static var unixTimeAtOrigin: UInt64 {
        let now = UInt64(max(0, Date().timeIntervalSince1970))
        return now - min(now, NIODeadline.now().uptimeNanoseconds / 1_000_000_000)
    }

    private static func bind(
        _ clients: ClientServer,
        _ configuration: GatewayConfiguration.Client
    ) async throws(GatewayError) -> HostPort {
        let listen = configuration.listen
        do {
            let address = try await clients.start()
            return HostPort(host: listen.host, port: address.port.flatMap(UInt16.init(exactly:)) ?? listen.port)
        } catch let error as IOError {
            throw GatewayError(.bindFailed, "client.listen: cannot listen on \(listen): \(GatewayError.reason(error))")
        } catch {
            throw GatewayError(.unusableKey, "client.tls: \(error)")
        }
    }

    /// Makes of the keys and certificates of a configuration what `start` would, to see whether they can serve.
    ///
    /// - Throws: `GatewayError` where one is unusable.
    package static func checkKeys(of configuration: GatewayConfiguration) async throws(GatewayError) {
        let clients = ClientServer(
            configuration: configuration.clientServer,
            tokens: try await self.verifier(of: configuration),
            group: MultiThreadedEventLoopGroup.singleton,
            logger: Self.quiet
        ) { _ in }
        do {
            try clients.reloadCertificates()
        } catch {
            throw GatewayError(.unusableKey, "client.tls: \(error)")
        }
    }

    // MARK: Running

    /// Serves until the first `.stop`, then drains and returns; until then each `.reload` calls `reload`.
    ///
    /// - Parameters:
    ///   - signals: A second `.stop` calls `exitAtOnce`.
    ///   - load: Reads the configuration again.
    ///   - exitAtOnce: Ends the process.
    /// - Throws: What a service fails with; none does.
    package func run(
        signals: AsyncStream<GatewaySignal>,
        load: @escaping @Sendable () -> Result<GatewayConfiguration, ConfigurationFaults>,
        exitAtOnce: @escaping @Sendable () -> Void
    ) async throws {
        let (admin, transport, clients) = (self.admin, self.transport, self.clients)
        let drain = DrainService(
            loop: self.loop,
            beginDraining: { await self.beginDraining() },
            patience: { self.configuration.withLock { $0.timers.drain } },
            logger: self.logger
        )
        let running = LateBound<ServiceGroup>()
        let signalling = SignalService(
            signals: signals,
            reload: { await self.reload(load()) },
            stop: { await running.value?.triggerGracefulShutdown() },
            exitAtOnce: exitAtOnce,
            logger: self.logger
        )
        let services: [any Service] = [
            signalling,
            EdgeService { await admin.shutdown() },
            EdgeService { await transport.shutdown() },
            EdgeService { [loop = self.loop] in await Self.endRegistrations(of: loop) },
            EdgeService { await clients.shutdown() },
            drain,
        ]
        let group = ServiceGroup(services: services, logger: Self.quiet)
        running.bind(group)
        defer { running.bind(nil) }
        self.inspector.directoryReader.bind { try await self.readDirectory() }
        defer { self.inspector.directoryReader.bind(nil) }
        try await group.run()
        self.lag.stop()
        self.media?.stop()
        // The server holds the loop, and the loop the server.
        self.toClients.bind(nil)
        await self.storage.store.flush()
        await self.loops.shutdown()
    }

    private func beginDraining() async {
        self.inspector.setReady(false)
        // The loop refuses only when it has stopped itself.
        try? await self.loop.beginDraining()
    }

    /// The group says at each step of each service what it does; nobody but its makers wants to read that.
    private static let quiet = Logger(label: "switchhook.services") { _ in SwiftLogNoOpLogHandler() }

    // MARK: Reloading

    /// Takes a new configuration for what comes from now on; a faulty one changes nothing.
    func reload(_ loaded: Result<GatewayConfiguration, ConfigurationFaults>) async {
        switch loaded {
        case .failure(let faults):
            for fault in faults.faults {
                self.logger.error("The configuration is faulty; nothing was changed", metadata: ["fault": "\(fault)"])
            }
        case .success(let new):
            await self.take(new)
        }
    }

    /// Takes the phones and users of that configuration and of the storage as it is now, and what calls are routed by.
    private func takeDirectory(_ configuration: GatewayConfiguration) async throws {
        let content = try await self.storage.content(configuration)
        try await self.loop.update(configuration.callTable(content.users))
        try await self.loop.setPhones(content.accounts)
    }

    /// Takes the phones and users that the storage has now.
    private func readDirectory() async throws {
        try await self.takeDirectory(self.configuration.withLock { $0 })
        self.logger.notice("Phones and users were read again")
    }

    private func take(_ new: GatewayConfiguration) async {
        let taken = self.configuration.withLock { new.onEngine(of: $0) }
        do {
            // Everything that may fail comes first.
            _ = try await Self.verifier(of: new)
            try self.clients.reloadCertificates()
            if let tls = new.sip.tls { try self.transport.reload(tls.settings) }
            try await self.takeDirectory(taken)
            try await self.loop.setRegistrations(new.registrations)
            try await self.loop.watchTrunks()
        } catch {
            self.logger.error("The configuration is faulty; nothing was changed", metadata: ["fault": "\(error)"])
            return
        }
        let old = self.configuration.withLock { configuration in
            defer { configuration = taken }
            return configuration
        }
        let later = old.keysNeedingRestart(in: new)
        if !later.isEmpty {
            self.logger.warning(
                "Some changes hold only after a restart",
                metadata: ["keys": "\(later.joined(separator: ", "))"]
            )
        }
        self.logger.notice("The configuration was read again")
    }
}
