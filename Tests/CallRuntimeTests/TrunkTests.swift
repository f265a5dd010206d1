import CallCore
import CallRuntime
import ClientProtocol
import SIPCore
import Testing

@Suite("Trunks with several servers, limits and probes")
struct TrunkTests {
    private static func server(_ number: Int, priority: UInt16) -> Trunk.Server {
        Trunk.Server(
            uri: SIPURI(host: "192.0.2.\(number)"),
            target: SIPTarget(transport: .udp, host: "192.0.2.\(number)", port: 5060),
            priority: priority
        )
    }

    private static func fixture(probe: Span? = nil, calls: Int? = nil) -> TableFixture {
        let first = Trunk(
            name: "first",
            servers: [self.server(22, priority: 2), self.server(21, priority: 1)],
            acceptFrom: [AddressPrefix("192.0.2.21")].compactMap { $0 },
            probe: probe,
            calls: calls
        )
        let second = Trunk(name: "second", servers: [self.server(31, priority: 0)], probe: probe)
        let rows: [DialPlan.Row] = [
            .init(trunks: ["first", "second"]) { $0 == "7000" ? $0 : nil },
            .init(trunk: "first", allowTrunks: ["first"]) { $0 == "7001" ? $0 : nil },
        ]
        return TableFixture(limits: CallLimits(callsPerUser: 9), trunks: [first, second], rows: rows)
    }

    private func requests(_ fixture: TableFixture, _ method: SIPMethod) -> [SIPRequest] {
        fixture.takeSIP().compactMap { message in
            if case .request(let request) = message, request.method == method { request } else { nil }
        }
    }

    /// The server refuses a request, or answers it.
    private func reply(_ status: UInt16, to request: SIPRequest, _ fixture: TableFixture) {
        var headers = SIPHeaders(
            via: request.headers.via,
            from: request.headers.from,
            to: request.headers.to,
            callID: request.headers.callID,
            cSeq: request.headers.cSeq
        )
        headers.to.tag = "server"
        fixture.table.receive(
            .message(
                .response(SIPResponse(status: status, reason: "", headers: headers)),
                SIPFlow(transport: .udp, remote: TableFixture.trunkAddress, listener: 0)
            ),
            now: fixture.now
        )
    }

    /// Lets time pass, and every deadline in it.
    private func advance(_ fixture: TableFixture, _ span: Span) {
        let end = fixture.now + span
        while let deadline = fixture.table.nextDeadline, deadline <= end {
            fixture.now = max(fixture.now, deadline)
            fixture.table.timeoutReached(now: fixture.now)
        }
        fixture.now = end
    }

    /// Of the trunks `first`, `pbx` and `second`.
    private func calls(_ fixture: TableFixture) -> [Int] {
        fixture.table.trunkSummaries.filter { $0.name != "spare" }.map(\.calls)
    }

    /// Of the servers of `first`, then of `second`.
    private func health(_ fixture: TableFixture) -> [ServerWatch.Health?] {
        fixture.table.trunkSummaries.filter { ["first", "second"].contains($0.name) }.flatMap(\.servers).map(\.health)
    }

    private func call(_ app: TableApp, _ number: String) {
        app.send(.startCall(calleeID: .string(number), offer: nil))
    }

    @Test("A call goes from server to server, each addressed as itself, then to the next trunk, then it is route_down")
    func inTurn() throws {
        let fixture = Self.fixture()
        let alice = fixture.connect(.number("42"))
        self.call(alice, "7000")
        var callIDs: Set<String> = []
        for host in ["192.0.2.21", "192.0.2.22", "192.0.2.31"] {
            let invite = try #require(self.requests(fixture, .invite).last)
            #expect(invite.uri == SIPURI(user: "7000", host: host))
            #expect(callIDs.insert(invite.headers.callID).inserted)
            #expect(alice.takeNames() == [])
            if host == "192.0.2.22" {
                self.advance(fixture, .seconds(3))
            } else {
                self.reply(503, to: invite, fixture)
            }
        }
        #expect(alice.takeNames() == ["call_rejected"])
        self.advance(fixture, .seconds(40))
        #expect(fixture.table.isAtRest)
    }

