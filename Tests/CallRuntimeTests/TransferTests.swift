import CallCore
import CallRuntime
import ClientProtocol
import MediaCore
import SIPCore
import Testing

@Suite("Transfers that apps order")
struct TransferTests {
    private let rig = TransferRig()

    private func hungUp(_ call: String, by peer: String) -> ClientEvent {
        .callHangedUp(callID: call, hangedUpBy: .string(peer), reason: .transferred, sipStatus: nil)
    }

    private func failed(_ message: String) -> ClientEvent {
        let requestID = JSONFragment(utf8: Array("1".utf8))
        return .error(
            ClientError(code: .transferFailed, message: message, action: "transfer", requestID: requestID)
        )
    }

    private let done = ClientEvent.ok(requestID: JSONFragment(utf8: Array("1".utf8)))

    // MARK: By REFER

    @Test("Blind: the phone is asked to call by itself, and the app is out once it has") func blind() throws {
        let alice = self.rig.app(.number("42"))
        let (id, invite) = try self.rig.call("600", by: alice)
        alice.send(.transfer(callID: id, peerID: nil, to: .party(.string("601"))), requestID: "1")
        let refer = try self.rig.request(.refer)
        #expect(refer.headers["Refer-To"] == "<sip:601@192.0.2.9>")
        self.rig.reply(202, to: refer)
        self.rig.notify(180, after: invite)
        #expect(alice.take() == [])
        self.rig.notify(200, after: invite, cSeq: 2)
        #expect(alice.take() == [self.done, self.hungUp(id, by: "600")])
        #expect(self.rig.takeLines() == ["REFER", "200 NOTIFY", "200 NOTIFY", "BYE"])
        self.rig.expectRest()
    }

    @Test("A failure leaves the call as it was, and another try is possible", arguments: [true, false])
    func blindFails(isOvertaken: Bool) throws {
        let alice = self.rig.app(.number("42"))
        let (id, invite) = try self.rig.call("600", by: alice)
        alice.send(.transfer(callID: id, peerID: nil, to: .party(.string("601"))), requestID: "1")
        let refer = try self.rig.request(.refer)
        if !isOvertaken { self.rig.reply(202, to: refer) }
        self.rig.notify(486, after: invite)
        if isOvertaken { self.rig.reply(202, to: refer) }
        #expect(alice.take() == [self.failed("The other side answered with SIP status 486.")])
        alice.send(.transfer(callID: id, peerID: nil, to: .party(.string("601"))))
        #expect(self.rig.takeLines().last == "REFER")
        alice.send(.hangUp(callID: id, peerID: nil))
        #expect(alice.take() == [])
        #expect(self.rig.takeLines() == ["BYE"])
    }

    @Test("What a phone will not do the gateway does") func refusedByPhone() throws {
        let alice = self.rig.app(.number("42"))
        let (id, _) = try self.rig.call("600", by: alice)
        alice.send(.transfer(callID: id, peerID: nil, to: .party(.string("601"))), requestID: "1")
        self.rig.reply(405, to: try self.rig.request(.refer))
        let new = try self.rig.request(.invite)
        #expect(new.uri.user == "601")
        #expect(alice.take() == [])
        self.rig.reply(200, to: new)
        #expect(alice.take() == [self.done, self.hungUp(id, by: "600")])
        self.rig.request(.bye, after: new)
        self.rig.expectRest()
    }

    @Test("Where the gateway can't do it either, the app hears why") func refusedByBoth() throws {
        let alice = self.rig.app(.string("bob"))
        let (id, _) = try self.rig.call("600", by: alice)
        alice.send(.transfer(callID: id, peerID: nil, to: .party(.string("601"))), requestID: "1")
        self.rig.fixture.table.beginDraining()
        self.rig.reply(405, to: try self.rig.request(.refer))
        #expect(alice.take() == [self.failed("It can't be called: shutting_down.")])
        alice.send(.hangUp(callID: id, peerID: nil))
        #expect(alice.take() == [])
    }

