import CallCore
import ClientProtocol
import MediaCore
import SIPCore
import Testing

@Suite("What phones change by UPDATE, before the answer too, and in the answer to a refresh")
struct UpdateTests {
    private typealias Relay = RelayFixture
    private let leg = RelayFixture.leg
    private let now = Fixture.start

    /// A phone calls a phone, which has sent early media.
    private func hearing() throws -> Call {
        var call = Relay.fromPhone()
        _ = call.begin(callees: [Fixture.phone()], sdp: Relay.phoneSDP(), now: self.now)
        _ = call.mediaOpened(self.leg, Relay.phone)
        _ = call.mediaOpened(.caller, Relay.phone)
        _ = call.receivedProvisional(self.leg, status: 183, sdp: Relay.phoneSDP([.pcmu], port: 5000))
        return call
    }

    @Test("RFC 3311 §5.2: a phone that rings moves its media, and its 200 says nothing new")
    func callee() throws {
        var call = try self.hearing()
        let moved = Relay.phoneSDP([.pcmu], port: 5002, version: 2)
        let answer = try Relay.toCallee([.pcmu], answering: moved, version: 2)
        #expect(
            call.receivedUpdate(self.leg, sdp: moved, now: self.now)
                == CallAction(
                    sip: [.acceptReinvite(self.leg, sdp: answer)],
                    media: [.update(self.leg, Relay.phonePeer([.pcmu], port: 5002))]
                )
        )
        let answered = call.receivedAnswer(self.leg, sdp: moved, now: self.now)
        let accepted = try Relay.toPhone([.pcmu], answering: Relay.phoneSDP(), session: 8, version: 1)
        #expect(answered == CallAction(sip: [.accept(.caller, sdp: accepted)], answered: true))
    }

    @Test("A caller that has our early answer moves its media, and its 200 has what it was told last")
    func caller() throws {
        var call = try self.hearing()
        let moved = Relay.phoneSDP([.pcmu], port: 4002, version: 2)
        // It says what it said before.
        let answer = try Relay.toPhone([.pcmu], answering: moved, session: 8, version: 1)
        #expect(
            call.receivedUpdate(.caller, sdp: moved, now: self.now)
                == CallAction(
                    sip: [.acceptReinvite(.caller, sdp: answer)],
                    media: [.update(.caller, Relay.phonePeer([.pcmu], port: 4002))]
                )
        )
        let answered = call.receivedAnswer(self.leg, sdp: Relay.phoneSDP([.pcmu], port: 5000), now: self.now)
        #expect(answered == CallAction(sip: [.accept(.caller, sdp: answer)], answered: true))
    }

    @Test("An early UPDATE that can't be answered is refused, and changes nothing")
    func refused() throws {
        var call = try self.hearing()
        let refusal = CallAction(sip: [
            .rejectReinvite(self.leg, status: 488, warning: RelayFault.noCodec.explanation)
        ])
        #expect(call.receivedUpdate(self.leg, sdp: Relay.phoneSDP([]), now: self.now) == refusal)
        let answered = call.receivedAnswer(self.leg, sdp: Relay.phoneSDP([.pcmu], port: 5000), now: self.now)
        #expect(answered.sip.count == 1)
        #expect(answered.media == [])
        #expect(answered.answered)
    }

    @Test("Where media passes through nobody can be asked before the answer: 488")
    func passthrough() throws {
        var call = Fixture.call(from: .app(Fixture.alice))
        _ = try call.begin(callees: [Fixture.phone()], offer: nil, now: self.now)
        let action = call.receivedUpdate(self.leg, sdp: Fixture.phoneSDP(2), now: self.now)
        #expect(
            action
                == CallAction(sip: [
                    .rejectReinvite(
                        self.leg,
                        status: 488,
                        warning: "The media of this call can change once it is answered."
                    )
                ])
        )
    }

    @Test("An UPDATE of a caller that an app has taken, and that waits for its 200, leaves that 200 due")
    func whileItWaits() throws {
        var call = Relay.fromPhone()
        _ = call.begin(callees: [.app(Fixture.extendedBob)], sdp: Relay.phoneSDP(), now: self.now)
        _ = call.mediaOpened(.caller, Relay.phone)
        _ = call.mediaOpened(self.leg, Relay.app)
        _ = try call.receivedAnswerCall(
            from: Fixture.extendedBob.connection,
            answer: Relay.answer([.pcmu]),
            now: self.now
        )
        let moved = Relay.phoneSDP([.pcmu], port: 4002, version: 2)
        #expect(call.receivedUpdate(.caller, sdp: moved, now: self.now).sip.first?.isAcceptance == true)
        let connected = call.mediaConnected(self.leg)
        guard case .accept(.caller, .some)? = connected.sip.first else {
            Issue.record("\(connected.sip)")
            return
        }
    }

    // MARK: An offer in a provisional response

    @Test(
        "RFC 3262 §5: the offer of a phone that an app calls is answered inactive, and the app offers after the answer"
    )
    func provisionalOffer() throws {
        var call = Fixture.call(from: .app(Fixture.alice))
        _ = try call.begin(callees: [Fixture.phone()], offer: nil, now: self.now)
        let early = call.receivedProvisionalOffer(self.leg, sdp: Fixture.phoneSDP())
        guard case .answerProvisional(self.leg, let sdp)? = early.sip.first else {
            Issue.record("\(early.sip)")
            return
        }
        #expect(String(decoding: sdp, as: UTF8.self).contains("a=inactive"))
        let answered = call.receivedAnswer(self.leg, sdp: Fixture.phoneSDP(), now: self.now)
        #expect(answered == CallAction(client: [.init(Fixture.alice.connection, Fixture.answered)], answered: true))
        _ = try call.receivedOffer(Fixture.offer, from: .caller, now: self.now)
        let offered = try call.receivedCandidate(Fixture.noMoreCandidates, from: .caller, now: self.now)
        guard case .reinvite(self.leg, .some)? = offered.sip.first else {
            Issue.record("\(offered.sip)")
            return
        }
    }

    @Test("An offer in a provisional response to a phone's call without SDP ends that branch")
    func provisionalOfferForPhone() throws {
        var call = Fixture.call(from: .sip(.inbound(origin: SessionOrigin(sessionID: 8))))
        _ = call.begin(callees: [Fixture.phone()], sdp: nil, now: self.now)
        let action = call.receivedProvisionalOffer(self.leg, sdp: Fixture.phoneSDP())
        #expect(action.ended?.reason == .media)
        #expect(action.sip.contains { $0.ends(self.leg) })
    }

    // MARK: The answer to a refresh

    @Test("RFC 4028 §7.4: media that moves in the answer to a refresh is followed, and nothing is said")
    func redescribed() throws {
        var call = try Relay.talking()
        let moved = Relay.phoneSDP([.pcmu], port: 5004, version: 2)
        #expect(
            call.receivedRedescription(self.leg, sdp: moved)
                == CallAction(media: [.update(self.leg, Relay.phonePeer([.pcmu], port: 5004))])
        )
    }

    @Test("One that can't be taken changes nothing")
    func redescribedBadly() throws {
        var call = try Relay.talking()
        for sdp in [Array("v=0".utf8), Relay.phoneSDP([])] {
            #expect(call.receivedRedescription(self.leg, sdp: sdp) == CallAction())
        }
    }

    @Test("An answer with fewer codecs than the phone's own offer had is no news, whatever the app would rather send")
    func redescribedWithLess() throws {
        var call = try Relay.talkingFromPhone()
        let sdp = Relay.phoneSDP([.pcmu], version: 2)
        #expect(call.receivedRedescription(.caller, sdp: sdp) == CallAction())
        #expect(
            call.receivedRedescription(.caller, sdp: Relay.phoneSDP([.pcma], version: 3)).ended == nil
        )
    }

    @Test("A session timer that ran out ends the call on both legs")
    func expired() throws {
        var call = try Relay.talking()
        let action = call.sessionEnded(self.leg, .sessionExpired, now: Fixture.start)
        #expect(action.ended?.reason == .sessionExpired)
        #expect(action.told(Fixture.extendedAlice).count == 1)
        guard case .callHangedUp(_, _, .sessionExpired, _)? = action.told(Fixture.extendedAlice).first else {
            Issue.record("\(action.client)")
            return
        }
    }
}

extension CallAction.SIP {
    fileprivate var isAcceptance: Bool {
        if case .acceptReinvite = self { return true }
        return false
    }

    fileprivate func ends(_ leg: LegID) -> Bool {
        if case .end(leg, _) = self { return true }
        return false
    }
}
