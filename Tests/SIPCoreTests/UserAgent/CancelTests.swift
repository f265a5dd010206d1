import SIPCore
import Testing

@Suite("CANCEL and forks (RFC 3261 §9, §13.2.2.4)")
struct CancelTests {
    private let rig = AgentRig()

    @Test("A CANCEL before a 1xx is held back until one comes")
    func cancelBefore1xx() throws {
        let id = self.rig.run { $0.invite(self.rig.order(), now: $1) }
        let invite = try self.rig.request(.invite)
        self.rig.clear()
        self.rig.run { $0.end(id, SessionEnding(reason: .answeredElsewhere), now: $1) }
        #expect(self.rig.lines == [])
        self.rig.advance(.milliseconds(500))
        #expect(self.rig.lines == ["INVITE"])
        self.rig.reply(100, to: invite)
        #expect(self.rig.lines == ["INVITE", "CANCEL"])
        let cancel = try self.rig.request(.cancel)
        #expect(cancel.uri == invite.uri)
        #expect(cancel.headers.via == invite.headers.via)
        #expect(cancel.headers.cSeq == CSeq(1, .cancel))
        #expect(cancel.headers.to == invite.headers.to)
        #expect(cancel.headers["Reason"] == "SIP;cause=200;text=\"Call completed elsewhere\"")
        self.rig.reply(200, to: cancel)
        self.rig.reply(487, to: invite)
        #expect(self.rig.lines == ["INVITE", "CANCEL", "ACK"])
        #expect(self.rig.events == [])
        self.rig.expectIdle()
    }

    @Test("A CANCEL that crosses the 200: ACK, then BYE")
    func cancelCrosses200() throws {
        let id = self.rig.run { $0.invite(self.rig.order(), now: $1) }
        let invite = try self.rig.request(.invite)
        self.rig.reply(180, to: invite)
        self.rig.clear()
        self.rig.run { $0.end(id, SessionEnding(), now: $1) }
        self.rig.reply(200, to: invite, sdp: AgentRig.answer)
        #expect(self.rig.lines == ["CANCEL", "ACK", "BYE"])
        self.rig.reply(200, to: try self.rig.request(.cancel))
        self.rig.reply(200, to: try self.rig.request(.bye))
        #expect(self.rig.events == [])
        self.rig.expectIdle()
    }

    @Test("A held CANCEL that the 200 overtakes: ACK, then BYE, and no CANCEL")
    func heldCancelThen200() throws {
        let id = self.rig.run { $0.invite(self.rig.order(), now: $1) }
        let invite = try self.rig.request(.invite)
        self.rig.clear()
        self.rig.run { $0.end(id, SessionEnding(), now: $1) }
        self.rig.reply(200, to: invite, sdp: AgentRig.answer)
        #expect(self.rig.lines == ["ACK", "BYE"])
        self.rig.reply(200, to: try self.rig.request(.bye))
        self.rig.expectIdle()
    }

    @Test("No final response after CANCEL: the INVITE is given up after 64·T1")
    func cancelUnanswered() throws {
        let id = self.rig.run { $0.invite(self.rig.order(), now: $1) }
        self.rig.reply(180, to: try self.rig.request(.invite))
        self.rig.run { $0.end(id, SessionEnding(), now: $1) }
        self.rig.reply(200, to: try self.rig.request(.cancel))
        self.rig.advance(.milliseconds(31_999))
        #expect(self.rig.agent.counts.transactions == 1)
        self.rig.advance(.milliseconds(1))
        #expect(self.rig.agent.counts == (0, 0, 0))
        self.rig.expectIdle()
    }

    @Test("Forked 2xx: the first wins, every other is ACKed and ended, each as often as it comes")
    func forked2xx() throws {
        let id = self.rig.run { $0.invite(self.rig.order(), now: $1) }
        let invite = try self.rig.request(.invite)
        let other = SIPURI(user: "bob", host: "192.0.2.3", port: 5070)
        self.rig.reply(180, to: invite, tag: "one")
        self.rig.reply(180, to: invite, tag: "two", contact: other)
        #expect(self.rig.agent.counts.dialogs == 2)
        self.rig.clear()
        self.rig.reply(200, to: invite, tag: "one", sdp: AgentRig.answer)
        #expect(self.rig.lines == ["ACK"])
        #expect(self.rig.agent.counts.dialogs == 1)
        self.rig.reply(200, to: invite, tag: "two", sdp: AgentRig.answer, contact: other)
        #expect(self.rig.lines == ["ACK", "ACK", "BYE"])
        let bye = try self.rig.request(.bye)
        #expect(bye.uri == other)
        #expect(bye.headers.to.tag == "two")
        #expect(bye.headers.cSeq == CSeq(2, .bye))
        self.rig.reply(200, to: bye)
        self.rig.reply(200, to: invite, tag: "two", sdp: AgentRig.answer, contact: other)
        self.rig.reply(200, to: invite, tag: "one", sdp: AgentRig.answer)
        #expect(self.rig.lines == ["ACK", "ACK", "BYE", "ACK", "ACK"])
        #expect(self.rig.events == [.answered(sdp: AgentRig.answer)])
        self.rig.run { $0.end(id, SessionEnding(), now: $1) }
        #expect(try self.rig.request(.bye).headers.to.tag == "one")
        self.rig.reply(200, to: try self.rig.request(.bye))
        self.rig.expectIdle()
    }

