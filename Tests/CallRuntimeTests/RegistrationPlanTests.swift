import CallCore
import CallRuntime
import ClientProtocol
import SIPCore
import Testing

@Suite("Registrations that the table keeps")
struct RegistrationPlanTests {
    private let fixture = TableFixture()

    private static func order(_ user: String) -> RegistrationOrder {
        RegistrationOrder(
            registrar: SIPURI(host: "192.0.2.9"),
            targets: [SIPTarget(transport: .udp, host: "192.0.2.9", port: 5060)],
            address: NameAddress(uri: SIPURI(user: user, host: "192.0.2.9")),
            contactUser: user
        )
    }

    /// The REGISTERs since it was asked last, each answered with 200: user and time.
    private func answerAll(from registrar: SIPAddress = TableFixture.trunkAddress) -> [String] {
        self.fixture.takeSIP().compactMap { message -> String? in
            guard case .request(let request) = message, request.method == .register else { return nil }
            let headers = SIPHeaders(
                via: request.headers.via,
                from: request.headers.from,
                to: request.headers.to,
                callID: request.headers.callID,
                cSeq: request.headers.cSeq,
                contact: request.headers.contact
            )
            let flow = SIPFlow(transport: .udp, remote: registrar, listener: 0)
            self.fixture.table.receive(
                .message(.response(SIPResponse(status: 200, reason: "OK", headers: headers)), flow),
                now: self.fixture.now
            )
            let contact = request.headers.contact.first?.address
            return "\(contact?.uri.user ?? "-") \(contact?.parameters["expires"] ?? "-")"
        }
    }

    @Test("A user's extension is registered while an app of the user is connected, a trunk's always")
    func followsUser() {
        self.fixture.table.setRegistrations(
            ["pbx": .init(order: Self.order("gw")), "user 42": .init(order: Self.order("42"), user: "42")],
            now: self.fixture.now
        )
        #expect(self.answerAll() == ["gw 3600"])
        let first = self.fixture.connect(.number("42"))
        #expect(self.answerAll() == ["42 3600"])
        let second = self.fixture.connect(.string("42"))
        #expect(self.answerAll() == [])
        #expect(self.fixture.table.standingRegistrations == ["pbx", "user 42"])
        self.fixture.table.receive(.disconnected(first.connection), now: self.fixture.now)
        #expect(self.answerAll() == [])
        self.fixture.table.receive(.disconnected(second.connection), now: self.fixture.now)
        #expect(self.answerAll() == [])
        self.wait(CallTable.linger)
        #expect(self.answerAll() == ["42 0"])
        #expect(self.fixture.table.standingRegistrations == ["pbx"])
        let news = self.fixture.table.takeRegistrationNews()
        #expect(
            news == [
                RegistrationNews(name: "pbx", event: .registered(expires: 3_600)),
                RegistrationNews(name: "user 42", event: .registered(expires: 3_600)),
            ]
        )
    }

    private func wait(_ span: Span) {
        self.fixture.now = self.fixture.now + span
        self.fixture.table.timeoutReached(now: self.fixture.now)
    }

    @Test(
        "A socket that comes and goes leaves the registration alone; who stays away long enough at a stretch is taken back"
    )
    func flapping() {
        self.fixture.table.setRegistrations(
            ["user 42": .init(order: Self.order("42"), user: "42")],
            now: self.fixture.now
        )
        var sent: [String] = []
        for _ in 0..<20 {
            let app = self.fixture.connect(.number("42"))
            sent += self.answerAll()
            self.wait(.seconds(1))
            self.fixture.table.receive(.disconnected(app.connection), now: self.fixture.now)
            self.wait(.seconds(9))
        }
        #expect(sent + self.answerAll() == ["42 3600"])
        self.wait(.milliseconds(999))
        #expect(self.answerAll() == [])
        self.wait(.milliseconds(1))
        #expect(self.answerAll() == ["42 0"])
    }

    @Test("A new configuration leaves alone what is the same, and takes back what is gone or other")
    func changes() {
        let plans = ["a": RegistrationPlan(order: Self.order("a")), "b": RegistrationPlan(order: Self.order("b"))]
        self.fixture.table.setRegistrations(plans, now: self.fixture.now)
        #expect(self.answerAll() == ["a 3600", "b 3600"])
        self.fixture.table.setRegistrations(
            ["a": RegistrationPlan(order: Self.order("a")), "b": RegistrationPlan(order: Self.order("c"))],
            now: self.fixture.now
        )
        #expect(self.answerAll() == ["b 0", "c 3600"])
        self.fixture.table.setRegistrations([:], now: self.fixture.now)
        #expect(self.answerAll() == ["a 0", "c 0"])
        #expect(!self.fixture.table.hasRegistrations)
    }

    private static let registrar = SIPAddress(host: "198.51.100.9", port: 5060)

    @Test("A call for the Contact of a registration that stands, from its registrar, is the trunk's")
    func calls() {
        let plan = RegistrationPlan(order: Self.order("2042"), trunk: "pbx")
        self.fixture.table.setRegistrations(["pbx": plan], now: self.fixture.now)
        let alice = self.fixture.connect(.number("42"))
        // Not yet: nobody has granted it.
        self.fixture.invite("2042", from: Self.registrar, callID: "early")
        #expect(self.fixture.takeStatuses().contains(403))
        self.fixture.table.setRegistrations([:], now: self.fixture.now)
        self.fixture.table.setRegistrations(["pbx": plan], now: self.fixture.now)
        _ = self.answerAll(from: Self.registrar)
        self.fixture.invite("2042", from: SIPAddress(host: Self.registrar.host, port: 40_000), callID: "call")
        #expect(alice.takeNames() == ["incoming_call"])
        self.fixture.invite("42", from: Self.registrar, callID: "another")
        #expect(self.fixture.takeStatuses().contains(403))
        self.fixture.invite("2042", from: SIPAddress(host: "198.51.100.10", port: 5060), callID: "stranger")
        #expect(self.fixture.takeStatuses().contains(403))
        self.fixture.table.setRegistrations([:], now: self.fixture.now)
        self.fixture.invite("2042", from: Self.registrar, callID: "late")
        #expect(self.fixture.takeStatuses().contains(403))
    }
}
