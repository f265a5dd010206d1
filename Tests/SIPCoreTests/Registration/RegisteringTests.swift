import SIPCore
import Testing

@Suite("Phones that register here, through the user agent")
struct RegisteringTests {
    private let phones: PhoneRegistry
    private let rig: AgentRig

    init() {
        self.phones = RegisterSample.registry()
        self.rig = AgentRig(phones: self.phones)
    }

    private func challenge(_ index: Int = 0) throws -> SIPHeaders.Field {
        let response = try self.rig.response(.register)
        #expect(response.status == 401)
        let fields = response.headers.fields.filter { $0.name == "WWW-Authenticate" }
        return try #require(fields.dropFirst(index).first)
    }

    /// Registers, challenge and all.
    private func register(_ request: SIPRequest, by flow: SIPFlow = RegisterSample.udp) throws -> SIPResponse {
        self.rig.receive(request, by: flow)
        var again = RegisterSample.authorized(request, by: try self.challenge())
        again.headers.via[0].branch += "a"
        again.headers.cSeq.number += 1
        self.rig.receive(again, by: flow)
        return try self.rig.response(.register)
    }

    @Test("§10.3: 401 first, then 200 with the bindings and the Date, back to where the request came from")
    func registers() throws {
        let response = try self.register(RegisterSample.register())
        #expect(response.status == 200)
        #expect(response.headers.contact.compactMap { $0.address?.parameters["expires"] } == ["3600"])
        #expect(response.headers["Date"] == "Tue, 14 Nov 2023 22:13:21 GMT")
        #expect(response.headers.to.tag != nil)
        #expect(response.headers.via.first?.rport == .value(33_000))
        let sent = try #require(self.rig.sent.last)
        guard case .flow(let flow, _) = sent.destination else { throw Failure() }
        #expect(flow == RegisterSample.udp)
        #expect(self.rig.changes.map(\.phone) == ["1001"])
        #expect(self.phones.bindingCount == 1)
    }

    private struct Failure: Error {}

    @Test("§26.3.2.4: whoever has not proved who it is leaves nothing behind")
    func stateless() {
        for index in 0..<100 {
            self.rig.receive(RegisterSample.register(callID: "r\(index)"), by: RegisterSample.udp)
            self.rig.receive(self.invite(from: "1001", cSeq: UInt32(index + 1)), by: RegisterSample.udp)
        }
        #expect(self.rig.lines.count == 200)
        #expect(self.rig.agent.counts == (0, 0, 0))
        #expect(self.rig.agent.isIdle)
    }

    @Test("A phone is called from the socket that it registered at, which its Via and Contact name")
    func socket() throws {
        let other = SIPListener(transport: .udp, address: SIPAddress(host: "198.51.100.1", port: 5080))
        let rig = AgentRig(listeners: [AgentRig.ourUDP, other])
        var flow = RegisterSample.udp
        flow.listener = 1
        var order = rig.order(target: SIPTarget(transport: .udp, host: flow.remote.host, port: flow.remote.port))
        order.flow = flow
        _ = rig.run { [order] in $0.invite(order, now: $1) }
        let request = try rig.request(.invite)
        #expect(request.headers.via.first?.host == "198.51.100.1")
        #expect(request.headers.contact.first?.address?.uri.host == "198.51.100.1")
    }

    @Test("§17.2.2: a repeated REGISTER gets the same response and changes nothing")
    func repetition() throws {
        self.rig.receive(RegisterSample.register(), by: RegisterSample.udp)
        let request = RegisterSample.authorized(RegisterSample.register(cSeq: 2), by: try self.challenge())
        self.rig.clear()
        self.rig.receive(request, by: RegisterSample.udp)
        self.rig.receive(request, by: RegisterSample.udp)
        #expect(self.rig.lines == ["200 REGISTER", "200 REGISTER"])
        #expect(self.rig.changes.count == 1)
    }

