import CallCore
import CallRuntime
import ClientProtocol
import MediaCore
import SIPCore
import Testing

@Suite("Phones that take the place of others (RFC 3891)")
struct ReplacementTests {
    private var rig = TransferRig()
    private static let spare = SIPAddress(host: "192.0.2.10", port: 5060)

    /// The dialog of a phone's call to us, as that phone names it.
    private func replaces(_ answer: SIPResponse, earlyOnly: Bool = false) throws -> Replaces {
        let tag = try #require(answer.headers.to.tag)
        return Replaces(callID: answer.headers.callID, toTag: tag, fromTag: "from", earlyOnly: earlyOnly)
    }

    /// The same of our call to a phone.
    private func replaces(_ invite: SIPRequest) throws -> Replaces {
        let tag = try #require(invite.headers.from.tag)
        return Replaces(callID: invite.headers.callID, toTag: tag, fromTag: "phone")
    }

    private func invite(
        _ replaces: Replaces,
        from address: SIPAddress = TableFixture.trunkAddress,
        callID: String = "new",
        sdp: String = TransferRig.sdp,
        pumps: Bool = true
    ) {
        let fields: [SIPHeaders.Field] = [
            .init("Require", "replaces"), .init("Replaces", replaces.headerValue),
        ]
        self.rig.fixture.invite(
            "gateway",
            from: address,
            caller: "2002",
            callID: callID,
            sdp: sdp,
            fields: fields
        )
        if pumps { self.rig.pump() }
    }

    private func with(_ rig: TransferRig) -> ReplacementTests {
        var other = self
        other.rig = rig
        return other
    }

    private func transferred(_ call: String, to peer: String) -> ClientEvent {
        .callTransferred(callID: call, peerID: .string(peer), peerUsername: "Desk")
    }

    // MARK: A party

