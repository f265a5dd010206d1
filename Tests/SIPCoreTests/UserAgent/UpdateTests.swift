import SIPCore
import Testing

@Suite("UPDATE (RFC 3311)")
struct UpdateTests {
    private static let allows = SIPHeaders.Field("Allow", "INVITE, ACK, BYE, CANCEL, UPDATE, PRACK")
    private static let hold = Array("v=0 hold".utf8)
    private let rig = AgentRig()

    private func hangUp(_ id: SessionID, _ location: SourceLocation = #_sourceLocation) throws {
        self.rig.run { $0.end(id, SessionEnding(), now: $1) }
        self.rig.reply(200, to: try self.rig.request(.bye))
        self.rig.expectIdle(location)
    }

    // MARK: Ours (§5.1)

    @Test("§5.1: ours with an offer is answered, and the peer's new Contact is used from then on")
    func ours() throws {
        let (id, _) = try self.rig.establishOutgoing(fields: [Self.allows])
        self.rig.run { $0.update(id, sdp: Self.hold, now: $1) }
        let update = try self.rig.request(.update)
        #expect(update.body == Self.hold)
        #expect(update.headers.contentType == "application/sdp")
        #expect(update.headers.cSeq == CSeq(2, .update))
        #expect(update.headers.contact.count == 1)
        #expect(update.headers["Allow"]?.contains("UPDATE") == true)
        let moved = SIPURI(user: "bob", host: "192.0.2.4", port: 5090)
        self.rig.reply(200, to: update, sdp: AgentRig.answer, contact: moved)
        #expect(self.rig.events == [.updateAnswered(sdp: AgentRig.answer)])
        self.rig.run { $0.end(id, SessionEnding(), now: $1) }
        #expect(try self.rig.request(.bye).uri == moved)
        #expect(try self.rig.request(.bye).headers.cSeq == CSeq(3, .bye))
        self.rig.reply(200, to: try self.rig.request(.bye))
        self.rig.expectIdle()
    }

    @Test("§4: a peer whose Allow does not name UPDATE gets none")
    func notAllowed() throws {
        let (id, _) = try self.rig.establishOutgoing(fields: [.init("Allow", "INVITE, ACK, BYE, XUPDATE")])
        self.rig.run { $0.update(id, sdp: nil, now: $1) }
        #expect(self.rig.lines == [])
        #expect(self.rig.events == [.updateRefused(.init(status: 405))])
        try self.hangUp(id)
    }

