import SIPCore
import Testing

@Suite("re-INVITE (RFC 3261 §14)")
struct ReinviteTests {
    private let rig = AgentRig()
    private static let hold = Array("v=0 hold".utf8)

    private func hangUp(_ id: SessionID, _ location: SourceLocation = #_sourceLocation) throws {
        self.rig.run { $0.end(id, SessionEnding(), now: $1) }
        self.rig.reply(200, to: try self.rig.request(.bye))
        self.rig.expectIdle(location)
    }

    @Test("Ours is answered and ACKed, and the peer's new Contact is used from then on")
    func ours() throws {
        let (id, _) = try self.rig.establishOutgoing()
        self.rig.run { $0.reinvite(id, sdp: Self.hold, now: $1) }
        let reinvite = try self.rig.request(.invite)
        #expect(reinvite.headers.cSeq == CSeq(2, .invite))
        #expect(reinvite.headers.to.tag == "bob")
        #expect(reinvite.headers.contact.count == 1)
        #expect(reinvite.body == Self.hold)
        let moved = SIPURI(user: "bob", host: "192.0.2.4", port: 5090)
        self.rig.reply(180, to: reinvite)
        self.rig.reply(200, to: reinvite, sdp: AgentRig.answer, contact: moved)
        self.rig.reply(200, to: reinvite, sdp: AgentRig.answer, contact: moved)
        #expect(self.rig.lines == ["INVITE", "ACK", "ACK"])
        #expect(try self.rig.request(.ack).uri == moved)
        #expect(try self.rig.request(.ack).headers.cSeq == CSeq(2, .ack))
        #expect(self.rig.events == [.reinviteAnswered(sdp: AgentRig.answer)])
        self.rig.run { $0.end(id, SessionEnding(), now: $1) }
        #expect(try self.rig.request(.bye).uri == moved)
        self.rig.reply(200, to: try self.rig.request(.bye))
        self.rig.expectIdle()
    }

    @Test("Ours without an offer: the peer's is in the 200, and our answer in the ACK that is owed")
    func oursWithoutOffer() throws {
        let (id, _) = try self.rig.establishIncoming()
        self.rig.run { $0.reinvite(id, sdp: nil, now: $1) }
        let reinvite = try self.rig.request(.invite)
        #expect(reinvite.headers.cSeq == CSeq(1, .invite))
        self.rig.reply(200, to: reinvite, sdp: AgentRig.offer)
        self.rig.reply(200, to: reinvite, sdp: AgentRig.offer)
        #expect(self.rig.lines == ["INVITE"])
        #expect(self.rig.events == [.reinviteAnswered(sdp: AgentRig.offer)])
        self.rig.run { $0.acknowledge(id, sdp: AgentRig.answer, now: $1) }
        #expect(try self.rig.request(.ack).body == AgentRig.answer)
        try self.hangUp(id)
    }

    @Test("A refusal leaves the session as it was")
    func oursRefused() throws {
        let (id, _) = try self.rig.establishOutgoing()
        self.rig.run { $0.reinvite(id, sdp: Self.hold, now: $1) }
        self.rig.reply(488, to: try self.rig.request(.invite))
        #expect(self.rig.events == [.reinviteRefused(.init(status: 488))])
        try self.hangUp(id)
    }

    @Test("408 and 481 mean that the dialog is gone", arguments: [408, 481] as [UInt16])
    func dialogGone(status: UInt16) throws {
        let (id, _) = try self.rig.establishOutgoing()
        self.rig.run { $0.reinvite(id, sdp: Self.hold, now: $1) }
        self.rig.reply(status, to: try self.rig.request(.invite))
        #expect(self.rig.lines == ["INVITE", "ACK", "BYE"])
        #expect(self.rig.events == [.ended(.dialogGone)])
        self.rig.run { $0.end(id, SessionEnding(), now: $1) }
        self.rig.expectIdle()
    }

    @Test("No response to a re-INVITE means that the dialog is gone")
    func unanswered() throws {
        let (id, _) = try self.rig.establishOutgoing()
        self.rig.run { $0.reinvite(id, sdp: Self.hold, now: $1) }
        self.rig.advance(.seconds(32))
        #expect(self.rig.events == [.ended(.dialogGone)])
        #expect(self.rig.lines.last == "BYE")
        self.rig.expectIdle()
    }

