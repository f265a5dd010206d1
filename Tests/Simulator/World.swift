import CallCore
import CallRuntime
import ClientProtocol
import SIPCore

/// Everything of one run: two gateways, their phones, apps and links, and the queue of what will happen.
final class World {
    let seed: UInt64
    let profile: SimulationProfile
    var random: SplitMix64
    /// Nanoseconds.
    var now: UInt64 = 1_000_000_000
    var queue = EventQueue<Event>()
    var gateways: [GatewayNode] = []
    var phones: [Phone] = []
    var proxies: [ForkingProxy] = []
    var devices: [AppDevice] = []
    var nodes: [String: NetworkNode] = [:]
    let trunkLink: Link
    /// Between a proxy and its phones: nothing goes wrong there, and nothing overtakes.
    let perfectLink = Link(loss: 0, duplication: 0, reordering: 0, delay: 1_000_000, jitter: 0)
    var streams: [UInt64: Stream] = [:]
    var origins: [Origin]
    var faults = SimulationReport.Faults()
    var violations: [SimulationReport.Violation] = []
    var hash = TraceHash()
    var events = 0
    let recorder: Recorder?
    /// When the first response to an INVITE of a gateway reached it, by branch.
    var heard: [String: UInt64] = [:]
    var hangUps: [String: Int] = [:]
    var transfers = SimulationReport.Transfers()
    /// How often a 302 has led to another phone or app.
    var redirects = 0
    /// How many parties of calls vanished, or could not make themselves heard when they left.
    var silentEnds = 0
    private var lastStream: UInt64 = 0
    private var lastConnection: UInt64 = 0
    /// When the users stop.
    let stopTime: UInt64

    /// A call as it was meant when it began.
    struct Origin {
        /// What its beginner was told of its end, or `answered`.
        var outcome: String?
        /// One of its parties vanished or was cut off, so that the other may wait in vain.
        var isExcused = false
        /// One of its parties owes the other a description, or refused one: the call may end with reason `media`.
        var isBlamed = false
    }

    init(seed: UInt64, profile: SimulationProfile, recorder: Recorder?) {
        self.seed = seed
        self.profile = profile
        self.recorder = recorder
        var random = SplitMix64(seed: seed &* 0x9E37_79B9 &+ 0x1234_5678)
        self.trunkLink = Self.link(profile, &random)
        self.random = random
        self.origins = Array(repeating: Origin(), count: profile.calls)
        self.stopTime = UInt64(profile.spread + 95) * 1_000_000_000
        self.build()
    }

    static func link(_ profile: SimulationProfile, _ random: inout SplitMix64) -> Link {
        Link(
            loss: profile.loss == 0 ? 0 : random.between(profile.isHarsh ? 10 : 0, profile.loss),
            duplication: random.between(0, 10),
            reordering: random.between(0, 10),
            delay: random.milliseconds(1, 80),
            jitter: random.milliseconds(0, 40)
        )
    }

    func newConnection() -> ConnectionID {
        self.lastConnection += 1
        return ConnectionID(rawValue: self.lastConnection)
    }

    func newStream(_ first: NetworkNode, _ second: NetworkNode) -> Stream {
        self.lastStream += 1
        let stream = Stream(id: self.lastStream, first: first, second: second)
        self.streams[stream.id] = stream
        first.streams.append(stream)
        second.streams.append(stream)
        return stream
    }

    func schedule(_ event: Event, after span: UInt64) {
        self.queue.insert(event, at: self.now + span)
    }

    var seconds: Double { Double(self.now) / 1_000_000_000 }

    func violate(_ text: String, call: String?) {
        // One broken thing breaks many; the first ones tell most.
        guard self.violations.count < 20 else { return }
        self.violations.append(.init(second: self.seconds, text: text, call: call))
        self.recorder?.note(self.seconds, "!! \(text)", call: call)
    }

    // MARK: The run