    @Test("A replayed request in a transaction of its own is challenged, and a wrong password ever again")
    func refused() throws {
        self.rig.receive(RegisterSample.register(), by: RegisterSample.udp)
        let challenge = try self.challenge(1)
        var request = RegisterSample.authorized(RegisterSample.register(cSeq: 2), by: challenge)
        self.rig.receive(request, by: RegisterSample.udp)
        #expect(try self.rig.response(.register).status == 200)
        request.headers.via[0].branch = "z9hG4bKreplay"
        request.headers.cSeq.number = 3
        self.rig.receive(request, by: RegisterSample.udp)
        #expect(try self.challenge().value.contains("stale=true"))
        let wrong = DigestCredentials(username: "1001", password: "wrong")
        let guess = RegisterSample.authorized(RegisterSample.register(cSeq: 9), by: challenge, credentials: wrong)
        self.rig.receive(guess, by: RegisterSample.udp)
        #expect(try !self.challenge().value.contains("stale"))
    }

    @Test("§10.3, 4: a phone registers itself and no other, and an unknown one nowhere")
    func authorization() throws {
        #expect(try self.register(RegisterSample.register(aor: "1002")).status == 403)
        #expect(try self.register(RegisterSample.register(callID: "b", aor: "1003")).status == 403)
        var elsewhere = RegisterSample.register(callID: "c")
        elsewhere.uri.host = "example.org"
        self.rig.receive(elsewhere, by: RegisterSample.udp)
        #expect(try self.rig.response(.register).status == 404)
        var to = RegisterSample.register(callID: "d")
        to.headers.to.uri.host = "example.org"
        #expect(try self.register(to).status == 404)
        #expect(self.phones.bindingCount == 0)
    }

    @Test("§8.2.2.3: path and outbound may be required, others not")
    func required() throws {
        let known = RegisterSample.register(fields: [.init("Require", "path, outbound")])
        #expect(try self.register(known).status == 200)
        self.rig.receive(RegisterSample.register(callID: "b", fields: [.init("Require", "gruu")]))
        #expect(try self.rig.response(.register).status == 420)
    }

    @Test("Bindings end by the clock, and leave no call-side trace")
    func expiry() throws {
        _ = try self.register(RegisterSample.register(expires: "60"))
        self.rig.clear()
        self.rig.advance(.seconds(61))
        #expect(self.rig.changes == [BindingChange(phone: "1001", bindings: [])])
        self.rig.expectIdle()
    }

    @Test("RFC 5626 §4.2: a connection that closes takes its binding along")
    func closed() throws {
        _ = try self.register(RegisterSample.register(), by: RegisterSample.tcp)
        self.rig.clear()
        self.rig.receive(.closed(RegisterSample.tcp))
        #expect(self.rig.changes == [BindingChange(phone: "1001", bindings: [])])
    }

    @Test("A phone that the operator removes is registered no more")
    func removed() throws {
        _ = try self.register(RegisterSample.register())
        self.rig.clear()
        self.rig.run { agent, _ in agent.setPhones([RegisterSample.other]) }
        #expect(self.rig.changes == [BindingChange(phone: "1001", bindings: [])])
        self.rig.receive(RegisterSample.register(cSeq: 9), by: RegisterSample.udp)
        #expect(try self.rig.response(.register).status == 401)
    }

