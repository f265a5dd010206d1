import CallCore
import ClientProtocol
import SIPCore
import Testing

@Suite("A call from a phone, media passed through")
struct PhoneCallerTests {
    private let phone = LegID(number: 1)

    private func call() -> Call { Fixture.call(from: .sip(.inbound(origin: SessionOrigin(sessionID: 7)))) }

    private func ringingApp(_ app: AppLeg = Fixture.bob) -> Call {
        var call = self.call()
        _ = call.begin(callees: [.app(app)], sdp: Fixture.phoneSDP(), now: Fixture.start)
        return call
    }

    private func established(_ app: AppLeg = Fixture.bob) throws -> Call {
        var call = self.ringingApp(app)
        _ = try call.receivedAnswerCall(from: app.connection, answer: nil, now: Fixture.start)
        _ = try call.receivedAnswer(Fixture.answer, from: .callee, now: Fixture.start)
        _ = call.timeoutReached(now: Fixture.start + .seconds(1))
        _ = call.receivedAcknowledgement(.caller, sdp: nil)
        return call
    }

    @Test("180 as soon as an app was told; the phone's offer follows answer_call, and 200 the app's answer")
    func answered() throws {
        var call = self.call()
        #expect(
            call.begin(callees: [.app(Fixture.bob)], sdp: Fixture.phoneSDP(), now: Fixture.start)
                == CallAction(
                    sip: [.ring(.caller, status: 180, sdp: nil)],
                    client: [.init(Fixture.bob.connection, Fixture.incoming)]
                )
        )
        let claimed = try call.receivedAnswerCall(from: Fixture.bob.connection, answer: nil, now: Fixture.start)
        #expect(
            claimed
                == CallAction(
                    client: [
                        .init(
                            Fixture.bob.connection,
                            .callOffer(
                                callID: Fixture.id,
                                callerID: Fixture.aliceID,
                                offer: .sessionDescription(type: "offer", sdp: Fixture.phoneSDP())
                            )
                        )
                    ],
                    answered: true
                )
        )
        #expect(try call.receivedAnswer(Fixture.answer, from: .callee, now: Fixture.start) == CallAction())
        let accepted = try call.receivedCandidate(Fixture.noMoreCandidates, from: .callee, now: Fixture.start)
        guard case .accept(.caller, let sdp) = accepted.sip.first else {
            Issue.record("no 200: \(accepted)")
            return
        }
        #expect(String(decoding: sdp ?? [], as: UTF8.self).contains("o=- 7 1 IN IP4 127.0.0.1\r\n"))
        #expect(call.receivedAcknowledgement(.caller, sdp: nil) == CallAction())
        #expect(call.nextDeadline == nil)
    }

    @Test("Candidates that come before their answer are in the 200")
    func candidatesFirst() throws {
        var call = self.ringingApp(Fixture.bob)
        _ = try call.receivedAnswerCall(from: Fixture.bob.connection, answer: nil, now: Fixture.start)
        #expect(try call.receivedCandidate(Fixture.candidate, from: .callee, now: Fixture.start) == CallAction())
        #expect(try call.receivedAnswer(Fixture.answer, from: .callee, now: Fixture.start) == CallAction())
        let accepted = try call.receivedCandidate(Fixture.noMoreCandidates, from: .callee, now: Fixture.start)
        guard case .accept(.caller, let sdp) = accepted.sip.first else {
            Issue.record("no 200: \(accepted)")
            return
        }
        let candidate = "a=candidate:1 1 udp 2130706431 192.0.2.7 5000 typ host\r\n"
        #expect(String(decoding: sdp ?? [], as: UTF8.self).contains(candidate))
    }

    @Test("A reject is 603, as busy it is 486")
    func reject() {
        var declined = self.ringingApp()
        #expect(
            declined.receivedReject(from: Fixture.bob.connection, reason: .declined, now: Fixture.start).sip == [
                .end(.caller, SessionEnding(status: 603))
            ]
        )
        var busy = self.ringingApp()
        #expect(
            busy.receivedReject(from: Fixture.bob.connection, reason: .busy, now: Fixture.start).sip == [
                .end(.caller, SessionEnding(status: 486))
            ]
        )
    }

    @Test("CANCEL is call_cancelled; one that says answered elsewhere passes that on")
    func cancelled() {
        var call = self.ringingApp()
        #expect(call.receivedCancel(.caller, reason: nil).told(Fixture.bob) == [Fixture.cancelled(.cancelled)])
        var other = self.ringingApp()
        #expect(
            other.receivedCancel(.caller, reason: .answeredElsewhere).told(Fixture.bob) == [
                Fixture.cancelled(.answeredElsewhere)
            ]
        )
    }

    @Test("CANCEL after answer_call and before the 200: the app hears call_hanged_up")
    func cancelWhileNegotiating() throws {
        var call = self.ringingApp()
        _ = try call.receivedAnswerCall(from: Fixture.bob.connection, answer: nil, now: Fixture.start)
        let action = call.receivedCancel(.caller, reason: nil)
        #expect(
            action
                == CallAction(
                    client: [
                        .init(
                            Fixture.bob.connection,
                            .callHangedUp(
                                callID: Fixture.id,
                                hangedUpBy: Fixture.aliceID,
                                reason: .cancelled,
                                sipStatus: nil
                            )
                        )
                    ],
                    ended: CallOutcome(.cancelled)
                )
        )
    }

    @Test("An app that answered and sends no answer: 488 for the phone, reason media for the app")
    func negotiationTimeout() throws {
        var call = self.ringingApp()
        _ = try call.receivedAnswerCall(from: Fixture.bob.connection, answer: nil, now: Fixture.start)
        let action = call.timeoutReached(now: Fixture.start + .seconds(20))
        #expect(action.sip == [.end(.caller, SessionEnding(status: 488))])
        #expect(action.ended?.reason == .media)
    }

    @Test("An INVITE without SDP cannot be put to an app: 488")
    func inviteWithoutSDP() {
        var call = self.call()
        let action = call.begin(callees: [.app(Fixture.bob)], sdp: nil, now: Fixture.start)
        #expect(action.sip == [.end(.caller, SessionEnding(status: 488))])
        #expect(action.client.isEmpty)
    }

    @Test("A re-INVITE whose o= is unchanged gets the last SDP again")
    func refresh() throws {
        var call = try self.established()
        let action = call.receivedReinvite(.caller, sdp: Fixture.phoneSDP(), now: Fixture.start)
        guard case .acceptReinvite(.caller, let sdp) = action.sip.first else {
            Issue.record("not accepted: \(action)")
            return
        }
        #expect(String(decoding: sdp ?? [], as: UTF8.self).contains("o=- 7 1 IN IP4 127.0.0.1\r\n"))
    }

    @Test("A new offer in mid-call: 488 where the app is baseline, call_offer where it is extended")
    func newOffer() throws {
        var baseline = try self.established()
        #expect(
            baseline.receivedReinvite(.caller, sdp: Fixture.phoneSDP(2), now: Fixture.start).sip == [
                .rejectReinvite(.caller, status: 488)
            ]
        )
        var extended = self.ringingApp(Fixture.extendedBob)
        _ = try extended.receivedAnswerCall(
            from: Fixture.extendedBob.connection,
            answer: Fixture.answer,
            now: Fixture.start
        )
        _ = extended.timeoutReached(now: Fixture.start + .seconds(1))
        _ = extended.receivedAcknowledgement(.caller, sdp: nil)
        #expect(
            extended.receivedReinvite(.caller, sdp: Fixture.phoneSDP(2), now: Fixture.start).client == [
                .init(
                    Fixture.extendedBob.connection,
                    .callOffer(
                        callID: Fixture.id,
                        callerID: Fixture.aliceID,
                        offer: .sessionDescription(type: "offer", sdp: Fixture.phoneSDP(2))
                    )
                )
            ]
        )
    }

    @Test("BYE ends the app's leg with the phone's id; a lost ACK does too")
    func bye() throws {
        var call = try self.established()
        #expect(
            call.sessionEnded(.caller, .bye(nil), now: Fixture.start).told(Fixture.bob) == [
                .callHangedUp(callID: Fixture.id, hangedUpBy: Fixture.aliceID, reason: .hungUp, sipStatus: nil)
            ]
        )
        var other = try self.established()
        #expect(other.sessionEnded(.caller, .noAcknowledgement, now: Fixture.start).ended?.reason == .connectionLost)
        var last = try self.established()
        #expect(
            last.sessionEnded(.caller, .sessionExpired, now: Fixture.start).told(Fixture.bob) == [
                .callHangedUp(
                    callID: Fixture.id,
                    hangedUpBy: Fixture.aliceID,
                    reason: .sessionExpired,
                    sipStatus: nil
                )
            ]
        )
    }

    // MARK: To another phone

    @Test("Phone to phone: each SDP goes on as it came")
    func phoneToPhone() {
        var call = self.call()
        var order = Fixture.order
        order.offer = Fixture.phoneSDP()
        #expect(
            call.begin(callees: [Fixture.phone()], sdp: Fixture.phoneSDP(), now: Fixture.start)
                == CallAction(sip: [.invite(self.phone, order)])
        )
        #expect(
            call.receivedProvisional(self.phone, status: 183, sdp: Fixture.phoneSDP(5)).sip == [
                .ring(.caller, status: 183, sdp: Fixture.phoneSDP(5))
            ]
        )
        #expect(
            call.receivedAnswer(self.phone, sdp: Fixture.phoneSDP(5), now: Fixture.start)
                == CallAction(sip: [.accept(.caller, sdp: Fixture.phoneSDP(5))], answered: true)
        )
    }

    @Test("Phone to phone without SDP: the callee's offer in our 200, the caller's answer in our ACK")
    func delayedOffer() {
        var call = self.call()
        #expect(
            call.begin(callees: [Fixture.phone()], sdp: nil, now: Fixture.start).sip == [
                .invite(self.phone, Fixture.order)
            ]
        )
        #expect(
            call.receivedAnswer(self.phone, sdp: Fixture.phoneSDP(), now: Fixture.start).sip == [
                .accept(.caller, sdp: Fixture.phoneSDP())
            ]
        )
        #expect(
            call.receivedAcknowledgement(.caller, sdp: Fixture.phoneSDP(3)).sip == [
                .acknowledge(self.phone, sdp: Fixture.phoneSDP(3))
            ]
        )
    }

    @Test("An ACK without the answer it owes ends the call with reason media")
    func acknowledgementWithoutAnswer() {
        var call = self.call()
        _ = call.begin(callees: [Fixture.phone()], sdp: nil, now: Fixture.start)
        _ = call.receivedAnswer(self.phone, sdp: Fixture.phoneSDP(), now: Fixture.start)
        let action = call.receivedAcknowledgement(.caller, sdp: nil)
        #expect(action.ended?.reason == .media)
        #expect(action.sip.count == 2)
    }

    @Test("A phone's re-INVITE goes to the other phone, and its answer back")
    func reinvitePassesOn() {
        var call = self.call()
        _ = call.begin(callees: [Fixture.phone()], sdp: Fixture.phoneSDP(), now: Fixture.start)
        _ = call.receivedAnswer(self.phone, sdp: Fixture.phoneSDP(5), now: Fixture.start)
        _ = call.receivedAcknowledgement(.caller, sdp: nil)
        #expect(
            call.receivedReinvite(self.phone, sdp: Fixture.phoneSDP(6), now: Fixture.start).sip == [
                .reinvite(.caller, sdp: Fixture.phoneSDP(6))
            ]
        )
        #expect(
            call.receivedReinviteAnswer(.caller, sdp: Fixture.phoneSDP(2), now: Fixture.start).sip == [
                .acceptReinvite(self.phone, sdp: Fixture.phoneSDP(2))
            ]
        )
    }

    @Test("A re-INVITE while the other phone's is under way: 491")
    func reinviteGlare() {
        var call = self.call()
        _ = call.begin(callees: [Fixture.phone()], sdp: Fixture.phoneSDP(), now: Fixture.start)
        _ = call.receivedAnswer(self.phone, sdp: Fixture.phoneSDP(5), now: Fixture.start)
        _ = call.receivedAcknowledgement(.caller, sdp: nil)
        _ = call.receivedReinvite(self.phone, sdp: Fixture.phoneSDP(6), now: Fixture.start)
        #expect(
            call.receivedReinvite(.caller, sdp: Fixture.phoneSDP(2), now: Fixture.start).sip == [
                .rejectReinvite(.caller, status: 491)
            ]
        )
    }
}
