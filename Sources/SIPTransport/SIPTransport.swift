package import Logging
package import NIOCore
package import SIPCore

/// The sockets that SIP goes over: UDP, TCP and TLS, IPv4 and IPv6.
///
/// ## Overview
/// Each event loop of the group is an *edge*: it owns sockets, frames and parses what comes in, and hands finished values
/// over. Listeners are dealt out to the edges in turn, connections as they come.
///
/// ## Function
/// - UDP: one socket a listener. What can't be parsed is answered with 400 on the spot where the parser could make
///   one; all else that is no SIP is dropped.
/// - TCP: connections are reused both ways (RFC 3261 §18, RFC 5923), opened on demand, one to a target, and closed when
///   idle. A double CRLF is answered with a CRLF (RFC 5626 §3.5.1).
/// - TLS: as TCP, once the handshake has come to its end. Whom we connect to must have a certificate for the name or
///   address that was asked for (RFC 5922 §7).
/// - A message over a flow leaves from that flow's socket and goes to exactly its address and port. `received` and
///   `rport` (RFC 3261 §18.2, RFC 3581) are the core's: what stands in Via is not looked at here.
///
/// ## Implementation
/// Nothing is awaited between a packet and its delivery. `send` makes one hop to each edge that has part in the batch;
/// only a message whose connection turned out to be gone, or whose host name had to be resolved, may make a second.
/// A connection's number tells its edge: number modulo edges.
package final class SIPTransport: Sendable {
    /// Counts for metrics.
    package struct Counts: Hashable, Sendable {
        /// Connections open or being opened now.
        package var connections: Int
        /// Messages parsed and handed over, ever.
        package var received: Int
        /// Messages given to the system, ever.
        package var sent: Int
        /// Messages and streams that were no SIP, ever.
        package var malformed: Int
        /// Messages that could not be sent, ever.
        package var failed: Int
        /// Connections not accepted, or not opened, for there were too many already; ever.
        package var turnedAway: Int

        package init(
            connections: Int = 0,
            received: Int = 0,
            sent: Int = 0,
            malformed: Int = 0,
            failed: Int = 0,
            turnedAway: Int = 0
        ) {
            self.connections = connections
            self.received = received
            self.sent = sent
            self.malformed = malformed
            self.failed = failed
            self.turnedAway = turnedAway
        }
    }

    private let context: TransportContext
    private let group: any EventLoopGroup
    private let edges: [EdgeDoor]

    /// Opens nothing yet.
    ///
    /// - Parameters:
    ///   - configuration: What to listen on, and limits.
    ///   - group: The edge loops.
    ///   - logger: For faults of peers and sockets; never a message's content.
    ///   - names: Makes what tells the addresses of host names; default, the domain name system.
    ///   - receive: Takes what comes in, all of one read at once, on an edge's loop; it must not block. It is never
    ///     called from within `send`.
    package init(
        configuration: Configuration,
        group: any EventLoopGroup,
        logger: Logger = Logger(label: "switchhook.sip"),
        names: (@Sendable () -> any NameSource)? = nil,
        receive: @escaping @Sendable ([SIPInbound]) -> Void
    ) {
        let loops = Array(group.makeIterator())
        let context = TransportContext(
            configuration: configuration,
            lanes: loops.count,
            logger: logger,
            names: names,
            receive: receive
        )
        self.context = context
        self.group = group
        self.edges = loops.enumerated().map { lane, loop in EdgeDoor(lane: lane, eventLoop: loop, context: context) }
    }

    /// Finds the addresses of a target that is named, in the order in which they are to be tried (RFC 3263).
    ///
    /// - Parameters:
    ///   - target: its transport is the answer's, where `search` leaves no other choice.
    ///   - then: takes what was found, none where there is nothing; called on any thread.
    package func locate(_ target: SIPTarget, then: @escaping @Sendable ([SIPTarget]) -> Void) {
        self.context.locator.locate(target, then: then)
    }

    /// Counts as of now.
    package var counts: Counts {
        let counters = self.context.counters
        return Counts(
            connections: self.context.directory.count,
            received: counters.received.now,
            sent: counters.sent.now,
            malformed: counters.malformed.now,
            failed: counters.failed.now,
            turnedAway: counters.turnedAway.now
        )
    }

    /// Binds every listener; call it once.
    ///
    /// - Returns: The bound addresses, in the order of the configuration, with their actual ports.
    /// - Throws: `SIPTransportError`, which names the listener; then nothing stays open.
    package func start() async throws -> [SIPListener] {
        let edges = self.edges
        for edge in edges { edge.enter { $0.join(edges) } }
        var bound: [SIPListener] = []
        do {
            try self.load(self.context.configuration.tls)
            for (index, listener) in self.context.listeners.enumerated() {
                bound.append(try await self.bind(listener, index: UInt16(index)))
            }
        } catch {
            await self.shutdown()
            throw error
        }
        return bound
    }

    /// Reads certificates and keys, for the TLS connections to come; those that are open go on.
    ///
    /// - Throws: `SIPTransportError`, which names the fault; then the former ones stay.
    package func reload(_ settings: TLSSettings) throws(SIPTransportError) {
        try self.load(settings)
    }

    private func load(_ settings: TLSSettings?) throws(SIPTransportError) {
        guard let settings else {
            if let listener = self.context.configuration.listeners.first(where: { $0.transport == .tls }) {
                throw .noCertificate(listener)
            }
            return
        }
        do {
            try self.context.tls.load(settings)
        } catch {
            throw .badCertificate(error)
        }
    }

    private func bind(_ listener: TransportContext.Listener, index: UInt16) async throws -> SIPListener {
        let configuration = listener.configuration
        guard let address = listener.address else { throw SIPTransportError.invalidAddress(configuration) }
        let edge = self.edges[listener.lane]
        let channel: any Channel
        do {
            switch configuration.transport {
            case .udp: channel = try await edge.bindDatagrams(at: address, index: index)
            case .tcp, .tls:
                channel = try await edge.bindStreams(at: address, index: index, group: self.group, self.edges)
            case .other: throw SIPTransportError.unsupportedTransport(configuration)
            }
        } catch let error as IOError {
            throw SIPTransportError.bindFailed(configuration, error.systemText)
        }
        guard let actual = channel.localAddress.flatMap({ SIPAddress($0) }) else {
            throw SIPTransportError.bindFailed(configuration, "the socket has no address")
        }
        self.context.logger.info(
            "SIP listener open",
            metadata: ["transport": "\(configuration.transport.viaName)", "address": "\(actual.text)"]
        )
        return SIPListener(transport: configuration.transport, address: actual)
    }

    /// Sends messages, from any thread; the order is kept among those that take one socket.
    ///
    /// What can't be sent comes back as `.failed` where it has a `transaction`.
    package func send(_ batch: [SIPOutbound]) {
        guard self.edges.count > 1 else {
            self.edges[0].send(batch)
            return
        }
        var lanes = [[SIPOutbound]](repeating: [], count: self.edges.count)
        for outbound in batch { lanes[self.context.lane(of: outbound.destination)].append(outbound) }
        for (lane, batch) in lanes.enumerated() where !batch.isEmpty { self.edges[lane].send(batch) }
    }

    /// Closes every socket, and returns once all are closed; messages that wait for a connection fail.
    package func shutdown() async {
        await self.context.locator.stop()
        for edge in self.edges { await edge.shutdown() }
    }
}