    @Test("The new phone is accepted, then the old one gets BYE, and the app hears who it is") func caller() throws {
        let alice = self.rig.app(.number("42"))
        let (id, answer) = try self.rig.call(from: "2001", to: "2042", alice)
        self.invite(try self.replaces(answer))
        let accepted = try self.rig.answer()
        #expect(accepted.headers.callID == "new")
        #expect(String(decoding: accepted.body, as: UTF8.self).contains("m=audio 20000 RTP/AVP 0"))
        #expect(self.rig.takeLines() == ["100 INVITE", "200 INVITE", "BYE"])
        #expect(alice.take() == [self.transferred(id, to: "2002")])
        #expect(self.rig.joins.last == [MediaLegID(number: 2), MediaLegID(number: 3)])
        #expect(self.rig.openLegs == [MediaLegID(number: 2), MediaLegID(number: 3)])
        self.rig.request(.ack, after: accepted, cSeq: 1)
        self.rig.request(.bye, after: accepted)
        #expect(
            alice.take()
                == [.callHangedUp(callID: id, hangedUpBy: .string("2002"), reason: .hungUp, sipStatus: nil)]
        )
        self.rig.expectRest()
    }

    @Test("The same for a phone that the app has called, and for one that asks for our offer") func callee() throws {
        let alice = self.rig.app(.number("42"))
        let (id, invite) = try self.rig.call("601", by: alice)
        self.invite(try self.replaces(invite), sdp: "")
        let accepted = try self.rig.answer()
        #expect(String(decoding: accepted.body, as: UTF8.self).contains("m=audio 20000 RTP/AVP"))
        #expect(self.rig.takeLines() == ["100 INVITE", "200 INVITE", "BYE"])
        self.rig.request(.ack, after: accepted, cSeq: 1, sdp: TransferRig.sdp)
        #expect(alice.take() == [self.transferred(id, to: "2002")])
        #expect(self.rig.joins.last == [MediaLegID(number: 1), MediaLegID(number: 3)])
        alice.send(.hangUp(callID: id, peerID: .string("2002")))
        #expect(self.rig.takeLines() == ["BYE"])
        self.rig.expectRest()
    }

    @Test("One that can't be accepted leaves the call as it was", arguments: [true, false]) func incompatible(
        isCodecKnown: Bool
    ) throws {
        let alice = self.rig.app(.number("42"))
        let (id, answer) = try self.rig.call(from: "2001", to: "2042", alice)
        // PCMA is what the relay knows, and the app has not agreed on.
        let sdp = TransferRig.sdp.replacing("RTP/AVP 0", with: isCodecKnown ? "RTP/AVP 8" : "RTP/AVP 18")
        self.invite(try self.replaces(answer), sdp: sdp)
        #expect(self.rig.takeLines() == ["100 INVITE", "488 INVITE"])
        #expect(alice.take() == [])
        #expect(self.rig.openLegs == [MediaLegID(number: 1), MediaLegID(number: 2)])
        alice.send(.hangUp(callID: id, peerID: nil))
        self.rig.expectRest()
    }

    @Test("486 for a dialog that is answered and was wanted early, 603 for one that is over, 481 for none")
    func noMatch() throws {
        let alice = self.rig.app(.number("42"))
        let (id, answer) = try self.rig.call(from: "2001", to: "2042", alice)
        var replaces = try self.replaces(answer, earlyOnly: true)
        self.invite(replaces)
        #expect(self.rig.takeLines() == ["100 INVITE", "486 INVITE"])
        replaces.fromTag = "another"
        self.invite(replaces, callID: "second")
        #expect(self.rig.takeLines() == ["100 INVITE", "481 INVITE"])
        alice.send(.hangUp(callID: id, peerID: nil))
        self.rig.expectRest()
        self.invite(try self.replaces(answer), callID: "third")
        #expect(self.rig.takeLines().suffix(2) == ["100 INVITE", "603 INVITE"])
    }

    @Test("Another peer takes the place where it may call whoever stays; a stranger never does") func permission()
        throws
    {
        let alice = self.rig.app(.number("42"))
        let (id, answer) = try self.rig.call(from: "2001", to: "2042", alice)
        self.invite(try self.replaces(answer), from: SIPAddress(host: "203.0.113.5", port: 5060))
        #expect(self.rig.takeLines() == ["100 INVITE", "403 INVITE"])
        self.invite(try self.replaces(answer), from: Self.spare, callID: "second")
        #expect(self.rig.takeLines() == ["100 INVITE", "200 INVITE", "BYE"])
        #expect(alice.take() == [self.transferred(id, to: "2002")])
        self.rig.request(.ack, after: try self.rig.answer(), cSeq: 1)
        alice.send(.hangUp(callID: id, peerID: nil))
        self.rig.expectRest()
    }

    @Test("Between two phones: only who may dial the one may take the place of the other") func betweenPhones() throws {
        let rig = TransferRig(allowTrunks: ["pbx"])
        rig.fixture.invite("601", caller: "2001", callID: "call", sdp: TransferRig.sdp)
        let invite = try rig.request(.invite)
        rig.reply(200, to: invite)
        let answer = try rig.answer()
        rig.request(.ack, after: answer, cSeq: 1)
        _ = rig.takeLines()
        let own = self.with(rig)
        own.invite(try self.replaces(answer), from: Self.spare)
        #expect(rig.takeLines() == ["100 INVITE", "403 INVITE"])
        own.invite(try self.replaces(answer), callID: "second")
        #expect(rig.takeLines() == ["100 INVITE", "200 INVITE", "BYE"])
        rig.request(.ack, after: try rig.answer(), cSeq: 1)
        rig.request(.bye, after: invite)
        #expect(rig.takeLines() == ["200 BYE", "BYE"])
        rig.expectRest()
    }

    // MARK: While the relay lays out the media

    @Test("The old phone may hang up by itself: the new one comes all the same", arguments: [true, false])
    func byeMeanwhile(comes: Bool) throws {
        let alice = self.rig.app(.number("42"))
        let (id, answer) = try self.rig.call(from: "2001", to: "2042", alice)
        self.invite(try self.replaces(answer), pumps: false)
        self.rig.request(.bye, after: answer, pumps: false)
        if comes {
            self.rig.pump()
            #expect(self.rig.takeLines() == ["100 INVITE", "200 BYE", "200 INVITE"])
            #expect(alice.take() == [self.transferred(id, to: "2002")])
            self.rig.request(.ack, after: try self.rig.answer(), cSeq: 1)
            alice.send(.hangUp(callID: id, peerID: nil))
        } else {
            self.rig.cancel("new")
            #expect(self.rig.takeLines() == ["100 INVITE", "200 BYE", "200 CANCEL", "487 INVITE"])
            #expect(
                alice.take()
                    == [.callHangedUp(callID: id, hangedUpBy: .string("2001"), reason: .hungUp, sipStatus: nil)]
            )
        }
        self.rig.expectRest()
    }

    @Test("An INVITE that is withdrawn changes nothing") func cancelled() throws {
        let alice = self.rig.app(.number("42"))
        let (id, answer) = try self.rig.call(from: "2001", to: "2042", alice)
        self.invite(try self.replaces(answer), pumps: false)
        self.rig.cancel("new")
        #expect(self.rig.takeLines() == ["100 INVITE", "200 CANCEL", "487 INVITE"])
        #expect(alice.take() == [])
        #expect(self.rig.openLegs == [MediaLegID(number: 1), MediaLegID(number: 2)])
        alice.send(.hangUp(callID: id, peerID: nil))
        self.rig.expectRest()
    }

    @Test("Without a place in the relay it is refused; an app that hangs up has it declined", arguments: [true, false])
    func refusedMeanwhile(isHungUp: Bool) throws {
        let alice = self.rig.app(.number("42"))
        let (id, answer) = try self.rig.call(from: "2001", to: "2042", alice)
        self.invite(try self.replaces(answer), pumps: false)
        if isHungUp {
            alice.send(.hangUp(callID: id, peerID: nil))
            #expect(self.rig.takeLines() == ["100 INVITE", "603 INVITE", "BYE"])
        } else {
            self.rig.fixture.table.receive(.failed(MediaLegID(number: 3), .noPort), now: self.rig.fixture.now)
            #expect(self.rig.takeLines() == ["100 INVITE", "488 INVITE"])
            alice.send(.hangUp(callID: id, peerID: nil))
        }
        #expect(alice.take() == [])
        self.rig.expectRest()
    }

    @Test("A call that is being transferred is not open to others; one after the other is") func oneAtATime() throws {
        let alice = self.rig.app(.number("42"))
        let (id, answer) = try self.rig.call(from: "2001", to: "2042", alice)
        self.rig.request(.refer, after: answer, fields: [SIPHeaders.Field("Refer-To", "<sip:bob@192.0.2.1>")])
        #expect(self.rig.takeLines() == ["403 REFER"])
        let bob = self.rig.app(.string("bob"))
        self.rig.request(
            .refer,
            after: answer,
            cSeq: 3,
            fields: [SIPHeaders.Field("Refer-To", "<sip:bob@192.0.2.1>")]
        )
        self.invite(try self.replaces(answer))
        #expect(self.rig.takeLines() == ["202 REFER", "NOTIFY", "100 INVITE", "491 INVITE"])
        bob.send(.rejectCall(callID: bob.takeIncoming(), callerID: nil, reason: nil))
        alice.send(.hangUp(callID: id, peerID: nil))
        self.rig.expectRest()
    }

    // MARK: What rings

    @Test("A phone picks up what rings at another: that one is cancelled, the caller hears an answer") func pickup()
        throws
    {
        let alice = self.rig.app(.number("42"))
        alice.send(.startCall(calleeID: .string("601"), offer: TransferRig.description("offer")))
        let invite = try self.rig.request(.invite)
        self.rig.reply(180, to: invite)
        guard case .callStarted(let id, _, _) = alice.take().first else { throw TransferRig.NoCall() }
        _ = self.rig.takeLines()
        self.invite(try self.replaces(invite))
        let cancel = try self.rig.request(.cancel)
        #expect(cancel.headers["Reason"] == "SIP;cause=200;text=\"Call completed elsewhere\"")
        #expect(self.rig.takeLines() == ["100 INVITE", "CANCEL", "200 INVITE"])
        #expect(alice.takeNames() == ["call_answered", "call_answer"])
        #expect(self.rig.joins.last == [MediaLegID(number: 1), MediaLegID(number: 3)])
        self.rig.reply(487, to: invite)
        self.rig.request(.ack, after: try self.rig.answer(), cSeq: 1)
        alice.send(.hangUp(callID: id, peerID: nil))
        self.rig.expectRest()
    }

    @Test(
        "The same where a phone calls: both are answered, whether or not they have offered",
        arguments: [true, false]
    )
    func pickupForPhone(offers: Bool) throws {
        let rig = TransferRig(allowTrunks: ["pbx"])
        rig.fixture.invite("601", caller: "2001", callID: "call", sdp: offers ? TransferRig.sdp : "")
        let invite = try rig.request(.invite)
        rig.reply(180, to: invite)
        _ = rig.takeLines()
        let own = self.with(rig)
        own.invite(try self.replaces(invite), sdp: offers ? TransferRig.sdp : "")
        let picked = try rig.answer(toCall: "new")
        if !offers { rig.request(.ack, after: picked, cSeq: 1, sdp: TransferRig.sdp) }
        let answer = try rig.answer(toCall: "call")
        if offers { rig.request(.ack, after: picked, cSeq: 1) }
        rig.request(.ack, after: answer, cSeq: 1, sdp: offers ? nil : TransferRig.sdp)
        rig.reply(487, to: invite)
        #expect(rig.joins == [[MediaLegID(number: 1), MediaLegID(number: 3)]])
        _ = rig.takeLines()
        rig.request(.bye, after: answer)
        #expect(rig.takeLines() == ["200 BYE", "BYE"])
        rig.expectRest()
    }

    @Test("A picker that hangs up before its 200 ends the call") func pickerLeaves() throws {
        let alice = self.rig.app(.number("42"))
        alice.send(.startCall(calleeID: .string("601"), offer: TransferRig.description("offer")))
        let invite = try self.rig.request(.invite)
        self.rig.reply(180, to: invite)
        _ = (alice.take(), self.rig.takeLines())
        self.invite(try self.replaces(invite), pumps: false)
        self.rig.cancel("new")
        #expect(self.rig.takeLines() == ["100 INVITE", "CANCEL", "200 CANCEL", "487 INVITE"])
        #expect(alice.takeNames() == ["call_answered", "call_hanged_up"])
        self.rig.reply(487, to: invite)
        self.rig.expectRest()
    }

    @Test("What rings for a transfer can be picked up, too") func pickupOfTransfer() throws {
        let alice = self.rig.app(.number("42"))
        let (id, _) = try self.rig.call("600", by: alice, refers: false)
        alice.send(.transfer(callID: id, peerID: nil, to: .party(.string("601"))))
        let invite = try self.rig.request(.invite)
        self.rig.reply(180, to: invite)
        _ = self.rig.takeLines()
        self.invite(try self.replaces(invite))
        #expect(self.rig.takeLines() == ["100 INVITE", "CANCEL", "200 INVITE"])
        #expect(
            alice.take()
                == [.callHangedUp(callID: id, hangedUpBy: .string("600"), reason: .transferred, sipStatus: nil)]
        )
        self.rig.reply(487, to: invite)
        let accepted = try self.rig.answer()
        self.rig.request(.ack, after: accepted, cSeq: 1)
        self.rig.request(.bye, after: accepted)
        self.rig.expectRest()
    }

    @Test("What rings is not answered for a picker without a common codec") func pickupIncompatible() throws {
        let alice = self.rig.app(.number("42"))
        alice.send(.startCall(calleeID: .string("601"), offer: TransferRig.description("offer")))
        let invite = try self.rig.request(.invite)
        self.rig.reply(180, to: invite)
        _ = (alice.take(), self.rig.takeLines())
        self.invite(try self.replaces(invite), sdp: TransferRig.sdp.replacing("RTP/AVP 0", with: "RTP/AVP 8"))
        #expect(self.rig.takeLines() == ["100 INVITE", "488 INVITE"])
        #expect(alice.take() == [])
        self.rig.reply(486, to: invite)
        #expect(alice.takeNames() == ["call_failed"])
        self.rig.expectRest()
    }
}