    @Test("Glare: theirs gets 491, ours is tried again after the wait of the Call-ID's owner")
    func glareOwner() throws {
        let (id, invite) = try self.rig.establishOutgoing()
        self.rig.run { $0.reinvite(id, sdp: Self.hold, now: $1) }
        self.rig.receive(self.rig.peerRequest(.invite, after: invite, cSeq: 1, sdp: AgentRig.offer))
        #expect(self.rig.lines == ["INVITE", "491 INVITE"])
        self.rig.reply(491, to: try self.rig.request(.invite))
        self.rig.clear()
        self.rig.advance(.milliseconds(2099))
        #expect(self.rig.lines.filter { $0 == "INVITE" } == [])
        self.rig.advance(.milliseconds(1901))
        let again = try self.rig.request(.invite)
        #expect(again.body == Self.hold)
        #expect(again.headers.cSeq == CSeq(3, .invite))
        self.rig.reply(200, to: again, sdp: AgentRig.answer)
        #expect(self.rig.events == [.reinviteAnswered(sdp: AgentRig.answer)])
        try self.hangUp(id)
    }

    @Test("Glare: who does not own the Call-ID waits 2 s at most, and takes the peer's meanwhile")
    func glareOther() throws {
        let (id, response) = try self.rig.establishIncoming()
        self.rig.run { $0.reinvite(id, sdp: Self.hold, now: $1) }
        self.rig.reply(491, to: try self.rig.request(.invite))
        self.rig.clear()
        self.rig.receive(self.rig.peerRequest(.invite, after: response, cSeq: 2, sdp: AgentRig.offer))
        #expect(self.rig.events == [.reinvited(sdp: AgentRig.offer)])
        self.rig.advance(.seconds(2))
        #expect(self.rig.lines == ["100 INVITE"])
        self.rig.run { $0.acceptReinvite(id, sdp: AgentRig.answer, now: $1) }
        #expect(self.rig.lines == ["100 INVITE", "200 INVITE"])
        self.rig.receive(self.rig.peerRequest(.ack, after: response, cSeq: 2))
        #expect(self.rig.lines == ["100 INVITE", "200 INVITE", "INVITE"])
        #expect(self.rig.events == [.reinvited(sdp: AgentRig.offer), .acknowledged(sdp: nil)])
        self.rig.reply(200, to: try self.rig.request(.invite), sdp: AgentRig.answer)
        try self.hangUp(id)
    }

    @Test("Glare: one that waits may be taken back, and nothing more is heard of it")
    func glareWithdrawn() throws {
        let (id, response) = try self.rig.establishIncoming()
        self.rig.run { $0.reinvite(id, sdp: Self.hold, now: $1) }
        self.rig.reply(491, to: try self.rig.request(.invite))
        self.rig.clear()
        self.rig.receive(self.rig.peerRequest(.invite, after: response, cSeq: 2, sdp: AgentRig.offer))
        self.rig.run { agent, now in
            agent.withdrawReinvites(id)
            agent.acceptReinvite(id, sdp: AgentRig.answer, now: now)
        }
        self.rig.receive(self.rig.peerRequest(.ack, after: response, cSeq: 2))
        self.rig.advance(.seconds(10))
        #expect(self.rig.lines == ["100 INVITE", "200 INVITE"])
        #expect(self.rig.events == [.reinvited(sdp: AgentRig.offer), .acknowledged(sdp: nil)])
        try self.hangUp(id)
    }

    @Test("Endless glare is given up")
    func endlessGlare() throws {
        let (id, _) = try self.rig.establishIncoming()
        self.rig.run { $0.reinvite(id, sdp: Self.hold, now: $1) }
        var attempts = 0
        while self.rig.events == [] && attempts < 100 {
            self.rig.reply(491, to: try self.rig.request(.invite))
            attempts += 1
            self.rig.advance(.seconds(2))
        }
        #expect(attempts == 11)
        #expect(self.rig.events == [.reinviteRefused(.init(status: 491))])
        try self.hangUp(id)
    }

