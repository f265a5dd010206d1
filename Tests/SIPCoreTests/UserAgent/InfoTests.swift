import SIPCore
import Testing

@Suite("Digits by INFO (RFC 6086)")
struct InfoTests {
    private let rig = AgentRig()
    private static let five = SIPDigit("5", duration: .milliseconds(160))
    private static let six = SIPDigit("6", duration: .milliseconds(160))

    private func send(_ digits: [SIPDigit], to id: SessionID) {
        for digit in digits { self.rig.run { $0.sendDigit(id, digit, now: $1) } }
    }

    private func receive(
        _ body: String,
        type: String?,
        cSeq: UInt32 = 2,
        fields: [SIPHeaders.Field] = [],
        in dialog: SIPResponse
    ) throws -> SIPResponse {
        var info = self.rig.peerRequest(.info, after: dialog, cSeq: cSeq, sdp: Array(body.utf8), fields: fields)
        info.headers.contentType = type
        self.rig.receive(info)
        return try self.rig.response(.info)
    }

    @Test("One waits for the response to the one before, whatever that is", arguments: [200, 415] as [UInt16])
    func oneAfterTheOther(status: UInt16) throws {
        let (id, _) = try self.rig.establishOutgoing()
        self.send([Self.five, Self.six], to: id)
        #expect(self.rig.lines == ["INFO"])
        let first = try self.rig.request(.info)
        #expect(first.body == Array("Signal=5\r\nDuration=160\r\n".utf8))
        #expect(first.headers.contentType == "application/dtmf-relay")
        #expect(first.headers.cSeq == CSeq(2, .info))
        self.rig.reply(status, to: first)
        #expect(self.rig.lines == ["INFO", "INFO"])
        #expect(try self.rig.request(.info).headers.cSeq == CSeq(3, .info))
        self.rig.reply(status, to: try self.rig.request(.info))
        #expect(self.rig.events == [])
        self.rig.run { $0.end(id, SessionEnding(), now: $1) }
        self.rig.reply(200, to: try self.rig.request(.bye))
        self.rig.expectIdle()
    }

    @Test("A digit waits for the ACK of our 200: a peer that has not got it knows no dialog")
    func waitsForAcknowledgement() throws {
        self.rig.receive(self.rig.peerRequest(.invite, sdp: AgentRig.offer))
        let id = try #require(self.rig.invited.first)
        self.rig.run { $0.accept(id, sdp: AgentRig.answer, now: $1) }
        self.send([Self.five], to: id)
        #expect(self.rig.lines == ["100 INVITE", "200 INVITE"])
        self.rig.receive(self.rig.peerRequest(.ack, after: try self.rig.response(.invite), cSeq: 1))
        #expect(self.rig.lines == ["100 INVITE", "200 INVITE", "INFO"])
    }

    @Test("A digit and a re-INVITE wait for each other, or the later one could overtake the other")
    func waitsForReinvite() throws {
        let (id, _) = try self.rig.establishOutgoing()
        self.rig.run { $0.reinvite(id, sdp: AgentRig.offer, now: $1) }
        self.send([Self.five, Self.six], to: id)
        self.rig.run { $0.reinvite(id, sdp: AgentRig.offer, now: $1) }
        #expect(self.rig.lines == ["INVITE"])
        self.rig.reply(200, to: try self.rig.request(.invite), sdp: AgentRig.answer)
        #expect(self.rig.lines == ["INVITE", "ACK", "INVITE"])
        self.rig.reply(200, to: try self.rig.request(.invite), sdp: AgentRig.answer)
        #expect(self.rig.lines == ["INVITE", "ACK", "INVITE", "ACK", "INFO"])
        self.rig.run { $0.reinvite(id, sdp: AgentRig.offer, now: $1) }
        self.rig.reply(200, to: try self.rig.request(.info))
        #expect(self.rig.lines.suffix(2) == ["INFO", "INVITE"])
        self.rig.reply(200, to: try self.rig.request(.invite), sdp: AgentRig.answer)
        #expect(self.rig.lines.suffix(2) == ["ACK", "INFO"])
    }

