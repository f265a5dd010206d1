import CallCore
import CallRuntime
import ClientProtocol
import MediaCore
import SIPCore
import Testing

@Suite("Parties that move from call to call")
struct MergingTests {
    private let rig = TransferRig()

    /// The user's device takes the call that comes, and the relay's offer; gives the id that it knows the call by.
    private func take(_ app: TableApp, from caller: PartyID) throws -> String {
        self.rig.pump()
        guard case .incomingCall(let id, caller, _, _)? = app.take().first else { throw TransferRig.NoCall() }
        app.send(.answerCall(callID: id, callerID: nil, answer: nil))
        self.rig.pump()
        guard case .callOffer(id, caller, _)? = app.take().first else { throw TransferRig.NoCall() }
        app.send(.answer(callID: id, peerID: nil, answer: TransferRig.description("answer")))
        self.rig.pump()
        return id
    }

    @Test("To another device of one's own: the one that transfers does not ring, and has no part in the call any more")
    func ownDevice() throws {
        let desk = self.rig.app(.number("42"))
        let mobile = self.rig.app(.number("42"))
        let (id, invite) = try self.rig.call("600", by: desk, refers: false)
        desk.send(.transfer(callID: id, peerID: nil, to: .party(.number("42"))))
        #expect(desk.take() == [])
        _ = try self.take(mobile, from: .string("600"))
        #expect(
            desk.take() == [
                .callHangedUp(callID: id, hangedUpBy: .string("600"), reason: .transferred, sipStatus: nil)
            ]
        )
        desk.send(.hangUp(callID: id, peerID: nil))
        #expect(desk.takeError() == .notYourCall)
        mobile.send(.hold(callID: nil, peerID: .string("600")))
        #expect(mobile.take() == [])
        self.rig.reply(200, to: try self.rig.request(.invite), refers: false)
        mobile.send(.hangUp(callID: nil, peerID: .string("600")))
        #expect(mobile.take() == [])
        #expect(self.rig.takeLines().last == "BYE")
        _ = invite
        self.rig.expectRest()
    }

    @Test("Two calls with one device are not joined: it would talk to itself, and know one call by two names")
    func oneDevice() throws {
        let alice = self.rig.app(.number("42"))
        let bob = self.rig.app(.string("bob"))
        var ids: [String] = []
        for _ in 0..<2 {
            bob.send(.startCall(calleeID: .number("42"), offer: nil))
            guard case .callStarted(let id, _, _)? = bob.take().first else { throw TransferRig.NoCall() }
            alice.send(.answerCall(callID: id, callerID: nil, answer: nil))
            _ = (alice.take(), bob.take())
            ids.append(id)
        }
        alice.send(.transfer(callID: ids[0], peerID: nil, to: .call(ids[1])))
        #expect(alice.takeError() == .transferFailed)
        #expect(bob.take() == [])
        for id in ids { bob.send(.hangUp(callID: id, peerID: nil)) }
        #expect(alice.take().map { $0.name } == ["call_hanged_up", "call_hanged_up"])
        self.rig.expectRest()
    }

    @Test("A call that has gone round 32 times is transferred no more, and goes on") func goesRound() throws {
        self.rig.fixture.table.configuration.limits.callRatePerUser = 1_000
        var (here, there) = (self.rig.app(.number("42")), self.rig.app(.string("bob")))
        var (from, to) = (PartyID.number("42"), PartyID.string("bob"))
        var (id, _) = try self.rig.call("600", by: here, refers: false)
        for _ in 0..<32 {
            here.send(.transfer(callID: id, peerID: nil, to: .party(to)))
            id = try self.take(there, from: .string("600"))
            #expect(here.take().map { $0.name } == ["call_hanged_up"])
            _ = there.take()
            (here, there, from, to) = (there, here, to, from)
        }
        here.send(.transfer(callID: id, peerID: nil, to: .party(to)))
        #expect(here.takeError() == .wrongState)
        #expect(there.take() == [])
        here.send(.hangUp(callID: id, peerID: nil))
        #expect(self.rig.takeLines().last == "BYE")
        self.rig.expectRest()
    }

    @Test("Whom nobody else would answer, nobody rings: the party that stays is not called itself") func toItself()
        throws
    {
        let alice = self.rig.app(.number("42"))
        let bob = self.rig.app(.string("bob"))
        bob.send(.startCall(calleeID: .number("42"), offer: nil))
        guard case .callStarted(let id, _, _)? = bob.take().first else { throw TransferRig.NoCall() }
        alice.send(.answerCall(callID: id, callerID: nil, answer: nil))
        _ = (alice.take(), bob.take())
        alice.send(.transfer(callID: id, peerID: nil, to: .party(.string("bob"))))
        #expect(alice.takeError() == .transferFailed)
        #expect(bob.take() == [])
    }

    @Test("From hand to hand: whoever stays hears it each time, and every id that a party has known goes on being good")
    func chain() throws {
        let alice = self.rig.app(.number("42"))
        let bob = self.rig.app(.string("bob"))
        let carol = self.rig.app(.string("carol"))
        let (first, answer) = try self.rig.call(from: "2001", to: "2042", alice)
        let refer = [SIPHeaders.Field("Refer-To", "<sip:bob@192.0.2.1>")]
        self.rig.request(.refer, after: answer, fields: refer)
        let second = try self.take(bob, from: .number("42"))
        #expect(alice.take() == [.callTransferred(callID: first, peerID: .string("bob"), peerUsername: "name of bob")])
        bob.send(.transfer(callID: second, peerID: .number("42"), to: .party(.string("carol"))))
        let third = try self.take(carol, from: .number("42"))
        #expect(bob.takeNames() == ["call_hanged_up"])
        #expect(
            alice.take() == [.callTransferred(callID: first, peerID: .string("carol"), peerUsername: "name of carol")]
        )
        carol.send(.hangUp(callID: third, peerID: .number("42")))
        #expect(
            alice.take()
                == [.callHangedUp(callID: first, hangedUpBy: .string("carol"), reason: .hungUp, sipStatus: nil)]
        )
        self.rig.expectRest()
    }

    @Test("Who was on hold hears that this is over, whichever of the two calls goes on", arguments: [true, false])
    func hold(isInThatCall: Bool) throws {
        let alice = self.rig.app(.number("42"))
        let bob = self.rig.app(.string("bob"))
        let (first, answer) = try self.rig.call(from: "2001", to: "2042", alice)
        self.rig.request(.invite, after: answer, cSeq: 2, sdp: TransferRig.sdp + "a=sendonly\r\n")
        self.rig.request(.ack, after: answer, cSeq: 2)
        #expect(alice.take() == [.callHeld(callID: first)])
        let (second, other) = try self.rig.call(from: "2001", to: "bob", bob)
        let (asked, named) = isInThatCall ? (answer, other) : (other, answer)
        let replaces = Replaces(
            callID: named.headers.callID,
            toTag: try #require(named.headers.to.tag),
            fromTag: "from"
        )
        let target = ReferTarget(uri: SIPURI(user: "x", host: "192.0.2.1"), replaces: replaces)
        self.rig.request(.refer, after: asked, cSeq: 3, fields: [SIPHeaders.Field("Refer-To", target.headerValue)])
        #expect(
            alice.take() == [
                .callTransferred(callID: first, peerID: .string("bob"), peerUsername: "name of bob"),
                .callResumed(callID: first),
            ]
        )
        #expect(bob.take() == [.callTransferred(callID: second, peerID: .number("42"), peerUsername: "name of 42")])
        alice.send(.hangUp(callID: first, peerID: .string("bob")))
        #expect(bob.takeNames() == ["call_hanged_up"])
        self.rig.expectRest()
    }

    @Test("Of two phones one hands the other on to an app") func betweenPhones() throws {
        let rig = TransferRig(allowTrunks: ["pbx"])
        let bob = rig.app(.string("bob"))
        rig.fixture.invite("601", caller: "2001", callID: "call-1", sdp: TransferRig.sdp)
        let invite = try rig.request(.invite)
        rig.reply(200, to: invite)
        let answer = try rig.answer()
        rig.request(.ack, after: answer, cSeq: 1)
        _ = rig.takeLines()
        rig.request(.refer, after: answer, fields: [SIPHeaders.Field("Refer-To", "<sip:bob@192.0.2.1>")])
        guard case .incomingCall(let id, .string("601"), _, _)? = bob.take().first else { throw TransferRig.NoCall() }
        bob.send(.answerCall(callID: id, callerID: nil, answer: nil))
        rig.pump()
        guard case .callOffer(id, .string("601"), _)? = bob.take().first else { throw TransferRig.NoCall() }
        bob.send(.answer(callID: id, peerID: nil, answer: TransferRig.description("answer")))
        #expect(rig.takeLines() == ["202 REFER", "NOTIFY", "NOTIFY", "BYE"])
        #expect(rig.joins.last == [MediaLegID(number: 2), MediaLegID(number: 3)])
        rig.request(.bye, after: invite)
        #expect(bob.takeNames() == ["call_hanged_up"])
        rig.expectRest()
    }
}