    @Test("Orders are carried out one after the other, and one too many is refused")
    func queue() throws {
        let (id, _) = try self.rig.establishOutgoing()
        for number in 0..<10 { self.rig.run { $0.reinvite(id, sdp: [UInt8(number)], now: $1) } }
        #expect(self.rig.lines == ["INVITE"])
        #expect(self.rig.events == [.reinviteRefused(.init(status: 491))])
        for number in 0..<9 {
            let reinvite = try self.rig.request(.invite)
            #expect(reinvite.body == [UInt8(number)])
            self.rig.reply(200, to: reinvite, sdp: AgentRig.answer)
        }
        #expect(self.rig.events.count == 10)
        try self.hangUp(id)
    }

    @Test("Ours waits until our 200 has its ACK")
    func waitsForAck() throws {
        self.rig.receive(self.rig.peerRequest(.invite, sdp: AgentRig.offer))
        let id = try #require(self.rig.invited.first)
        self.rig.run { $0.accept(id, sdp: AgentRig.answer, now: $1) }
        let response = try self.rig.response(.invite)
        self.rig.run { $0.reinvite(id, sdp: Self.hold, now: $1) }
        #expect(self.rig.lines == ["100 INVITE", "200 INVITE"])
        self.rig.receive(self.rig.peerRequest(.ack, after: response, cSeq: 1))
        #expect(self.rig.lines == ["100 INVITE", "200 INVITE", "INVITE"])
        self.rig.reply(200, to: try self.rig.request(.invite), sdp: AgentRig.answer)
        try self.hangUp(id)
    }

    @Test("The peer's second INVITE before the first has its response: 500 with Retry-After")
    func overlapping() throws {
        let (id, response) = try self.rig.establishIncoming()
        self.rig.receive(self.rig.peerRequest(.invite, after: response, cSeq: 2, sdp: AgentRig.offer))
        self.rig.receive(self.rig.peerRequest(.invite, after: response, cSeq: 3, sdp: AgentRig.offer))
        #expect(self.rig.lines == ["100 INVITE", "500 INVITE"])
        #expect(try self.rig.response(.invite).headers["Retry-After"].flatMap { UInt32($0) }.map { $0 <= 10 } == true)
        self.rig.run { $0.rejectReinvite(id, status: 488, warning: "no", now: $1) }
        #expect(try self.rig.response(.invite).headers["Warning"] == "399 192.0.2.1 \"no\"")
        #expect(self.rig.events == [.reinvited(sdp: AgentRig.offer)])
        try self.hangUp(id)
    }

    @Test("A re-INVITE that overtakes the ACK is proof of it; where that ACK owes an answer it gets 491")
    func overtakesAck() throws {
        for offer in [AgentRig.offer, nil] {
            let rig = AgentRig()
            rig.receive(rig.peerRequest(.invite, sdp: offer))
            let id = try #require(rig.invited.first)
            rig.run { $0.accept(id, sdp: AgentRig.answer, now: $1) }
            let response = try rig.response(.invite)
            rig.clear()
            rig.receive(rig.peerRequest(.invite, after: response, cSeq: 2, sdp: AgentRig.offer))
            if offer == nil {
                #expect(rig.lines == ["491 INVITE"])
                rig.receive(rig.peerRequest(.ack, after: response, cSeq: 1, sdp: AgentRig.answer))
                #expect(rig.events == [.acknowledged(sdp: AgentRig.answer)])
            } else {
                #expect(rig.lines == ["100 INVITE"])
                #expect(rig.events == [.acknowledged(sdp: nil), .reinvited(sdp: AgentRig.offer)])
                rig.receive(rig.peerRequest(.ack, after: response, cSeq: 1))
                #expect(rig.events.count == 2)
            }
            rig.run { $0.end(id, SessionEnding(), now: $1) }
            rig.reply(200, to: try rig.request(.bye))
            rig.expectIdle()
        }
    }

