import CallCore
import ClientProtocol
import SIPCore
import Testing

@Suite("A call from an app to a phone, media passed through")
struct AppToPhoneTests {
    private let leg = LegID(number: 1)

    private func inviting(_ app: AppLeg = Fixture.alice) throws -> Call {
        var call = Fixture.call(from: .app(app))
        let action = try call.begin(callees: [Fixture.phone()], offer: nil, now: Fixture.start)
        #expect(action == CallAction(sip: [.invite(self.leg, Fixture.order)]))
        return call
    }

    private func sdp(of order: CallAction.SIP?) -> String {
        switch order {
        case .invite(_, let order): String(decoding: order.offer ?? [], as: UTF8.self)
        case .reinvite(_, let sdp), .acknowledge(_, let sdp), .accept(_, let sdp), .acceptReinvite(_, let sdp):
            String(decoding: sdp ?? [], as: UTF8.self)
        case .answerProvisional(_, let sdp): String(decoding: sdp, as: UTF8.self)
        case .ring, .rejectReinvite, .withdrawReinvites, .sendDigit, .refer, .reportReferral, .end, nil: ""
        }
    }

    @Test(
        "Without an early offer: inactive answer in the ACK, then a re-INVITE with the app's offer (RFC 3725, flow III)"
    )
    func flowThree() throws {
        var call = try self.inviting()
        let answered = call.receivedAnswer(self.leg, sdp: Fixture.phoneSDP(), now: Fixture.start)
        #expect(answered.answered)
        #expect(answered.told(Fixture.alice) == [Fixture.answered])
        let acknowledgement = self.sdp(of: answered.sip.first)
        #expect(acknowledgement.contains("a=inactive\r\n"))
        #expect(acknowledgement.contains("a=mid:0\r\n"))
        #expect(acknowledgement.contains("o=- 9 1 IN IP4 127.0.0.1\r\n"))

        #expect(try call.receivedOffer(Fixture.offer, from: .caller, now: Fixture.start) == CallAction())
        #expect(try call.receivedCandidate(Fixture.candidate, from: .caller, now: Fixture.start) == CallAction())
        let reinvite = try call.receivedCandidate(Fixture.noMoreCandidates, from: .caller, now: Fixture.start)
        let offer = self.sdp(of: reinvite.sip.first)
        #expect(offer.contains("o=- 9 2 IN IP4 127.0.0.1\r\n"))
        #expect(offer.contains("m=audio 5000 "))
        #expect(offer.contains("c=IN IP4 192.0.2.7\r\n"))
        #expect(offer.contains("a=end-of-candidates\r\n"))

        let settled = call.receivedReinviteAnswer(self.leg, sdp: Fixture.phoneSDP(2), now: Fixture.start)
        #expect(
            settled
                == CallAction(client: [
                    .init(
                        Fixture.alice.connection,
                        .callAnswer(
                            callID: Fixture.id,
                            calleeID: Fixture.bobID,
                            answer: .sessionDescription(type: "answer", sdp: Fixture.phoneSDP(2))
                        )
                    )
                ])
        )
        #expect(call.nextDeadline == nil)
    }

    @Test("Candidates that come before their offer go to the phone with it")
    func candidatesFirst() throws {
        var call = try self.inviting()
        _ = call.receivedAnswer(self.leg, sdp: Fixture.phoneSDP(), now: Fixture.start)
        #expect(try call.receivedCandidate(Fixture.candidate, from: .caller, now: Fixture.start) == CallAction())
        #expect(try call.receivedOffer(Fixture.offer, from: .caller, now: Fixture.start) == CallAction())
        let action = try call.receivedCandidate(Fixture.noMoreCandidates, from: .caller, now: Fixture.start)
        #expect(self.sdp(of: action.sip.first).contains("a=candidate:1 1 udp 2130706431 192.0.2.7 5000 typ host\r\n"))
    }

    @Test("Candidates are awaited for one second, then the offer goes without more")
    func candidatesTimeout() throws {
        var call = try self.inviting()
        _ = call.receivedAnswer(self.leg, sdp: Fixture.phoneSDP(), now: Fixture.start)
        _ = try call.receivedOffer(Fixture.offer, from: .caller, now: Fixture.start)
        _ = try call.receivedCandidate(Fixture.candidate, from: .caller, now: Fixture.start)
        #expect(call.nextDeadline == Fixture.start + .seconds(1))
        let action = call.timeoutReached(now: Fixture.start + .seconds(1))
        #expect(self.sdp(of: action.sip.first).contains("candidate:1 1 udp 2130706431 192.0.2.7 5000 typ host"))
    }

    @Test("With an early offer the INVITE waits for the candidates, and the 2xx holds the answer")
    func earlyOffer() throws {
        var call = Fixture.call(from: .app(Fixture.extendedAlice))
        #expect(
            try call.begin(callees: [Fixture.phone()], offer: Fixture.offer, now: Fixture.start) == CallAction()
        )
        let invite = try call.receivedCandidate(Fixture.noMoreCandidates, from: .caller, now: Fixture.start)
        #expect(self.sdp(of: invite.sip.first).contains("o=- 9 1 "))
        let answered = call.receivedAnswer(self.leg, sdp: Fixture.phoneSDP(), now: Fixture.start)
        #expect(
            answered
                == CallAction(
                    client: [
                        .init(Fixture.extendedAlice.connection, Fixture.answered),
                        .init(
                            Fixture.extendedAlice.connection,
                            .callAnswer(
                                callID: Fixture.id,
                                calleeID: Fixture.bobID,
                                answer: .sessionDescription(type: "answer", sdp: Fixture.phoneSDP())
                            )
                        ),
                    ],
                    answered: true
                )
        )
    }

    @Test("Early media reaches a caller that offered early, and its answer is not sent twice")
    func earlyMedia() throws {
        var call = Fixture.call(from: .app(Fixture.extendedAlice))
        _ = try call.begin(callees: [Fixture.phone()], offer: Fixture.offer, now: Fixture.start)
        _ = call.timeoutReached(now: Fixture.start + .seconds(1))
        #expect(
            call.receivedProvisional(self.leg, status: 180, sdp: nil).told(Fixture.extendedAlice) == [
                .callRinging(callID: Fixture.id, calleeID: Fixture.bobID, earlyMedia: false)
            ]
        )
        #expect(
            call.receivedProvisional(self.leg, status: 183, sdp: Fixture.phoneSDP()).told(Fixture.extendedAlice) == [
                .callAnswer(
                    callID: Fixture.id,
                    calleeID: Fixture.bobID,
                    answer: .sessionDescription(type: "answer", sdp: Fixture.phoneSDP())
                ),
                .callRinging(callID: Fixture.id, calleeID: Fixture.bobID, earlyMedia: true),
            ]
        )
        #expect(
            call.receivedAnswer(self.leg, sdp: Fixture.phoneSDP(), now: Fixture.start).client == [
                .init(Fixture.extendedAlice.connection, Fixture.answered)
            ]
        )
        #expect(call.nextDeadline == nil)
    }

    @Test(
        "A refusal means the same in both worlds",
        arguments: [
            (486, ClientReason.busy), (600, .busy), (603, .declined), (404, .notFound), (604, .notFound),
            (480, .unavailable), (408, .timeout), (403, .forbidden), (488, .media), (606, .media), (503, .routeDown),
            (302, .failed), (500, .failed), (401, .failed),
        ] as [(UInt16, ClientReason)]
    )
    func refusals(status: UInt16, reason: ClientReason) throws {
        var call = try self.inviting()
        #expect(
            call.receivedRefusal(self.leg, .init(status: status), now: Fixture.start).told(Fixture.alice) == [
                Fixture.rejected(reason, sipStatus: status)
            ]
        )
    }

    @Test("No response at all is route_down, ringing and then none is timeout; neither has a SIP status")
    func noResponse() throws {
        var call = try self.inviting()
        #expect(
            call.receivedRefusal(self.leg, .init(status: 408, cause: .noResponse), now: Fixture.start).told(
                Fixture.alice
            ) == [
                Fixture.rejected(.routeDown)
            ]
        )
        var other = try self.inviting()
        #expect(
            other.receivedRefusal(self.leg, .init(status: 408, cause: .noFinalResponse), now: Fixture.start).told(
                Fixture.alice
            ) == [
                Fixture.rejected(.timeout)
            ]
        )
    }

    @Test("In the extended profile only a person's refusal is call_rejected")
    func extendedRefusals() throws {
        var busy = try self.inviting(Fixture.extendedAlice)
        #expect(
            busy.receivedRefusal(self.leg, .init(status: 486), now: Fixture.start).told(Fixture.extendedAlice) == [
                .callFailed(callID: Fixture.id, calleeID: Fixture.bobID, reason: .busy, sipStatus: 486)
            ]
        )
        var declined = try self.inviting(Fixture.extendedAlice)
        #expect(
            declined.receivedRefusal(self.leg, .init(status: 603), now: Fixture.start).told(Fixture.extendedAlice) == [
                Fixture.rejected(.declined, sipStatus: 603)
            ]
        )
    }

    @Test("A fork to an app and a phone: the app answers, the phone is cancelled as answered elsewhere")
    func forkToAppAndPhone() throws {
        var call = Fixture.call(from: .app(Fixture.alice))
        _ = try call.begin(callees: [.app(Fixture.bob), Fixture.phone()], offer: nil, now: Fixture.start)
        let action = try call.receivedAnswerCall(from: Fixture.bob.connection, answer: nil, now: Fixture.start)
        #expect(action.sip == [.end(LegID(number: 2), SessionEnding(reason: .answeredElsewhere))])
    }

    @Test("A 6xx of one phone ends the whole fork; a 486 leaves the others ringing")
    func globalRefusal() throws {
        var call = Fixture.call(from: .app(Fixture.alice))
        _ = try call.begin(callees: [.app(Fixture.bob), Fixture.phone()], offer: nil, now: Fixture.start)
        #expect(call.receivedRefusal(LegID(number: 2), .init(status: 486), now: Fixture.start) == CallAction())
        var other = Fixture.call(from: .app(Fixture.alice))
        _ = try other.begin(callees: [.app(Fixture.bob), Fixture.phone()], offer: nil, now: Fixture.start)
        let action = other.receivedRefusal(LegID(number: 2), .init(status: 603), now: Fixture.start)
        #expect(action.told(Fixture.bob) == [Fixture.cancelled(.declinedElsewhere)])
        #expect(action.told(Fixture.alice) == [Fixture.rejected(.declined, sipStatus: 603)])
    }

    @Test("A phone that answers without any SDP ends the call with reason media")
    func answerWithoutSDP() throws {
        var call = try self.inviting()
        let action = call.receivedAnswer(self.leg, sdp: nil, now: Fixture.start)
        #expect(action.ended?.reason == .media)
        #expect(action.sip.count == 1)
    }

    @Test("The re-INVITE of flow III refused: the call ends with reason media on both legs")
    func firstReinviteRefused() throws {
        var call = try self.inviting()
        _ = call.receivedAnswer(self.leg, sdp: Fixture.phoneSDP(), now: Fixture.start)
        _ = try call.receivedOffer(Fixture.offer, from: .caller, now: Fixture.start)
        _ = try call.receivedCandidate(Fixture.noMoreCandidates, from: .caller, now: Fixture.start)
        let action = call.receivedReinviteRefusal(self.leg, .init(status: 488))
        #expect(
            action.told(Fixture.alice) == [
                .callHangedUp(callID: Fixture.id, hangedUpBy: Fixture.bobID, reason: .media, sipStatus: 488)
            ]
        )
        #expect(action.sip.count == 1)
    }

    @Test("An offer that no phone could read is bad_message, and the call goes on")
    func unreadableOffer() throws {
        var call = try self.inviting()
        _ = call.receivedAnswer(self.leg, sdp: Fixture.phoneSDP(), now: Fixture.start)
        #expect(throws: ClientError.self) {
            try call.receivedOffer(JSONFragment(utf8: Array("{}".utf8)), from: .caller, now: Fixture.start)
        }
        let mayOffer = call.mayOffer(.caller)
        #expect(mayOffer)
    }
}
