import SIPCore
import Testing

/// Two user agents back to back, with one clock and a link between them that loses, doubles and reorders.
final class AgentPair {
    struct Link {
        /// Of a hundred messages.
        var lost: UInt64 = 0
        var doubled: UInt64 = 0
        /// In milliseconds, from and to.
        var delay: ClosedRange<UInt64> = 10...10
        /// Allow is lost on the way: nobody knows that the other takes UPDATE.
        var hidesAllow = false
        /// Messages for which this says so are lost as well: from which side, and what.
        var drops: (Int, SIPMessage) -> Bool = { _, _ in false }
    }

    private struct Flight {
        var arrival: Instant
        var number: Int
        var side: Int
        var inbound: SIPInbound
    }

    private static let hosts = ["192.0.2.1", "192.0.2.2"]

    let agents: [SIPUserAgent]
    private(set) var now = Instant(nanoseconds: 1_000_000_000)
    /// What happened: the side, the session, and an event; nil for a new session.
    var heard: (Int, SessionID, SessionEvent?) -> Void = { _, _, _ in }
    private(set) var lines: [String] = []
    private var link: Link
    private var flights: [Flight] = []
    private var flightCount = 0
    private var random: SeededGenerator

    init(seed: UInt64, link: Link = Link(), sessionTimers: SessionTimers = SessionTimers()) {
        self.link = link
        self.random = SeededGenerator(seed: seed)
        self.agents = Self.hosts.enumerated().map { side, host in
            SIPUserAgent(
                configuration: .init(
                    listeners: [
                        SIPListener(transport: .udp, address: SIPAddress(host: host, port: 5060)),
                        SIPListener(transport: .tcp, address: SIPAddress(host: host, port: 5060)),
                    ],
                    sessionTimers: sessionTimers
                ),
                tokens: TokenSource(SeededGenerator(seed: seed &* 2 &+ UInt64(side)))
            )
        }
    }

    func number(upTo limit: UInt64) -> UInt64 { self.random.next() % (limit + 1) }

    func order(
        from side: Int,
        offer: [UInt8]?,
        transport: SIPTransportKind = .udp,
        reliability: InviteOrder.Reliability = .usual
    ) -> InviteOrder {
        let peer = SIPURI(user: "callee", host: Self.hosts[1 - side], port: 5060)
        return InviteOrder(
            uri: peer,
            target: SIPTarget(transport: transport, host: peer.host, port: 5060),
            from: NameAddress(uri: SIPURI(user: "caller", host: Self.hosts[side])),
            to: NameAddress(uri: peer),
            offer: offer,
            reliability: reliability
        )
    }

    /// Runs an order on one side and carries away what comes of it.
    func run<Result>(_ side: Int, _ order: (SIPUserAgent, Instant) -> Result) -> Result {
        let result = order(self.agents[side], self.now)
        self.drain(side)
        return result
    }

    /// Lets time pass, with every arrival and every deadline in it.
    func advance(_ span: Span) {
        let end = self.now + span
        while let moment = self.nextMoment, moment <= end {
            self.now = max(self.now, moment)
            for side in 0...1 {
                self.agents[side].timeoutReached(now: self.now)
                self.drain(side)
            }
            while let first = self.flights.first, first.arrival <= self.now {
                self.flights.removeFirst()
                self.agents[first.side].receive(first.inbound, now: self.now)
                self.drain(first.side)
            }
        }
        self.now = end
    }

    private var nextMoment: Instant? {
        ([self.flights.first?.arrival] + self.agents.map { $0.nextDeadline }).compactMap { $0 }.min()
    }

    func expectIdle(_ location: SourceLocation = #_sourceLocation) {
        self.advance(.seconds(65))
        for agent in self.agents {
            #expect(agent.counts == (0, 0, 0), sourceLocation: location)
            #expect(agent.isIdle, sourceLocation: location)
        }
    }

    private func drain(_ side: Int) {
        while let action = self.agents[side].popAction() {
            switch action {
            case .send(let outbound): self.send(outbound, from: side)
            case .invited(let id, _): self.heard(side, id, nil)
            case .session(let id, let event): self.heard(side, id, event)
            case .bindings, .registration, .message, .messageAnswered, .probed, .locate: break
            }
        }
    }

    private func send(_ outbound: SIPOutbound, from side: Int) {
        let transport: SIPTransportKind
        switch outbound.destination {
        case .flow(let flow, _): transport = flow.transport
        case .target(let target, _): transport = target.transport
        }
        switch outbound.message {
        case .request(let request): self.lines.append("\(side) \(request.method.name)")
        case .response(let response):
            self.lines.append("\(side) \(response.status) \(response.headers.cSeq.method.name)")
        }
        if self.link.drops(side, outbound.message) { return }
        var copies = 1
        if !transport.isReliable {
            if self.number(upTo: 99) < self.link.lost { copies -= 1 }
            if self.number(upTo: 99) < self.link.doubled { copies += 1 }
        }
        var message = outbound.message
        if self.link.hidesAllow { Self.hideAllow(of: &message) }
        let flow = SIPFlow(
            transport: transport,
            remote: SIPAddress(host: Self.hosts[side], port: transport.isReliable ? 40_000 : 5060),
            listener: transport.isReliable ? 1 : 0,
            connection: transport.isReliable ? 1 : 0
        )
        for _ in 0..<copies {
            let range = self.link.delay
            // A stream keeps its order.
            let delay =
                transport.isReliable ? range.lowerBound : range.lowerBound + self.number(upTo: UInt64(range.count - 1))
            self.flightCount += 1
            let flight = Flight(
                arrival: self.now + .milliseconds(delay),
                number: self.flightCount,
                side: 1 - side,
                inbound: .message(message, flow)
            )
            let index =
                self.flights.firstIndex {
                    ($0.arrival, $0.number) > (flight.arrival, flight.number)
                } ?? self.flights.endIndex
            self.flights.insert(flight, at: index)
        }
    }

    private static func hideAllow(of message: inout SIPMessage) {
        switch message {
        case .request(var request):
            request.headers.fields.removeAll { $0.name == "Allow" }
            message = .request(request)
        case .response(var response):
            response.headers.fields.removeAll { $0.name == "Allow" }
            message = .response(response)
        }
    }
}