    @Test("No ACK for our 200 to a re-INVITE ends the session")
    func lostAck() throws {
        let (id, response) = try self.rig.establishIncoming()
        self.rig.receive(self.rig.peerRequest(.invite, after: response, cSeq: 2, sdp: AgentRig.offer))
        self.rig.run { $0.acceptReinvite(id, sdp: AgentRig.answer, now: $1) }
        self.rig.advance(.seconds(32))
        #expect(self.rig.events == [.reinvited(sdp: AgentRig.offer), .ended(.noAcknowledgement)])
        #expect(self.rig.lines.last == "BYE")
        self.rig.expectIdle()
    }

    @Test("A re-INVITE that the call side leaves alone gets 500 after 30 s")
    func leftAlone() throws {
        let (id, response) = try self.rig.establishIncoming()
        self.rig.receive(self.rig.peerRequest(.invite, after: response, cSeq: 2, sdp: AgentRig.offer))
        self.rig.advance(.seconds(30))
        #expect(self.rig.lines == ["100 INVITE", "500 INVITE"])
        self.rig.run { $0.acceptReinvite(id, sdp: AgentRig.answer, now: $1) }
        #expect(self.rig.lines == ["100 INVITE", "500 INVITE"])
        try self.hangUp(id)
    }

    @Test("A re-INVITE that the peer cancels gets 487, and the session goes on")
    func cancelled() throws {
        let (id, response) = try self.rig.establishIncoming()
        let reinvite = self.rig.peerRequest(.invite, after: response, cSeq: 2, sdp: AgentRig.offer)
        self.rig.receive(reinvite)
        var cancel = self.rig.peerRequest(.cancel, after: response, cSeq: 2)
        cancel.headers.via[0].branch = reinvite.headers.via[0].branch
        self.rig.receive(cancel)
        #expect(self.rig.lines == ["100 INVITE", "200 CANCEL", "487 INVITE"])
        self.rig.run { $0.reinvite(id, sdp: Self.hold, now: $1) }
        self.rig.reply(200, to: try self.rig.request(.invite), sdp: AgentRig.answer)
        try self.hangUp(id)
    }

    @Test("Hanging up while our re-INVITE runs: BYE at once, and a late 200 is ACKed, no more")
    func endWhileReinviting() throws {
        let (id, _) = try self.rig.establishOutgoing()
        self.rig.run { $0.reinvite(id, sdp: Self.hold, now: $1) }
        let reinvite = try self.rig.request(.invite)
        self.rig.reply(100, to: reinvite)
        self.rig.run { $0.end(id, SessionEnding(), now: $1) }
        #expect(self.rig.lines == ["INVITE", "BYE"])
        self.rig.reply(200, to: reinvite, sdp: AgentRig.answer)
        #expect(self.rig.lines == ["INVITE", "BYE", "ACK"])
        self.rig.reply(200, to: try self.rig.request(.bye))
        #expect(self.rig.events == [])
        self.rig.expectIdle()
    }

    @Test("Hanging up while theirs waits: 487, then BYE; their BYE does the same to it")
    func endWhileReinvited() throws {
        for isOurs in [true, false] {
            let rig = AgentRig()
            let (id, response) = try rig.establishIncoming()
            rig.receive(rig.peerRequest(.invite, after: response, cSeq: 2, sdp: AgentRig.offer))
            rig.clear()
            if isOurs {
                rig.run { $0.end(id, SessionEnding(), now: $1) }
                #expect(rig.lines == ["487 INVITE", "BYE"])
                rig.reply(200, to: try rig.request(.bye))
            } else {
                rig.receive(rig.peerRequest(.bye, after: response, cSeq: 3))
                #expect(rig.lines == ["200 BYE", "487 INVITE"])
                #expect(rig.events == [.ended(.bye(nil))])
            }
            rig.expectIdle()
        }
    }

    @Test("The peer's INVITE before our own is answered gets 491")
    func inviteInEarlyDialog() throws {
        _ = self.rig.run { $0.invite(self.rig.order(), now: $1) }
        let invite = try self.rig.request(.invite)
        self.rig.reply(183, to: invite)
        self.rig.receive(self.rig.peerRequest(.invite, after: invite, cSeq: 1, sdp: AgentRig.offer))
        #expect(self.rig.lines == ["INVITE", "491 INVITE"])
        self.rig.reply(486, to: invite)
        self.rig.expectIdle()
    }
}
