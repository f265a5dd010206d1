internal import CallCore
internal import CallRuntime
internal import ClientProtocol
internal import ClientServer
internal import MediaRelay
internal import Observability
internal import SIPCore
internal import SIPTransport
internal import Synchronization

/// Gathers what the admin interface shows from the parts of a running gateway.
final class GatewayInspector: AdminSource {
    private struct Parts {
        var loop: SignallingLoop
        var clients: ClientServer
        var transport: SIPTransport
        var media: (any MediaEngine)?
        var lag: EventLoopLagProbe
    }

    private let parts: Parts
    private let ready = Atomic<Bool>(false)
    /// Reads phones and users from the storage again; set once the gateway runs.
    let directoryReader = LateBound<@Sendable () async throws -> Void>()

    init(
        loop: SignallingLoop,
        clients: ClientServer,
        transport: SIPTransport,
        media: (any MediaEngine)?,
        lag: EventLoopLagProbe
    ) {
        self.parts = Parts(loop: loop, clients: clients, transport: transport, media: media, lag: lag)
    }

    var isReady: Bool { self.ready.load(ordering: .relaxed) }

    func setReady(_ isReady: Bool) {
        self.ready.store(isReady, ordering: .relaxed)
    }

    func statistics() async throws -> GatewayStatistics {
        let table = try await self.parts.loop.statistics()
        let counters = self.parts.clients.counters
        let traffic = self.parts.transport.counts
        var statistics = GatewayStatistics(version: GatewayVersion.current)
        statistics.callsActive = table.calls
        statistics.callsEnded = table.counters.endedCalls
        statistics.callSetup = table.counters.setupHistogram
        statistics.clientConnections = counters.connections.load(ordering: .relaxed)
        statistics.clientFaults.tokensRefused = counters.tokensRefused.load(ordering: .relaxed)
        statistics.clientFaults.requestsRefused = counters.requestsRefused.load(ordering: .relaxed)
        statistics.clientFaults.slowSocketsDropped = counters.slowSocketsDropped.load(ordering: .relaxed)
        statistics.clientFaults.silentSocketsDropped = counters.silentSocketsDropped.load(ordering: .relaxed)
        statistics.sipTransactions = table.transactions
        statistics.sipDialogs = table.dialogs
        statistics.registrations = table.bindings
        statistics.trunks = table.trunks.map(\.load)
        statistics.passwords.wrong = table.guesses.wrong
        statistics.passwords.turnedAway = table.guesses.turnedAway
        statistics.sipTraffic.received = traffic.received
        statistics.sipTraffic.sent = traffic.sent
        statistics.sipTraffic.malformed = traffic.malformed
        statistics.sipTraffic.failed = traffic.failed
        statistics.sipTraffic.connections = traffic.connections
        if let media = self.parts.media?.counters {
            statistics.relay.portsInUse = media.portsInUse
            statistics.relay.legs = media.legs
            statistics.relay.packetsReceived = media.packetsIn
            statistics.relay.packetsSent = media.packetsOut
            statistics.relay.framesTranscoded = media.transcoded
            statistics.relay.packetsDropped = media.dropped.byReason
        }
        statistics.eventLoopLag = self.parts.lag.seconds
        statistics.isDraining = table.isDraining
        return statistics
    }

    func readDirectory() async throws {
        try await self.directoryReader.value?()
    }

    func trunks() async throws -> [TrunkReport] {
        try await self.parts.loop.statistics().trunks.map { trunk in
            TrunkReport(
                name: trunk.name,
                calls: trunk.calls,
                limit: trunk.limit,
                servers: trunk.servers.map { .init(uri: $0.uri, state: .init($0.health)) }
            )
        }
    }

    func calls() async throws -> [CallReport] {
        try await self.parts.loop.calls().map { call in
            CallReport(
                callID: call.id,
                direction: call.direction.rawValue,
                state: call.isAnswered ? .answered : .ringing,
                callerID: call.callerID.text,
                calleeID: call.dialled.text,
                ageSeconds: (Double(call.age.nanoseconds) / 1e6).rounded() / 1e3
            )
        }
    }
}

extension TrunkReport.State {
    fileprivate init(_ health: ServerWatch.Health?) {
        switch health {
        case .up: self = .up
        case .down: self = .down
        case .unknown: self = .unknown
        case nil: self = .unprobed
        }
    }
}

extension TrunkSummary {
    /// A server that was not probed yet is taken for alive, as calls take it.
    fileprivate var load: GatewayStatistics.Trunk {
        GatewayStatistics.Trunk(
            name: self.name,
            calls: self.calls,
            servers: self.servers.compactMap { server in server.health.map { (server.uri, $0 != .down) } }
                .reduce(into: [:]) { $0[$1.0] = $1.1 }
        )
    }
}

extension RelayCounters.Dropped {
    fileprivate var byReason: [String: UInt64] {
        [
            "stranger": self.strangers, "malformed": self.malformed, "unauthenticated": self.unauthenticated,
            "unjoined": self.unjoined, "unconnected": self.unconnected, "held": self.held,
            "unmapped": self.unmapped, "congested": self.congested, "refused": self.refused,
        ]
    }
}

extension CallCounters {
    /// Every direction has a count of answered calls from the start, so that a rate can be taken of it.
    fileprivate var endedCalls: [GatewayStatistics.EndedCalls] {
        let answered = "answered"
        let counts = self.ended.map { key, count in
            GatewayStatistics.EndedCalls(
                direction: key.direction.rawValue,
                outcome: key.failure?.rawValue ?? answered,
                count: count
            )
        }
        let missing = CallDirection.allCases.map(\.rawValue).filter { direction in
            !counts.contains { $0.direction == direction && $0.outcome == answered }
        }
        return counts + missing.map { .init(direction: $0, outcome: answered, count: 0) }
    }

    fileprivate var setupHistogram: Histogram {
        Histogram(
            bounds: Self.setupBounds.map { Double($0) / 1_000 },
            counts: self.setups,
            sum: Double(self.setupSum.nanoseconds) / 1e9
        )
    }
}
