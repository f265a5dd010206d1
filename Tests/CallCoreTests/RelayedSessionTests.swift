import CallCore
import ClientProtocol
import MediaCore
import SIPCore
import Testing

/// What happens to calls whose media the gateway anchors once they are answered.
@Suite("Relayed calls, once they are answered")
struct RelayedSessionTests {
    private typealias Relay = RelayFixture
    private let leg = RelayFixture.leg
    private let now = Fixture.start
    private let alice = Fixture.extendedAlice.connection

    private func refusal(_ sent: String, _ status: UInt16) -> ClientEvent {
        .error(
            ClientError(
                code: .wrongState,
                message: "The other side refused it with SIP status \(status).",
                action: sent
            )
        )
    }

    // MARK: A phone re-invites

    @Test("A phone's hold is answered recvonly and told; nothing is sent to it; and so is its end")
    func phoneHolds() throws {
        var call = try Relay.talking()
        let hold = Relay.phoneSDP([.pcmu], direction: "sendonly", version: 2)
        let held = call.receivedReinvite(self.leg, sdp: hold, now: self.now)
        #expect(
            held
                == CallAction(
                    sip: [
                        .acceptReinvite(
                            self.leg,
                            sdp: try Relay.toCallee([.pcmu], answering: hold, .recvonly, version: 2)
                        )
                    ],
                    client: [.init(self.alice, .callHeld(callID: Fixture.id))],
                    media: [.update(self.leg, Relay.phonePeer([.pcmu], sends: false))]
                )
        )
        #expect(call.receivedAcknowledgement(self.leg, sdp: nil) == CallAction())
        let back = Relay.phoneSDP([.pcmu], version: 3)
        let resumed = call.receivedReinvite(self.leg, sdp: back, now: self.now)
        #expect(
            resumed
                == CallAction(
                    sip: [.acceptReinvite(self.leg, sdp: try Relay.toCallee([.pcmu], answering: back, version: 3))],
                    client: [.init(self.alice, .callResumed(callID: Fixture.id))],
                    media: [.update(self.leg, Relay.phonePeer([.pcmu]))]
                )
        )
    }

    @Test("A baseline app is told nothing of a hold")
    func phoneHoldsBaseline() throws {
        var call = try Relay.talking(Fixture.alice)
        let hold = Relay.phoneSDP([.pcmu], direction: "inactive", version: 2)
        let held = call.receivedReinvite(self.leg, sdp: hold, now: self.now)
        #expect(held.client == [])
        #expect(held.media == [.update(self.leg, Relay.phonePeer([.pcmu], sends: false, receives: false))])
    }

    @Test("0.0.0.0 is a hold even where the version of o= is not raised")
    func oldHold() throws {
        var call = try Relay.talking()
        let held = call.receivedReinvite(self.leg, sdp: Relay.phoneSDP([.pcmu], host: "0.0.0.0"), now: self.now)
        #expect(held.client == [.init(self.alice, .callHeld(callID: Fixture.id))])
        guard case .update(self.leg, let peer) = held.media.first else {
            Issue.record("no update: \(held)")
            return
        }
        #expect(peer.address == nil && !peer.sends && peer.receives)
    }

    @Test("A re-INVITE that changes nothing gets the answer that it had, to the byte, and the engine hears nothing")
    func refresh() throws {
        var call = try Relay.talkingFromPhone()
        let answer = try Relay.toPhone([.pcmu], answering: Relay.phoneSDP(), session: 8, version: 1)
        for _ in 0..<2 {
            let action = call.receivedReinvite(.caller, sdp: Relay.phoneSDP(), now: self.now)
            #expect(action == CallAction(sip: [.acceptReinvite(.caller, sdp: answer)]))
            #expect(call.receivedAcknowledgement(.caller, sdp: nil) == CallAction())
        }
    }

    @Test("A re-INVITE that moves the phone's address moves the media; the app is asked nothing")
    func addressMoves() throws {
        var call = try Relay.talking(Fixture.alice)
        let sdp = Relay.phoneSDP([.pcma, .pcmu], host: "198.51.100.1", port: 7000, version: 2)
        let moved = call.receivedReinvite(self.leg, sdp: sdp, now: self.now)
        #expect(
            moved
                == CallAction(
                    sip: [.acceptReinvite(self.leg, sdp: try Relay.toCallee([.pcmu], answering: sdp, version: 2))],
                    media: [.update(self.leg, Relay.phonePeer([.pcmu], host: 0xC633_6401, port: 7000))]
                )
        )
    }

    @Test("A re-INVITE without SDP is offered what is in use, then what else the app takes")
    func reinviteWithoutSDP() throws {
        var call = try Relay.talkingFromPhone()
        let offered = call.receivedReinvite(.caller, sdp: nil, now: self.now)
        let offer = try Relay.toPhone([.pcmu, .pcma], session: 8, version: 2)
        #expect(offered == CallAction(sip: [.acceptReinvite(.caller, sdp: offer)]))
        let moved = call.receivedAcknowledgement(.caller, sdp: Relay.phoneSDP([.pcma], port: 5000))
        #expect(moved == CallAction(media: [.update(.caller, Relay.phonePeer([.pcma], port: 5000))]))
        var silent = try Relay.talkingFromPhone()
        _ = silent.receivedReinvite(.caller, sdp: nil, now: self.now)
        #expect(silent.receivedAcknowledgement(.caller, sdp: nil).ended == CallOutcome(.media))
    }

    @Test("A re-INVITE that the relay can't take is refused with a Warning")
    func refusedReinvites() throws {
        var call = try Relay.talking()
        let useless = call.receivedReinvite(self.leg, sdp: Relay.phoneSDP([.opus], version: 2), now: self.now)
        let warning = RelayFault.noCodec.explanation
        #expect(useless == CallAction(sip: [.rejectReinvite(self.leg, status: 488, warning: warning)]))
        let unreadable = call.receivedReinvite(self.leg, sdp: [], now: self.now)
        #expect(
            unreadable
                == CallAction(
                    sip: [.rejectReinvite(self.leg, status: 488, warning: RelayFault.unreadable.explanation)]
                )
        )
    }

    @Test("A re-INVITE that comes while our hold waits goes first, and its answer is the hold")
    func crossedHolds() throws {
        let hold = try Relay.toCallee([.pcmu], .sendonly, version: 2)
        var call = try Relay.talking()
        _ = try call.receivedHold(true, from: .caller)
        let crossing = call.receivedReinvite(self.leg, sdp: Relay.phoneSDP([.pcmu], version: 3), now: self.now)
        #expect(crossing.sip == [.withdrawReinvites(self.leg), .acceptReinvite(self.leg, sdp: hold)])
        #expect(call.receivedAcknowledgement(self.leg, sdp: nil) == CallAction())
    }

    @Test("One that is of no use is refused, and our hold still waits and is answered")
    func uselessCrossing() throws {
        var call = try Relay.talking()
        _ = try call.receivedHold(true, from: .caller)
        let useless = call.receivedReinvite(self.leg, sdp: Relay.phoneSDP([.opus], version: 3), now: self.now)
        let warning = RelayFault.noCodec.explanation
        #expect(useless == CallAction(sip: [.rejectReinvite(self.leg, status: 488, warning: warning)]))
        let answered = call.receivedReinviteAnswer(
            self.leg,
            sdp: Relay.phoneSDP([.pcmu], direction: "recvonly", version: 4),
            now: self.now
        )
        #expect(answered.media == [.update(self.leg, Relay.phonePeer([.pcmu], sends: false, receives: false))])
    }

    // MARK: An app holds

    @Test("An app's hold is a re-INVITE with sendonly, its end one with sendrecv; what is so already is no news")
    func appHolds() throws {
        var call = try Relay.talking()
        let hold = try call.receivedHold(true, from: .caller)
        #expect(
            hold
                == CallAction(sip: [.reinvite(self.leg, sdp: try Relay.toCallee([.pcmu], .sendonly, version: 2))])
        )
        #expect(try call.receivedHold(true, from: .caller) == CallAction())
        let silent = Relay.phoneSDP([.pcmu], direction: "recvonly", version: 2)
        #expect(
            call.receivedReinviteAnswer(self.leg, sdp: silent, now: self.now)
                == CallAction(media: [.update(self.leg, Relay.phonePeer([.pcmu], sends: false, receives: false))])
        )
        let resume = try call.receivedHold(false, from: .caller)
        #expect(resume == CallAction(sip: [.reinvite(self.leg, sdp: try Relay.toCallee([.pcmu], version: 3))]))
        #expect(
            call.receivedReinviteAnswer(self.leg, sdp: Relay.phoneSDP([.pcmu], version: 3), now: self.now)
                == CallAction(media: [.update(self.leg, Relay.phonePeer([.pcmu]))])
        )
    }

    @Test("A hold that is taken back before the phone has answered goes out behind it")
    func holdTakenBack() throws {
        var call = try Relay.talking()
        _ = try call.receivedHold(true, from: .caller)
        #expect(try call.receivedHold(false, from: .caller) == CallAction())
        let silent = Relay.phoneSDP([.pcmu], direction: "recvonly", version: 2)
        let answered = call.receivedReinviteAnswer(self.leg, sdp: silent, now: self.now)
        #expect(
            answered
                == CallAction(
                    sip: [.reinvite(self.leg, sdp: try Relay.toCallee([.pcmu], version: 3))],
                    media: [.update(self.leg, Relay.phonePeer([.pcmu], sends: false, receives: false))]
                )
        )
    }

    @Test("A refused hold, or resume, is an error, and the call goes on as it was; it may be asked for again")
    func refusedHold() throws {
        var call = try Relay.talking()
        _ = try call.receivedHold(true, from: .caller)
        let refused = call.receivedReinviteRefusal(self.leg, .init(status: 488))
        #expect(refused == CallAction(client: [.init(self.alice, self.refusal("hold", 488))]))
        #expect(try call.receivedHold(true, from: .caller).sip.count == 1)
        let silent = Relay.phoneSDP([.pcmu], direction: "recvonly", version: 2)
        _ = call.receivedReinviteAnswer(self.leg, sdp: silent, now: self.now)
        _ = try call.receivedHold(false, from: .caller)
        let kept = call.receivedReinviteRefusal(self.leg, .init(status: 500))
        #expect(kept == CallAction(client: [.init(self.alice, self.refusal("resume", 500))]))
    }

    @Test("A 2xx without an answer is as good as a refusal, and is not asked for again and again")
    func unansweredHold() throws {
        var call = try Relay.talking()
        _ = try call.receivedHold(true, from: .caller)
        let action = call.receivedReinviteAnswer(self.leg, sdp: nil, now: self.now)
        #expect(action.sip == [] && action.ended == nil)
        #expect(action.told(Fixture.extendedAlice).map { $0.name } == ["error"])
    }

    @Test("A hold waits for the ACK of our 200, and for the phone's answer where there is none yet")
    func holdWaits() throws {
        var call = Relay.fromPhone()
        _ = call.begin(callees: [.app(Fixture.extendedBob)], sdp: Relay.phoneSDP(), now: self.now)
        _ = call.mediaOpened(.caller, Relay.phone)
        _ = call.mediaOpened(self.leg, Relay.app)
        let connection = Fixture.extendedBob.connection
        _ = try call.receivedAnswerCall(from: connection, answer: Relay.answer([.pcmu]), now: self.now)
        _ = call.mediaConnected(self.leg)
        #expect(try call.receivedHold(true, from: .callee) == CallAction())
        let acknowledged = call.receivedAcknowledgement(.caller, sdp: nil)
        let offer = try Relay.toPhone([.pcmu], direction: .sendonly, session: 8, version: 2)
        #expect(acknowledged == CallAction(sip: [.reinvite(.caller, sdp: offer)]))
    }

    @Test("A refused hold before the app has offered does not end the call")
    func refusedHoldBeforeTheOffer() throws {
        var call = try Relay.ringing()
        _ = call.receivedAnswer(self.leg, sdp: Relay.phoneSDP([.pcmu]), now: self.now)
        _ = try call.receivedHold(true, from: .caller)
        let refused = call.receivedReinviteRefusal(self.leg, .init(status: 488))
        #expect(refused == CallAction(client: [.init(self.alice, self.refusal("hold", 488))]))
    }

    @Test("Nobody is held, and no digits are sent, while it rings")
    func tooEarly() throws {
        var call = try Relay.ringing()
        #expect(throws: ClientError.self) { try call.receivedHold(true, from: .caller) }
        #expect(throws: ClientError.self) {
            try call.receivedDigits("1", duration: .milliseconds(100), from: .caller)
        }
        #expect(call.mediaLost(.caller) == CallAction())
        #expect(call.receivedDigit(SIPDigit("1", duration: .milliseconds(100)), .caller) == CallAction())
        #expect(call.heardDigit(SIPDigit("1", duration: .milliseconds(100)), .caller) == CallAction())
    }

    // MARK: Quality

    @Test("Quality is told for both legs, at the app's own report and when either falls silent")
    func quality() throws {
        var call = try Relay.talking()
        let measured = MediaQuality(lossPerMille: 7, jitter: .milliseconds(3), roundTrip: .milliseconds(40))
        #expect(call.mediaMeasured(self.leg, measured) == CallAction())
        let other = LegQuality(lossPerMille: 7, jitterMilliseconds: 3, roundTripMilliseconds: 40)
        func told(_ own: LegQuality?, _ other: LegQuality?) -> CallAction {
            CallAction(client: [.init(self.alice, .callQuality(callID: Fixture.id, own: own, other: other))])
        }
        #expect(call.mediaMeasured(.caller, measured) == told(other, other))
        var silent = other
        silent.isSilent = true
        #expect(call.mediaHeard(self.leg, false) == told(other, silent))
        #expect(call.mediaHeard(self.leg, true) == told(other, other))
    }

    // MARK: The app re-offers

    @Test("An ICE restart: the engine is asked for new credentials, and the answer has them")
    func restart() throws {
        var call = try Relay.talking()
        let asked = try call.receivedOffer(Relay.offer(ufrag: "wxyz"), from: .caller, now: self.now)
        #expect(asked == CallAction(media: [.restartICE(.caller)]))
        #expect(call.mayOffer(.caller) == false)
        let answered = call.mediaOpened(.caller, Relay.restarted)
        let answer = try Relay.toApp(
            answering: Relay.browser(ufrag: "wxyz"),
            [.pcmu],
            digits: Relay.digits8,
            endpoint: Relay.restarted,
            version: 2
        )
        #expect(
            answered
                == CallAction(
                    client: [.init(self.alice, Relay.callAnswer(answer))],
                    media: [
                        .update(.caller, Relay.appPeer([.pcmu], ufrag: "wxyz", digits: Relay.digitFormats8))
                    ]
                )
        )
        #expect(call.candidateBelongs(ufrag: "wxyz", to: .caller) == true)
    }

    @Test("A later offer without the codec in use is an error, and the call goes on")
    func uselessOffer() throws {
        var call = try Relay.talking()
        let action = try call.receivedOffer(Relay.offer([.opus]), from: .caller, now: self.now)
        let error = ClientError(code: .badMessage, message: RelayFault.noCodec.explanation, action: "offer")
        #expect(action == CallAction(client: [.init(self.alice, .error(error))]))
        #expect(call.mayOffer(.caller) == true)
    }

    @Test("A callee may offer too, once the first exchange is over")
    func calleeOffers() throws {
        var call = try Relay.talkingFromPhone()
        let action = try call.receivedOffer(Relay.offer(), from: .callee, now: self.now)
        #expect(action.told(Fixture.extendedBob).map { $0.name } == ["call_answer"])
        #expect(action.sip == [] && action.ended == nil)
    }

    @Test("A later offer that changes nothing is answered, and the engine hears nothing of it")
    func sameOffer() throws {
        var call = try Relay.talking()
        let action = try call.receivedOffer(Relay.offer(), from: .caller, now: self.now)
        let answer = try Relay.toApp(answering: Relay.browser(), [.pcmu], digits: Relay.digits8, version: 2)
        #expect(action == CallAction(client: [.init(self.alice, Relay.callAnswer(answer))]))
    }
}