    @Test(
        "A phone that hangs up once it has said yes does what it was asked for; before, it just hangs up",
        arguments: [true, false]
    )
    func byeInstead(isAccepted: Bool) throws {
        let alice = self.rig.app(.number("42"))
        let (id, invite) = try self.rig.call("600", by: alice)
        alice.send(.transfer(callID: id, peerID: nil, to: .party(.string("601"))), requestID: "1")
        if isAccepted { self.rig.reply(202, to: try self.rig.request(.refer)) }
        self.rig.request(.bye, after: invite)
        let ended = ClientEvent.callHangedUp(
            callID: id,
            hangedUpBy: .string("600"),
            reason: .hungUp,
            sipStatus: nil
        )
        #expect(
            alice.take()
                == (isAccepted ? [self.done, self.hungUp(id, by: "600")] : [self.failed("The call is over."), ended])
        )
        self.rig.expectRest()
    }

    @Test("A REFER that is lost has failed") func lost() throws {
        let alice = self.rig.app(.number("42"))
        let (id, _) = try self.rig.call("600", by: alice)
        alice.send(.transfer(callID: id, peerID: nil, to: .party(.string("601"))), requestID: "1")
        self.rig.fixture.now = self.rig.fixture.now + .seconds(33)
        self.rig.fixture.table.timeoutReached(now: self.rig.fixture.now)
        #expect(alice.take() == [self.failed("The other side answered with SIP status 408.")])
    }

    @Test("Attended: the phone is asked to take the app's place at the other phone") func attended() throws {
        let alice = self.rig.app(.number("42"))
        let (first, invite) = try self.rig.call("600", by: alice)
        let (second, other) = try self.rig.call("601", by: alice)
        alice.send(.transfer(callID: first, peerID: nil, to: .call(second)), requestID: "1")
        let refer = try self.rig.request(.refer)
        let target = try ReferTarget(try #require(refer.headers["Refer-To"]))
        let replaces = Replaces(
            callID: other.headers.callID,
            toTag: "phone",
            fromTag: try #require(other.headers.from.tag)
        )
        #expect(target == ReferTarget(uri: SIPURI(user: "phone", host: "192.0.2.9"), replaces: replaces))
        #expect(refer.headers.callID == invite.headers.callID)
        self.rig.reply(202, to: refer)
        self.rig.request(.bye, after: other)
        #expect(alice.take() == [self.hungUp(second, by: "601")])
        self.rig.notify(200, after: invite)
        #expect(alice.take() == [self.done, self.hungUp(first, by: "600")])
        self.rig.expectRest()
    }

    @Test("Attended, and nothing came of it: both calls are as they were") func attendedFails() throws {
        let alice = self.rig.app(.number("42"))
        let (first, invite) = try self.rig.call("600", by: alice)
        let (second, _) = try self.rig.call("601", by: alice)
        alice.send(.transfer(callID: first, peerID: nil, to: .call(second)), requestID: "1")
        self.rig.reply(202, to: try self.rig.request(.refer))
        self.rig.notify(481, after: invite)
        #expect(alice.take() == [self.failed("The other side answered with SIP status 481.")])
        alice.send(.transfer(callID: second, peerID: nil, to: .call(first)))
        #expect(self.rig.takeLines() == ["REFER", "200 NOTIFY", "REFER"])
        #expect(alice.take() == [])
    }

    @Test("Attended, refused: the gateway joins the two") func attendedRefused() throws {
        let alice = self.rig.app(.number("42"))
        let (first, invite) = try self.rig.call("600", by: alice)
        let (second, _) = try self.rig.call("601", by: alice)
        alice.send(.transfer(callID: first, peerID: nil, to: .call(second)), requestID: "1")
        self.rig.reply(603, to: try self.rig.request(.refer))
        #expect(alice.take() == [self.hungUp(second, by: "601"), self.hungUp(first, by: "600"), self.done])
        #expect(self.rig.joins.last == [MediaLegID(number: 2), MediaLegID(number: 4)])
        self.rig.request(.bye, after: invite)
        #expect(self.rig.takeLines() == ["REFER", "200 BYE", "BYE"])
        self.rig.expectRest()
    }

    // MARK: By the gateway

    @Test("A phone that takes no REFER is given another party, and hears no more of it than sound") func joins() throws
    {
        let alice = self.rig.app(.number("42"))
        let (id, invite) = try self.rig.call("600", by: alice, refers: false)
        alice.send(.transfer(callID: id, peerID: nil, to: .party(.string("601"))), requestID: "1")
        let new = try self.rig.request(.invite)
        #expect(new.uri.user == "601")
        #expect(new.headers.from.uri.user == "600")
        self.rig.reply(180, to: new)
        #expect(alice.take() == [])
        self.rig.reply(200, to: new)
        #expect(alice.take() == [self.done, self.hungUp(id, by: "600")])
        #expect(self.rig.takeLines() == ["INVITE", "ACK"])
        #expect(self.rig.joins.last == [MediaLegID(number: 2), MediaLegID(number: 3)])
        #expect(self.rig.openLegs == [MediaLegID(number: 2), MediaLegID(number: 3)])
        self.rig.request(.bye, after: new)
        #expect(self.rig.takeLines() == ["200 BYE", "BYE"])
        _ = invite
        self.rig.expectRest()
    }

    @Test("Whoever comes by a row with an end has that end in the other call, too, and counts for the trunk as before")
    func joinsForSoLong() throws {
        let row = DialPlan.Row(trunk: "pbx", maxDuration: .seconds(10)) { $0 == "800" ? $0 : nil }
        let rig = TransferRig(rows: [row])
        let alice = rig.app(.number("42"))
        let (id, _) = try rig.call("600", by: alice, refers: false)
        alice.send(.transfer(callID: id, peerID: nil, to: .party(.string("800"))))
        rig.reply(200, to: try rig.request(.invite))
        _ = rig.takeLines()
        #expect(rig.fixture.table.trunkSummaries.first { $0.name == "pbx" }?.calls == 2)
        rig.fixture.now = rig.fixture.now + .seconds(10)
        rig.fixture.table.timeoutReached(now: rig.fixture.now)
        #expect(rig.takeLines().filter { $0 == "BYE" }.count == 2)
        #expect(rig.fixture.table.trunkSummaries.allSatisfy { $0.calls == 0 })
    }

    @Test("Nobody there: the call goes on as it was", arguments: [486, 404] as [UInt16]) func joinFails(
        status: UInt16
    ) throws {
        let alice = self.rig.app(.number("42"))
        let (id, _) = try self.rig.call("600", by: alice, refers: false)
        alice.send(.transfer(callID: id, peerID: nil, to: .party(.string("601"))), requestID: "1")
        self.rig.reply(status, to: try self.rig.request(.invite))
        #expect(alice.take() == [self.failed("Nobody came: \(status == 486 ? "busy" : "not_found").")])
        #expect(self.rig.openLegs == [MediaLegID(number: 1), MediaLegID(number: 2)])
        alice.send(.hangUp(callID: id, peerID: nil))
        self.rig.expectRest()
    }

    @Test("Who may not be called, or does not exist, is told at once") func refused() throws {
        let alice = self.rig.app(.string("bob"))
        let (id, _) = try self.rig.call("600", by: alice, refers: false)
        alice.send(.transfer(callID: id, peerID: nil, to: .party(.string("00123"))), requestID: "1")
        alice.send(.transfer(callID: id, peerID: nil, to: .party(.string("nobody"))), requestID: "1")
        #expect(
            alice.take() == [
                self.failed("It can't be called: forbidden."), self.failed("It can't be called: not_found."),
            ]
        )
        #expect(self.rig.takeLines() == [])
    }

    @Test("An app that hangs up ends both calls") func hangUpMeanwhile() throws {
        let alice = self.rig.app(.number("42"))
        let (id, _) = try self.rig.call("600", by: alice, refers: false)
        alice.send(.transfer(callID: id, peerID: nil, to: .party(.string("601"))), requestID: "1")
        self.rig.reply(180, to: try self.rig.request(.invite))
        alice.send(.hangUp(callID: id, peerID: nil))
        #expect(self.rig.takeLines() == ["INVITE", "BYE", "CANCEL"])
        #expect(alice.take() == [])
    }

    @Test("To another app: it rings with the one that stays, and knows the call by its own id") func toApp() throws {
        let alice = self.rig.app(.number("42"))
        let bob = self.rig.app(.string("bob"))
        let (id, invite) = try self.rig.call("600", by: alice)
        alice.send(.transfer(callID: id, peerID: nil, to: .party(.string("bob"))), requestID: "1")
        self.rig.pump()
        guard case .incomingCall(let own, .string("600"), _, _)? = bob.take().first else { throw TransferRig.NoCall() }
        #expect(own != id)
        bob.send(.answerCall(callID: own, callerID: nil, answer: nil))
        #expect(alice.take() == [self.done, self.hungUp(id, by: "600")])
        self.rig.pump()
        guard case .callOffer(own, .string("600"), _)? = bob.take().first else { throw TransferRig.NoCall() }
        bob.send(.answer(callID: own, peerID: .string("600"), answer: TransferRig.description("answer")))
        #expect(bob.take() == [])
        self.rig.pump()
        #expect(self.rig.joins.last == [MediaLegID(number: 2), MediaLegID(number: 3)])
        self.rig.request(.bye, after: invite)
        #expect(
            bob.take() == [
                .callHangedUp(callID: own, hangedUpBy: .string("600"), reason: .hungUp, sipStatus: nil)
            ]
        )
        self.rig.expectRest()
    }

    @Test("Two apps' call: the one that stays is offered the relay, and hears who it is now") func betweenApps() throws
    {
        let rig = TransferRig()
        let alice = rig.app(.number("42"))
        let bob = rig.app(.string("bob"))
        let (second, invite) = try rig.call("601", by: bob)
        bob.send(.startCall(calleeID: .number("42"), offer: nil))
        guard case .callStarted(let first, _, _)? = bob.take().first else { throw TransferRig.NoCall() }
        alice.send(.answerCall(callID: first, callerID: nil, answer: nil))
        _ = (alice.take(), bob.take())
        bob.send(.transfer(callID: first, peerID: nil, to: .call(second)), requestID: "1")
        rig.pump()
        #expect(bob.takeNames() == ["call_hanged_up", "call_hanged_up", "ok"])
        let events = alice.take()
        #expect(events.first == .callTransferred(callID: first, peerID: .string("601"), peerUsername: "601"))
        #expect(events.map(\.name) == ["call_transferred", "call_offer"])
        alice.send(.answer(callID: first, peerID: nil, answer: TransferRig.description("answer")))
        rig.pump()
        #expect(rig.joins.count == 2)
        rig.request(.bye, after: invite)
        #expect(alice.takeNames() == ["call_hanged_up"])
        rig.expectRest()
    }

    @Test("Attended without REFER: the two phones are joined, whatever was on hold") func attendedJoin() throws {
        let alice = self.rig.app(.number("42"))
        let (first, _) = try self.rig.call("600", by: alice, refers: false)
        alice.send(.hold(callID: first, peerID: nil))
        let hold = try self.rig.request(.invite)
        #expect(String(decoding: hold.body, as: UTF8.self).contains("a=sendonly"))
        self.rig.reply(200, to: hold, refers: false)
        let (second, other) = try self.rig.call("601", by: alice, refers: false)
        alice.send(.transfer(callID: first, peerID: nil, to: .call(second)), requestID: "1")
        #expect(alice.take() == [self.hungUp(second, by: "601"), self.hungUp(first, by: "600"), self.done])
        let resume = try self.rig.request(.invite)
        #expect(String(decoding: resume.body, as: UTF8.self).contains("a=sendrecv"))
        self.rig.reply(200, to: resume)
        #expect(self.rig.joins.last?.count == 2)
        self.rig.request(.bye, after: other)
        self.rig.expectRest()
    }

    @Test("A call that rings, a call with itself, and another's call can't be transferred") func wrongState() throws {
        let alice = self.rig.app(.number("42"))
        let bob = self.rig.app(.string("bob"))
        let (id, _) = try self.rig.call("600", by: alice)
        let (others, _) = try self.rig.call("601", by: bob)
        alice.send(.transfer(callID: id, peerID: nil, to: .call(id)))
        #expect(alice.takeError() == .wrongState)
        alice.send(.transfer(callID: id, peerID: nil, to: .call(others)))
        #expect(alice.takeError() == .notYourCall)
        bob.send(.transfer(callID: id, peerID: nil, to: .party(.string("602"))))
        #expect(bob.takeError() == .notYourCall)
        alice.send(.startCall(calleeID: .string("603"), offer: nil))
        guard case .callStarted(let ringing, _, _)? = alice.take().first else { throw TransferRig.NoCall() }
        alice.send(.transfer(callID: ringing, peerID: nil, to: .party(.string("602"))))
        #expect(alice.takeError() == .wrongState)
        alice.send(.transfer(callID: id, peerID: nil, to: .call(ringing)))
        #expect(alice.takeError() == .wrongState)
    }
}
