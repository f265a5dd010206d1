import SIPCore
import Testing

@Suite("Calls of a peer")
struct IncomingCallTests {
    private let rig = AgentRig()

    @Test("An INVITE gets 100 at once, rings, is answered, ACKed, and ended by the peer's BYE")
    func wholeCall() throws {
        var invite = self.rig.peerRequest(.invite, sdp: AgentRig.offer, fields: [.init("Timestamp", "54")])
        let proxy = NameAddress(uri: SIPURI(host: "192.0.2.8", parameters: SIPParameters([.init("lr")])))
        invite.headers.recordRoute = [proxy]
        self.rig.receive(invite)
        let id = try #require(self.rig.invited.first)
        let trying = try self.rig.response(.invite)
        #expect(trying.status == 100)
        #expect(trying.headers.to.tag == nil)
        #expect(trying.headers["Timestamp"] == "54")
        #expect(self.rig.agent.counts == (1, 0, 1))
        self.rig.run { $0.ring(id, status: 180, sdp: nil, now: $1) }
        let ringing = try self.rig.response(.invite)
        #expect(ringing.headers.to.tag != nil)
        #expect(ringing.headers.recordRoute == [proxy])
        #expect(self.rig.agent.counts == (1, 1, 1))
        self.rig.run { $0.accept(id, sdp: AgentRig.answer, now: $1) }
        let answer = try self.rig.response(.invite)
        #expect(answer.status == 200)
        #expect(answer.headers.to.tag == ringing.headers.to.tag)
        #expect(answer.headers.recordRoute == [proxy])
        #expect(
            answer.headers.contact == [
                .address(NameAddress(uri: SIPURI(user: "alice", host: "192.0.2.1", port: 5060)))
            ]
        )
        #expect(answer.headers["Server"] == "Test")
        #expect(answer.body == AgentRig.answer)
        #expect(answer.headers.contentType == "application/sdp")
        self.rig.receive(self.rig.peerRequest(.ack, after: answer, cSeq: 1))
        self.rig.receive(self.rig.peerRequest(.ack, after: answer, cSeq: 1))
        #expect(self.rig.events == [.acknowledged(sdp: nil)])
        self.rig.receive(
            self.rig.peerRequest(.bye, after: answer, cSeq: 2, fields: [.init("Reason", "Q.850;cause=16")])
        )
        #expect(
            self.rig.events == [
                .acknowledged(sdp: nil), .ended(.bye(SIPReason(protocol: "Q.850", cause: 16))),
            ]
        )
        #expect(self.rig.lines == ["100 INVITE", "180 INVITE", "200 INVITE", "200 BYE"])
        self.rig.expectIdle()
    }

    @Test("A retransmitted INVITE gets the last response again, and no second call")
    func retransmittedInvite() throws {
        let invite = self.rig.peerRequest(.invite, sdp: AgentRig.offer)
        self.rig.receive(invite)
        self.rig.receive(invite)
        #expect(self.rig.lines == ["100 INVITE", "100 INVITE"])
        let id = try #require(self.rig.invited.first)
        self.rig.run { $0.ring(id, status: 180, sdp: nil, now: $1) }
        self.rig.receive(invite)
        #expect(self.rig.lines == ["100 INVITE", "100 INVITE", "180 INVITE", "180 INVITE"])
        #expect(self.rig.invited.count == 1)
        self.rig.run { $0.end(id, SessionEnding(status: 486, retryAfter: 30), now: $1) }
        self.rig.receive(invite)
        #expect(self.rig.lines.suffix(2) == ["486 INVITE", "486 INVITE"])
        #expect(try self.rig.response(.invite).headers["Retry-After"] == "30")
        self.rig.expectIdle()
    }

    @Test("A lost ACK: the 200 is repeated, T1 doubling to T2, then BYE")
    func lostAck() throws {
        self.rig.receive(self.rig.peerRequest(.invite, sdp: AgentRig.offer))
        let id = try #require(self.rig.invited.first)
        self.rig.run { $0.accept(id, sdp: AgentRig.answer, now: $1) }
        self.rig.clear()
        self.rig.advance(.milliseconds(31_999))
        #expect(self.rig.lines == Array(repeating: "200 INVITE", count: 10))
        self.rig.advance(.milliseconds(1))
        #expect(self.rig.lines.last == "BYE")
        #expect(self.rig.events == [.ended(.noAcknowledgement)])
        self.rig.reply(200, to: try self.rig.request(.bye))
        self.rig.expectIdle()
    }

    @Test("Over TCP, too, the 200 is repeated until its ACK comes")
    func lostAckOverTCP() throws {
        self.rig.receive(self.rig.peerRequest(.invite, sdp: AgentRig.offer), by: AgentRig.tcpFlow)
        let id = try #require(self.rig.invited.first)
        self.rig.run { $0.accept(id, sdp: AgentRig.answer, now: $1) }
        let answer = try self.rig.response(.invite)
        #expect(
            answer.headers.contact.first?.address?.uri.parameters == SIPParameters([.init("transport", "tcp")])
        )
        self.rig.clear()
        self.rig.advance(.milliseconds(500))
        #expect(self.rig.lines == ["200 INVITE"])
        self.rig.receive(self.rig.peerRequest(.ack, after: answer, cSeq: 1), by: AgentRig.tcpFlow)
        self.rig.run { $0.end(id, SessionEnding(), now: $1) }
        #expect(
            self.rig.sent.last?.destination == .target(AgentRig.peerTCP, preferring: AgentRig.tcpFlow)
        )
        self.rig.reply(200, to: try self.rig.request(.bye), flow: AgentRig.tcpFlow)
        self.rig.expectIdle()
    }

    @Test("An INVITE without SDP: the offer goes in the 200, the answer comes in the ACK")
    func lateOffer() throws {
        self.rig.receive(self.rig.peerRequest(.invite))
        let id = try #require(self.rig.invited.first)
        self.rig.run { $0.accept(id, sdp: AgentRig.offer, now: $1) }
        let response = try self.rig.response(.invite)
        #expect(response.body == AgentRig.offer)
        self.rig.receive(self.rig.peerRequest(.ack, after: response, cSeq: 1, sdp: AgentRig.answer))
        #expect(self.rig.events == [.acknowledged(sdp: AgentRig.answer)])
        self.rig.receive(self.rig.peerRequest(.bye, after: response, cSeq: 2))
        self.rig.expectIdle()
    }

    @Test("Ended before the ACK: BYE waits for it")
    func endBeforeAck() throws {
        self.rig.receive(self.rig.peerRequest(.invite, sdp: AgentRig.offer))
        let id = try #require(self.rig.invited.first)
        self.rig.run { $0.accept(id, sdp: AgentRig.answer, now: $1) }
        let response = try self.rig.response(.invite)
        self.rig.clear()
        self.rig.run { $0.end(id, SessionEnding(), now: $1) }
        #expect(self.rig.lines == [])
        self.rig.receive(self.rig.peerRequest(.ack, after: response, cSeq: 1))
        #expect(self.rig.lines == ["BYE"])
        #expect(self.rig.events == [])
        self.rig.reply(200, to: try self.rig.request(.bye))
        self.rig.expectIdle()
    }

    @Test("The peer's BYE before its ACK ends the call")
    func byeBeforeAck() throws {
        self.rig.receive(self.rig.peerRequest(.invite, sdp: AgentRig.offer))
        let id = try #require(self.rig.invited.first)
        self.rig.run { $0.accept(id, sdp: AgentRig.answer, now: $1) }
        let response = try self.rig.response(.invite)
        self.rig.clear()
        self.rig.receive(self.rig.peerRequest(.bye, after: response, cSeq: 2))
        #expect(self.rig.lines == ["200 BYE"])
        #expect(self.rig.events == [.ended(.bye(nil))])
        self.rig.advance(.seconds(10))
        #expect(self.rig.lines == ["200 BYE"])
        self.rig.expectIdle()
    }

    @Test("The caller's BYE in an early dialog: 200, 487 for the INVITE, cancelled")
    func byeInEarlyDialog() throws {
        self.rig.receive(self.rig.peerRequest(.invite, sdp: AgentRig.offer))
        let id = try #require(self.rig.invited.first)
        self.rig.run { $0.ring(id, status: 180, sdp: nil, now: $1) }
        let response = try self.rig.response(.invite)
        self.rig.clear()
        self.rig.receive(self.rig.peerRequest(.bye, after: response, cSeq: 2))
        #expect(self.rig.lines == ["200 BYE", "487 INVITE"])
        #expect(self.rig.events == [.cancelled(nil)])
        self.rig.expectIdle()
    }

    @Test("A refusal is repeated until its ACK, and carries Reason and Warning")
    func refusal() throws {
        let invite = self.rig.peerRequest(.invite, sdp: AgentRig.offer)
        self.rig.receive(invite)
        let id = try #require(self.rig.invited.first)
        self.rig.clear()
        self.rig.run {
            $0.end(id, SessionEnding(status: 488, reason: .answeredElsewhere, warning: "no \"codec\""), now: $1)
        }
        let response = try self.rig.response(.invite)
        #expect(response.headers["Warning"] == #"399 192.0.2.1 "no \"codec\"""#)
        #expect(response.headers["Reason"] == SIPReason.answeredElsewhere.headerValue)
        self.rig.advance(.milliseconds(500))
        #expect(self.rig.lines == ["488 INVITE", "488 INVITE"])
        var ack = self.rig.peerRequest(.ack)
        ack.headers.via[0].branch = invite.headers.via[0].branch
        ack.headers.to.tag = response.headers.to.tag
        self.rig.receive(ack)
        self.rig.advance(.seconds(4))
        #expect(self.rig.lines == ["488 INVITE", "488 INVITE"])
        #expect(self.rig.events == [])
        self.rig.expectIdle()
    }

    @Test("A lost BYE is repeated until timer F, then the dialog is gone")
    func lostBye() throws {
        let (id, _) = try self.rig.establishIncoming()
        self.rig.run { $0.end(id, SessionEnding(), now: $1) }
        self.rig.advance(.milliseconds(31_999))
        #expect(self.rig.lines == Array(repeating: "BYE", count: 11))
        #expect(self.rig.agent.counts == (2, 1, 1))
        self.rig.advance(.milliseconds(1))
        #expect(self.rig.agent.counts.sessions == 0)
        #expect(self.rig.events == [])
        self.rig.expectIdle()
    }

    @Test("481 on BYE: the dialog is gone, nothing more is sent")
    func byeUnknownToPeer() throws {
        let (id, _) = try self.rig.establishIncoming()
        self.rig.run { $0.end(id, SessionEnding(), now: $1) }
        self.rig.reply(481, to: try self.rig.request(.bye))
        #expect(self.rig.lines == ["BYE"])
        #expect(self.rig.agent.counts.sessions == 0)
        self.rig.expectIdle()
    }

    @Test("BYEs that cross: each side answers the other's with 200")
    func byeGlare() throws {
        let (id, response) = try self.rig.establishIncoming()
        self.rig.run { $0.end(id, SessionEnding(), now: $1) }
        self.rig.receive(self.rig.peerRequest(.bye, after: response, cSeq: 2))
        #expect(self.rig.lines == ["BYE", "200 BYE"])
        self.rig.reply(200, to: try self.rig.request(.bye))
        #expect(self.rig.events == [])
        self.rig.expectIdle()
    }

    @Test("A retransmitted BYE gets its 200 again")
    func retransmittedBye() throws {
        let (_, response) = try self.rig.establishIncoming()
        let bye = self.rig.peerRequest(.bye, after: response, cSeq: 2)
        self.rig.receive(bye)
        self.rig.receive(bye)
        #expect(self.rig.lines == ["200 BYE", "200 BYE"])
        #expect(self.rig.events == [.ended(.bye(nil))])
        self.rig.expectIdle()
    }
}
