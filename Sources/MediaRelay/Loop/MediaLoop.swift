import Glibc
import MediaCore
import SIPCore

/// One thread that owns the sockets of the relay and every leg behind them.
///
/// ## Overview
/// A call lives on one loop: what comes in on a leg goes out on its partner in the same turn, without a lock, without
/// an allocation for the packet, and with one system call for up to 64 packets each way.
///
/// ## Function
/// A turn is: wait for sockets, the bell or the earliest deadline; read; carry out orders; do what is due; send what has
/// gathered; tell the events. From one socket no more than `batchesPerTurn` batches are read at a time, and orders
/// are looked for before each socket, so that a flood at one port delays nothing but that port. All apps share a port while
/// each phone has its own: where many phones speak, it is read between them, too, so that an app waits no longer than they.
///
/// ## Implementation
/// Legs lie in slots, which sockets' tokens name together with a generation. On the apps' shared port, `ICEDirectory`
/// finds the slot by the source; that is the only look-up a packet costs. Deadlines are one queue with at most a few
/// entries a leg; what comes later than thought is found out when the entry comes up.
final class MediaLoop: ThreadLoop {
    /// What a socket's token is made of: generation, slot, and which of the slot's sockets it is.
    enum TokenKind: UInt64 {
        case shared = 0
        case media = 1
        case control = 2
    }

    /// How many times 64 datagrams are read from one socket before others have their turn.
    private static let batchesPerTurn = 4
    /// After how many sockets of phones the apps' port has its turn again.
    private static let phonesAtATime = 8

    let configuration: RelayConfiguration
    let certificate: DTLSCertificate
    let timeline: NTPTimeline
    /// The apps' port, on each address.
    let shared: [UDPSocket]
    /// What legs tell their peers as their addresses, with no meaning in the ports.
    let phoneHosts: [MediaAddress]
    let appAddresses: [MediaAddress]
    let poller: Poller
    private let mailbox: LoopMailbox
    private let tell: @Sendable ([MediaEvent]) -> Void

    var legs: [RelayLeg?] = []
    var generations: [UInt32] = []
    var freeSlots: [Int] = []
    var slots: [MediaLegID: Int] = [:]
    var directory = ICEDirectory<Int>()
    var pool: PortPool
    var deadlines = LegDeadlines()
    var events: [MediaEvent] = []
    var counters = RelayCounters()
    var random = RandomBytes()
    /// Takes the digits of a leg that is joined to none.
    var nobody = DigitSender(format: nil)
    /// The answers to ICE checks are made here.
    var answer: [UInt8] = []
    let batch = ReceiveBatch()
    let appQueue = SendQueue()
    let phoneQueue = SendQueue()

    init(
        _ configuration: RelayConfiguration,
        certificate: DTLSCertificate,
        shared: [UDPSocket],
        poller: Poller,
        mailbox: LoopMailbox,
        tell: @escaping @Sendable ([MediaEvent]) -> Void
    ) throws(SocketError) {
        self.configuration = configuration
        self.certificate = certificate
        self.shared = shared
        self.poller = poller
        self.mailbox = mailbox
        self.tell = tell
        self.pool = PortPool(range: configuration.ports, quarantine: configuration.quarantine)
        self.answer.reserveCapacity(STUNWriter.maximumLength)
        let now = MonotonicClock.now()
        self.timeline = NTPTimeline(unixNanoseconds: MonotonicClock.timeOfDay(), at: now)
        let bound = shared.map(\.address)
        let advertised = configuration.advertised.map { $0.with(port: bound.first?.port ?? 0) }
        self.appAddresses = advertised + bound.filter { !advertised.contains($0) }
        var hosts = configuration.advertised
        if let address = configuration.addresses.first {
            hosts += address.isUnspecified ? InterfaceAddresses.list(port: 0, withIPv6: address.isIPv6) : [address]
        }
        self.phoneHosts = hosts.reduce(into: []) { hosts, host in
            if !hosts.contains(where: { $0.isSameHost(as: host) }) { hosts.append(host) }
        }
        for (index, socket) in shared.enumerated() {
            try poller.add(socket.descriptor, token: Self.token(.shared, slot: index, generation: 0))
        }
    }

    static func token(_ kind: TokenKind, slot: Int, generation: UInt32) -> UInt64 {
        UInt64(generation) << 32 | UInt64(truncatingIfNeeded: slot) << 2 | kind.rawValue
    }

