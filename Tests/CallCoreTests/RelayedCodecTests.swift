import CallCore
import ClientProtocol
import MediaCore
import SIPCore
import Testing

@Suite("Relayed calls: one codec for both, and how they end")
struct RelayedCodecTests {
    private typealias Relay = RelayFixture
    private let leg = RelayFixture.leg
    private let now = Fixture.start
    private let alice = Fixture.extendedAlice.connection

    // MARK: One codec for both

    @Test("An app that offers late, without what the phone chose: the phone is asked again, and the app then answered")
    func noCommonCodec() throws {
        var call = try Relay.ringing()
        _ = call.receivedAnswer(self.leg, sdp: Relay.phoneSDP([.g722]), now: self.now)
        let asked = try call.receivedOffer(Relay.offer([.opus, .pcma]), from: .caller, now: self.now)
        let offer = try Relay.toCallee([.opus, .pcma], version: 2)
        #expect(asked == CallAction(sip: [.reinvite(self.leg, sdp: offer)]))
        let sdp = Relay.phoneSDP([.pcma], version: 2)
        let settled = call.receivedReinviteAnswer(self.leg, sdp: sdp, now: self.now)
        let answer = try Relay.toApp(
            answering: Relay.browser([.opus, .pcma]),
            [.pcma],
            digits: Relay.digits8,
            version: 1
        )
        #expect(
            settled
                == CallAction(
                    client: [.init(self.alice, Relay.callAnswer(answer))],
                    media: [
                        .update(self.leg, Relay.phonePeer([.pcma])),
                        .update(.caller, Relay.appPeer([.pcma], digits: Relay.digitFormats8)),
                        .join(.caller, self.leg),
                    ]
                )
        )
        #expect(call.nextDeadline == nil)
    }

    @Test("A phone that would send what the app lacks is asked for what both have; the call goes on if it won't")
    func leadingCodec() throws {
        var call = try Relay.ringing()
        _ = call.receivedAnswer(self.leg, sdp: Relay.phoneSDP([.g722, .pcmu]), now: self.now)
        let offered = try call.receivedOffer(Relay.offer([.opus, .pcmu]), from: .caller, now: self.now)
        #expect(offered.sip == [.reinvite(self.leg, sdp: try Relay.toCallee([.pcmu], version: 2))])
        #expect(offered.media.last == .join(.caller, self.leg))
        // Nobody asked for a hold: nobody is told that one was refused.
        #expect(call.receivedReinviteRefusal(self.leg, .init(status: 488)) == CallAction())
    }

    @Test("No codec in common, and the phone won't change: the call ends on both legs, with the phone's status")
    func noCodecAtAll() throws {
        var call = try Relay.ringing()
        _ = call.receivedAnswer(self.leg, sdp: Relay.phoneSDP([.g722]), now: self.now)
        _ = try call.receivedOffer(Relay.offer([.opus, .pcma]), from: .caller, now: self.now)
        let action = call.receivedReinviteRefusal(self.leg, .init(status: 488))
        #expect(
            action
                == CallAction(
                    sip: [.end(self.leg, SessionEnding(status: 488))],
                    client: [
                        .init(
                            self.alice,
                            .callHangedUp(
                                callID: Fixture.id,
                                hangedUpBy: Fixture.bobID,
                                reason: .media,
                                sipStatus: 488
                            )
                        )
                    ],
                    ended: CallOutcome(.media, sipStatus: 488)
                )
        )
        #expect(call.mediaOpened(self.leg, Relay.phone) == CallAction())
    }

    @Test("A re-INVITE without the codec that the app sends is refused, and the call goes on as it was")
    func reinviteWithoutTheAppsCodec() throws {
        var call = try Relay.ringing(Fixture.extendedAlice)
        _ = call.receivedAnswer(self.leg, sdp: Relay.phoneSDP([.opus, .pcmu]), now: self.now)
        _ = try call.receivedOffer(Relay.offer([.opus, .pcmu]), from: .caller, now: self.now)
        let offer = Relay.phoneSDP([.pcmu], version: 2)
        #expect(
            call.receivedReinvite(self.leg, sdp: offer, now: self.now)
                == CallAction(
                    sip: [.rejectReinvite(self.leg, status: 488, warning: RelayFault.noCodec.explanation)]
                )
        )
        let both = Relay.phoneSDP([.pcmu, .opus], version: 3)
        let accepted = call.receivedReinvite(self.leg, sdp: both, now: self.now)
        guard case .acceptReinvite(self.leg, let sdp?) = accepted.sip.first else {
            Issue.record("not accepted: \(accepted)")
            return
        }
        #expect(try AudioDescription(sdp, for: .rtp).formats.map(\.codec) == [.opus])
    }

    @Test("A calling phone that had its 200 before the app's answer is asked for another codec once its ACK is here")
    func lateAnswerOfAnApp() throws {
        var call = Relay.fromPhone(RelayPolicy(answering: .fast))
        _ = call.begin(callees: [.app(Fixture.extendedBob)], sdp: Relay.phoneSDP([.opus, .pcma]), now: self.now)
        _ = call.mediaOpened(.caller, Relay.phone)
        _ = call.mediaOpened(self.leg, Relay.app)
        let taken = try call.receivedAnswerCall(
            from: Fixture.extendedBob.connection,
            answer: nil,
            now: self.now
        )
        #expect(taken.media == [.update(.caller, Relay.phonePeer([.opus]))])
        let answered = try call.receivedAnswer(Relay.answer([.pcma]), from: .callee, now: self.now)
        #expect(answered.media.count == 1 && answered.ended == nil && answered.sip == [])
        let acknowledged = call.receivedAcknowledgement(.caller, sdp: nil)
        let offer = try Relay.toPhone([.pcma], session: 8, version: 2)
        #expect(acknowledged == CallAction(sip: [.reinvite(.caller, sdp: offer)]))
        let settled = call.receivedReinviteAnswer(.caller, sdp: Relay.phoneSDP([.pcma], version: 2), now: self.now)
        #expect(
            settled == CallAction(media: [.update(.caller, Relay.phonePeer([.pcma])), .join(.caller, self.leg)])
        )
    }

    // MARK: Ends

    @Test("A leg that fails, or a peer that is gone, ends the call on both sides")
    func mediaEnds() throws {
        for (outcome, reason) in [
            (CallOutcome(.media), ClientReason.media), (CallOutcome(.mediaTimeout), .mediaTimeout),
        ] {
            var call = try Relay.talking()
            let action = reason == .media ? call.mediaFailed(.caller, now: Fixture.start) : call.mediaLost(self.leg)
            #expect(
                action
                    == CallAction(
                        sip: [.end(self.leg, outcome.ending)],
                        client: [
                            .init(
                                self.alice,
                                .callHangedUp(
                                    callID: Fixture.id,
                                    hangedUpBy: Fixture.bobID,
                                    reason: reason,
                                    sipStatus: nil
                                )
                            )
                        ],
                        ended: outcome
                    )
            )
        }
    }

    @Test("A phone's answer of no use ends the call before anybody has answered")
    func uselessAnswer() throws {
        for (sdp, fault) in [
            (Relay.phoneSDP([]), RelayFault.noCodec), (Relay.phoneSDP([.pcmu], port: 0), .noAudio),
        ] {
            var call = try Relay.ringing(Fixture.alice)
            #expect(
                call.receivedAnswer(self.leg, sdp: sdp, now: self.now)
                    == CallAction(
                        sip: [.end(self.leg, SessionEnding())],
                        client: [.init(Fixture.alice.connection, Fixture.rejected(.media))],
                        media: [.close(self.leg)],
                        ended: CallOutcome(fault)
                    )
            )
        }
        var call = try Relay.ringing(Fixture.alice)
        #expect(call.receivedAnswer(self.leg, sdp: nil, now: self.now).ended == CallOutcome(.media))
    }

    @Test("A calling phone is refused with 488 and a Warning where the app that answers shares no codec with it")
    func noCodecForTheCaller() throws {
        var call = Relay.fromPhone()
        _ = call.begin(callees: [Fixture.phone()], sdp: Relay.phoneSDP([.pcmu]), now: self.now)
        _ = call.mediaOpened(self.leg, Relay.phone)
        _ = call.mediaOpened(.caller, Relay.phone)
        let action = call.receivedAnswer(self.leg, sdp: Relay.phoneSDP([.pcma]), now: self.now)
        #expect(action.ended == CallOutcome(RelayFault.noCodec))
        #expect(action.answered == false)
        let ending = SessionEnding(status: 488, warning: RelayFault.noCodec.explanation)
        #expect(action.sip == [.end(.caller, ending), .end(self.leg, SessionEnding())])
    }
}
