import CallCore
import CallRuntime
import ClientProtocol
import MediaCore
import SIPCore
import Testing

@Suite("Transfers that phones ask for")
struct ReferralTests {
    private let rig = TransferRig()

    private func referTo(_ text: String) -> [SIPHeaders.Field] { [SIPHeaders.Field("Refer-To", text)] }

    @Test("Blind: the target is called, the phone hears how it goes, and the app who it talks to now") func blind()
        throws
    {
        let alice = self.rig.app(.number("42"))
        let (id, answer) = try self.rig.call(from: "2001", to: "2042", alice)
        self.rig.request(.refer, after: answer, fields: self.referTo("<sip:601@192.0.2.9>"))
        let new = try self.rig.request(.invite)
        #expect(new.uri.user == "601")
        #expect(new.headers.from.uri.user == "2042")
        let first = try self.rig.request(.notify)
        #expect(SIPFragment.status(first.body) == 100)
        self.rig.reply(200, to: first)
        self.rig.reply(180, to: new)
        let second = try self.rig.request(.notify)
        #expect(SIPFragment.status(second.body) == 180)
        self.rig.reply(200, to: second)
        self.rig.reply(200, to: new)
        #expect(SIPFragment.status(try self.rig.request(.notify).body) == 200)
        #expect(
            self.rig.takeLines()
                == ["202 REFER", "NOTIFY", "INVITE", "NOTIFY", "ACK", "NOTIFY", "BYE"]
        )
        #expect(alice.take() == [.callTransferred(callID: id, peerID: .string("601"), peerUsername: "601")])
        #expect(self.rig.joins.last == [MediaLegID(number: 2), MediaLegID(number: 3)])
        alice.send(.hangUp(callID: id, peerID: .string("601")))
        #expect(alice.take() == [])
        #expect(self.rig.takeLines() == ["BYE"])
        self.rig.expectRest()
    }

    @Test("A phone that does not wait for the end: the app does", arguments: [true, false]) func phoneLeaves(
        isAnswered: Bool
    ) throws {
        let alice = self.rig.app(.number("42"))
        let (id, answer) = try self.rig.call(from: "2001", to: "2042", alice)
        self.rig.request(.refer, after: answer, fields: self.referTo("<sip:601@192.0.2.9>"))
        let new = try self.rig.request(.invite)
        self.rig.request(.bye, after: answer, cSeq: 3)
        #expect(alice.take() == [])
        self.rig.reply(isAnswered ? 200 : 486, to: new)
        #expect(
            alice.take()
                == [
                    isAnswered
                        ? .callTransferred(callID: id, peerID: .string("601"), peerUsername: "601")
                        : .callHangedUp(callID: id, hangedUpBy: .string("2001"), reason: .busy, sipStatus: 486)
                ]
        )
        if isAnswered { alice.send(.hangUp(callID: id, peerID: nil)) }
        self.rig.expectRest()
    }

    @Test("Where nobody comes the phone hears why, and the call goes on as it was") func fails() throws {
        let alice = self.rig.app(.number("42"))
        let (id, answer) = try self.rig.call(from: "2001", to: "2042", alice)
        self.rig.request(.refer, after: answer, fields: self.referTo("<sip:601@192.0.2.9>"))
        self.rig.reply(200, to: try self.rig.request(.notify))
        self.rig.reply(486, to: try self.rig.request(.invite))
        let notice = try self.rig.request(.notify)
        #expect(SIPFragment.status(notice.body) == 486)
        #expect(notice.headers["Subscription-State"] == "terminated;reason=noresource")
        #expect(alice.take() == [])
        alice.send(.hangUp(callID: id, peerID: nil))
        self.rig.expectRest()
    }

    @Test(
        "A phone refers with its own permissions: nobody's PBX becomes a relay",
        arguments: [
            ("<sip:601@192.0.2.1>", 403), ("<sip:00123@192.0.2.1>", 403), ("<tel:+4930123>", 404),
            ("<sip:victim@203.0.113.5>", 404), ("<sip:nobody@192.0.2.1>", 404),
        ] as [(String, UInt16)]
    )
    func forbidden(target: String, status: UInt16) throws {
        let alice = self.rig.app(.number("42"))
        let (_, answer) = try self.rig.call(from: "2001", to: "2042", alice)
        self.rig.request(.refer, after: answer, fields: self.referTo(target))
        #expect(self.rig.takeLines() == ["\(status) REFER"])
        #expect(alice.take() == [])
    }

    @Test("Where trunks may dial, so may a REFER; a user is reached by apps") func toApp() throws {
        let alice = self.rig.app(.number("42"))
        let bob = self.rig.app(.string("bob"))
        let (id, answer) = try self.rig.call(from: "2001", to: "2042", alice)
        self.rig.request(.refer, after: answer, fields: self.referTo("<sip:bob@192.0.2.1>"))
        guard case .incomingCall(let own, .number("42"), "name of 42", _)? = bob.take().first else {
            throw TransferRig.NoCall()
        }
        bob.send(.answerCall(callID: own, callerID: nil, answer: nil))
        self.rig.pump()
        #expect(alice.take() == [.callTransferred(callID: id, peerID: .string("bob"), peerUsername: "name of bob")])
        guard case .callOffer(own, .number("42"), _)? = bob.take().first else { throw TransferRig.NoCall() }
        bob.send(.answer(callID: own, peerID: nil, answer: TransferRig.description("answer")))
        self.rig.pump()
        #expect(self.rig.joins.last == [MediaLegID(number: 2), MediaLegID(number: 3)])
        bob.send(.hangUp(callID: own, peerID: nil))
        #expect(alice.takeNames() == ["call_hanged_up"])
        self.rig.expectRest()
    }

    @Test("Attended: both parties of one phone are joined, and both hear it") func attended() throws {
        let alice = self.rig.app(.number("42"))
        let bob = self.rig.app(.string("bob"))
        let (first, answer) = try self.rig.call(from: "2001", to: "2042", alice)
        let (second, other) = try self.rig.call(from: "2001", to: "bob", bob)
        let replaces = Replaces(
            callID: other.headers.callID,
            toTag: try #require(other.headers.to.tag),
            fromTag: "from"
        )
        let target = ReferTarget(uri: SIPURI(user: "bob", host: "192.0.2.1"), replaces: replaces)
        self.rig.request(.refer, after: answer, fields: self.referTo(target.headerValue))
        #expect(
            self.rig.takeLines() == ["202 REFER", "NOTIFY", "BYE", "NOTIFY", "BYE"]
        )
        #expect(alice.take() == [.callTransferred(callID: first, peerID: .string("bob"), peerUsername: "name of bob")])
        #expect(
            bob.take() == [.callTransferred(callID: second, peerID: .number("42"), peerUsername: "name of 42")]
        )
        #expect(self.rig.joins.last == [MediaLegID(number: 2), MediaLegID(number: 4)])
        bob.send(.hangUp(callID: second, peerID: .number("42")))
        #expect(alice.takeNames() == ["call_hanged_up"])
        self.rig.expectRest()
    }

    @Test("Nobody hands on a call that is not its own, or that does not exist") func foreignDialogs() throws {
        let alice = self.rig.app(.number("42"))
        let (_, answer) = try self.rig.call(from: "2001", to: "2042", alice)
        let own = Replaces(
            callID: answer.headers.callID,
            toTag: try #require(answer.headers.to.tag),
            fromTag: "from"
        )
        let target = ReferTarget(uri: SIPURI(user: "bob", host: "192.0.2.1"), replaces: own)
        self.rig.request(.refer, after: answer, fields: self.referTo(target.headerValue))
        #expect(self.rig.takeLines() == ["481 REFER"])
    }
}
