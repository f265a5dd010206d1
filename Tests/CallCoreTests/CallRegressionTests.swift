import CallCore
import ClientProtocol
import SIPCore
import Testing

/// What the simulator, or the work on it, found in `Call`; each test failed once.
@Suite("A call, as it once went wrong")
struct CallRegressionTests {
    private let leg = LegID(number: 1)
    private let now = Fixture.start

    /// A caller that is a phone, and a phone that has answered it.
    private func phones() -> Call {
        var call = Fixture.call(from: .sip(.inbound(origin: SessionOrigin(sessionID: 8))))
        _ = call.begin(callees: [Fixture.phone()], sdp: Fixture.phoneSDP(1), now: self.now)
        _ = call.receivedAnswer(self.leg, sdp: Fixture.phoneSDP(10), now: self.now)
        _ = call.receivedAcknowledgement(.caller, sdp: nil)
        return call
    }

    @Test("A 2xx without SDP answers nobody: the caller is told call_rejected, not that an answered call was hung up")
    func answerWithoutSDPIsNoAnswer() throws {
        var call = Fixture.call(from: .app(Fixture.alice))
        _ = try call.begin(callees: [Fixture.phone()], offer: nil, now: self.now)
        let action = call.receivedAnswer(self.leg, sdp: nil, now: self.now)
        #expect(
            action
                == CallAction(
                    sip: [.end(self.leg, SessionEnding())],
                    client: [.init(Fixture.alice.connection, Fixture.rejected(.media))],
                    ended: CallOutcome(.media)
                )
        )
    }

    @Test(
        "A re-INVITE that the other phone redirects or challenges is refused with a status that may be passed on",
        arguments: [(302, 500), (401, 502), (407, 502), (491, 491), (603, 603)] as [(UInt16, UInt16)]
    )
    func reinviteRefusals(theirs: UInt16, ours: UInt16) {
        var call = self.phones()
        _ = call.receivedReinvite(.caller, sdp: Fixture.phoneSDP(2), now: self.now)
        let action = call.receivedReinviteRefusal(self.leg, .init(status: theirs))
        #expect(action == CallAction(sip: [.rejectReinvite(.caller, status: ours)]))
    }

    @Test("A re-INVITE that was refused and comes again as it was is news, not the repetition of an accepted one")
    func refusedOfferComesAgain() {
        var call = self.phones()
        let first = call.receivedReinvite(.caller, sdp: Fixture.phoneSDP(2), now: self.now)
        #expect(first == CallAction(sip: [.reinvite(self.leg, sdp: Fixture.phoneSDP(2))]))
        _ = call.receivedReinviteRefusal(self.leg, .init(status: 491))
        let again = call.receivedReinvite(.caller, sdp: Fixture.phoneSDP(2), now: self.now)
        #expect(again == CallAction(sip: [.reinvite(self.leg, sdp: Fixture.phoneSDP(2))]))
    }

    @Test("A re-INVITE that comes again after it was accepted changes nothing, and gets the last answer again")
    func acceptedOfferComesAgain() {
        var call = self.phones()
        _ = call.receivedReinvite(.caller, sdp: Fixture.phoneSDP(2), now: self.now)
        let accepted = call.receivedReinviteAnswer(self.leg, sdp: Fixture.phoneSDP(11), now: self.now)
        #expect(accepted == CallAction(sip: [.acceptReinvite(.caller, sdp: Fixture.phoneSDP(11))]))
        _ = call.receivedAcknowledgement(.caller, sdp: nil)
        let again = call.receivedReinvite(.caller, sdp: Fixture.phoneSDP(2), now: self.now)
        #expect(again == CallAction(sip: [.acceptReinvite(.caller, sdp: Fixture.phoneSDP(11))]))
    }

    @Test("A phone that re-INVITEs before the app's first offer gets an inactive answer, and the call goes on")
    func reinviteBeforeTheFirstOffer() throws {
        var call = Fixture.call(from: .app(Fixture.alice))
        _ = try call.begin(callees: [Fixture.phone()], offer: nil, now: self.now)
        _ = call.receivedAnswer(self.leg, sdp: Fixture.phoneSDP(1), now: self.now)
        let action = call.receivedReinvite(self.leg, sdp: Fixture.phoneSDP(2), now: self.now)
        #expect(action.ended == nil)
        guard case .acceptReinvite(self.leg, let sdp) = action.sip.first else {
            Issue.record("no answer to the re-INVITE: \(action)")
            return
        }
        #expect(String(decoding: sdp ?? [], as: UTF8.self).contains("a=inactive\r\n"))
    }

    @Test("A re-INVITE that comes while ours waits for its turn is refused with 491, and ours is still answered")
    func reinviteWhileOursWaits() throws {
        var call = Fixture.call(from: .app(Fixture.alice))
        _ = try call.begin(callees: [Fixture.phone()], offer: nil, now: self.now)
        _ = call.receivedAnswer(self.leg, sdp: Fixture.phoneSDP(1), now: self.now)
        _ = try call.receivedOffer(Fixture.offer, from: .caller, now: self.now)
        _ = try call.receivedCandidate(Fixture.noMoreCandidates, from: .caller, now: self.now)
        let glare = call.receivedReinvite(self.leg, sdp: Fixture.phoneSDP(2), now: self.now)
        #expect(glare == CallAction(sip: [.rejectReinvite(self.leg, status: 491)]))
        let answer = call.receivedReinviteAnswer(self.leg, sdp: Fixture.phoneSDP(3), now: self.now)
        #expect(answer.told(Fixture.alice).map { $0.name } == ["call_answer"])
        #expect(call.nextDeadline == nil)
    }

    @Test("The ACK of our 2xx that comes while our re-INVITE waits for it is not the answer to that re-INVITE")
    func acknowledgementWhileOursWaits() {
        var call = Fixture.call(from: .sip(.inbound(origin: SessionOrigin(sessionID: 8))))
        _ = call.begin(callees: [Fixture.phone()], sdp: Fixture.phoneSDP(1), now: self.now)
        _ = call.receivedAnswer(self.leg, sdp: Fixture.phoneSDP(10), now: self.now)
        let offered = call.receivedReinvite(self.leg, sdp: Fixture.phoneSDP(11), now: self.now)
        #expect(offered == CallAction(sip: [.reinvite(.caller, sdp: Fixture.phoneSDP(11))]))
        #expect(call.receivedAcknowledgement(.caller, sdp: nil) == CallAction())
        let answered = call.receivedReinviteAnswer(.caller, sdp: Fixture.phoneSDP(2), now: self.now)
        #expect(answered == CallAction(sip: [.acceptReinvite(self.leg, sdp: Fixture.phoneSDP(2))]))
    }

    @Test("The end of candidates reaches the app that wins a fork with a phone")
    func endOfCandidatesInAFork() throws {
        var call = Fixture.call(from: .app(Fixture.alice))
        _ = try call.begin(
            callees: [.app(Fixture.bob), Fixture.phone()],
            offer: Fixture.offer,
            now: self.now
        )
        _ = try call.receivedCandidate(Fixture.candidate, from: .caller, now: self.now)
        _ = try call.receivedCandidate(Fixture.noMoreCandidates, from: .caller, now: self.now)
        let action = try call.receivedAnswerCall(from: Fixture.bob.connection, answer: nil, now: self.now)
        #expect(
            action.told(Fixture.bob) == [
                .callOffer(callID: Fixture.id, callerID: Fixture.aliceID, offer: Fixture.offer),
                .iceCandidate(callID: Fixture.id, senderID: Fixture.aliceID, candidate: Fixture.candidate),
                .iceCandidate(callID: Fixture.id, senderID: Fixture.aliceID, candidate: Fixture.noMoreCandidates),
            ]
        )
    }
}
