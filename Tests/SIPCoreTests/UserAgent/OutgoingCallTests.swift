import SIPCore
import Testing

@Suite("Calls of ours")
struct OutgoingCallTests {
    private let rig = AgentRig()

    @Test("An INVITE is answered, ACKed at once, and ended by our BYE")
    func wholeCall() throws {
        let id = self.rig.run { $0.invite(self.rig.order(), now: $1) }
        let invite = try self.rig.request(.invite)
        #expect(
            invite.headers.contact == [.address(NameAddress(uri: SIPURI(user: "alice", host: "192.0.2.1", port: 5060)))]
        )
        #expect(invite.headers.cSeq == CSeq(1, .invite))
        #expect(
            invite.headers["Allow"] == "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, PRACK, MESSAGE, "
                + "REFER, NOTIFY"
        )
        #expect(invite.headers["User-Agent"] == "Test")
        #expect(invite.body == AgentRig.offer)
        #expect(self.rig.sent.first?.destination == .target(AgentRig.peerUDP, preferring: nil))
        self.rig.reply(100, to: invite)
        self.rig.reply(180, to: invite)
        #expect(self.rig.agent.counts == (1, 1, 1))
        self.rig.reply(183, to: invite, sdp: AgentRig.answer)
        self.rig.reply(200, to: invite, sdp: AgentRig.answer)
        #expect(
            self.rig.events == [
                .provisional(status: 180, sdp: nil), .provisional(status: 183, sdp: AgentRig.answer),
                .answered(sdp: AgentRig.answer),
            ]
        )
        let ack = try self.rig.request(.ack)
        #expect(ack.uri == AgentRig.peerURI)
        #expect(ack.headers.cSeq == CSeq(1, .ack))
        #expect(ack.headers.to.tag == "bob")
        #expect(ack.headers.via.first?.branch != invite.headers.via.first?.branch)
        #expect(self.rig.agent.counts == (1, 1, 1))
        self.rig.clear()
        self.rig.run {
            $0.end(id, SessionEnding(reason: SIPReason(protocol: "Q.850", cause: 16)), now: $1)
        }
        let bye = try self.rig.request(.bye)
        #expect(bye.headers.cSeq == CSeq(2, .bye))
        #expect(bye.headers["Reason"] == "Q.850;cause=16")
        self.rig.reply(200, to: bye)
        #expect(self.rig.lines == ["BYE"])
        #expect(self.rig.events == [])
        self.rig.expectIdle()
    }

    @Test("A refusal is ACKed by the transaction, and told with its reason")
    func refused() throws {
        _ = self.rig.run { $0.invite(self.rig.order(), now: $1) }
        let invite = try self.rig.request(.invite)
        self.rig.reply(180, to: invite)
        self.rig.clear()
        self.rig.reply(486, to: invite, fields: [.init("Reason", "Q.850;cause=17")])
        self.rig.reply(486, to: invite)
        #expect(self.rig.lines == ["ACK", "ACK"])
        let ack = try self.rig.request(.ack)
        #expect(ack.headers.via == invite.headers.via)
        #expect(ack.uri == invite.uri)
        #expect(
            self.rig.events == [
                .refused(.init(status: 486, reason: SIPReason(protocol: "Q.850", cause: 17)))
            ]
        )
        self.rig.expectIdle()
    }

    @Test("A 3xx is told with its Contacts")
    func redirected() throws {
        _ = self.rig.run { $0.invite(self.rig.order(), now: $1) }
        let elsewhere = SIPURI(user: "bob", host: "192.0.2.9")
        self.rig.reply(302, to: try self.rig.request(.invite), contact: elsewhere)
        #expect(self.rig.events == [.refused(.init(status: 302, contacts: [NameAddress(uri: elsewhere)]))])
        self.rig.expectIdle()
    }

    @Test("No response within 64·T1: refused with noResponse")
    func noResponse() {
        _ = self.rig.run { $0.invite(self.rig.order(tryTimeout: .seconds(60)), now: $1) }
        self.rig.advance(.seconds(32))
        #expect(self.rig.lines == Array(repeating: "INVITE", count: 7))
        #expect(self.rig.events == [.refused(.init(status: 408, cause: .noResponse))])
        self.rig.expectIdle()
    }

    @Test("Try timeout, then a late 200: ACK and BYE, and no event")
    func tryTimeoutThenLate200() throws {
        _ = self.rig.run { $0.invite(self.rig.order(tryTimeout: .seconds(3)), now: $1) }
        let invite = try self.rig.request(.invite)
        self.rig.advance(.seconds(3))
        #expect(self.rig.events == [.refused(.init(status: 408, cause: .noResponse))])
        #expect(self.rig.agent.counts == (1, 0, 0))
        self.rig.clear()
        self.rig.advance(.seconds(20))
        #expect(self.rig.lines == [])
        self.rig.reply(200, to: invite, sdp: AgentRig.answer)
        #expect(self.rig.lines == ["ACK", "BYE"])
        self.rig.reply(200, to: try self.rig.request(.bye))
        self.rig.reply(200, to: invite, sdp: AgentRig.answer)
        #expect(self.rig.lines == ["ACK", "BYE", "ACK"])
        #expect(self.rig.events == [])
        self.rig.expectIdle()
    }

    @Test("Try timeout, then a late 180: CANCEL")
    func tryTimeoutThenLate180() throws {
        _ = self.rig.run { $0.invite(self.rig.order(tryTimeout: .seconds(3)), now: $1) }
        let invite = try self.rig.request(.invite)
        self.rig.advance(.seconds(3))
        self.rig.clear()
        self.rig.reply(180, to: invite)
        #expect(self.rig.lines == ["CANCEL"])
        self.rig.reply(200, to: try self.rig.request(.cancel))
        self.rig.reply(487, to: invite)
        #expect(self.rig.lines == ["CANCEL", "ACK"])
        self.rig.expectIdle()
    }

    @Test("Timer C: 180 s after the last provisional response the call is cancelled")
    func timerC() throws {
        _ = self.rig.run { $0.invite(self.rig.order(), now: $1) }
        let invite = try self.rig.request(.invite)
        self.rig.reply(180, to: invite)
        self.rig.advance(.seconds(100))
        self.rig.reply(180, to: invite)
        self.rig.clear()
        self.rig.advance(.seconds(179))
        #expect(self.rig.events == [])
        self.rig.advance(.seconds(1))
        #expect(self.rig.events == [.refused(.init(status: 408, cause: .noFinalResponse))])
        #expect(self.rig.lines == ["CANCEL"])
        self.rig.expectIdle()
    }

    @Test("A failure of the transport refuses the call with 503")
    func transportFailure() throws {
        _ = self.rig.run { $0.invite(self.rig.order(target: AgentRig.peerTCP), now: $1) }
        let key = try #require(self.rig.sent.first?.transaction)
        self.rig.receive(.failed(key, .refused))
        #expect(self.rig.events == [.refused(.init(status: 503, cause: .transport(.refused)))])
        self.rig.expectIdle()
    }

    @Test("No socket of the target's transport: refused with 503, nothing is sent")
    func noSocket() {
        let rig = AgentRig(listeners: [AgentRig.ourTCP])
        _ = rig.run { $0.invite(rig.order(), now: $1) }
        #expect(rig.lines == [])
        #expect(rig.events == [.refused(.init(status: 503, cause: .transport(.unsupported)))])
        rig.expectIdle()
    }

    @Test("A retransmitted 200 gets the same ACK again")
    func retransmitted200() throws {
        let (id, invite) = try self.rig.establishOutgoing()
        self.rig.reply(200, to: invite, sdp: AgentRig.answer)
        self.rig.reply(200, to: invite, sdp: AgentRig.answer)
        #expect(self.rig.lines == ["ACK", "ACK"])
        #expect(self.rig.sent.first == self.rig.sent.last)
        #expect(self.rig.events == [])
        self.rig.run { $0.end(id, SessionEnding(), now: $1) }
        self.rig.reply(200, to: try self.rig.request(.bye))
        self.rig.expectIdle()
    }

    @Test("ACK owed: retransmitted 200s wait for it, then each gets it")
    func owedAck() throws {
        let id = self.rig.run { $0.invite(self.rig.order(offer: nil), now: $1) }
        let invite = try self.rig.request(.invite)
        #expect(invite.headers.contentType == nil)
        self.rig.reply(200, to: invite, sdp: AgentRig.offer)
        #expect(self.rig.events == [.answered(sdp: AgentRig.offer)])
        self.rig.clear()
        self.rig.reply(200, to: invite, sdp: AgentRig.offer)
        #expect(self.rig.lines == [])
        self.rig.run { $0.acknowledge(id, sdp: AgentRig.answer, now: $1) }
        let ack = try self.rig.request(.ack)
        #expect(ack.body == AgentRig.answer)
        #expect(ack.headers.contentType == "application/sdp")
        self.rig.run { $0.acknowledge(id, sdp: AgentRig.answer, now: $1) }
        self.rig.reply(200, to: invite, sdp: AgentRig.offer)
        #expect(self.rig.lines == ["ACK", "ACK"])
        self.rig.receive(self.rig.peerRequest(.bye, after: invite, cSeq: 1))
        #expect(self.rig.events == [.ended(.bye(nil))])
        self.rig.expectIdle()
    }

    @Test("Ended while an ACK is owed: an empty ACK, then BYE")
    func endWhileOwing() throws {
        let id = self.rig.run { $0.invite(self.rig.order(offer: nil), now: $1) }
        self.rig.reply(200, to: try self.rig.request(.invite), sdp: AgentRig.offer)
        self.rig.clear()
        self.rig.run { $0.end(id, SessionEnding(), now: $1) }
        #expect(self.rig.lines == ["ACK", "BYE"])
        #expect(try self.rig.request(.ack).body == [])
        self.rig.reply(200, to: try self.rig.request(.bye))
        self.rig.expectIdle()
    }

    @Test("A response that belongs to nothing is dropped")
    func strayResponses() throws {
        _ = self.rig.run { $0.invite(self.rig.order(), now: $1) }
        let invite = try self.rig.request(.invite)
        self.rig.clear()
        var stranger = invite
        stranger.headers.via[0].branch = "z9hG4bKnobody"
        self.rig.reply(200, to: stranger, sdp: AgentRig.answer)
        stranger = invite
        stranger.headers.via.append(stranger.headers.via[0])
        self.rig.reply(200, to: stranger, sdp: AgentRig.answer)
        stranger = invite
        stranger.headers.cSeq = CSeq(9, .invite)
        self.rig.reply(200, to: stranger, sdp: AgentRig.answer)
        #expect(self.rig.lines == [])
        #expect(self.rig.events == [])
        self.rig.reply(486, to: invite)
        self.rig.expectIdle()
    }
}
