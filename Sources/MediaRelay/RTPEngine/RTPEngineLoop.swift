import Glibc
import MediaCore
import SIPCore

/// The one thread that owns the sockets toward rtpengine and every leg's machine.
///
/// ## Function
/// A turn is: wait for a reply, the bell or the earliest deadline; hand replies to the machines that their cookies name;
/// carry out orders; do what is due; tell the events. A leg whose first request nobody answers moves to the next instance.
final class RTPEngineLoop: ThreadLoop {
    /// How many replies are read from one socket before others have their turn.
    private static let repliesPerTurn = 64
    /// Toward it, RTP and RTCP, as the counters of the relay have it.
    private static let portsOfPhone = 2

    private let timing: RTPEngineSession.Timing
    private let sockets: [ControlSocket]
    /// Its token comes after those of `sockets`.
    private let digits: DigitSocket?
    private let poller: Poller
    private let mailbox: LoopMailbox
    private let tell: @Sendable ([MediaEvent]) -> Void
    /// What makes the names of this process's calls unlike those of others.
    private let prefix: String

    private var instances: EngineInstances
    private var legs: [MediaLegID: RTPEngineLeg] = [:]
    /// Closed legs too, until their calls are deleted.
    private var calls: [Int: RTPEngineLeg] = [:]
    private var lastNumber = 0
    private var deadlines = LegDeadlines()
    private var events: [MediaEvent] = []
    private var counters = RelayCounters()

    init(
        _ configuration: RTPEngineConfiguration,
        mailbox: LoopMailbox,
        tell: @escaping @Sendable ([MediaEvent]) -> Void
    ) throws(SocketError) {
        self.timing = configuration.timing
        var sockets: [ControlSocket] = []
        for address in configuration.control { sockets.append(try ControlSocket(to: address)) }
        self.sockets = sockets
        if let address = configuration.digits {
            self.digits = try DigitSocket(bound: address)
        } else {
            self.digits = nil
        }
        self.poller = try Poller(bell: mailbox.bell)
        self.mailbox = mailbox
        self.tell = tell
        var random = RandomBytes()
        self.prefix = "switchhook-" + String(random.next(), radix: 36) + "-"
        self.instances = EngineInstances(count: sockets.count, now: MonotonicClock.now())
        for (index, socket) in sockets.enumerated() {
            try self.poller.add(socket.socket.descriptor, token: UInt64(index))
        }
        if let digits = self.digits {
            try self.poller.add(digits.socket.descriptor, token: UInt64(sockets.count))
        }
    }

    /// Runs until the mailbox says to stop; then every call is deleted.
    func run() {
        while self.turn() {}
        let now = MonotonicClock.now()
        for leg in Array(self.calls.values) {
            self.carryOut(leg.session.close(isLast: true, now: now), of: leg, now: now)
        }
        (self.counters.legs, self.counters.portsInUse) = (0, 0)
        self.mailbox.publish(self.counters)
    }

    private func turn() -> Bool {
        let count = self.poller.wait(milliseconds: self.patience(now: MonotonicClock.now()))
        for index in 0..<count {
            let token = self.poller.token(index)
            if token < UInt64(self.sockets.count) {
                self.receive(from: Int(token))
            } else if token != Poller.bell {
                self.receiveDigits()
            }
        }
        var goesOn = true
        if self.mailbox.hasNews {
            let (orders, isStopping) = self.mailbox.take()
            let now = MonotonicClock.now()
            for order in orders { self.perform(order, now: now) }
            goesOn = !isStopping
        }
        self.runDeadlines(now: MonotonicClock.now())
        self.counters.legs = self.legs.count
        self.mailbox.publish(self.counters)
        if !self.events.isEmpty {
            let events = self.events
            self.events = []
            self.tell(events)
        }
        return goesOn
    }

    private func patience(now: Instant) -> Int32 {
        let legs = self.deadlines.earliest
        let earliest = min(self.instances.deadline, legs ?? self.instances.deadline)
        // Rounded up: a turn before the deadline would find nothing to do.
        return Int32(clamping: ((earliest - now).nanoseconds + 999_999) / 1_000_000)
    }

    // MARK: Orders

    private func perform(_ order: MediaOrder, now: Instant) {
        switch order {
        case .open(let id, let kind):
            self.open(id, kind, now: now)
        case .restartICE(let id):
            if let leg = self.legs[id] { self.carryOut(leg.session.restartICE(now: now), of: leg, now: now) }
        case .update(let id, let peer):
            guard let leg = self.legs[id] else { return }
            leg.peer = peer
            self.carryOut(leg.session.update(peer, now: now), of: leg, now: now)
            self.match(leg, now: now)
        case .join(let first, let second):
            if let first = self.legs[first], let second = self.legs[second] { self.join(first, second, now: now) }
        case .sendDigits(let id, let digits, let duration):
            guard let leg = self.legs[id] else { return }
            self.carryOut(leg.session.sendDigits(digits, duration: duration, now: now), of: leg, now: now)
        case .close(let id):
            if let leg = self.legs[id] { self.close(leg, now: now) }
        }
    }

    private func open(_ id: MediaLegID, _ kind: MediaLegKind, now: Instant) {
        guard self.legs[id] == nil else { return }
        guard let instance = self.instances.choose(without: []) else {
            self.events.append(.failed(id, .unreachable))
            return
        }
        let leg = RTPEngineLeg(id, kind, self.nextCall(), instance: instance, timing: self.timing)
        self.legs[id] = leg
        self.add(leg)
        self.carryOut(leg.session.open(now: now), of: leg, now: now)
    }

