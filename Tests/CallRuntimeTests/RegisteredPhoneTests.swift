import CallCore
import CallRuntime
import ClientProtocol
import SIPCore
import Testing

@Suite("Phones that register here, in calls")
struct RegisteredPhoneTests {
    private static let domain = "192.0.2.1"
    private static let flow = SIPFlow(
        transport: .udp,
        remote: SIPAddress(host: "203.0.113.9", port: 33_000),
        listener: 0
    )

    private let registry: PhoneRegistry
    private let fixture: TableFixture

    init() {
        let accounts = ["1001", "3001"].map { name in
            let credentials = DigestCredentials(username: name, password: "secret")
            return PhoneAccount(
                name: name,
                displayName: "Desk \(name)",
                secrets: DigestSecrets(credentials, realm: Self.domain)
            )
        }
        self.registry = PhoneRegistry(
            configuration: .init(domains: [Self.domain], digest: .init(realm: Self.domain)),
            accounts: accounts,
            key: Array(repeating: 1, count: 32)
        )
        self.fixture = TableFixture(phones: self.registry)
    }

    /// Sends a request of a phone, and once more with its credentials.
    private func send(
        _ method: SIPMethod,
        to user: String?,
        of phone: String,
        callID: String = "c",
        cSeq: UInt32 = 1,
        host: String = "10.0.0.9",
        q: String? = nil
    ) throws -> [SIPMessage] {
        let uri = SIPURI(user: user, host: Self.domain)
        var from = NameAddress(uri: SIPURI(user: phone, host: Self.domain))
        from.tag = "t"
        var contact = NameAddress(uri: SIPURI(user: phone, host: host))
        contact.parameters.set("q", to: q)
        var flow = Self.flow
        flow.remote.host = host == "10.0.0.9" ? flow.remote.host : host
        var request = SIPRequest(
            method: method,
            uri: uri,
            headers: SIPHeaders(
                via: [Via(transport: .udp, host: "10.0.0.9", branch: "z9hG4bK\(callID)\(cSeq)", rport: .requested)],
                from: from,
                to: NameAddress(uri: SIPURI(user: user ?? phone, host: Self.domain)),
                callID: callID,
                cSeq: CSeq(cSeq, method),
                maxForwards: 70,
                contact: [.address(contact)]
            )
        )
        if method == .invite {
            request.headers.contentType = "application/sdp"
            request.body = Array("v=0\r\no=- 1 1 IN IP4 10.0.0.9\r\ns=-\r\nt=0 0\r\n".utf8)
        }
        self.fixture.table.receive(.message(.request(request), flow), now: self.fixture.now)
        let messages = self.fixture.takeSIP()
        guard case .response(let refusal)? = messages.last, refusal.status == 401 else { return messages }
        let field = try #require(refusal.headers["WWW-Authenticate"])
        let challenge = try #require(DigestChallenge.list(field).first)
        let response = DigestResponse(
            to: challenge,
            credentials: DigestCredentials(username: phone, password: "secret"),
            method: method.name,
            uri: uri.text,
            cnonce: "c",
            nonceCount: 1
        )
        request.headers.fields.append(.init("Authorization", response.fieldValue))
        request.headers.via[0].branch += "a"
        request.headers.cSeq.number += 1
        self.fixture.table.receive(.message(.request(request), flow), now: self.fixture.now)
        return self.fixture.takeSIP()
    }

    private func register(_ phone: String, host: String = "10.0.0.9", q: String? = nil) throws {
        let messages = try self.send(.register, to: nil, of: phone, callID: "r\(phone)\(host)", host: host, q: q)
        guard case .response(let response)? = messages.last else { throw Missing() }
        #expect(response.status == 200)
    }

    private struct Missing: Error {}

    /// The hosts of the INVITEs among them.
    private func invited(_ messages: [SIPMessage]) -> [String] {
        messages.compactMap { message in
            if case .request(let request) = message, request.method == .invite { request.uri.host } else { nil }
        }
    }

    private func invite(_ messages: [SIPMessage]) throws -> SIPRequest {
        let requests = messages.compactMap { message in
            if case .request(let request) = message, request.method == .invite { request } else { nil }
        }
        return try #require(requests.first)
    }