    @Test("§20.5: Allow and Supported name what a registrar takes, for as long as there is one")
    func abilities() throws {
        self.rig.receive(self.rig.peerRequest(.options))
        var headers = try self.rig.response(.options).headers
        #expect(
            headers["Allow"] == "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, PRACK, MESSAGE, "
                + "REFER, NOTIFY, REGISTER"
        )
        #expect(headers["Supported"] == "100rel, timer, replaces, path, outbound")
        self.rig.run { agent, _ in agent.setPhones([]) }
        self.rig.receive(self.rig.peerRequest(.options, cSeq: 2))
        headers = try self.rig.response(.options).headers
        #expect(
            headers["Allow"] == "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, PRACK, MESSAGE, "
                + "REFER, NOTIFY"
        )
        #expect(headers["Supported"] == "100rel, timer, replaces")
    }

    @Test("§8.2.1: where no phone may register REGISTER is not allowed")
    func noPhones() throws {
        self.rig.run { agent, _ in agent.setPhones([]) }
        self.rig.receive(RegisterSample.register(), by: RegisterSample.udp)
        #expect(try self.rig.response(.register).status == 405)
    }

    // MARK: Calls

    private func invite(from user: String, cSeq: UInt32 = 1) -> SIPRequest {
        var request = self.rig.peerRequest(.invite, callID: "call\(cSeq)", cSeq: cSeq, sdp: AgentRig.offer)
        request.headers.from.uri = SIPURI(user: user, host: RegisterSample.domain)
        request.headers.contact = [.address(RegisterSample.contact)]
        return request
    }

    @Test("RFC 3261 §22.2: a phone of ours proves who it is before it calls, and is known by its name then")
    func callIsChallenged() throws {
        self.rig.receive(self.invite(from: "1001"), by: RegisterSample.udp)
        #expect(self.rig.lines == ["401 INVITE"])
        let challenge = try #require(try self.rig.response(.invite).headers["WWW-Authenticate"])
        let again = RegisterSample.authorized(
            self.invite(from: "1001", cSeq: 2),
            by: .init("WWW-Authenticate", challenge)
        )
        self.rig.receive(again, by: RegisterSample.udp)
        #expect(self.rig.invites.map(\.phone) == ["1001"])
        // A stranger is the call side's to judge.
        self.rig.receive(self.invite(from: "bob", cSeq: 3))
        #expect(self.rig.invites.map(\.phone) == ["1001", nil])
    }

    @Test("A phone that names another in From gets 403")
    func anothersName() throws {
        self.rig.receive(self.invite(from: "1002"), by: RegisterSample.udp)
        let challenge = try #require(try self.rig.response(.invite).headers["WWW-Authenticate"])
        let again = RegisterSample.authorized(
            self.invite(from: "1002", cSeq: 2),
            by: .init("WWW-Authenticate", challenge)
        )
        self.rig.receive(again, by: RegisterSample.udp)
        #expect(try self.rig.response(.invite).status == 403)
        #expect(self.rig.invites == [])
    }

    @Test("Within a call from behind a NAT our requests go to where the phone's datagrams come from")
    func requestsInCall() throws {
        self.rig.receive(self.invite(from: "1001"), by: RegisterSample.udp)
        let challenge = try #require(try self.rig.response(.invite).headers["WWW-Authenticate"])
        let invite = RegisterSample.authorized(
            self.invite(from: "1001", cSeq: 2),
            by: .init("WWW-Authenticate", challenge)
        )
        self.rig.receive(invite, by: RegisterSample.udp)
        let id = try #require(self.rig.invited.first)
        self.rig.run { $0.accept(id, sdp: AgentRig.answer, now: $1) }
        var ack = self.rig.peerRequest(.ack, after: try self.rig.response(.invite), cSeq: 2)
        ack.headers.from = invite.headers.from
        self.rig.receive(ack, by: RegisterSample.udp)
        self.rig.clear()
        self.rig.run { $0.end(id, SessionEnding(), now: $1) }
        #expect(self.rig.lines == ["BYE"])
        #expect(try self.rig.request(.bye).uri == RegisterSample.contact.uri)
        #expect(
            self.rig.sent.first?.destination
                == .target(
                    SIPTarget(transport: .udp, host: "203.0.113.9", port: 33_000),
                    preferring: RegisterSample.udp
                )
        )
    }

    @Test("A call for a registered phone goes by its flow, ACK and BYE too; a Path becomes its Route")
    func callToPhone() throws {
        _ = try self.register(RegisterSample.register())
        let target = try #require(self.phones.targets(of: "1001", now: self.rig.now).first)
        self.rig.clear()
        var order = self.rig.order(target: target.target)
        order.uri = target.uri
        order.flow = target.flow
        order.route = [NameAddress(uri: SIPURI(host: "p.example", parameters: .init([.init("lr")])))]
        let id = self.rig.run { [order] in $0.invite(order, now: $1) }
        #expect(try self.rig.request(.invite).headers.route == order.route)
        order.route = []
        self.rig.run { $0.end(id, SessionEnding(), now: $1) }
        self.rig.clear()
        let second = self.rig.run { [order] in $0.invite(order, now: $1) }
        let invite = try self.rig.request(.invite)
        #expect(invite.uri == RegisterSample.contact.uri)
        self.rig.reply(
            200,
            to: invite,
            sdp: AgentRig.answer,
            contact: RegisterSample.contact.uri,
            flow: RegisterSample.udp
        )
        self.rig.run { $0.end(second, SessionEnding(), now: $1) }
        #expect(self.rig.lines == ["INVITE", "ACK", "BYE"])
        for outbound in self.rig.sent {
            #expect(outbound.destination == .target(target.target, preferring: RegisterSample.udp))
        }
    }
}