    private func add(_ leg: RTPEngineLeg) {
        self.calls[leg.number] = leg
        if leg.kind == .rtp { self.counters.portsInUse += Self.portsOfPhone }
    }

    private func remove(_ leg: RTPEngineLeg) {
        guard self.calls.removeValue(forKey: leg.number) != nil else { return }
        if leg.kind == .rtp { self.counters.portsInUse -= Self.portsOfPhone }
    }

    private func nextCall() -> (number: Int, name: String) {
        self.lastNumber += 1
        return (self.lastNumber, self.prefix + String(self.lastNumber))
    }

    /// The number of the call that a cookie names; nil where it is none of ours.
    private func number(in cookie: String) -> Int? {
        cookie.lastIndex(of: "_").flatMap { self.number(named: cookie[..<$0]) }
    }

    private func number(named call: some StringProtocol) -> Int? {
        call.hasPrefix(self.prefix) ? Int(call.dropFirst(self.prefix.count)) : nil
    }

    private func join(_ first: RTPEngineLeg, _ second: RTPEngineLeg, now: Instant) {
        guard first !== second, first.partner != second.id else { return }
        for leg in [first, second] { self.part(leg, now: now) }
        first.partner = second.id
        second.partner = first.id
        self.match(first, now: now)
    }

    /// Tells a leg and its partner of each other.
    private func match(_ leg: RTPEngineLeg, now: Instant) {
        guard let partner = leg.partner.flatMap({ self.legs[$0] }) else { return }
        let byAge = leg.id.number < partner.id.number ? [leg, partner] : [partner, leg]
        let pattern = byAge.first { $0.peer.map(EngineTerms.isLopsided) ?? false } ?? byAge[0]
        for (leg, other) in [(leg, partner), (partner, leg)] {
            self.carryOut(leg.session.join(other.inner, like: pattern.peer, now: now), of: leg, now: now)
        }
    }

    /// Ends what a leg's partner has to do with it; the leg itself is about to get another, or to go.
    private func part(_ leg: RTPEngineLeg, now: Instant) {
        guard let partner = leg.partner.flatMap({ self.legs[$0] }) else { return }
        leg.partner = nil
        partner.partner = nil
        self.carryOut(partner.session.join(nil, now: now), of: partner, now: now)
    }

    private func close(_ leg: RTPEngineLeg, now: Instant) {
        self.legs[leg.id] = nil
        self.part(leg, now: now)
        self.carryOut(leg.session.close(now: now), of: leg, now: now)
    }

    // MARK: What comes

    private func receive(from instance: Int) {
        for _ in 0..<Self.repliesPerTurn {
            guard let message = self.sockets[instance].receive() else { return }
            self.instances.answered(instance)
            guard let leg = self.number(in: message.cookie).flatMap({ self.calls[$0] }), leg.instance == instance else {
                continue
            }
            let now = MonotonicClock.now()
            self.carryOut(leg.session.received(message, now: now), of: leg, now: now)
        }
    }

    private func receiveDigits() {
        for _ in 0..<Self.repliesPerTurn {
            guard let notice = self.digits?.receive() else { return }
            // What comes to our inner side was told when it came to the joined leg.
            guard notice.tag == EngineRequest.outerTag,
                let leg = self.number(named: notice.call).flatMap({ self.calls[$0] }),
                self.legs[leg.id] === leg
            else { continue }
            self.events.append(.digit(leg.id, notice.digit.character, duration: notice.digit.duration))
        }
    }

    private func runDeadlines(now: Instant) {
        for (index, ping) in self.instances.reachedDeadline(now: now, prefix: self.prefix + "p").enumerated() {
            self.sockets[index].send(ping)
        }
        while let entry = self.deadlines.next(due: now) {
            // What comes later than thought is found out here, and has an entry of its own.
            guard let leg = self.calls[entry.slot], let deadline = leg.session.deadline, deadline <= now else {
                continue
            }
            self.carryOut(leg.session.reachedDeadline(now: now), of: leg, now: now)
        }
    }

    // MARK: What the machines want

    private func carryOut(_ action: RTPEngineSession.Action, of leg: RTPEngineLeg, now: Instant) {
        if let message = action.send { self.sockets[leg.instance].send(message) }
        self.events += action.events
        self.counters.packetsIn &+= action.traffic.received
        self.counters.packetsOut &+= action.traffic.sent
        if action.isOver { self.remove(leg) }
        if action.isUnreachable { self.moveOn(leg, now: now) }
        if let inner = action.inner {
            leg.inner = inner
            self.match(leg, now: now)
        }
        self.schedule(leg)
    }

    /// The instance does not answer: the next one is tried.
    private func moveOn(_ leg: RTPEngineLeg, now: Instant) {
        self.instances.failed(leg.instance)
        guard self.legs[leg.id] === leg else { return }
        guard let instance = self.instances.choose(without: leg.tried) else {
            self.events.append(.failed(leg.id, .unreachable))
            return
        }
        leg.move(to: instance, self.nextCall(), timing: self.timing)
        self.add(leg)
        if let peer = leg.peer { self.carryOut(leg.session.update(peer, now: now), of: leg, now: now) }
        self.carryOut(leg.session.open(now: now), of: leg, now: now)
        self.match(leg, now: now)
    }

    private func schedule(_ leg: RTPEngineLeg) {
        guard let deadline = leg.session.deadline else { return }
        self.deadlines.insert(LegDeadlines.Entry(deadline: deadline, slot: leg.number, generation: 0))
    }
}