    /// Runs until the mailbox says to stop; then every leg is closed as by an order.
    func run() {
        while self.turn() {}
        let now = MonotonicClock.now()
        for leg in self.legs {
            if let leg { self.close(leg, now: now) }
        }
        self.endTurn()
    }

    /// One turn; false where it was the last.
    private func turn() -> Bool {
        let count = self.poller.wait(milliseconds: self.patience(now: MonotonicClock.now()))
        var goesOn = true
        for index in 0..<count {
            if self.mailbox.hasNews { goesOn = self.carryOutOrders() && goesOn }
            let token = self.poller.token(index)
            if token != Poller.bell { self.receive(by: token, batches: Self.batchesPerTurn) }
            if index % Self.phonesAtATime == Self.phonesAtATime - 1 { self.receiveFromApps() }
        }
        if self.mailbox.hasNews { goesOn = self.carryOutOrders() && goesOn }
        self.runDeadlines(now: MonotonicClock.now())
        self.endTurn()
        return goesOn
    }

    private func patience(now: Instant) -> Int32 {
        guard let earliest = self.deadlines.earliest else { return -1 }
        // Rounded up: a turn before the deadline would find nothing to do.
        return Int32(clamping: ((earliest - now).nanoseconds + 999_999) / 1_000_000)
    }

    private func carryOutOrders() -> Bool {
        let (orders, isStopping) = self.mailbox.take()
        let now = MonotonicClock.now()
        for order in orders { self.perform(order, now: now) }
        return !isStopping
    }

    private func receiveFromApps() {
        for slot in self.shared.indices {
            self.receive(by: Self.token(.shared, slot: slot, generation: 0), batches: 1)
        }
    }

    private func receive(by token: UInt64, batches: Int) {
        let slot = Int(token >> 2 & 0x3FFF_FFFF)
        guard let kind = TokenKind(rawValue: token & 3) else { return }
        switch kind {
        case .shared:
            guard slot < self.shared.count else { return }
            unsafe self.receive(from: self.shared[slot], batches: batches) { loop, bytes, source, now in
                unsafe loop.receivedShared(bytes, from: source, over: loop.shared[slot], now: now)
            }
        case .media, .control:
            guard slot < self.legs.count, let leg = self.legs[slot], leg.generation == UInt32(token >> 32),
                case .phone(let path) = leg.path
            else { return }
            let socket = kind == .media ? path.socket : path.controlSocket
            unsafe self.receive(from: socket, batches: batches) { loop, bytes, source, now in
                unsafe loop.receivedFromPhone(bytes, from: source, on: leg, isControlPort: kind == .control, now: now)
            }
        }
    }

    private func receive(
        from socket: UDPSocket,
        batches: Int,
        _ body: (MediaLoop, UnsafeMutableRawBufferPointer, MediaAddress, Instant) -> Void
    ) {
        for _ in 0..<batches {
            let count = self.batch.receive(from: socket.descriptor)
            let now = MonotonicClock.now()
            for index in 0..<count {
                self.counters.packetsIn &+= 1
                guard let (bytes, source) = unsafe self.batch.datagram(index) else {
                    self.counters.dropped.malformed &+= 1
                    continue
                }
                self.counters.bytesIn &+= UInt64(bytes.count)
                unsafe body(self, bytes, source, now)
            }
            guard count == ReceiveBatch.capacity else { return }
        }
    }

    /// Sends what has gathered and tells what has happened.
    private func endTurn() {
        self.flush()
        let (app, phone) = (self.appQueue.counters, self.phoneQueue.counters)
        self.counters.packetsOut = app.sent &+ phone.sent
        self.counters.bytesOut = app.sentBytes &+ phone.sentBytes
        self.counters.dropped.congested = app.congested &+ phone.congested
        self.counters.dropped.refused = app.refused &+ phone.refused
        self.counters.legs = self.slots.count
        self.counters.portsInUse = self.pool.inUse * 2
        // Before the events: who hears that a leg is closed finds its ports given back.
        self.mailbox.publish(self.counters)
        guard !self.events.isEmpty else { return }
        let events = self.events
        self.events.removeAll(keepingCapacity: true)
        self.tell(events)
    }

    func flush() {
        self.appQueue.flush()
        self.phoneQueue.flush()
    }
}
