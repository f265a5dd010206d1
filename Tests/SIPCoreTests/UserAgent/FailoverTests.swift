import SIPCore
import Testing

@Suite("Targets that are named, and dead ones (RFC 3263 §4.3)")
struct FailoverTests {
    private static let named = SIPTarget(transport: .udp, host: "pbx.example", port: 5060, search: .transport)
    private static let targets = (1...3).map {
        SIPTarget(transport: $0 == 2 ? .tcp : .udp, host: "192.0.2.1\($0)", port: 5060)
    }
    private let rig = AgentRig()

    private func invite(credentials: DigestCredentials? = nil) -> SessionID {
        self.rig.run {
            $0.invite(
                self.rig.order(target: Self.named, credentials: credentials, tryTimeout: .seconds(3)),
                now: $1
            )
        }
    }

    private var destinations: [SIPOutbound.Destination] {
        self.rig.sent.filter { if case .request(let request) = $0.message { request.method == .invite } else { false } }
            .map(\.destination)
    }

    @Test("A name is found first; the INVITE goes to its first address, by that address's transport")
    func located() throws {
        _ = self.invite()
        #expect(self.rig.questions.map(\.target) == [Self.named])
        #expect(self.rig.sent == [])
        try self.rig.locate(Self.targets[1])
        #expect(self.destinations == [.target(Self.targets[1], preferring: nil)])
        let invite = try self.rig.request(.invite)
        #expect(invite.headers.via.first?.transport == .tcp)
        #expect(invite.headers.contact.first?.address?.uri.parameters["transport"] == "tcp")
        self.rig.reply(486, to: invite)
        #expect(self.rig.events == [.refused(.init(status: 486))])
        self.rig.expectIdle()
    }

    @Test("Whoever gives no response within the time to try is followed by the next: a new branch, all else the same")
    func silence() throws {
        _ = self.invite()
        try self.rig.locate(Self.targets[0], Self.targets[2])
        let first = try self.rig.request(.invite)
        self.rig.advance(.milliseconds(2_999))
        self.rig.clear()
        self.rig.advance(.milliseconds(1))
        #expect(self.destinations == [.target(Self.targets[2], preferring: nil)])
        let second = try self.rig.request(.invite)
        #expect(second.headers.via.first?.branch != first.headers.via.first?.branch)
        #expect(second.headers.callID == first.headers.callID)
        #expect(second.headers.cSeq == first.headers.cSeq)
        #expect(second.headers.from == first.headers.from)
        self.rig.reply(200, to: second, sdp: AgentRig.answer)
        #expect(self.rig.events == [.answered(sdp: AgentRig.answer)])
        // The first one is late: it is not wanted any more.
        self.rig.clear()
        self.rig.reply(180, to: first, tag: "late")
        #expect(self.rig.lines == ["CANCEL"])
        self.rig.reply(200, to: first, tag: "late", sdp: AgentRig.answer)
        #expect(self.rig.lines == ["CANCEL", "ACK", "BYE"])
        #expect(self.rig.events == [])
    }

    @Test("A provisional response holds the call at its target") func ringing() throws {
        _ = self.invite()
        try self.rig.locate(Self.targets[0], Self.targets[2])
        self.rig.reply(180, to: try self.rig.request(.invite))
        self.rig.clear()
        self.rig.advance(.seconds(10))
        #expect(self.rig.sent == [])
    }

    @Test("503 and a connection that is refused are followed by the next; the last failure is told")
    func refusals() throws {
        _ = self.invite(credentials: DigestCredentials(username: "u", password: "p"))
        try self.rig.locate(Self.targets[0], Self.targets[1], Self.targets[2])
        self.rig.reply(503, to: try self.rig.request(.invite))
        #expect(self.rig.lines == ["INVITE", "ACK", "INVITE"])
        let branch = try #require(try self.rig.request(.invite).headers.via.first?.branch)
        self.rig.receive(.failed(ClientTransactionKey(branch: branch, method: .invite), .refused))
        #expect(self.destinations == Self.targets.map { .target($0, preferring: nil) })
        #expect(self.rig.events == [])
        self.rig.reply(503, to: try self.rig.request(.invite))
        #expect(self.rig.events == [.refused(.init(status: 503))])
        self.rig.expectIdle()
    }

    @Test("A challenge is answered where it came from") func challenge() throws {
        _ = self.invite(credentials: DigestCredentials(username: "u", password: "p"))
        try self.rig.locate(Self.targets[0], Self.targets[2])
        let challenge = SIPHeaders.Field("WWW-Authenticate", #"Digest realm="r", nonce="n", qop="auth""#)
        self.rig.reply(401, to: try self.rig.request(.invite), fields: [challenge])
        let again = try self.rig.request(.invite)
        #expect(again.headers["Authorization"] != nil)
        #expect(again.headers.cSeq.number == 2)
        #expect(self.destinations == [Self.targets[0], Self.targets[0]].map { .target($0, preferring: nil) })
        // Another server gets the same request without what it has not asked for.
        self.rig.reply(503, to: again)
        let other = try self.rig.request(.invite)
        #expect(self.destinations.last == .target(Self.targets[2], preferring: nil))
        #expect(other.headers["Authorization"] == nil)
        #expect(other.headers.cSeq.number == 2)
    }

    @Test("A name without addresses, or one that nobody finds in time, refuses the call") func nowhere() throws {
        _ = self.invite()
        try self.rig.locate()
        let refused = SessionEvent.refused(.init(status: 503, cause: .transport(.unresolved)))
        #expect(self.rig.events == [refused])
        #expect(self.rig.agent.isIdle)
        self.rig.clear()
        _ = self.invite()
        self.rig.advance(.seconds(6))
        #expect(self.rig.events == [refused])
        try self.rig.locate(Self.targets[0])
        #expect(self.rig.sent == [])
        self.rig.expectIdle()
    }

    @Test("A call that ends while its name is looked for sends nothing") func givenUp() throws {
        let id = self.invite()
        self.rig.run { $0.end(id, SessionEnding(), now: $1) }
        try self.rig.locate(Self.targets[0])
        #expect(self.rig.sent == [])
        #expect(self.rig.agent.isIdle)
    }

    @Test("A registrar that is named: its next address where one is silent, and the one that serves is kept")
    func registrar() throws {
        let order = RegistrationOrder(
            registrar: SIPURI(host: "pbx.example"),
            targets: [Self.named],
            address: NameAddress(uri: SIPURI(user: "u", host: "pbx.example")),
            contactUser: "u"
        )
        let id = self.rig.run { $0.register(order, now: $1) }
        try self.rig.locate(Self.targets[0], Self.targets[2])
        #expect(self.rig.sent.last?.destination == .target(Self.targets[0], preferring: nil))
        self.rig.advance(.seconds(4))
        #expect(self.rig.sent.last?.destination == .target(Self.targets[2], preferring: nil))
        let request = try self.rig.request(.register)
        self.rig.reply(200, to: request, contact: nil, fields: [.init("Expires", "100")])
        #expect(self.rig.registrations == [.registered(expires: 100)])
        self.rig.clear()
        let asked = self.rig.questions.count
        while self.rig.questions.count == asked { self.rig.advance(.seconds(1)) }
        try self.rig.locate(Self.targets[0], Self.targets[2])
        #expect(self.rig.sent.last?.destination == .target(Self.targets[2], preferring: nil))
        self.rig.run { $0.unregister(id, now: $1) }
    }
}
