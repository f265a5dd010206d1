internal import Logging
internal import NIOCore
internal import SIPCore
internal import SIPWire

/// The sockets of one event loop; only code on that loop holds it.
final class Edge {
    let lane: Int
    let eventLoop: any EventLoop
    let context: TransportContext

    /// By the listener's number; nil where it is another edge's, or a stream.
    var datagrams: [DatagramListener?]
    /// Every listening socket of this edge.
    var listening: [any Channel] = []
    var connections: [UInt64: Connection] = [:]
    var connecting: [SIPTarget: PendingConnection] = [:]
    var addresses = AddressCache()
    var parser: SIPWireParser
    /// Holds one message on its way from value to socket, again and again.
    var scratch: [UInt8] = []
    var isClosing = false

    /// Names that are being looked for.
    private var locating = 0
    private var connectionCount: UInt64 = 0
    /// Connections with writes that are not flushed yet.
    private var unflushed: [Connection] = []
    private var reports: [SIPInbound] = []
    /// Whether `send` is under way; a flush that fails makes NIO read what is left, in the middle of it.
    private var isSending = false
    private var doors: [EdgeDoor] = []

    init(lane: Int, eventLoop: any EventLoop, context: TransportContext) {
        self.lane = lane
        self.eventLoop = eventLoop
        self.context = context
        self.datagrams = Array(repeating: nil, count: context.listeners.count)
        self.parser = SIPWireParser(limits: context.wireLimits)
    }

    /// Tells this edge of all, itself among them, for messages that turn out to be another's.
    func join(_ doors: [EdgeDoor]) {
        self.doors = doors
    }

    // MARK: - Out

    func send(_ batch: [SIPOutbound]) {
        let wasSending = self.isSending
        self.isSending = true
        for outbound in batch { self.send(outbound) }
        self.flush()
        self.isSending = wasSending
    }

    private func send(_ outbound: SIPOutbound) {
        switch outbound.destination {
        case .flow(let flow, let fallback):
            guard !self.send(outbound, over: flow) else { return }
            self.send(outbound, to: fallback)
        case .target(let target, let preferring):
            if let preferring, self.send(outbound, over: preferring) { return }
            self.send(outbound, to: target)
        }
    }

    /// - Returns: false where the flow is gone, or never was; datagram flows are always there.
    private func send(_ outbound: SIPOutbound, over flow: SIPFlow) -> Bool {
        if let connection = self.connections[flow.connection] {
            connection.write(outbound.message, for: outbound.transaction)
            return true
        }
        let index = Int(flow.listener)
        guard flow.connection == 0, index < self.datagrams.count, let listener = self.datagrams[index],
            let address = self.addresses.literal(flow.remote.host, port: flow.remote.port)
        else { return false }
        self.send(outbound, from: listener, to: address)
        return true
    }

    private func send(_ outbound: SIPOutbound, to target: SIPTarget) {
        guard !self.isClosing else { return self.fail(outbound, .refused) }
        switch target.transport {
        case .udp: self.sendDatagram(outbound, to: target)
        case .tcp, .tls, .other: self.sendStream(outbound, to: target)
        }
    }

    private func sendDatagram(_ outbound: SIPOutbound, to target: SIPTarget) {
        if let address = self.addresses.literal(target.host, port: target.port) {
            guard let index = self.context.listener(.udp, isIPv6: address.protocol == .inet6) else {
                return self.fail(outbound, .unsupported)
            }
            if let listener = self.datagrams[index] {
                self.send(outbound, from: listener, to: address)
            } else if self.context.listeners[index].lane != self.lane {
                self.redirect(outbound, to: target)
            } else {
                // Its socket has closed.
                self.fail(outbound, .unsupported)
            }
            return
        }
        self.locate(target) { found in
            guard let first = found.first else { return self.fail(outbound, .unresolved) }
            self.redirect(outbound, to: first)
        }
    }

