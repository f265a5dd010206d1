import SIPCore
import Testing

@Suite("Registration elsewhere (RFC 3261 §10.2)")
struct RegistrationClientTests {
    private static let first = SIPTarget(transport: .udp, host: "192.0.2.2", port: 5060)
    private static let second = SIPTarget(transport: .udp, host: "192.0.2.3", port: 5060)

    private let rig = AgentRig()

    private func order(_ targets: [SIPTarget] = [first], expires: UInt32 = 3_600) -> RegistrationOrder {
        RegistrationOrder(
            registrar: SIPURI(host: "pbx.example"),
            targets: targets,
            address: NameAddress(uri: SIPURI(user: "2001", host: "pbx.example")),
            contactUser: "2001",
            credentials: DigestCredentials(username: "2001", password: "secret"),
            expires: expires
        )
    }

    /// The registrar answers the last REGISTER.
    private func answer(
        _ status: UInt16,
        expires: String? = nil,
        contact: SIPURI? = nil,
        fields: [SIPHeaders.Field] = []
    ) throws {
        let request = try self.rig.request(.register)
        var headers = SIPHeaders(
            via: request.headers.via,
            from: request.headers.from,
            to: request.headers.to,
            callID: request.headers.callID,
            cSeq: request.headers.cSeq,
            fields: fields
        )
        if let expires, var own = request.headers.contact.first?.address {
            var other = NameAddress(uri: SIPURI(user: "2001", host: "elsewhere"))
            other.parameters.set("expires", to: "5")
            own.parameters.set("expires", to: expires)
            if let contact { own.uri = contact } else { headers.contact.append(.address(other)) }
            headers.contact.append(.address(own))
        }
        self.rig.receive(
            .message(.response(SIPResponse(status: status, reason: "", headers: headers)), AgentRig.udpFlow)
        )
    }

    private func challenge(_ nonce: String = "n", isStale: Bool = false) -> SIPHeaders.Field {
        .init("WWW-Authenticate", DigestChallenge(realm: "pbx", nonce: nonce, isStale: isStale).fieldValue)
    }

    private func start(_ order: RegistrationOrder) -> RegistrationID {
        self.rig.run { $0.register(order, now: $1) }
    }

    /// The time until something is sent or told, in seconds.
    private func waitForNext() -> Double {
        let before = self.rig.now
        let count = self.rig.sent.count + self.rig.registrations.count
        while self.rig.sent.count + self.rig.registrations.count == count, let deadline = self.rig.agent.nextDeadline {
            self.rig.advance(deadline - self.rig.now)
        }
        return Double((self.rig.now - before).nanoseconds) / 1e9
    }