    @Test("§5.1: it has its turn among re-INVITEs, and the other way round")
    func queue() throws {
        let (id, _) = try self.rig.establishOutgoing(fields: [Self.allows])
        self.rig.run { $0.reinvite(id, sdp: [1], now: $1) }
        self.rig.run { $0.update(id, sdp: [2], now: $1) }
        self.rig.run { $0.reinvite(id, sdp: [3], now: $1) }
        #expect(self.rig.lines == ["INVITE"])
        self.rig.reply(200, to: try self.rig.request(.invite), sdp: AgentRig.answer)
        #expect(self.rig.lines == ["INVITE", "ACK", "UPDATE"])
        self.rig.reply(200, to: try self.rig.request(.update), sdp: AgentRig.answer)
        #expect(self.rig.lines == ["INVITE", "ACK", "UPDATE", "INVITE"])
        #expect(try self.rig.request(.invite).body == [3])
        self.rig.reply(488, to: try self.rig.request(.invite))
        #expect(
            self.rig.events == [
                .reinviteAnswered(sdp: AgentRig.answer), .updateAnswered(sdp: AgentRig.answer),
                .reinviteRefused(.init(status: 488)),
            ]
        )
        try self.hangUp(id)
    }

    @Test("§5.1: 491 is waited out, 488 leaves the session as it was")
    func oursRefused() throws {
        let (id, _) = try self.rig.establishOutgoing(fields: [Self.allows])
        self.rig.run { $0.update(id, sdp: Self.hold, now: $1) }
        self.rig.reply(491, to: try self.rig.request(.update))
        self.rig.advance(.milliseconds(2099))
        #expect(self.rig.lines == ["UPDATE"])
        self.rig.clear()
        self.rig.advance(.milliseconds(1901))
        // Perhaps repeated: the wait is drawn at random.
        #expect(Set(self.rig.lines) == ["UPDATE"])
        #expect(try self.rig.request(.update).headers.cSeq == CSeq(3, .update))
        self.rig.reply(488, to: try self.rig.request(.update))
        #expect(self.rig.events == [.updateRefused(.init(status: 488))])
        try self.hangUp(id)
    }

    @Test("Hanging up while ours runs: BYE at once, and its response means nothing any more")
    func endWhileUpdating() throws {
        let (id, _) = try self.rig.establishOutgoing(fields: [Self.allows])
        self.rig.run { $0.update(id, sdp: Self.hold, now: $1) }
        self.rig.run { $0.end(id, SessionEnding(), now: $1) }
        #expect(self.rig.lines == ["UPDATE", "BYE"])
        self.rig.reply(200, to: try self.rig.request(.update), sdp: AgentRig.answer)
        self.rig.reply(200, to: try self.rig.request(.bye))
        #expect(self.rig.events == [])
        self.rig.expectIdle()
    }

    // MARK: The peer's (§5.2)

    @Test("§5.2: an UPDATE without an offer is answered at once, with Contact, and moves the target")
    func withoutOffer() throws {
        let (id, response) = try self.rig.establishIncoming()
        var update = self.rig.peerRequest(.update, after: response, cSeq: 2)
        let moved = SIPURI(user: "bob", host: "192.0.2.4", port: 5090)
        update.headers.contact = [.address(NameAddress(uri: moved))]
        self.rig.receive(update)
        self.rig.receive(update)
        #expect(self.rig.lines == ["200 UPDATE", "200 UPDATE"])
        #expect(try self.rig.response(.update).headers.contact.count == 1)
        #expect(try self.rig.response(.update).body == [])
        #expect(self.rig.events == [])
        self.rig.run { $0.end(id, SessionEnding(), now: $1) }
        #expect(try self.rig.request(.bye).uri == moved)
        self.rig.reply(200, to: try self.rig.request(.bye))
        self.rig.expectIdle()
    }

    @Test("§5.2: an offer is told, and answered by the call side; no ACK follows")
    func withOffer() throws {
        let (id, response) = try self.rig.establishIncoming()
        let update = self.rig.peerRequest(.update, after: response, cSeq: 2, sdp: Self.hold)
        self.rig.receive(update)
        self.rig.receive(update)
        #expect(self.rig.lines == [])
        #expect(self.rig.events == [.updated(sdp: Self.hold)])
        self.rig.run { $0.acceptReinvite(id, sdp: [6], now: $1) }
        #expect(self.rig.lines == ["200 UPDATE"])
        #expect(try self.rig.response(.update).body == [6])
        #expect(self.rig.events == [.updated(sdp: Self.hold), .acknowledged(sdp: nil)])
        // The same once more is a repetition, and nobody is asked.
        self.rig.receive(self.rig.peerRequest(.update, after: response, cSeq: 3, sdp: Self.hold))
        #expect(try self.rig.response(.update).body == [6])
        #expect(self.rig.events.count == 2)
        try self.hangUp(id)
    }

    @Test("§5.2: an offer that is refused, left alone, or answered with nothing")
    func offerRefused() throws {
        let (id, response) = try self.rig.establishIncoming()
        self.rig.receive(self.rig.peerRequest(.update, after: response, cSeq: 2, sdp: Self.hold))
        self.rig.run { $0.rejectReinvite(id, status: 488, warning: "no", now: $1) }
        self.rig.receive(self.rig.peerRequest(.update, after: response, cSeq: 3, sdp: Self.hold))
        self.rig.advance(.seconds(10))
        self.rig.receive(self.rig.peerRequest(.update, after: response, cSeq: 4, sdp: Self.hold))
        self.rig.run { $0.acceptReinvite(id, sdp: nil, now: $1) }
        #expect(self.rig.lines == ["488 UPDATE", "504 UPDATE", "500 UPDATE"])
        try self.hangUp(id)
    }

    @Test("§5.2: a second before the first has its response gets 500 with Retry-After; so does a re-INVITE")
    func overlapping() throws {
        let (id, response) = try self.rig.establishIncoming()
        self.rig.receive(self.rig.peerRequest(.update, after: response, cSeq: 2, sdp: Self.hold))
        self.rig.receive(self.rig.peerRequest(.update, after: response, cSeq: 3, sdp: [9]))
        #expect(try self.rig.response(.update).headers["Retry-After"].flatMap { UInt32($0) }.map { $0 <= 10 } == true)
        self.rig.receive(self.rig.peerRequest(.update, after: response, cSeq: 4))
        self.rig.receive(self.rig.peerRequest(.invite, after: response, cSeq: 5, sdp: [9]))
        #expect(self.rig.lines == ["500 UPDATE", "500 UPDATE", "500 INVITE"])
        #expect(self.rig.events == [.updated(sdp: Self.hold)])
        self.rig.run { $0.acceptReinvite(id, sdp: [6], now: $1) }
        try self.hangUp(id)
    }

    @Test("§5.2: glare of offers gets 491; one of the peer's without an offer disturbs nothing")
    func glare() throws {
        let (id, response) = try self.rig.establishIncoming(fields: [Self.allows])
        self.rig.run { $0.update(id, sdp: [3], now: $1) }
        self.rig.receive(self.rig.peerRequest(.update, after: response, cSeq: 2, sdp: Self.hold))
        self.rig.receive(self.rig.peerRequest(.invite, after: response, cSeq: 3, sdp: Self.hold))
        self.rig.receive(self.rig.peerRequest(.update, after: response, cSeq: 4))
        #expect(self.rig.lines == ["UPDATE", "491 UPDATE", "491 INVITE", "200 UPDATE"])
        self.rig.reply(200, to: try self.rig.request(.update), sdp: [4])
        self.rig.run { $0.reinvite(id, sdp: [5], now: $1) }
        self.rig.receive(self.rig.peerRequest(.update, after: response, cSeq: 5, sdp: Self.hold))
        #expect(self.rig.lines.suffix(2) == ["INVITE", "491 UPDATE"])
        self.rig.reply(200, to: try self.rig.request(.invite), sdp: [6])
        #expect(self.rig.events == [.updateAnswered(sdp: [4]), .reinviteAnswered(sdp: [6])])
        try self.hangUp(id)
    }

    @Test("§5.2: while the peer's own offer waits for our answer, another gets 500")
    func ownOfferOpen() throws {
        let (id, response) = try self.rig.establishIncoming()
        self.rig.receive(self.rig.peerRequest(.invite, after: response, cSeq: 2, sdp: Self.hold))
        self.rig.receive(self.rig.peerRequest(.update, after: response, cSeq: 3, sdp: [9]))
        #expect(self.rig.lines == ["100 INVITE", "500 UPDATE"])
        self.rig.run { $0.acceptReinvite(id, sdp: [6], now: $1) }
        self.rig.receive(self.rig.peerRequest(.ack, after: response, cSeq: 2))
        #expect(self.rig.events == [.reinvited(sdp: Self.hold), .acknowledged(sdp: nil)])
        try self.hangUp(id)
    }

    @Test("An UPDATE that overtakes the ACK is proof of it")
    func overtakesAck() throws {
        self.rig.receive(self.rig.peerRequest(.invite, sdp: AgentRig.offer))
        let id = try #require(self.rig.invited.first)
        self.rig.run { $0.accept(id, sdp: AgentRig.answer, now: $1) }
        let response = try self.rig.response(.invite)
        self.rig.receive(self.rig.peerRequest(.update, after: response, cSeq: 2, sdp: Self.hold))
        #expect(self.rig.events == [.acknowledged(sdp: nil), .updated(sdp: Self.hold)])
        self.rig.run { $0.acceptReinvite(id, sdp: [6], now: $1) }
        self.rig.receive(self.rig.peerRequest(.ack, after: response, cSeq: 1))
        #expect(self.rig.events.count == 3)
        try self.hangUp(id)
    }

    @Test("RFC 3261 §15.1.2: one that waits gets 487 when the session ends", arguments: [true, false])
    func endWhileUpdated(isOurs: Bool) throws {
        let (id, response) = try self.rig.establishIncoming()
        self.rig.receive(self.rig.peerRequest(.update, after: response, cSeq: 2, sdp: Self.hold))
        if isOurs {
            self.rig.run { $0.end(id, SessionEnding(), now: $1) }
            #expect(self.rig.lines == ["487 UPDATE", "BYE"])
            self.rig.reply(200, to: try self.rig.request(.bye))
        } else {
            self.rig.receive(self.rig.peerRequest(.bye, after: response, cSeq: 3))
            #expect(self.rig.lines == ["200 BYE", "487 UPDATE"])
        }
        self.rig.expectIdle()
    }

    @Test("415 for a body that is not SDP; 481 outside a dialog")
    func odd() throws {
        let (id, response) = try self.rig.establishIncoming()
        var update = self.rig.peerRequest(.update, after: response, cSeq: 2, sdp: Self.hold)
        update.headers.contentType = "text/plain"
        self.rig.receive(update)
        self.rig.receive(self.rig.peerRequest(.update, callID: "other", sdp: Self.hold))
        #expect(self.rig.lines == ["415 UPDATE", "481 UPDATE"])
        try self.hangUp(id)
    }

    // MARK: Early dialogs

    @Test(
        "§5.1: before the INVITE's offer is answered ours without an offer goes, one with an offer waits for the answer"
    )
    func oursEarly() throws {
        let id = self.rig.run { $0.invite(self.rig.order(), now: $1) }
        let invite = try self.rig.request(.invite)
        self.rig.run { $0.update(id, sdp: nil, now: $1) }
        #expect(self.rig.lines == ["INVITE"])
        self.rig.reply(180, to: invite, fields: [Self.allows])
        #expect(self.rig.lines == ["INVITE", "UPDATE"])
        let update = try self.rig.request(.update)
        #expect(update.headers["Session-Expires"] == nil)
        self.rig.reply(200, to: update)
        self.rig.run { $0.update(id, sdp: Self.hold, now: $1) }
        #expect(self.rig.lines == ["INVITE", "UPDATE"])
        self.rig.reply(200, to: invite, sdp: AgentRig.answer, fields: [Self.allows])
        #expect(self.rig.lines == ["INVITE", "UPDATE", "ACK", "UPDATE"])
        #expect(try self.rig.request(.update).headers.cSeq == CSeq(3, .update))
        self.rig.reply(200, to: try self.rig.request(.update), sdp: AgentRig.answer)
        try self.hangUp(id)
    }

    @Test("§5.2: before the answer to our INVITE the callee's offer gets 491, one without an offer 200")
    func peersEarly() throws {
        let id = self.rig.run { $0.invite(self.rig.order(), now: $1) }
        let invite = try self.rig.request(.invite)
        self.rig.reply(180, to: invite)
        self.rig.receive(self.rig.peerRequest(.update, after: invite, cSeq: 1, sdp: Self.hold))
        self.rig.receive(self.rig.peerRequest(.update, after: invite, cSeq: 2))
        self.rig.receive(self.rig.peerRequest(.update, after: invite, cSeq: 1))
        self.rig.receive(self.rig.peerRequest(.update, after: invite, cSeq: 3, tag: "nobody"))
        #expect(self.rig.lines == ["INVITE", "491 UPDATE", "200 UPDATE", "500 UPDATE", "481 UPDATE"])
        self.rig.reply(200, to: invite, sdp: AgentRig.answer)
        // The dialog goes on with the numbers that it had.
        self.rig.receive(self.rig.peerRequest(.options, after: invite, cSeq: 1))
        #expect(self.rig.lines.last == "500 OPTIONS")
        try self.hangUp(id)
    }

    @Test("§5.2: before our answer to its INVITE the caller's offer gets 500 with Retry-After")
    func callersEarly() throws {
        self.rig.receive(self.rig.peerRequest(.invite, sdp: AgentRig.offer))
        let id = try #require(self.rig.invited.first)
        self.rig.run { $0.ring(id, status: 180, sdp: nil, now: $1) }
        let ringing = try self.rig.response(.invite)
        self.rig.receive(self.rig.peerRequest(.update, after: ringing, cSeq: 2, sdp: Self.hold))
        self.rig.receive(self.rig.peerRequest(.update, after: ringing, cSeq: 3))
        #expect(self.rig.lines == ["100 INVITE", "180 INVITE", "500 UPDATE", "200 UPDATE"])
        self.rig.run { $0.end(id, SessionEnding(status: 486), now: $1) }
        #expect(self.rig.events == [])
        self.rig.expectIdle()
    }
}