    /// Runs until nothing is left to happen.
    func run() {
        let end = self.stopTime + 500 * 1_000_000_000
        while self.violations.count < 20 {
            let wakes = self.gateways.compactMap { $0.table.nextDeadline?.nanoseconds }.min()
            guard let next = [self.queue.next, wakes].compactMap({ $0 }).min() else { break }
            guard next <= end else {
                self.violate("something still waits 500 s after everybody stopped", call: nil)
                break
            }
            self.now = max(self.now, next)
            for gateway in self.gateways {
                guard let deadline = gateway.table.nextDeadline, deadline.nanoseconds <= self.now else { continue }
                gateway.wake()
                if let again = gateway.table.nextDeadline, again.nanoseconds <= self.now {
                    self.violate("gateway \(gateway.name) does not get past its own deadline", call: nil)
                    return
                }
            }
            while let due = self.queue.next, due <= self.now, let event = self.queue.pop() { self.handle(event) }
        }
        self.audit()
    }

    private func handle(_ event: Event) {
        self.events += 1
        switch event {
        case .datagram(let node, let packet, let source): self.arrive(packet, at: node, from: source, over: nil)
        case .streamed(let stream, let node, let packet, let key):
            self.arrive(packet, at: node, over: stream, key)
        case .closed(let stream): self.noticeClosed(stream)
        case .unsent(let gateway, let key): gateway.receive(.failed(key, .refused))
        case .media(let gateway, let event): gateway.receive(event)
        case .linkUp(let link):
            self.mix(1, link.connection.rawValue)
            link.device.gateway.receive(
                .connected(link.connection, link.device.identity, link.device.profile),
                origin: -1
            )
        case .linkDown(let link):
            self.mix(2, link.connection.rawValue)
            link.device.gateway.receive(.disconnected(link.connection), origin: -1)
        case .uplink(let link, let request, let origin):
            guard link.isOpen else { return }
            self.mix(3, link.connection.rawValue)
            self.hash.mix(request.action.name)
            link.device.gateway.receive(.received(link.connection, request), origin: origin)
        case .downlink(let link, let event):
            guard link.isOpen else { return }
            self.mix(4, link.connection.rawValue)
            self.hash.mix(event.name)
            link.device.received(event)
        case .device(let device, let step): device.perform(step)
        case .phone(let phone, let step): phone.perform(step)
        case .proxy(let proxy, let context): proxy.resend(context)
        case .proxyCancel(let proxy, let context): proxy.cancelOthers(context)
        case .begin(let number): self.begin(number)
        case .chaos(let chaos): self.strike(chaos)
        case .stop(let stage): self.stop(stage)
        }
    }

    func mix(_ kind: UInt64, _ value: UInt64) {
        self.hash.mix(self.now)
        self.hash.mix(kind << 56 | value)
    }

    private func strike(_ chaos: Event.Chaos) {
        self.faults.cuts += 1
        self.recorder?.note(self.seconds, "** \(chaos.text)", call: nil)
        switch chaos {
        case .cut(let link, let until):
            link.cutUntil = until
            link.wasCut = true
        case .breakStreams(let node):
            node.link.wasCut = true
            for stream in node.streams { self.breakStream(stream) }
        case .vanish(let phone):
            phone.vanish()
            if self.random.chance(50) {
                for stream in phone.node.streams { self.breakStream(stream) }
            }
        }
    }

    /// A party of that call is gone: what the other one waits for may never come.
    func excuse(_ origin: Int?) {
        guard let origin, self.origins.indices.contains(origin) else { return }
        self.origins[origin].isExcused = true
    }

    func isExcused(_ origin: Int?) -> Bool {
        guard let origin, self.origins.indices.contains(origin) else { return true }
        return self.origins[origin].isExcused
    }

    /// A party of that call does not keep to the exchange of descriptions.
    func blame(_ origin: Int?) {
        guard let origin, self.origins.indices.contains(origin) else { return }
        self.origins[origin].isBlamed = true
    }

