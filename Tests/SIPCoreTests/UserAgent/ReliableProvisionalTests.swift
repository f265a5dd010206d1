import SIPCore
import Testing

@Suite("Reliable provisional responses to our INVITE (RFC 3262 §4)")
struct ReliableProvisionalTests {
    private static let required = SIPHeaders.Field("Require", "100rel")
    private static let allows = SIPHeaders.Field("Allow", "INVITE, ACK, BYE, CANCEL, UPDATE, PRACK")
    private let rig = AgentRig()

    private func reliably(_ rSeq: UInt32) -> [SIPHeaders.Field] {
        [Self.required, .init("RSeq", String(rSeq)), Self.allows]
    }

    private func hangUp(_ id: SessionID, _ location: SourceLocation = #_sourceLocation) throws {
        self.rig.run { $0.end(id, SessionEnding(), now: $1) }
        self.rig.reply(200, to: try self.rig.request(.bye))
        self.rig.expectIdle(location)
    }

    @Test("Each is PRACKed within its early dialog and told once; its answer counts where the 2xx has none")
    func acknowledged() throws {
        let id = self.rig.run { $0.invite(self.rig.order(), now: $1) }
        let invite = try self.rig.request(.invite)
        let proxy = NameAddress(uri: SIPURI(host: "192.0.2.8", parameters: SIPParameters([.init("lr")])))
        self.rig.reply(
            183,
            to: invite,
            sdp: AgentRig.answer,
            recordRoute: [proxy],
            fields: self.reliably(4_294_967_295)
        )
        let prack = try self.rig.request(.prack)
        #expect(prack.headers["RAck"] == "4294967295 1 INVITE")
        #expect(prack.headers.cSeq == CSeq(2, .prack))
        #expect(prack.headers.to.tag == "bob")
        #expect(prack.headers.route == [proxy])
        #expect(prack.body == [])
        // Repeated: its PRACK repeats itself.
        self.rig.reply(183, to: invite, sdp: AgentRig.answer, fields: self.reliably(4_294_967_295))
        self.rig.reply(200, to: prack)
        self.rig.reply(180, to: invite, fields: self.reliably(0))
        #expect(try self.rig.request(.prack).headers["RAck"] == "0 1 INVITE")
        self.rig.reply(200, to: try self.rig.request(.prack))
        #expect(self.rig.lines == ["INVITE", "PRACK", "PRACK"])
        self.rig.reply(200, to: invite)
        #expect(
            self.rig.events == [
                .provisional(status: 183, sdp: AgentRig.answer), .provisional(status: 180, sdp: nil),
                .answered(sdp: AgentRig.answer),
            ]
        )
        #expect(self.rig.lines.last == "ACK")
        self.rig.run { $0.end(id, SessionEnding(), now: $1) }
        #expect(try self.rig.request(.bye).headers.cSeq == CSeq(4, .bye))
        self.rig.reply(200, to: try self.rig.request(.bye))
        self.rig.expectIdle()
    }

    @Test("One that comes before the one before it is neither PRACKed nor told")
    func outOfOrder() throws {
        _ = self.rig.run { $0.invite(self.rig.order(), now: $1) }
        let invite = try self.rig.request(.invite)
        self.rig.reply(180, to: invite, fields: self.reliably(10))
        self.rig.clear()
        self.rig.reply(183, to: invite, sdp: AgentRig.answer, fields: self.reliably(12))
        self.rig.reply(180, to: invite, fields: self.reliably(9))
        #expect(self.rig.lines == [])
        #expect(self.rig.events == [])
        self.rig.reply(181, to: invite, fields: self.reliably(11))
        self.rig.reply(183, to: invite, sdp: AgentRig.answer, fields: self.reliably(12))
        #expect(self.rig.lines == ["PRACK", "PRACK"])
        #expect(self.rig.events.count == 2)
        self.rig.reply(486, to: invite)
        self.rig.expectIdle()
    }

    @Test("One without RSeq or tag, or to an INVITE that did not say 100rel, is taken as any other")
    func unreliable() throws {
        let id = self.rig.run { $0.invite(self.rig.order(reliability: .off), now: $1) }
        #expect(try self.rig.request(.invite).headers["Supported"] == "timer, replaces")
        self.rig.reply(183, to: try self.rig.request(.invite), fields: self.reliably(1))
        #expect(self.rig.lines == ["INVITE"])
        self.rig.run { $0.end(id, SessionEnding(), now: $1) }
        self.rig.clear()
        _ = self.rig.run { $0.invite(self.rig.order(), now: $1) }
        self.rig.reply(183, to: try self.rig.request(.invite), fields: [Self.required])
        self.rig.reply(183, to: try self.rig.request(.invite), fields: [Self.required, .init("RSeq", "x")])
        self.rig.reply(183, to: try self.rig.request(.invite), tag: nil, fields: self.reliably(1))
        #expect(self.rig.lines == ["INVITE"])
        #expect(self.rig.events.count == 3)
    }

    @Test("An order can require them")
    func required() throws {
        _ = self.rig.run { $0.invite(self.rig.order(reliability: .required), now: $1) }
        #expect(try self.rig.request(.invite).headers["Require"] == "100rel")
        self.rig.reply(420, to: try self.rig.request(.invite))
        #expect(self.rig.events == [.refused(.init(status: 420))])
        self.rig.expectIdle()
    }

    @Test("§5: an offer in one is answered by the call side in the PRACK, and the 2xx is ACKed at once")
    func offered() throws {
        let id = self.rig.run { $0.invite(self.rig.order(offer: nil, reliability: .supported), now: $1) }
        let invite = try self.rig.request(.invite)
        self.rig.reply(183, to: invite, sdp: AgentRig.offer, fields: self.reliably(7))
        self.rig.reply(183, to: invite, sdp: AgentRig.offer, fields: self.reliably(7))
        #expect(self.rig.lines == ["INVITE"])
        #expect(self.rig.events == [.offered(status: 183, sdp: AgentRig.offer)])
        self.rig.run { $0.answerProvisional(id, sdp: AgentRig.answer, now: $1) }
        self.rig.run { $0.answerProvisional(id, sdp: AgentRig.answer, now: $1) }
        #expect(self.rig.lines == ["INVITE", "PRACK"])
        let prack = try self.rig.request(.prack)
        #expect(prack.body == AgentRig.answer)
        #expect(prack.headers["RAck"] == "7 1 INVITE")
        self.rig.reply(200, to: prack)
        self.rig.reply(200, to: invite)
        #expect(self.rig.lines == ["INVITE", "PRACK", "ACK"])
        #expect(try self.rig.request(.ack).body == [])
        #expect(self.rig.events.last == .answered(sdp: AgentRig.offer))
        try self.hangUp(id)
    }

    @Test("Who asks for an offer does not support them by itself: the offer is expected in the 2xx")
    func withoutOffer() throws {
        _ = self.rig.run { $0.invite(self.rig.order(offer: nil), now: $1) }
        #expect(try self.rig.request(.invite).headers["Supported"] == "timer, replaces")
    }

    @Test("A PRACK is repeated until its response; without one the INVITE goes on; a challenge is answered")
    func prackLost() throws {
        let credentials = DigestCredentials(username: "alice", password: "secret")
        let id = self.rig.run { $0.invite(self.rig.order(credentials: credentials), now: $1) }
        let invite = try self.rig.request(.invite)
        self.rig.reply(180, to: invite, fields: self.reliably(1))
        self.rig.advance(.milliseconds(1500))
        #expect(self.rig.lines == ["INVITE", "PRACK", "PRACK", "PRACK"])
        let challenge = SIPHeaders.Field("WWW-Authenticate", #"Digest realm="r", nonce="n", algorithm=MD5, qop="auth""#)
        self.rig.reply(401, to: try self.rig.request(.prack), fields: [challenge])
        let again = try self.rig.request(.prack)
        #expect(again.headers.cSeq == CSeq(3, .prack))
        #expect(again.headers["RAck"] == "1 1 INVITE")
        #expect(again.headers["Authorization"] != nil)
        self.rig.advance(.seconds(33))
        #expect(self.rig.events == [.provisional(status: 180, sdp: nil)])
        self.rig.reply(200, to: invite, sdp: AgentRig.answer)
        try self.hangUp(id)
    }

    @Test("Forks: each has numbers of its own, and the BYE of the loser follows its PRACK")
    func forks() throws {
        let id = self.rig.run { $0.invite(self.rig.order(), now: $1) }
        let invite = try self.rig.request(.invite)
        self.rig.reply(183, to: invite, tag: "a", sdp: [1], fields: self.reliably(5))
        self.rig.reply(183, to: invite, tag: "b", sdp: [2], fields: self.reliably(5))
        #expect(self.rig.lines == ["INVITE", "PRACK", "PRACK"])
        #expect(try self.rig.request(.prack).headers.to.tag == "b")
        self.rig.reply(200, to: invite, tag: "a")
        #expect(self.rig.events.last == .answered(sdp: [1]))
        self.rig.reply(200, to: invite, tag: "b")
        let bye = try self.rig.request(.bye)
        #expect(bye.headers.to.tag == "b")
        #expect(bye.headers.cSeq == CSeq(3, .bye))
        self.rig.reply(200, to: bye)
        try self.hangUp(id)
    }

    @Test("RFC 3311 §5.1: once the offer is answered so, UPDATEs with offers go both ways before the 2xx")
    func earlyUpdates() throws {
        let id = self.rig.run { $0.invite(self.rig.order(), now: $1) }
        let invite = try self.rig.request(.invite)
        self.rig.run { $0.update(id, sdp: [3], now: $1) }
        self.rig.reply(183, to: invite, sdp: [1], fields: self.reliably(1))
        #expect(self.rig.lines == ["INVITE", "PRACK", "UPDATE"])
        self.rig.receive(self.rig.peerRequest(.update, after: invite, cSeq: 1, sdp: [7]))
        #expect(self.rig.lines.last == "491 UPDATE")
        self.rig.reply(200, to: try self.rig.request(.update), sdp: [4])
        self.rig.receive(self.rig.peerRequest(.update, after: invite, cSeq: 2, sdp: [5]))
        self.rig.run { $0.acceptReinvite(id, sdp: [6], now: $1) }
        #expect(try self.rig.response(.update).body == [6])
        self.rig.reply(200, to: invite)
        #expect(
            self.rig.events == [
                .provisional(status: 183, sdp: [1]), .updateAnswered(sdp: [4]), .updated(sdp: [5]),
                .acknowledged(sdp: nil), .answered(sdp: [5]),
            ]
        )
        // What was agreed last is what a refresh repeats.
        self.rig.clear()
        self.rig.run { $0.update(id, sdp: nil, now: $1) }
        #expect(try self.rig.request(.update).headers.cSeq == CSeq(4, .update))
        self.rig.reply(200, to: try self.rig.request(.update), fields: [.init("Allow", "INVITE")])
        self.rig.advance(.seconds(900))
        #expect(try self.rig.request(.invite).body == [6])
        self.rig.reply(200, to: try self.rig.request(.invite), sdp: [5])
        try self.hangUp(id)
    }

    @Test("A 2xx that comes while the callee's UPDATE waits for the call side does not lose it")
    func answeredWhileUpdated() throws {
        let id = self.rig.run { $0.invite(self.rig.order(), now: $1) }
        let invite = try self.rig.request(.invite)
        self.rig.reply(183, to: invite, sdp: [1], fields: self.reliably(1))
        self.rig.reply(200, to: try self.rig.request(.prack))
        self.rig.receive(self.rig.peerRequest(.update, after: invite, cSeq: 1, sdp: [5]))
        self.rig.reply(200, to: invite)
        self.rig.run { $0.acceptReinvite(id, sdp: [6], now: $1) }
        #expect(self.rig.lines.suffix(2) == ["ACK", "200 UPDATE"])
        try self.hangUp(id)
    }

    @Test("An UPDATE with a fork that lost comes to nothing, and does no harm to the one that answered")
    func updateWithLoser() throws {
        let id = self.rig.run { $0.invite(self.rig.order(), now: $1) }
        let invite = try self.rig.request(.invite)
        self.rig.reply(183, to: invite, tag: "a", sdp: [1], fields: self.reliably(1))
        self.rig.reply(200, to: try self.rig.request(.prack), tag: "a")
        self.rig.reply(183, to: invite, tag: "b", sdp: [2], fields: self.reliably(1))
        self.rig.reply(200, to: try self.rig.request(.prack), tag: "b")
        self.rig.run { $0.update(id, sdp: [3], now: $1) }
        #expect(try self.rig.request(.update).headers.to.tag == "b")
        self.rig.reply(200, to: invite, tag: "a")
        #expect(self.rig.events.suffix(2) == [.updateRefused(.init(status: 481)), .answered(sdp: [1])])
        self.rig.clear()
        self.rig.advance(.seconds(60))
        #expect(self.rig.events == [])
        self.rig.run { $0.update(id, sdp: [4], now: $1) }
        #expect(try self.rig.request(.update).headers.to.tag == "a")
        self.rig.reply(200, to: try self.rig.request(.update), tag: "a", sdp: [5])
        try self.hangUp(id)
    }

    @Test("A refusal of the INVITE ends an UPDATE that waits")
    func refusedWhileUpdated() throws {
        _ = self.rig.run { $0.invite(self.rig.order(), now: $1) }
        let invite = try self.rig.request(.invite)
        self.rig.reply(183, to: invite, sdp: [1], fields: self.reliably(1))
        self.rig.reply(200, to: try self.rig.request(.prack))
        self.rig.receive(self.rig.peerRequest(.update, after: invite, cSeq: 1, sdp: [5]))
        self.rig.reply(486, to: invite)
        #expect(self.rig.lines.suffix(2) == ["ACK", "487 UPDATE"])
        self.rig.expectIdle()
    }

    @Test("A reliable provisional response to our re-INVITE is PRACKed, too")
    func reinvite() throws {
        let (id, _) = try self.rig.establishOutgoing()
        self.rig.run { $0.reinvite(id, sdp: [3], now: $1) }
        let reinvite = try self.rig.request(.invite)
        self.rig.reply(183, to: reinvite, sdp: [4], fields: self.reliably(9))
        #expect(try self.rig.request(.prack).headers["RAck"] == "9 2 INVITE")
        #expect(try self.rig.request(.prack).headers.cSeq == CSeq(3, .prack))
        self.rig.reply(200, to: try self.rig.request(.prack))
        self.rig.reply(200, to: reinvite)
        #expect(self.rig.events == [.reinviteAnswered(sdp: [4])])
        try self.hangUp(id)
    }
}