    @Test("A fork's 2xx while the ACK of the first is owed is ACKed and ended by itself")
    func forkWhileOwing() throws {
        let id = self.rig.run { $0.invite(self.rig.order(offer: nil), now: $1) }
        let invite = try self.rig.request(.invite)
        self.rig.reply(200, to: invite, tag: "one", sdp: AgentRig.offer)
        self.rig.clear()
        self.rig.reply(200, to: invite, tag: "two", sdp: AgentRig.offer)
        #expect(self.rig.lines == ["ACK", "BYE"])
        #expect(try self.rig.request(.ack).headers.to.tag == "two")
        self.rig.run { $0.acknowledge(id, sdp: AgentRig.answer, now: $1) }
        #expect(try self.rig.request(.ack).headers.to.tag == "one")
        self.rig.run { $0.end(id, SessionEnding(), now: $1) }
        self.rig.expectIdle()
    }

    @Test("No more forks are kept than the limit allows")
    func forkLimit() throws {
        _ = self.rig.run { $0.invite(self.rig.order(), now: $1) }
        let invite = try self.rig.request(.invite)
        for number in 0..<100 { self.rig.reply(180, to: invite, tag: "fork\(number)") }
        #expect(self.rig.agent.counts.dialogs == 16)
        self.rig.clear()
        for number in 0..<100 { self.rig.reply(200, to: invite, tag: "fork\(number)", sdp: AgentRig.answer) }
        #expect(self.rig.lines.filter { $0 == "BYE" }.count == 15)
        self.rig.receive(self.rig.peerRequest(.bye, after: invite, cSeq: 1, tag: "fork0"))
        self.rig.expectIdle()
    }

    @Test("The peer's CANCEL before our final response: 200, 487, and an event with its reason")
    func cancelByPeer() throws {
        let invite = self.rig.peerRequest(.invite, sdp: AgentRig.offer)
        self.rig.receive(invite)
        let id = try #require(self.rig.invited.first)
        self.rig.run { $0.ring(id, status: 180, sdp: nil, now: $1) }
        self.rig.clear()
        var cancel = self.rig.peerRequest(
            .cancel,
            fields: [.init("Reason", "SIP;cause=200;text=\"Call completed elsewhere\"")]
        )
        cancel.headers.via[0].branch = invite.headers.via[0].branch
        self.rig.receive(cancel)
        #expect(self.rig.lines == ["200 CANCEL", "487 INVITE"])
        #expect(self.rig.events == [.cancelled(.answeredElsewhere)])
        let tags = try [self.rig.response(.cancel), self.rig.response(.invite)].map { $0.headers.to.tag }
        #expect(tags[0] == tags[1] && tags[0] != nil)
        var ack = self.rig.peerRequest(.ack)
        ack.headers.via[0].branch = invite.headers.via[0].branch
        self.rig.receive(ack)
        self.rig.run { $0.accept(id, sdp: AgentRig.answer, now: $1) }
        #expect(self.rig.lines == ["200 CANCEL", "487 INVITE"])
        self.rig.expectIdle()
    }

    @Test("The peer's CANCEL after our 200 has no effect but its own 200")
    func cancelAfterFinal() throws {
        let invite = self.rig.peerRequest(.invite, sdp: AgentRig.offer)
        self.rig.receive(invite)
        let id = try #require(self.rig.invited.first)
        self.rig.run { $0.accept(id, sdp: AgentRig.answer, now: $1) }
        let response = try self.rig.response(.invite)
        self.rig.clear()
        var cancel = self.rig.peerRequest(.cancel)
        cancel.headers.via[0].branch = invite.headers.via[0].branch
        self.rig.receive(cancel)
        #expect(self.rig.lines == ["200 CANCEL"])
        self.rig.receive(self.rig.peerRequest(.ack, after: response, cSeq: 1))
        #expect(self.rig.events == [.acknowledged(sdp: nil)])
        self.rig.receive(self.rig.peerRequest(.bye, after: response, cSeq: 2))
        self.rig.expectIdle()
    }

    @Test("A CANCEL for nothing: 481")
    func cancelForNothing() {
        self.rig.receive(self.rig.peerRequest(.cancel))
        #expect(self.rig.lines == ["481 CANCEL"])
        #expect(self.rig.agent.isIdle)
    }

    @Test("A BYE that overtakes the 200 it follows ends the call; the 200 is ACKed and ended")
    func byeOvertakes200() throws {
        _ = self.rig.run { $0.invite(self.rig.order(), now: $1) }
        let invite = try self.rig.request(.invite)
        self.rig.reply(180, to: invite)
        self.rig.clear()
        self.rig.receive(self.rig.peerRequest(.bye, after: invite, cSeq: 1))
        #expect(self.rig.lines == ["200 BYE", "CANCEL"])
        #expect(self.rig.events == [.refused(.init(status: 480))])
        self.rig.reply(200, to: invite, sdp: AgentRig.answer)
        #expect(self.rig.lines == ["200 BYE", "CANCEL", "ACK", "BYE"])
        self.rig.expectIdle()
    }
}