    /// Finds the addresses of a target that is named, by the transport that stands in the message already.
    func locate(_ target: SIPTarget, _ then: @escaping ([SIPTarget]) -> Void) {
        guard self.locating < self.context.configuration.maximumQueuedMessages else { return then([]) }
        self.locating += 1
        var target = target
        if target.search == .transport { target.search = .service }
        let edge = NIOLoopBound(self, eventLoop: self.eventLoop)
        let eventLoop = self.eventLoop
        let answer = NIOLoopBound(then, eventLoop: eventLoop)
        self.context.locator.locate(target) { found in
            eventLoop.execute {
                edge.value.locating -= 1
                answer.value(found)
            }
        }
    }

    private func send(_ outbound: SIPOutbound, from listener: DatagramListener, to address: SocketAddress) {
        self.scratch.removeAll(keepingCapacity: true)
        SIPWriter.write(outbound.message, into: &self.scratch)
        if listener.send(self.scratch, to: address) {
            self.context.counters.sent.increment()
        } else {
            self.fail(outbound, .refused)
        }
    }

    /// Sends by whichever edge has the socket for `target`.
    func redirect(_ outbound: SIPOutbound, to target: SIPTarget) {
        var outbound = outbound
        outbound.destination = .target(target, preferring: nil)
        let lane = self.context.lane(of: target)
        guard lane < self.doors.count else { return self.fail(outbound, .refused) }
        self.doors[lane].send([outbound])
    }

    /// Flushes what was written to connections since the last time.
    func flush() {
        while let connection = self.unflushed.popLast() { connection.flush() }
    }

    /// Notes that a connection has something to flush.
    func wrote(to connection: Connection) {
        self.unflushed.append(connection)
    }

    // MARK: - In

    /// Hands over what a read brought.
    func deliver(_ batch: [SIPInbound]) {
        self.context.counters.received.add(batch.count)
        guard !self.isSending else {
            for inbound in batch { self.report(inbound) }
            return
        }
        // What waits came before.
        let all = self.reports.isEmpty ? batch : self.reports + batch
        self.reports = []
        self.context.receive(all)
    }

    /// Gives news that no read brought; from a turn of the loop of its own, for it may come up in the middle of `send`.
    func report(_ inbound: SIPInbound) {
        self.reports.append(inbound)
        guard self.reports.count == 1 else { return }
        self.eventLoop.assumeIsolated().execute {
            let reports = self.reports
            self.reports = []
            // A read may have taken them along.
            if !reports.isEmpty { self.context.receive(reports) }
        }
    }

    func fail(_ outbound: SIPOutbound, _ failure: SIPTransportFailure) {
        self.fail(outbound.transaction, failure)
    }

    /// Counts a failure, and reports it where somebody needs to know.
    func fail(_ transaction: ClientTransactionKey?, _ failure: SIPTransportFailure) {
        self.context.counters.failed.increment()
        guard let transaction else { return }
        self.report(.failed(transaction, failure))
    }

    // MARK: - Lifecycle

    /// A number that no connection of this process had before, and that tells this edge's lane.
    func nextConnection() -> UInt64 {
        self.connectionCount += 1
        return self.connectionCount * UInt64(self.context.lanes) + UInt64(self.lane)
    }

    /// Notes that a listening socket is open, and says so where it closes by itself.
    func opened(_ channel: any Channel) {
        self.listening.append(channel)
        // A closed channel has none any more.
        let address = channel.localAddress.map { "\($0)" } ?? ""
        channel.closeFuture.assumeIsolated().whenComplete { _ in
            self.listening.removeAll { $0 === channel }
            guard !self.isClosing else { return }
            self.context.logger.error("SIP listener closed", metadata: ["address": "\(address)"])
        }
    }

    func shutdown() -> EventLoopFuture<Void> {
        self.isClosing = true
        self.doors = []
        let waiting = self.connecting.values
        self.connecting = [:]
        for pending in waiting {
            for outbound in pending.queue { self.fail(outbound, .refused) }
        }
        let channels = self.listening + self.connections.values.compactMap { $0.channel }
        for channel in channels { channel.close(promise: nil) }
        return EventLoopFuture.andAllComplete(channels.map { $0.closeFuture }, on: self.eventLoop)
    }
}