    @Test("§12.2.2: a digit on its way holds a re-INVITE back whose wait after a 491 is over")
    func digitBeforeRetry() throws {
        let (id, _) = try self.rig.establishOutgoing()
        self.rig.run { $0.reinvite(id, sdp: AgentRig.offer, now: $1) }
        self.rig.reply(491, to: try self.rig.request(.invite))
        self.send([Self.five], to: id)
        self.rig.advance(.seconds(5))
        #expect(Set(self.rig.lines.dropFirst(2)) == ["INFO"])
        self.rig.reply(200, to: try self.rig.request(.info))
        #expect(self.rig.lines.last == "INVITE")
    }

    @Test("A challenge is answered, once")
    func challenge() throws {
        let (id, _) = try self.rig.establishOutgoing(credentials: .init(username: "gw", password: "secret"))
        self.send([Self.five], to: id)
        let challenge = SIPHeaders.Field("Proxy-Authenticate", "Digest realm=\"pbx\", nonce=\"n1\", qop=\"auth\"")
        self.rig.reply(407, to: try self.rig.request(.info), fields: [challenge])
        let again = try self.rig.request(.info)
        #expect(again.headers["Proxy-Authorization"] != nil)
        self.rig.reply(407, to: again, fields: [challenge])
        #expect(self.rig.lines == ["INFO", "INFO"])
    }

    @Test("481, 408 and silence mean that the dialog is gone", arguments: [481, 408, nil] as [UInt16?])
    func dialogGone(status: UInt16?) throws {
        let (id, _) = try self.rig.establishOutgoing()
        self.send([Self.five, Self.six], to: id)
        if let status {
            self.rig.reply(status, to: try self.rig.request(.info))
        } else {
            self.rig.advance(.seconds(32))
        }
        #expect(self.rig.events == [.ended(.dialogGone)])
        #expect(self.rig.lines.last == "BYE")
        self.rig.expectIdle()
    }

    @Test("No more than 64 wait for the one on its way, and none outlives the session")
    func bounded() throws {
        let (id, _) = try self.rig.establishOutgoing()
        self.send(Array(repeating: Self.five, count: 100), to: id)
        for _ in 0..<65 { self.rig.reply(200, to: try self.rig.request(.info)) }
        #expect(self.rig.lines.count == 65)
        self.send([Self.five, Self.six], to: id)
        self.rig.run { $0.end(id, SessionEnding(), now: $1) }
        self.rig.reply(200, to: try self.rig.request(.info))
        self.rig.reply(200, to: try self.rig.request(.bye))
        #expect(self.rig.lines.suffix(2) == ["INFO", "BYE"])
        self.rig.expectIdle()
    }

    @Test("Nothing is sent before the answer")
    func tooEarly() {
        let id = self.rig.run { $0.invite(self.rig.order(), now: $1) }
        self.send([Self.five], to: id)
        #expect(self.rig.lines == ["INVITE"])
    }

    @Test("The peer's digit is told and answered 200")
    func received() throws {
        let (_, dialog) = try self.rig.establishIncoming()
        #expect(try self.receive("5", type: "application/dtmf", in: dialog).status == 200)
        #expect(self.rig.events == [.digit(Self.five)])
    }

    @Test("INFO without a body is answered 200, and says nothing")
    func empty() throws {
        let (_, dialog) = try self.rig.establishIncoming()
        #expect(try self.receive("", type: nil, in: dialog).status == 200)
        #expect(self.rig.events == [])
    }

    @Test("400 for what is no digit, 415 with Accept for another type, 469 for a package")
    func refused() throws {
        let (_, dialog) = try self.rig.establishIncoming()
        #expect(try self.receive("Signal=x", type: "application/dtmf-relay", in: dialog).status == 400)
        let other = try self.receive("<x/>", type: "application/media_control+xml", cSeq: 3, in: dialog)
        #expect(other.status == 415)
        #expect(other.headers["Accept"] == "application/dtmf-relay, application/dtmf")
        let package = SIPHeaders.Field("Info-Package", "conference")
        #expect(try self.receive("", type: nil, cSeq: 4, fields: [package], in: dialog).status == 469)
        #expect(self.rig.events == [])
    }
}