    @Test("§10.2: the request names the registrar, the address twice, and our Contact with its time")
    func request() throws {
        _ = self.start(self.order())
        let request = try self.rig.request(.register)
        #expect(request.uri == SIPURI(host: "pbx.example"))
        #expect(request.headers.to == NameAddress(uri: SIPURI(user: "2001", host: "pbx.example")))
        #expect(request.headers.from.uri == request.headers.to.uri)
        #expect(request.headers.from.tag != nil)
        #expect(
            request.headers.contact.compactMap { $0.address?.text } == ["<sip:2001@192.0.2.1:5060>;expires=3600"]
        )
        #expect(request.headers.cSeq == CSeq(1, .register))
        #expect(self.rig.sent.first?.destination == .target(Self.first, preferring: nil))
    }

    @Test("§8.1.2: through an outbound proxy it goes to that, with a Route")
    func outboundProxy() throws {
        var order = self.order([Self.second])
        order.route = [NameAddress(uri: SIPURI(host: "192.0.2.3", parameters: SIPParameters([.init("lr")])))]
        _ = self.start(order)
        let request = try self.rig.request(.register)
        #expect(request.uri == SIPURI(host: "pbx.example"))
        #expect(request.headers.route == order.route)
        #expect(self.rig.sent.first?.destination == .target(Self.second, preferring: nil))
    }

    @Test("§22.2: a challenge is answered under the same Call-ID with a higher CSeq, and the next REGISTER needs none")
    func challenged() throws {
        let id = self.start(self.order())
        let first = try self.rig.request(.register)
        try self.answer(401, fields: [self.challenge()])
        let again = try self.rig.request(.register)
        #expect(again.headers.callID == first.headers.callID)
        #expect(again.headers.cSeq.number == 2)
        #expect(again.headers["Authorization"].flatMap { DigestResponse($0) }?.nonceCount == 1)
        try self.answer(200, expires: "600")
        #expect(self.rig.registrations == [.registered(expires: 600)])
        #expect(self.rig.agent.isRegistered(id))
        self.rig.advance(.seconds(6))
        self.rig.clear()
        let waited = self.waitForNext() + 6
        #expect((360...450).contains(waited))
        #expect(
            try self.rig.request(.register).headers["Authorization"].flatMap { DigestResponse($0) }?.nonceCount == 2
        )
        try self.answer(200, expires: "600")
        #expect(self.rig.registrations == [])
    }

    @Test("§10.2.4: it is refreshed after 60 to 75 hundredths of what was granted, over and over")
    func refresh() throws {
        _ = self.start(self.order())
        var waits: Set<Double> = []
        for _ in 0..<20 {
            try self.answer(200, expires: "100")
            self.rig.advance(.seconds(5))
            waits.insert(self.waitForNext() + 5)
        }
        #expect(waits.allSatisfy { (60...75).contains($0) })
        #expect(waits.count > 5)
        #expect(self.rig.registrations == [.registered(expires: 100)])
    }

    @Test("§10.3, 8: without our Contact in the list the time is the only other one's, or Expires, or as asked")
    func grantedTimes() throws {
        _ = self.start(self.order())
        try self.answer(200, expires: "77", contact: SIPURI(user: "2001", host: "198.51.100.1", port: 9))
        #expect(self.rig.registrations == [.registered(expires: 77)])
        let other = RegistrationClientTests()
        _ = other.start(self.order())
        try other.answer(200, fields: [.init("Expires", "88")])
        #expect(other.rig.registrations == [.registered(expires: 88)])
        let bare = RegistrationClientTests()
        _ = bare.start(self.order(expires: 120))
        try bare.answer(200)
        #expect(bare.rig.registrations == [.registered(expires: 120)])
    }

    @Test("§10.2.8: after 423 the time is what the registrar wants at least; a 423 that wants no more is a refusal")
    func tooBrief() throws {
        _ = self.start(self.order(expires: 60))
        try self.answer(423, fields: [.init("Min-Expires", "1800")])
        let again = try self.rig.request(.register)
        #expect(again.headers.contact.first?.address?.parameters["expires"] == "1800")
        try self.answer(423, fields: [.init("Min-Expires", "1800")])
        #expect(self.rig.registrations == [.failed(status: 423)])
        #expect(self.rig.lines.count == 2)
    }

    @Test("A password that is refused is tried twice more, then after ever longer waits")
    func wrongPassword() throws {
        _ = self.start(self.order())
        var waits: [Double] = []
        for _ in 0..<6 {
            try self.answer(401, fields: [self.challenge("a")])
            try self.answer(401, fields: [self.challenge("b")])
            let count = self.rig.lines.count
            let before = self.rig.now
            while self.rig.lines.count == count, let deadline = self.rig.agent.nextDeadline {
                self.rig.advance(deadline - self.rig.now)
            }
            waits.append(Double((self.rig.now - before).nanoseconds) / 1e9)
        }
        #expect(self.rig.registrations == Array(repeating: .failed(status: 401), count: 6))
        #expect(waits[0] < 2.1 && waits[1] < 2.1)
        #expect((14...30).contains(waits[2]))
        #expect((29...60).contains(waits[3]))
        #expect((59...120).contains(waits[4]))
        #expect((119...240).contains(waits[5]))
    }

    @Test(
        "RFC 3263 §4.3: a target that does not answer, or says 503, is followed by the next; the order begins anew after a wait"
    )
    func failover() throws {
        _ = self.start(self.order([Self.first, Self.second]))
        self.rig.advance(.seconds(4))
        #expect(self.rig.sent.last?.destination == .target(Self.second, preferring: nil))
        try self.answer(503, fields: [.init("Retry-After", "100")])
        #expect(self.rig.registrations == [.failed(status: 503)])
        self.rig.advance(.seconds(50))
        self.rig.clear()
        let waited = self.waitForNext() + 50
        #expect(waited == 100)
        #expect(self.rig.sent.map(\.destination) == [.target(Self.first, preferring: nil)])
    }

    @Test("It stands while a refresh finds nobody, and until its time is over")
    func refreshLost() throws {
        let id = self.start(self.order())
        try self.answer(200, expires: "100")
        self.rig.advance(.seconds(99))
        #expect(self.rig.agent.isRegistered(id))
        #expect(self.rig.registrations == [.registered(expires: 100)])
        self.rig.advance(.seconds(1))
        #expect(!self.rig.agent.isRegistered(id))
        #expect(self.rig.registrations == [.registered(expires: 100), .failed(status: 408)])
        self.rig.clear()
        self.rig.advance(.seconds(60))
        try self.answer(200, expires: "100")
        #expect(self.rig.registrations.last == .registered(expires: 100))
    }

    @Test("A refresh that is refused ends it at once")
    func refreshRefused() throws {
        let id = self.start(self.order())
        try self.answer(200, expires: "100")
        _ = self.waitForNext()
        try self.answer(404)
        #expect(self.rig.registrations == [.registered(expires: 100), .failed(status: 404)])
        #expect(!self.rig.agent.isRegistered(id))
    }

    @Test("§10.2.2: at its end it is taken back, challenge and all, and nothing is left")
    func unregister() throws {
        let id = self.start(self.order())
        try self.answer(200, expires: "100")
        self.rig.clear()
        self.rig.run { $0.unregister(id, now: $1) }
        #expect(try self.rig.request(.register).headers.contact.first?.address?.parameters["expires"] == "0")
        try self.answer(401, fields: [self.challenge()])
        #expect(try self.rig.request(.register).headers.contact.first?.address?.parameters["expires"] == "0")
        try self.answer(200)
        #expect(self.rig.registrations == [.ended])
        self.rig.expectIdle()
    }

    @Test("A registrar that does not answer holds up our end no longer than the time to try", arguments: [false, true])
    func unregisterUnanswered(isRegistered: Bool) throws {
        let id = self.start(self.order())
        if isRegistered { try self.answer(200, expires: "100") }
        self.rig.run { $0.unregister(id, now: $1) }
        self.rig.advance(.seconds(4))
        #expect(self.rig.registrations.last == .ended)
        self.rig.expectIdle()
        self.rig.run { $0.unregister(id, now: $1) }
        #expect(self.rig.registrations.filter { $0 == .ended }.count == 1)
    }

    @Test("Without a socket for the target it fails and waits, and its end is at once")
    func noSocket() {
        let tls = SIPTarget(transport: .tls, host: "192.0.2.2", port: 5061)
        let id = self.start(self.order([tls, tls]))
        #expect(self.rig.registrations == [.failed(status: 503)])
        self.rig.run { $0.unregister(id, now: $1) }
        #expect(self.rig.registrations == [.failed(status: 503), .ended])
        self.rig.expectIdle()
    }

    @Test("A response that comes after its target was given up is not heard")
    func lateResponse() throws {
        _ = self.start(self.order([Self.first, Self.second]))
        let old = try self.rig.request(.register)
        self.rig.advance(.seconds(4))
        self.rig.reply(403, to: old)
        #expect(self.rig.registrations == [])
        try self.answer(200, expires: "60")
        #expect(self.rig.registrations == [.registered(expires: 60)])
    }

    @Test("Odd answers neither stop nor flood it", arguments: [200, 300, 400, 401, 423, 503, 606] as [UInt16])
    func odd(status: UInt16) throws {
        _ = self.start(self.order())
        let fields: [SIPHeaders.Field] = [
            .init("Min-Expires", "99999999999999999999"), .init("Retry-After", "99999999999999999999999"),
            .init("Expires", "-5"), .init("WWW-Authenticate", "Digest realm="),
        ]
        for _ in 0..<5 {
            try self.answer(status, expires: status == 200 ? "0" : nil, fields: fields)
            let count = self.rig.lines.count
            self.rig.advance(.seconds(1))
            #expect(self.rig.lines.count == count)
            while self.rig.lines.count == count, let deadline = self.rig.agent.nextDeadline {
                self.rig.advance(deadline - self.rig.now)
            }
        }
        #expect(self.rig.registrations.allSatisfy { $0 == .failed(status: status) })
        #expect(self.rig.registrations.count == 5)
    }
}