    /// Whether nobody but the gateway can be the cause of a call's end for want of media.
    func isInnocent(_ origin: Int) -> Bool {
        // Where links are cut, a relay fails now and then too.
        // Whoever comes by a transfer may be to blame, and nobody knows him here.
        if self.profile.transfers, !self.profile.isCooperative { return false }
        guard self.origins.indices.contains(origin), !self.profile.isHarsh, !self.trunkLink.wasCut,
            !(self.profile.relays && self.profile.hasCuts),
            self.trunkLink.loss <= 2, !self.origins[origin].isBlamed, !self.origins[origin].isExcused
        else { return false }
        // On a bad link the exchange may take longer than it has time.
        return self.phones.allSatisfy { phone in
            (!phone.node.link.wasCut && phone.node.link.loss <= 2)
                || !phone.history.contains { $0.origin == origin || $0.origin == nil }
        }
    }

    /// The number of one more call, which a phone was asked to place.
    func newOrigin() -> Int {
        self.origins.append(Origin())
        return self.origins.count - 1
    }

    /// Whether what somebody begins now has time to come to its end before the users stop.
    var hasTime: Bool { self.now + 20_000_000_000 < self.stopTime }

    func settle(_ origin: Int, _ outcome: String, call: String? = nil) {
        guard self.origins.indices.contains(origin), self.origins[origin].outcome == nil else { return }
        self.origins[origin].outcome = outcome
        if self.profile.isCooperative, outcome != "answered" {
            self.violate("call \(origin) of good people on good links ended with \(outcome)", call: call)
        }
    }

    private func stop(_ stage: Int) {
        self.recorder?.note(self.seconds, "** users stop, stage \(stage)", call: nil)
        for device in self.devices { device.stop(stage) }
        for phone in self.phones { phone.stop(stage) }
        if stage == 2 {
            for gateway in self.gateways where self.random.chance(20) { gateway.endAllCalls() }
        }
        // Where both parties vanished nobody is left who could end the call but the operator.
        if stage == 4, self.silentEnds >= 2 {
            for gateway in self.gateways where gateway.table.statistics.calls > 0 { gateway.endAllCalls() }
        }
    }

    // MARK: When all is said and done

    private func audit() {
        guard self.violations.count < 20 else { return }
        for gateway in self.gateways {
            if !gateway.table.isAtRest {
                let left = gateway.table.statistics
                self.violate(
                    "gateway \(gateway.name) is not at rest: \(left.calls) calls, \(left.transactions) transactions, "
                        + "\(left.dialogs) dialogs",
                    call: nil
                )
            }
            gateway.auditBindings()
            gateway.auditor.auditEnd()
            gateway.relay?.auditEnd()
        }
        for phone in self.phones { phone.auditEnd() }
        for device in self.devices { device.auditEnd() }
        for device in self.devices { device.disconnectForGood() }
        for gateway in self.gateways where gateway.table.statistics.connections != 0 {
            self.violate("gateway \(gateway.name) keeps connections that are gone", call: nil)
        }
    }

    func report() -> SimulationReport {
        var outcomes: [String: Int] = [:]
        for origin in self.origins { outcomes[origin.outcome ?? "never heard", default: 0] += 1 }
        var hash = self.hash
        hash.mix(UInt64(self.events))
        return SimulationReport(
            seed: self.seed,
            calls: self.origins.count,
            outcomes: outcomes,
            hangUps: self.hangUps,
            faults: self.faults,
            violations: self.violations,
            hash: hash.value,
            joins: self.gateways.reduce(0) { $0 + ($1.relay?.joins ?? 0) },
            registrations: self.phones.reduce(0) { $0 + ($1.registrant?.granted ?? 0) },
            transfers: self.transfers,
            redirects: self.redirects,
            events: self.events
        )
    }
}

extension Event.Chaos {
    var text: String {
        switch self {
        case .cut(_, let until): "a link is cut until \(Double(until) / 1_000_000_000)"
        case .breakStreams(let node): "the connections of \(node.name) break"
        case .vanish(let phone): "\(phone.node.name) vanishes"
        }
    }
}
