import ClientProtocol
import Logging
import NIOCore
import Synchronization

/// The clients of one event loop, out of reach for code elsewhere.
///
/// One timer serves all its sockets: they lie in a wheel of ``slots`` slots, one slot is pinged at each tick, and a turn
/// of the wheel takes the ping interval.
final class EdgeLoop {
    static let slots = 25
    /// The largest buffer that is kept for the next frames, in bytes.
    private static let spareLimit = 16_384
    /// Bits of a ``ConnectionID`` that tell the loop; the rest is a serial number.
    static let indexBits: UInt64 = 10

    let eventLoop: any EventLoop
    let configuration: ClientServerConfiguration
    let counters: ClientServerCounters
    let logger: Logger
    /// Received values, until the read burst ends.
    var inbound: [ClientInbound] = []
    /// The payload of the frame at hand; one for all sockets.
    var payload: [UInt8] = []
    /// The JSON of the event at hand; one for all sockets.
    var json: [UInt8] = []

    /// Room for frames on their way to a channel, in turn for all sockets.
    private var spare: ByteBuffer?

    private let index: UInt64
    private let quota: SocketQuota
    private let receive: @Sendable ([ClientInbound]) -> Void
    private var serial: UInt64 = 0
    private var wheel = [[UInt64: ClientSocket]](repeating: [:], count: EdgeLoop.slots)
    private var slot = 0
    private var isTicking = false
    /// Sockets whose closing handshake runs, in the order of its deadline; those that are gone meanwhile stay till then.
    private var deadlines: [(deadline: NIODeadline, socket: ClientSocket)] = []
    /// Sockets that got frames from the batch at hand.
    private var touched: [ClientSocket] = []
    /// Whether a batch of orders is at hand, and those that came meanwhile.
    private var isDelivering = false
    private var waiting: [ClientOutbound] = []
    /// Whether a new socket is being told of, whose channel has no handler of ours yet.
    private var isRegistering = false
    /// Connections that are not upgraded yet.
    private var handshakes: [ObjectIdentifier: any Channel] = [:]

    init(
        index: Int,
        eventLoop: any EventLoop,
        configuration: ClientServerConfiguration,
        counters: ClientServerCounters,
        quota: SocketQuota,
        logger: Logger,
        receive: @escaping @Sendable ([ClientInbound]) -> Void
    ) {
        self.index = UInt64(index)
        self.eventLoop = eventLoop
        self.configuration = configuration
        self.counters = counters
        self.quota = quota
        self.logger = logger
        self.receive = receive
    }

    /// The index of the loop that owns a connection.
    static func index(of id: ConnectionID) -> Int {
        Int(id.rawValue & (1 << Self.indexBits - 1))
    }
}

// MARK: - Sockets

extension EdgeLoop {
    /// Takes a place for a socket of the user.
    func reserve(_ user: String) -> SocketQuota.Verdict { self.quota.take(user) }

    /// Returns a place for which no socket was made.
    func release(_ user: String) { self.quota.giveBack(user) }

    /// A socket for an upgraded connection whose place is reserved, told to the core at once.
    func makeSocket(_ identity: ClientIdentity, _ profile: ClientProfile) -> ClientSocket {
        self.serial += 1
        let id = ConnectionID(rawValue: self.serial << Self.indexBits | self.index)
        let socket = ClientSocket(id: id, user: identity.userID.text, edge: self)
        self.wheel[self.slot(of: id)][id.rawValue] = socket
        self.counters.connectionsAccepted.add(1, ordering: .relaxed)
        self.logger.debug(
            "client connected",
            metadata: ["connection": "\(id.rawValue)", "user": "\(socket.user)"]
        )
        self.inbound.append(.connected(id, identity, profile))
        self.isRegistering = true
        self.flushInbound()
        self.isRegistering = false
        self.startTicking()
        return socket
    }

    /// The socket hears and says nothing more; its connection may still be there.
    func ended(_ socket: ClientSocket) {
        guard self.wheel[self.slot(of: socket.id)].removeValue(forKey: socket.id.rawValue) != nil else { return }
        self.logger.debug(
            "client disconnected",
            metadata: ["connection": "\(socket.id.rawValue)", "user": "\(socket.user)"]
        )
        self.inbound.append(.disconnected(socket.id))
        // Outside a read burst nothing else would hand it over.
        self.flushInbound()
    }

    /// The connection of the socket is gone.
    func remove(_ socket: ClientSocket) {
        self.ended(socket)
        self.quota.giveBack(socket.user)
    }

    /// The socket has sent its close frame: it must be gone when the close timeout is over.
    func closing(_ socket: ClientSocket) {
        self.ended(socket)
        self.deadlines.append((self.eventLoop.now + self.configuration.closeTimeout, socket))
        self.startTicking()
    }

    /// An empty buffer for frames.
    func takeBuffer(_ capacity: Int, _ allocator: ByteBufferAllocator) -> ByteBuffer {
        guard let spare = self.spare else { return allocator.buffer(capacity: capacity) }
        self.spare = nil
        return spare
    }

