import CallCore
import CallRuntime
import ClientProtocol
import SIPCore
import Testing

@Suite("Texts between apps and phones")
struct MessageTests {
    private let fixture: TableFixture

    /// A MESSAGE of the trunk.
    private func receive(_ text: String, to user: String, from address: SIPAddress = TableFixture.trunkAddress) {
        let headers = SIPHeaders(
            via: [Via(transport: .udp, host: address.host, port: address.port, branch: "z9hG4bK\(text.utf8.count)")],
            from: NameAddress(
                uri: SIPURI(user: "2001", host: "192.0.2.9"),
                parameters: SIPParameters([.init("tag", "from")])
            ),
            to: NameAddress(uri: SIPURI(user: user, host: "192.0.2.1")),
            callID: "m",
            cSeq: CSeq(1, .message),
            maxForwards: 70,
            contentType: "text/plain"
        )
        let request = SIPRequest(
            method: .message,
            uri: SIPURI(user: user, host: "192.0.2.1"),
            headers: headers,
            body: Array(text.utf8)
        )
        let flow = SIPFlow(transport: .udp, remote: address, listener: 0)
        self.fixture.table.receive(.message(.request(request), flow), now: self.fixture.now)
    }

    private func reply(_ status: UInt16, to request: SIPRequest) {
        let headers = SIPHeaders(
            via: request.headers.via,
            from: request.headers.from,
            to: request.headers.to,
            callID: request.headers.callID,
            cSeq: request.headers.cSeq
        )
        let flow = SIPFlow(transport: .udp, remote: TableFixture.trunkAddress, listener: 0)
        let response = SIPResponse(status: status, reason: "", headers: headers)
        self.fixture.table.receive(.message(.response(response), flow), now: self.fixture.now)
    }

    private func takeRequest() throws -> SIPRequest {
        let message = try #require(self.fixture.takeSIP().first)
        guard case .request(let request) = message else { throw NoRequest() }
        return request
    }

    private struct NoRequest: Error {}

    @Test("Every extended app of a user gets it, and the sender hears ok") func betweenApps() {
        let alice = self.fixture.connect(.number("42"), .extended)
        let other = self.fixture.connect(.number("42"), .extended)
        let bob = self.fixture.connect(.string("bob"), .extended)
        let old = self.fixture.connect(.string("bob"))
        for app in [alice, other, bob] { _ = app.take() }
        alice.send(.sendMessage(peerID: .string("bob"), text: "hi"), requestID: "1")
        #expect(bob.take() == [.messageReceived(senderID: .number("42"), text: "hi")])
        #expect(old.take() == [])
        #expect(alice.take() == [.ok(requestID: JSONFragment(utf8: Array("1".utf8)))])
        bob.send(.sendMessage(peerID: .number("42"), text: "yes?"))
        #expect(alice.take() == [.messageReceived(senderID: .string("bob"), text: "yes?")])
        #expect(other.take() == [.messageReceived(senderID: .string("bob"), text: "yes?")])
        #expect(bob.take() == [])
    }

    @Test("Where nobody can take it, or may be asked, there is an error") func nowhere() {
        let bob = self.fixture.connect(.string("bob"), .extended)
        _ = self.fixture.connect(.string("old"))
        _ = bob.take()
        for (peer, code) in [
            ("44", .wrongState), ("old", .wrongState), ("nobody", .wrongState), ("bob", .wrongState),
            ("00123", .forbidden),
        ] as [(String, ClientError.Code)] {
            bob.send(.sendMessage(peerID: .string(peer), text: "hi"))
            #expect(bob.takeError() == code)
        }
        #expect(self.fixture.takeSIP() == [])
    }

    @Test("A phone gets a MESSAGE, whose response decides what the app hears") func toPhone() throws {
        let alice = self.fixture.connect(.number("42"), .extended)
        _ = alice.take()
        alice.send(.sendMessage(peerID: .string("600"), text: "hi"), requestID: "7")
        let request = try self.takeRequest()
        #expect(request.method == .message)
        #expect(request.uri.user == "600")
        #expect(request.headers.from.uri.user == "2042")
        #expect(alice.take() == [])
        self.reply(200, to: request)
        #expect(alice.take() == [.ok(requestID: JSONFragment(utf8: Array("7".utf8)))])
        alice.send(.sendMessage(peerID: .string("600"), text: "hi"), requestID: "8")
        self.reply(404, to: try self.takeRequest())
        let error = ClientError(
            code: .wrongState,
            message: "The message was not delivered: not_found.",
            action: "send_message",
            requestID: JSONFragment(utf8: Array("8".utf8))
        )
        #expect(alice.take() == [.error(error)])
    }

    @Test("A user without an extended app is reached at the user's phone") func toUsersPhone() throws {
        let alice = self.fixture.connect(.number("42"), .extended)
        _ = self.fixture.connect(.number("43"))
        alice.send(.sendMessage(peerID: .number("43"), text: "hi"))
        #expect(try self.takeRequest().uri.user == "1001")
    }

    @Test("A phone's goes to every extended app of the user") func toApps() {
        let alice = self.fixture.connect(.number("42"), .extended)
        _ = alice.take()
        self.receive("hello", to: "2042")
        #expect(alice.take() == [.messageReceived(senderID: .string("2001"), text: "hello")])
        #expect(self.fixture.takeStatuses() == [200])
    }

    @Test(
        "A phone's that finds nobody is refused",
        arguments: [("old", 480), ("44", 480), ("nobody", 404), ("600", 403)] as [(String, UInt16)]
    )
    func refuses(user: String, status: UInt16) {
        _ = self.fixture.connect(.string("old"))
        self.receive("hello", to: user)
        #expect(self.fixture.takeStatuses() == [status])
    }

    @Test("Strangers' texts are refused") func strangers() {
        let alice = self.fixture.connect(.number("42"), .extended)
        _ = alice.take()
        self.receive("hello", to: "2042", from: SIPAddress(host: "198.51.100.1", port: 5060))
        #expect(self.fixture.takeStatuses() == [403])
        #expect(alice.take() == [])
    }

    @Test("From trunk to trunk it goes only by a row that allows it, one hop fewer, with one status for both")
    func between() throws {
        let fixture = TableFixture(allowTrunks: ["pbx"])
        let test = MessageTests(fixture)
        test.receive("hello", to: "600")
        let request = try test.takeRequest()
        #expect(request.headers.maxForwards == 69)
        test.reply(486, to: request)
        #expect(fixture.takeStatuses() == [486])
    }

    init() { self.fixture = TableFixture() }

    private init(_ fixture: TableFixture) { self.fixture = fixture }
}
