import CallCore
import ClientProtocol
import MediaCore
import SIPCore
import Testing

/// Whole calls whose media the gateway anchors, from the first message to the joined legs.
@Suite("Relayed calls, up to the answer")
struct RelayedCallTests {
    private typealias Relay = RelayFixture
    private let leg = RelayFixture.leg
    private let now = Fixture.start
    private let all: [AudioCodec] = [.opus, .g722, .pcmu, .pcma]

    // MARK: An app calls a phone

    @Test("App to phone, the offer after the answer: each leg has its own exchange, and is joined to the other once")
    func lateOffer() throws {
        var call = Relay.call(from: .app(Fixture.alice))
        let begun = try call.begin(callees: [Fixture.phone()], offer: nil, now: self.now)
        #expect(begun == CallAction(media: [.open(.caller, .webRTC), .open(self.leg, .rtp)]))
        #expect(call.mediaOpened(.caller, Relay.app) == CallAction())
        let invited = call.mediaOpened(self.leg, Relay.phone)
        let offer = try Relay.toCallee(self.all, version: 1)
        #expect(invited == CallAction(sip: [.invite(self.leg, Relay.order(offer))]))
        #expect(call.receivedProvisional(self.leg, status: 180, sdp: nil) == CallAction())
        let answered = call.receivedAnswer(self.leg, sdp: Relay.phoneSDP([.pcmu, .pcma]), now: self.now)
        #expect(
            answered
                == CallAction(
                    client: [.init(Fixture.alice.connection, Fixture.answered)],
                    media: [.update(self.leg, Relay.phonePeer([.pcmu, .pcma]))],
                    answered: true
                )
        )
        let deadline = call.nextDeadline
        #expect(deadline == self.now + CallTimers().negotiation)
        #expect(call.mayOffer(.caller) == true)
        #expect(call.mayOffer(.callee) == false)
        let offered = try call.receivedOffer(Relay.offer(), from: .caller, now: self.now)
        let answer = try Relay.toApp(
            answering: Relay.browser(),
            [.pcmu, .pcma],
            digits: Relay.digits8,
            version: 1
        )
        #expect(
            offered
                == CallAction(
                    client: [.init(Fixture.alice.connection, Relay.callAnswer(answer))],
                    media: [
                        .update(.caller, Relay.appPeer([.pcmu, .pcma], digits: Relay.digitFormats8)),
                        .join(.caller, self.leg),
                    ]
                )
        )
        #expect(call.nextDeadline == nil)
        #expect(try call.receivedCandidate(Fixture.candidate, from: .caller, now: self.now) == CallAction())
        #expect(call.mediaConnected(.caller) == CallAction())
    }

    @Test("App to phone, the offer before the answer: the phone is offered what the app takes, in its order")
    func earlyOffer() throws {
        var call = Relay.call(from: .app(Fixture.alice))
        let begun = try call.begin(callees: [Fixture.phone()], offer: Relay.offer([.pcma, .opus]), now: self.now)
        #expect(begun == CallAction(media: [.open(.caller, .webRTC), .open(self.leg, .rtp)]))
        let invited = call.mediaOpened(self.leg, Relay.phone)
        let offer = try Relay.toCallee([.pcma, .opus], version: 1)
        #expect(invited == CallAction(sip: [.invite(self.leg, Relay.order(offer))]))
        let answered = call.receivedAnswer(self.leg, sdp: Relay.phoneSDP([.pcma]), now: self.now)
        #expect(answered.client == [.init(Fixture.alice.connection, Fixture.answered)])
        // The app's own endpoint comes last.
        let opened = call.mediaOpened(.caller, Relay.app)
        let answer = try Relay.toApp(
            answering: Relay.browser([.pcma, .opus]),
            [.pcma],
            digits: Relay.digits8,
            version: 1
        )
        #expect(
            opened
                == CallAction(
                    client: [.init(Fixture.alice.connection, Relay.callAnswer(answer))],
                    media: [
                        .update(.caller, Relay.appPeer([.pcma], digits: Relay.digitFormats8)),
                        .join(.caller, self.leg),
                    ]
                )
        )
    }

    /// An extended app has heard early media of a phone.
    private func hearing() throws -> Call {
        var call = try Relay.ringing(offer: self.all)
        let early = call.receivedProvisional(self.leg, status: 183, sdp: Relay.phoneSDP([.pcmu]))
        let answer = try Relay.toApp(answering: Relay.browser(), [.pcmu], digits: Relay.digits8, version: 1)
        #expect(
            early
                == CallAction(
                    client: [
                        .init(Fixture.extendedAlice.connection, Relay.callAnswer(answer)),
                        .init(
                            Fixture.extendedAlice.connection,
                            .callRinging(callID: Fixture.id, calleeID: Fixture.bobID, earlyMedia: true)
                        ),
                    ],
                    media: [
                        .update(self.leg, Relay.phonePeer([.pcmu])),
                        .update(.caller, Relay.appPeer([.pcmu], digits: Relay.digitFormats8)),
                        .join(.caller, self.leg),
                    ]
                )
        )
        return call
    }

    @Test("Early media is joined at once; the same answer in the 2xx, or none, orders nothing anew")
    func earlyMedia() throws {
        for sdp in [Relay.phoneSDP([.pcmu]), nil] {
            var call = try self.hearing()
            let answered = call.receivedAnswer(self.leg, sdp: sdp, now: self.now)
            #expect(
                answered
                    == CallAction(
                        client: [.init(Fixture.extendedAlice.connection, Fixture.answered)],
                        answered: true
                    )
            )
            #expect(call.nextDeadline == nil)
        }
    }

    @Test("Another phone behind a proxy: its answers, early or not, move the media, and the app hears nothing of it")
    func movingEarlyMedia() throws {
        var call = try self.hearing()
        let moved = call.receivedProvisional(self.leg, status: 183, sdp: Relay.phoneSDP([.pcmu], port: 5000))
        #expect(moved == CallAction(media: [.update(self.leg, Relay.phonePeer([.pcmu], port: 5000))]))
        #expect(call.receivedProvisional(self.leg, status: 183, sdp: Array("v=0".utf8)) == CallAction())
        let answered = call.receivedAnswer(self.leg, sdp: Relay.phoneSDP([.pcmu], port: 6000), now: self.now)
        #expect(answered.media == [.update(self.leg, Relay.phonePeer([.pcmu], port: 6000))])
    }

    @Test("An early answer waits for the app's offer, and a device that connects meanwhile rings, once")
    func earlyMediaBeforeTheOffer() throws {
        var call = try Relay.ringing()
        let early = call.receivedProvisional(self.leg, status: 183, sdp: Relay.phoneSDP([.pcmu]))
        #expect(
            early
                == CallAction(
                    client: [
                        .init(
                            Fixture.extendedAlice.connection,
                            .callRinging(callID: Fixture.id, calleeID: Fixture.bobID, earlyMedia: false)
                        )
                    ],
                    media: [.update(self.leg, Relay.phonePeer([.pcmu]))]
                )
        )
        let offered = try call.receivedOffer(Relay.offer(), from: .caller, now: self.now)
        #expect(offered.told(Fixture.extendedAlice).map { $0.name } == ["call_answer", "call_ringing"])
        #expect(offered.media.last == .join(.caller, self.leg))
        let connected = call.deviceConnected(Fixture.bobsTablet, of: Fixture.bobID.text)
        #expect(connected.told(Fixture.bobsTablet).map { $0.name } == ["incoming_call"])
        #expect(call.deviceConnected(Fixture.bobsTablet, of: Fixture.bobID.text) == CallAction())
    }

    @Test("An app's offer without a codec of the relay is refused before anything has happened")
    func offerWithoutCodec() throws {
        var call = Relay.call(from: .app(Fixture.alice), RelayPolicy(codecs: [.pcmu]))
        #expect(throws: ClientError.self) {
            try call.begin(callees: [Fixture.phone()], offer: Relay.offer([.opus]), now: self.now)
        }
    }

    // MARK: A phone calls an app

    @Test(
        "Phone to app, baseline: the app answers first, and is offered what the phone takes; the 200 waits for its media"
    )
    func phoneToBaseline() throws {
        var call = Relay.fromPhone()
        let begun = call.begin(callees: [.app(Fixture.bob)], sdp: Relay.phoneSDP(), now: self.now)
        #expect(
            begun
                == CallAction(
                    sip: [.ring(.caller, status: 180, sdp: nil)],
                    client: [.init(Fixture.bob.connection, Fixture.incoming)],
                    media: [.open(.caller, .rtp)]
                )
        )
        #expect(call.mediaOpened(.caller, Relay.phone) == CallAction())
        let taken = try call.receivedAnswerCall(from: Fixture.bob.connection, answer: nil, now: self.now)
        #expect(taken == CallAction(media: [.open(self.leg, .webRTC)], answered: true))
        #expect(call.mayOffer(.callee) == false)
        #expect(throws: ClientError.self) { try call.receivedOffer(Relay.offer(), from: .callee, now: self.now) }
        let opened = call.mediaOpened(self.leg, Relay.app)
        let offer = Relay.callOffer(Relay.toApp(offering: [.pcmu, .pcma], version: 1))
        #expect(opened == CallAction(client: [.init(Fixture.bob.connection, offer)]))
        #expect(call.owesAnswer(.callee) == true)
        let answered = try call.receivedAnswer(Relay.answer([.pcma, .pcmu]), from: .callee, now: self.now)
        let digits = [DigitFormat(sends: 126, receives: 101, clockRate: 8000)]
        #expect(answered == CallAction(media: [.update(self.leg, Relay.appPeer([.pcma, .pcmu], digits: digits))]))
        let deadline = call.nextDeadline
        #expect(deadline == self.now + .milliseconds(1500))
        let connected = call.mediaConnected(self.leg)
        let accepted = try Relay.toPhone([.pcma], answering: Relay.phoneSDP(), session: 8, version: 1)
        #expect(
            connected
                == CallAction(
                    sip: [.accept(.caller, sdp: accepted)],
                    media: [.update(.caller, Relay.phonePeer([.pcma])), .join(.caller, self.leg)]
                )
        )
        #expect(call.nextDeadline == nil)
        #expect(call.receivedAcknowledgement(.caller, sdp: nil) == CallAction())
    }

    @Test("The 200 waits 1.5 s at most, and then for the app's answer no more than the negotiation may last")
    func safeLimit() throws {
        var call = Relay.fromPhone()
        _ = call.begin(callees: [.app(Fixture.bob)], sdp: Relay.phoneSDP([.g722, .pcma]), now: self.now)
        _ = call.mediaOpened(.caller, Relay.phone)
        _ = try call.receivedAnswerCall(from: Fixture.bob.connection, answer: nil, now: self.now)
        _ = call.mediaOpened(self.leg, Relay.app)
        #expect(call.timeoutReached(now: self.now + .milliseconds(1499)) == CallAction())
        let late = call.timeoutReached(now: self.now + .milliseconds(1500))
        // G.722 is the one that an app need not have.
        let sdp = try Relay.toPhone(
            [.pcma],
            answering: Relay.phoneSDP([.g722, .pcma]),
            session: 8,
            version: 1
        )
        #expect(
            late
                == CallAction(
                    sip: [.accept(.caller, sdp: sdp)],
                    media: [.update(.caller, Relay.phonePeer([.pcma]))]
                )
        )
        let deadline = call.nextDeadline
        #expect(deadline == self.now + CallTimers().negotiation)
        let ended = call.timeoutReached(now: self.now + CallTimers().negotiation)
        #expect(
            ended
                == CallAction(
                    sip: [.end(.caller, SessionEnding(status: 488))],
                    client: [
                        .init(
                            Fixture.bob.connection,
                            .callHangedUp(
                                callID: Fixture.id,
                                hangedUpBy: Fixture.aliceID,
                                reason: .media,
                                sipStatus: nil
                            )
                        )
                    ],
                    ended: CallOutcome(.media)
                )
        )
    }

    @Test("Answering fast, the 200 goes out with answer_call, and the app is offered the codec that it names")
    func fast() throws {
        var call = Relay.fromPhone(RelayPolicy(answering: .fast))
        _ = call.begin(callees: [.app(Fixture.bob)], sdp: Relay.phoneSDP(), now: self.now)
        _ = call.mediaOpened(.caller, Relay.phone)
        let taken = try call.receivedAnswerCall(from: Fixture.bob.connection, answer: nil, now: self.now)
        let sdp = try Relay.toPhone([.pcmu], answering: Relay.phoneSDP(), session: 8, version: 1)
        #expect(
            taken
                == CallAction(
                    sip: [.accept(.caller, sdp: sdp)],
                    media: [.open(self.leg, .webRTC), .update(.caller, Relay.phonePeer([.pcmu]))],
                    answered: true
                )
        )
        let opened = call.mediaOpened(self.leg, Relay.app)
        let offer = Relay.callOffer(Relay.toApp(offering: [.pcmu], version: 1))
        #expect(opened == CallAction(client: [.init(Fixture.bob.connection, offer)]))
        let answered = try call.receivedAnswer(Relay.answer([.pcmu]), from: .callee, now: self.now)
        #expect(answered.media.last == .join(.caller, self.leg))
        #expect(answered.sip == [])
    }

    @Test("Phone to app, extended: it rings with the relay's offer, and its answer comes with answer_call")
    func phoneToExtended() throws {
        var call = Relay.fromPhone()
        let begun = call.begin(callees: [.app(Fixture.extendedBob)], sdp: Relay.phoneSDP(), now: self.now)
        #expect(begun == CallAction(media: [.open(.caller, .rtp), .open(self.leg, .webRTC)]))
        let opened = call.mediaOpened(self.leg, Relay.app)
        #expect(
            opened
                == CallAction(
                    sip: [.ring(.caller, status: 180, sdp: nil)],
                    client: [
                        .init(
                            Fixture.extendedBob.connection,
                            .incomingCall(
                                callID: Fixture.id,
                                callerID: Fixture.aliceID,
                                callerUsername: "Alice",
                                offer: Relay.toApp(offering: [.pcmu, .pcma], version: 1)
                            )
                        )
                    ]
                )
        )
        #expect(throws: ClientError.self) {
            try call.receivedAnswerCall(
                from: Fixture.extendedBob.connection,
                answer: Relay.answer([.opus]),
                now: self.now
            )
        }
        let answer = Relay.answer([.pcmu, .pcma])
        let taken = try call.receivedAnswerCall(from: Fixture.extendedBob.connection, answer: answer, now: self.now)
        let digits = [DigitFormat(sends: 126, receives: 101, clockRate: 8000)]
        #expect(
            taken
                == CallAction(
                    media: [.update(self.leg, Relay.appPeer([.pcmu, .pcma], digits: digits))],
                    answered: true
                )
        )
        #expect(call.candidateBelongs(ufrag: "abcd", to: .callee) == true)
        // The caller's endpoint may be the last to come.
        #expect(call.mediaConnected(self.leg) == CallAction())
        let accepted = call.mediaOpened(.caller, Relay.phone)
        let sdp = try Relay.toPhone([.pcmu], answering: Relay.phoneSDP(), session: 8, version: 1)
        #expect(
            accepted
                == CallAction(
                    sip: [.accept(.caller, sdp: sdp)],
                    media: [.update(.caller, Relay.phonePeer([.pcmu])), .join(.caller, self.leg)]
                )
        )
    }

    @Test("An extended app may take the call first and answer the offer afterwards")
    func extendedAnswersLater() throws {
        var call = Relay.fromPhone()
        _ = call.begin(callees: [.app(Fixture.extendedBob)], sdp: Relay.phoneSDP(), now: self.now)
        _ = call.mediaOpened(.caller, Relay.phone)
        _ = call.mediaOpened(self.leg, Relay.app)
        let taken = try call.receivedAnswerCall(from: Fixture.extendedBob.connection, answer: nil, now: self.now)
        #expect(taken == CallAction(answered: true))
        #expect(call.owesAnswer(.callee) == true)
        let answered = try call.receivedAnswer(Relay.answer([.pcmu]), from: .callee, now: self.now)
        #expect(answered.media.count == 1)
        #expect(call.mediaConnected(self.leg).sip.count == 1)
    }

    @Test(
        "An INVITE without SDP: our offer in the 200, the answer in the ACK, and only then the app is offered that codec"
    )
    func inviteWithoutSDP() throws {
        var call = try self.acceptedWithoutOffer()
        let acknowledged = call.receivedAcknowledgement(.caller, sdp: Relay.phoneSDP([.pcma]))
        #expect(acknowledged.media == [.update(.caller, Relay.phonePeer([.pcma]))])
        #expect(acknowledged.told(Fixture.extendedBob).map { $0.name } == ["call_offer"])
        let answered = try call.receivedAnswer(Relay.answer([.pcma]), from: .callee, now: self.now)
        #expect(answered.media.last == .join(.caller, self.leg))
        #expect(call.nextDeadline == nil)
    }

    @Test("An ACK without the answer that it owes, or with one of no use, ends the call")
    func acknowledgementWithoutAnswer() throws {
        for (sdp, outcome) in [
            (nil, CallOutcome(.media)), (Relay.phoneSDP([]), CallOutcome(RelayFault.noCodec)),
            ([], CallOutcome(RelayFault.unreadable)),
        ] {
            var call = try self.acceptedWithoutOffer()
            let action = call.receivedAcknowledgement(.caller, sdp: sdp)
            #expect(action.ended == outcome)
            #expect(action.told(Fixture.extendedBob).map { $0.name } == ["call_hanged_up"])
        }
    }

    /// A phone's call without an offer that an extended app has taken: the 200 is out at once.
    private func acceptedWithoutOffer() throws -> Call {
        var call = Relay.fromPhone()
        _ = call.begin(callees: [.app(Fixture.extendedBob)], sdp: nil, now: self.now)
        _ = call.mediaOpened(.caller, Relay.phone)
        _ = call.mediaOpened(self.leg, Relay.app)
        let taken = try call.receivedAnswerCall(from: Fixture.extendedBob.connection, answer: nil, now: self.now)
        let offer = try Relay.toPhone([.opus, .g722, .pcmu, .pcma], session: 8, version: 1)
        #expect(taken == CallAction(sip: [.accept(.caller, sdp: offer)], answered: true))
        return call
    }

    @Test("An INVITE that the relay can make nothing of is refused with 488 and a Warning")
    func uselessInvite() {
        for (sdp, fault) in [
            (Relay.phoneSDP([]), RelayFault.noCodec), (Array("v=0".utf8), .unreadable),
        ] {
            var call = Relay.fromPhone()
            let action = call.begin(callees: [.app(Fixture.bob)], sdp: sdp, now: self.now)
            #expect(
                action
                    == CallAction(
                        sip: [.end(.caller, SessionEnding(status: 488, warning: fault.explanation))],
                        ended: CallOutcome(fault)
                    )
            )
        }
        var call = Relay.fromPhone(RelayPolicy(codecs: [.opus]))
        #expect(
            call.begin(callees: [.app(Fixture.bob)], sdp: Relay.phoneSDP(), now: self.now).ended
                == CallOutcome(RelayFault.noCodec)
        )
    }
}
