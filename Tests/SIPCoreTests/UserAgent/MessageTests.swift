import SIPCore
import Testing

@Suite("Texts by MESSAGE (RFC 3428)")
struct MessageTests {
    private let rig = AgentRig()

    private func text(_ body: [UInt8], type: String? = "text/plain", after response: SIPResponse? = nil) -> SIPRequest {
        var request =
            response.map { self.rig.peerRequest(.message, after: $0, cSeq: 2, sdp: body) }
            ?? self.rig.peerRequest(.message, sdp: body)
        request.headers.contentType = type
        return request
    }

    private func send(_ text: String, credentials: DigestCredentials? = nil) throws -> SIPRequest {
        _ = self.rig.run { $0.sendMessage(text, by: self.rig.order(credentials: credentials), now: $1) }
        return try self.rig.request(.message)
    }

    @Test("Ours goes out with its text, and the final response is told", arguments: [200, 202, 404] as [UInt16])
    func sends(status: UInt16) throws {
        let request = try self.send("Grüße")
        #expect(request.uri == AgentRig.peerURI)
        #expect(request.body == Array("Grüße".utf8))
        #expect(request.headers.contentType == "text/plain;charset=UTF-8")
        #expect(request.headers.from.tag != nil)
        #expect(request.headers.to.tag == nil)
        #expect(request.headers.contact.isEmpty)
        self.rig.reply(100, to: request)
        #expect(self.rig.messageStatuses == [])
        self.rig.reply(status, to: request)
        #expect(self.rig.messageStatuses == [status])
        self.rig.expectIdle()
    }

    @Test("A challenge is answered once, with the next number")
    func challenge() throws {
        let request = try self.send("hello", credentials: .init(username: "gw", password: "secret"))
        let challenge = SIPHeaders.Field("WWW-Authenticate", "Digest realm=\"pbx\", nonce=\"n1\", qop=\"auth\"")
        self.rig.reply(401, to: request, fields: [challenge])
        let second = try self.rig.request(.message)
        #expect(second.headers.cSeq == CSeq(2, .message))
        #expect(second.headers.callID == request.headers.callID)
        #expect(second.headers["Authorization"] != nil)
        self.rig.reply(401, to: second, fields: [challenge])
        #expect(self.rig.messageStatuses == [401])
        self.rig.expectIdle()
    }

    @Test("Silence is a 408, and a target without a socket a 503") func lost() throws {
        _ = try self.send("hello")
        self.rig.advance(.seconds(33))
        #expect(self.rig.messageStatuses == [408])
        var order = self.rig.order()
        order.target = SIPTarget(transport: .other("SCTP"), host: "192.0.2.2", port: 5060)
        _ = self.rig.run { $0.sendMessage("hello", by: order, now: $1) }
        #expect(self.rig.messageStatuses == [408, 503])
        self.rig.expectIdle()
    }

    @Test("A peer's waits for the call side; a repetition is told once, and gets the same answer") func receives()
        throws
    {
        let request = self.text(Array("On my way".utf8), type: "Text/Plain; charset=\"utf-8\"; format=flowed")
        self.rig.receive(request)
        self.rig.receive(request)
        #expect(self.rig.lines == [])
        #expect(self.rig.messages.map { $0.message.text } == ["On my way"])
        let id = try #require(self.rig.messages.first).id
        self.rig.run { $0.answerMessage(id, status: 200, now: $1) }
        self.rig.run { $0.answerMessage(id, status: 404, now: $1) }
        self.rig.receive(request)
        #expect(self.rig.lines == ["200 MESSAGE", "200 MESSAGE"])
        #expect(try self.rig.response(.message).headers.to.tag != nil)
        self.rig.expectIdle()
    }

    @Test(
        "What is no plain text, too much of it or none is refused by itself",
        arguments: [
            ("text/html", "hello", 415), ("text/plain;charset=iso-8859-1", "hello", 415), ("text/plain", "", 400),
            ("text/plain", String(repeating: "a", count: 4097), 413),
            ("application/im-iscomposing+xml", "<isComposing/>", 415),
        ] as [(String, String, UInt16)]
    )
    func refuses(type: String, body: String, status: UInt16) throws {
        self.rig.receive(self.text(Array(body.utf8), type: type))
        #expect(self.rig.lines == ["\(status) MESSAGE"])
        #expect(self.rig.messages.isEmpty)
        if status == 415 { #expect(try self.rig.response(.message).headers["Accept"] == "text/plain") }
        self.rig.expectIdle()
    }

    @Test("Bytes that make no UTF-8 are refused") func malformed() {
        self.rig.receive(self.text([0x68, 0xFF, 0xC3]))
        #expect(self.rig.lines == ["400 MESSAGE"])
        self.rig.expectIdle()
    }

    @Test("One within a session names it, until that is over") func inSession() throws {
        let (id, response) = try self.rig.establishIncoming()
        self.rig.receive(self.text(Array("hi".utf8), after: response))
        #expect(self.rig.messages.map { $0.message.session } == [id])
        let message = try #require(self.rig.messages.first).id
        self.rig.run { $0.answerMessage(message, status: 999, now: $1) }
        #expect(self.rig.lines == ["500 MESSAGE"])
        self.rig.run { $0.end(id, SessionEnding(), now: $1) }
        var late = self.text(Array("bye".utf8), after: response)
        late.headers.cSeq.number = 3
        self.rig.receive(late)
        #expect(self.rig.lines.suffix(2) == ["BYE", "481 MESSAGE"])
        self.rig.reply(200, to: try self.rig.request(.bye))
        self.rig.expectIdle()
    }
}