    /// A buffer has been written.
    ///
    /// Where the system has taken it all, its room serves the next frames; a large one goes.
    func giveBack(_ buffer: consuming ByteBuffer) {
        guard self.spare == nil, buffer.capacity <= Self.spareLimit else { return }
        buffer.clear()
        self.spare = buffer
    }

    /// Hands over what came in.
    func flushInbound() {
        guard !self.inbound.isEmpty else { return }
        var batch = self.inbound
        self.inbound = []
        self.receive(batch)
        // Its room serves the next burst, unless that came in the middle.
        guard self.inbound.isEmpty else { return }
        batch.removeAll(keepingCapacity: true)
        self.inbound = batch
    }

    private func slot(of id: ConnectionID) -> Int {
        Int((id.rawValue >> Self.indexBits) % UInt64(Self.slots))
    }
}

// MARK: - Orders

extension EdgeLoop {
    /// Carries out a batch; each socket is flushed once.
    ///
    /// What comes in the middle of another batch, because a socket's end had consequences, waits until that is through.
    /// What comes while a new socket cannot be written to yet waits for the loop's next turn, and so does all that follows.
    /// So the order for each connection stays.
    func deliver(_ batch: [ClientOutbound]) {
        guard !self.isDelivering, !self.isRegistering, self.waiting.isEmpty else {
            if !self.isDelivering, self.waiting.isEmpty {
                self.eventLoop.assumeIsolated().execute { self.deliverWaiting(behind: []) }
            }
            self.waiting += batch
            return
        }
        self.deliverWaiting(behind: batch)
    }

    private func deliverWaiting(behind batch: [ClientOutbound]) {
        self.isDelivering = true
        self.carryOut(batch)
        while !self.waiting.isEmpty {
            let next = self.waiting
            self.waiting = []
            self.carryOut(next)
        }
        self.isDelivering = false
        self.flushInbound()
    }

    private func carryOut(_ batch: [ClientOutbound]) {
        for order in batch {
            switch order {
            case .send(let id, let event):
                guard let socket = self.wheel[self.slot(of: id)][id.rawValue] else { continue }
                socket.send(event)
                // Consecutive events of one socket are the common case; a second flush of a socket does nothing.
                if self.touched.last !== socket { self.touched.append(socket) }
            case .close(let id, let code):
                self.wheel[self.slot(of: id)][id.rawValue]?.close(CloseCode(rawValue: code.rawValue), readable: true)
            }
        }
        for socket in self.touched { socket.flush() }
        self.touched.removeAll(keepingCapacity: true)
    }

    /// Closes every connection; the result comes when the last one is gone.
    func closeAll() -> EventLoopFuture<Void> {
        var gone: [EventLoopFuture<Void>] = []
        for channel in self.handshakes.values {
            gone.append(channel.closeFuture)
            channel.close(promise: nil)
        }
        for (_, socket) in self.deadlines {
            if let channel = socket.channel { gone.append(channel.closeFuture) }
        }
        for socket in self.wheel.flatMap(\.values) {
            if let channel = socket.channel { gone.append(channel.closeFuture) }
            socket.close(.goingAway, readable: true)
        }
        return EventLoopFuture.andAllComplete(gone, on: self.eventLoop)
    }

    /// Whether one more connection may be there that is not upgraded yet.
    var takesHandshakes: Bool { self.handshakes.count < self.configuration.limits.handshakes }

    /// Knows a connection until it is upgraded or gone.
    func handshakeBegan(_ channel: any Channel) {
        self.handshakes[ObjectIdentifier(channel)] = channel
    }

    /// The connection is upgraded or gone.
    func handshakeEnded(_ channel: any Channel) {
        self.handshakes[ObjectIdentifier(channel)] = nil
    }
}

// MARK: - Time

extension EdgeLoop {
    /// Runs the wheel while there is anything for it to do.
    private func startTicking() {
        guard !self.isTicking else { return }
        self.isTicking = true
        self.scheduleTick()
    }

    private func scheduleTick() {
        let interval = TimeAmount.nanoseconds(
            max(1_000_000, self.configuration.pingInterval.nanoseconds / Int64(Self.slots))
        )
        self.eventLoop.assumeIsolated().scheduleTask(in: interval) { self.tick() }
    }

    private func tick() {
        self.slot = (self.slot + 1) % Self.slots
        for socket in self.wheel[self.slot].values { socket.ping() }

        let now = self.eventLoop.now
        let late = self.deadlines.prefix { $0.deadline <= now }
        for (_, socket) in late { socket.drop() }
        self.deadlines.removeFirst(min(late.count, self.deadlines.count))

        if self.deadlines.isEmpty, self.wheel.allSatisfy(\.isEmpty) {
            self.isTicking = false
        } else {
            self.scheduleTick()
        }
    }
}
