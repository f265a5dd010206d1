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
        devices: [(host: String, q: String)] = [("10.0.0.9", "1")]
    ) throws -> [SIPMessage] {
        let uri = SIPURI(user: user, host: Self.domain)
        var from = NameAddress(uri: SIPURI(user: phone, host: Self.domain))
        from.tag = "t"
        var request = SIPRequest(
            method: method,
            uri: uri,
            headers: SIPHeaders(
                via: [Via(transport: .udp, host: "10.0.0.9", branch: "z9hG4bK\(callID)\(cSeq)", rport: .requested)],
                from: from,
                to: NameAddress(uri: SIPURI(user: user ?? phone, host: Self.domain)),
                callID: callID,
                cSeq: CSeq(cSeq, method),
                maxForwards: 70
            )
        )
        for device in devices {
            let uri = SIPURI(user: phone, host: device.host)
            let parameters = SIPParameters([.init("q", device.q)])
            request.headers.contact.append(.address(NameAddress(uri: uri, parameters: parameters)))
        }
        if method == .invite {
            request.headers.contentType = "application/sdp"
            request.body = Array("v=0\r\no=- 1 1 IN IP4 10.0.0.9\r\ns=-\r\nt=0 0\r\n".utf8)
        }
        self.fixture.table.receive(.message(.request(request), Self.flow), now: self.fixture.now)
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
        self.fixture.table.receive(.message(.request(request), Self.flow), now: self.fixture.now)
        return self.fixture.takeSIP()
    }

    private func register(_ phone: String, _ devices: [(host: String, q: String)] = [("10.0.0.9", "1")]) throws {
        let messages = try self.send(.register, to: nil, of: phone, callID: "r\(phone)", devices: devices)
        guard case .response(let response)? = messages.last else { throw Missing() }
        #expect(response.status == 200)
    }

    private struct Missing: Error {}

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

    @Test("Devices of one `q` ring at once, those of a lower one in their place after a while")
    func preferences() throws {
        try self.register("3001", [("10.0.0.7", "0.5"), ("10.0.0.8", "0.9"), ("10.0.0.9", "0.5")])
        let app = self.fixture.connect(.number("42"))
        app.send(.startCall(calleeID: .string("3001"), offer: nil))
        func invited() -> [String] {
            self.fixture.takeSIP().compactMap { message in
                guard case .request(let request) = message, request.method == .invite else { return nil }
                return request.uri.host
            }
        }
        #expect(invited() == ["10.0.0.8"])
        self.fixture.now = self.fixture.now + CallTimers().turn
        self.fixture.table.timeoutReached(now: self.fixture.now)
        #expect(invited().filter { $0 != "10.0.0.8" } == ["10.0.0.7", "10.0.0.9"])
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
}