    @Test("An app calls a registered phone at its Contact, by the way that the phone came")
    func appToPhone() throws {
        try self.register("3001")
        let changes = self.fixture.table.takeBindingChanges()
        #expect(changes.map(\.phone) == ["3001"])
        let app = self.fixture.connect(.number("42"))
        app.send(.startCall(calleeID: .string("3001"), offer: nil))
        let outbound = try #require(self.fixture.table.takeSIPOutbound().first)
        guard case .request(let request) = outbound.message else { throw Missing() }
        #expect(request.uri == SIPURI(user: "3001", host: "10.0.0.9"))
        #expect(request.headers.to.uri == SIPURI(user: "3001", host: Self.domain))
        #expect(
            outbound.destination
                == .target(SIPTarget(transport: .udp, host: "203.0.113.9", port: 33_000), preferring: Self.flow)
        )
    }

    @Test("A phone that is not registered is unavailable, not unknown")
    func notRegistered() {
        let app = self.fixture.connect(.number("42"))
        app.send(.startCall(calleeID: .string("3001"), offer: nil))
        let reasons = app.take().compactMap { event in
            if case .callRejected(_, _, let reason, _) = event { reason } else { nil }
        }
        #expect(reasons == [.unavailable])
    }

    @Test("A user's phone rings with the user's apps where it registers here, and not by the dial plan")
    func userAndPhone() throws {
        try self.register("1001")
        let carol = self.fixture.connect(.number("43"))
        let alice = self.fixture.connect(.number("42"))
        alice.send(.startCall(calleeID: .number("43"), offer: nil))
        #expect(carol.takeNames() == ["incoming_call"])
        #expect(try self.invite(self.fixture.takeSIP()).uri.host == "10.0.0.9")
    }

    @Test("A phone that has proved who it is calls an app, which sees the phone's user, or its number")
    func phoneToApp() throws {
        let app = self.fixture.connect(.number("42"))
        _ = try self.send(.invite, to: "42", of: "1001")
        _ = try self.send(.invite, to: "42", of: "3001", callID: "d")
        let callers = app.take().compactMap { event in
            if case .incomingCall(_, let caller, let name, _) = event { [caller.text, name] } else { nil }
        }
        #expect(callers == [["43", "Desk 1001"], ["3001", "Desk 3001"]])
    }

    @Test("Phone to phone, and phone to trunk by a row that is for everybody; a row for one user is not for it")
    func phoneToPhones() throws {
        try self.register("3001")
        let toPhone = try self.invite(try self.send(.invite, to: "3001", of: "1001"))
        #expect(toPhone.uri.host == "10.0.0.9")
        #expect(toPhone.headers.from.displayName == "Desk 1001")
        let toTrunk = try self.invite(try self.send(.invite, to: "600", of: "1001", callID: "d"))
        #expect(toTrunk.uri.host == "192.0.2.9")
        let refused = try self.send(.invite, to: "00123", of: "1001", callID: "e")
        guard case .response(let response)? = refused.last else { throw Missing() }
        #expect(response.status == 403)
    }

    @Test("Contacts of one q ring together, those of a lower one when the turn of these is over")
    func turns() throws {
        for (host, q) in [("10.0.0.1", "0.2"), ("10.0.0.2", "0.7"), ("10.0.0.3", "0.7")] {
            try self.register("3001", host: host, q: q)
        }
        let app = self.fixture.connect(.number("42"))
        app.send(.startCall(calleeID: .string("3001"), offer: nil))
        #expect(self.invited(self.fixture.takeSIP()) == ["10.0.0.2", "10.0.0.3"])
        self.fixture.now = self.fixture.now + CallTimers().turn
        self.fixture.table.timeoutReached(now: self.fixture.now)
        #expect(self.invited(self.fixture.takeSIP()).last == "10.0.0.1")
    }

    @Test("A phone that calls its own user, or its own number, rings the user's other devices and not itself")
    func callsItsOwnUser() throws {
        try self.register("1001")
        try self.register("1001", host: "10.0.0.2")
        let app = self.fixture.connect(.number("43"))
        #expect(self.invited(try self.send(.invite, to: "43", of: "1001")) == ["10.0.0.2"])
        #expect(app.takeNames() == ["incoming_call"])
        #expect(self.invited(try self.send(.invite, to: "1001", of: "1001", callID: "d")) == ["10.0.0.2"])
    }

    @Test("A phone whose user has no other device is unavailable to itself")
    func callsItself() throws {
        try self.register("1001")
        let messages = try self.send(.invite, to: "43", of: "1001")
        #expect(self.invited(messages) == [])
        guard case .response(let response)? = messages.last else { throw Missing() }
        #expect(response.status == 480)
    }
}
