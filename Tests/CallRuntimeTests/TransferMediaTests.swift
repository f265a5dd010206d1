import CallCore
import CallRuntime
import ClientProtocol
import MediaCore
import SIPCore
import Testing

@Suite("What who stays and who comes agree on")
struct TransferMediaTests {
    private let rig = TransferRig()

    private func media(_ request: SIPRequest) -> String? {
        String(decoding: request.body, as: UTF8.self).split(separator: "\r\n").first { $0.hasPrefix("m=") }
            .map { String($0) }
    }

    @Test("Two phones without a common codec are asked one after the other, not for each other's at once")
    func phones() throws {
        let alice = self.rig.app(.number("42"))
        let (first, _) = try self.rig.call("600", by: alice, refers: false, codec: 0)
        let (second, _) = try self.rig.call("601", by: alice, refers: false, codec: 8)
        alice.send(.transfer(callID: first, peerID: nil, to: .call(second)), requestID: "1")
        #expect(self.rig.takeLines() == ["INVITE"])
        _ = alice.take()
    }

    @Test("A phone that refuses what the other one has is left alone, and the other one is asked") func refusal() throws
    {
        let alice = self.rig.app(.number("42"))
        let (first, _) = try self.rig.call("600", by: alice, refers: false, codec: 0)
        let (second, _) = try self.rig.call("601", by: alice, refers: false, codec: 8)
        alice.send(.transfer(callID: first, peerID: nil, to: .call(second)), requestID: "1")
        let asked = try self.rig.request(.invite)
        #expect(self.media(asked)?.contains(" 8 ") != self.media(asked)?.contains(" 0 "))
        self.rig.reply(488, to: asked)
        let other = try self.rig.request(.invite)
        #expect(other.headers.callID != asked.headers.callID)
        self.rig.reply(200, to: other, codec: self.media(asked)?.contains(" 8 ") == true ? 0 : 8)
        #expect(self.rig.joins.last?.count == 2)
        #expect(self.rig.joins.count == 3)
    }

    @Test("Of two apps without a common codec one is offered what the other has") func apps() throws {
        let alice = self.rig.app(.number("42"))
        let bob = self.rig.app(.string("bob"))
        let (first, answer) = try self.rig.call(from: "2001", to: "2042", alice, codec: 8)
        let (second, other) = try self.rig.call(from: "2001", to: "bob", bob, codec: 0)
        let replaces = Replaces(
            callID: other.headers.callID,
            toTag: try #require(other.headers.to.tag),
            fromTag: "from"
        )
        let target = ReferTarget(uri: SIPURI(user: "bob", host: "192.0.2.1"), replaces: replaces)
        self.rig.request(.refer, after: answer, fields: [SIPHeaders.Field("Refer-To", target.headerValue)])
        let names = (alice.takeNames(), bob.takeNames())
        #expect([names.0, names.1].contains(["call_transferred"]))
        #expect([names.0, names.1].contains(["call_transferred", "call_offer"]))
        if names.0.count == 2 {
            alice.send(.answer(callID: first, peerID: nil, answer: TransferRig.description("answer", codecs: "0")))
        } else {
            bob.send(.answer(callID: second, peerID: nil, answer: TransferRig.description("answer", codecs: "8")))
        }
        self.rig.pump()
        #expect(self.rig.joins.count == 3)
        #expect(self.rig.joins.last == [MediaLegID(number: 2), MediaLegID(number: 4)])
    }

    @Test("An offer of somebody who has left is answered first, for no answer tells which offer it means")
    func oldOffer() throws {
        let alice = self.rig.app(.number("42"))
        let bob = self.rig.app(.string("bob"))
        let (second, invite) = try self.rig.call("601", by: bob)
        bob.send(.startCall(calleeID: .number("42"), offer: nil))
        guard case .callStarted(let first, _, _)? = bob.take().first else { throw TransferRig.NoCall() }
        alice.send(.answerCall(callID: first, callerID: nil, answer: nil))
        bob.send(.offer(callID: first, peerID: nil, offer: TransferRig.description("offer")))
        #expect(alice.takeNames() == ["incoming_call", "call_offer"])
        bob.send(.transfer(callID: first, peerID: nil, to: .call(second)), requestID: "1")
        self.rig.pump()
        #expect(alice.takeNames() == ["call_transferred"])
        alice.send(.answer(callID: first, peerID: nil, answer: TransferRig.description("answer")))
        self.rig.pump()
        #expect(alice.takeNames() == ["call_offer"])
        alice.send(.answer(callID: first, peerID: nil, answer: TransferRig.description("answer")))
        self.rig.pump()
        #expect(self.rig.joins.count == 2)
        self.rig.request(.bye, after: invite)
        #expect(alice.takeNames() == ["call_hanged_up"])
        self.rig.expectRest()
    }
}