    @Test("Where the callee refuses nobody else is called") func decided() throws {
        let fixture = Self.fixture()
        let alice = fixture.connect(.number("42"))
        self.call(alice, "7000")
        self.reply(486, to: try #require(self.requests(fixture, .invite).last), fixture)
        #expect(alice.takeNames() == ["call_rejected"])
        #expect(self.requests(fixture, .invite) == [])
    }

    @Test("A cancelled call goes nowhere else") func cancelled() throws {
        let fixture = Self.fixture()
        let alice = fixture.connect(.number("42"))
        self.call(alice, "7000")
        let invite = try #require(self.requests(fixture, .invite).last)
        alice.send(.cancelCall(callID: nil, calleeID: .string("7000")))
        self.reply(503, to: invite, fixture)
        #expect(self.requests(fixture, .invite) == [])
        self.advance(fixture, .seconds(40))
        #expect(fixture.table.isAtRest)
    }

    @Test("A trunk has no more calls than its limit: the next one takes them, or the caller hears overloaded")
    func limit() throws {
        let fixture = Self.fixture(calls: 2)
        let alice = fixture.connect(.number("42"))
        fixture.invite("43", from: SIPAddress(host: "192.0.2.21", port: 5060), caller: "1")
        _ = fixture.takeSIP()
        // Carol has a phone at the other trunk; the call from this one is its first.
        #expect(self.calls(fixture) == [1, 1, 0])
        self.call(alice, "7001")
        let first = try #require(self.requests(fixture, .invite).last)
        #expect(self.calls(fixture) == [2, 1, 0])
        self.call(alice, "7001")
        guard case .callRejected(_, _, let reason, _)? = alice.take().last else {
            Issue.record("no call_rejected")
            return
        }
        #expect(reason == .overloaded)
        self.call(alice, "7000")
        let third = try #require(self.requests(fixture, .invite).last)
        #expect(third.uri.host == "192.0.2.31")
        fixture.invite("42", from: SIPAddress(host: "192.0.2.21", port: 5060), caller: "2", callID: "call-2")
        #expect(fixture.takeStatuses().last == 503)
        // A call that is over makes room.
        self.reply(486, to: first, fixture)
        #expect(self.calls(fixture) == [1, 1, 1])
    }

    @Test("A server that is down is passed over; where all are, the call is route_down at once") func probes() throws {
        let fixture = Self.fixture(probe: .seconds(30))
        let alice = fixture.connect(.number("42"))
        fixture.table.watchTrunks(now: fixture.now)
        let probes = self.requests(fixture, .options)
        #expect(Set(probes.map(\.uri.host)) == ["192.0.2.21", "192.0.2.22", "192.0.2.31"])
        #expect(self.health(fixture) == [.unknown, .unknown, .unknown])
        for probe in probes where probe.uri.host != "192.0.2.21" { self.reply(200, to: probe, fixture) }
        self.advance(fixture, .seconds(3))
        #expect(self.health(fixture) == [.up, .down, .up])
        #expect(
            fixture.table.takeServerNews()
                == [ServerNews(server: .init(trunk: "first", server: "sip:192.0.2.21"), isUp: false)]
        )
        self.call(alice, "7001")
        let invite = try #require(self.requests(fixture, .invite).last)
        #expect(invite.uri.host == "192.0.2.22")
        self.reply(486, to: invite, fixture)
        _ = alice.take()
        self.advance(fixture, .seconds(33))
        #expect(self.health(fixture) == [.down, .down, .down])
        _ = fixture.takeSIP()
        self.call(alice, "7000")
        guard case .callRejected(_, _, let reason, _)? = alice.take().last else {
            Issue.record("no call_rejected")
            return
        }
        #expect(reason == .routeDown)
        #expect(self.requests(fixture, .invite) == [])
        // One that answers again takes calls again.
        for _ in 0..<33 {
            self.advance(fixture, .seconds(1))
            for probe in self.requests(fixture, .options) { self.reply(200, to: probe, fixture) }
        }
        #expect(self.health(fixture) == [.up, .up, .up])
        // A configuration without probes asks nobody.
        fixture.table.configuration.router = Router(
            directory: Directory(),
            dialPlan: DialPlan(),
            trunks: [],
            domains: []
        )
        fixture.table.watchTrunks(now: fixture.now)
        self.advance(fixture, .seconds(90))
        #expect(self.requests(fixture, .options) == [])
    }
}
