import CallCore
import ClientProtocol
import MediaCore
import SIPCore
import Testing

@Suite("Relayed calls between phones, and those that ring in several places")
struct RelayedForkTests {
    private typealias Relay = RelayFixture
    private let leg = RelayFixture.leg
    private let now = Fixture.start

    // MARK: A phone calls a phone

    @Test("Phone to phone: the callee is offered the caller's codecs, and early media is the caller's answer for good")
    func phoneToPhone() throws {
        var call = Relay.fromPhone()
        let begun = call.begin(callees: [Fixture.phone()], sdp: Relay.phoneSDP(), now: self.now)
        #expect(begun == CallAction(media: [.open(.caller, .rtp), .open(self.leg, .rtp)]))
        let invited = call.mediaOpened(self.leg, Relay.phone)
        let offer = try Relay.toCallee([.pcmu, .pcma], version: 1)
        #expect(invited == CallAction(sip: [.invite(self.leg, Relay.order(offer))]))
        #expect(call.mediaOpened(.caller, Relay.phone) == CallAction())
        let ringing = call.receivedProvisional(self.leg, status: 180, sdp: nil)
        #expect(ringing == CallAction(sip: [.ring(.caller, status: 180, sdp: nil)]))
        let early = call.receivedProvisional(self.leg, status: 180, sdp: Relay.phoneSDP([.pcma, .pcmu], port: 5000))
        let answer = try Relay.toPhone([.pcma], answering: Relay.phoneSDP(), session: 8, version: 1)
        #expect(
            early
                == CallAction(
                    sip: [.ring(.caller, status: 183, sdp: answer)],
                    media: [
                        .update(self.leg, Relay.phonePeer([.pcma, .pcmu], port: 5000)),
                        .update(.caller, Relay.phonePeer([.pcma])), .join(.caller, self.leg),
                    ]
                )
        )
        let sdp = Relay.phoneSDP([.pcma, .pcmu], port: 5000)
        let answered = call.receivedAnswer(self.leg, sdp: sdp, now: self.now)
        #expect(answered == CallAction(sip: [.accept(.caller, sdp: answer)], answered: true))
        #expect(call.receivedAcknowledgement(.caller, sdp: nil) == CallAction())
        #expect(call.nextDeadline == nil)
    }

    @Test("Phone to phone without SDP: the callee's codecs are offered in the 200")
    func phoneToPhoneWithoutSDP() throws {
        var call = Relay.fromPhone()
        _ = call.begin(callees: [Fixture.phone()], sdp: nil, now: self.now)
        _ = call.mediaOpened(.caller, Relay.phone)
        _ = call.mediaOpened(self.leg, Relay.phone)
        let answered = call.receivedAnswer(self.leg, sdp: Relay.phoneSDP([.g722, .pcmu]), now: self.now)
        let offer = try Relay.toPhone([.g722, .pcmu], session: 8, version: 1)
        #expect(
            answered
                == CallAction(
                    sip: [.accept(.caller, sdp: offer)],
                    media: [.update(self.leg, Relay.phonePeer([.g722, .pcmu]))],
                    answered: true
                )
        )
        let acknowledged = call.receivedAcknowledgement(.caller, sdp: Relay.phoneSDP([.g722]))
        #expect(
            acknowledged
                == CallAction(media: [.update(.caller, Relay.phonePeer([.g722])), .join(.caller, self.leg)])
        )
    }

    // MARK: Several that ring

    /// An app that calls a user with an app, leg 1, and a phone, leg 2.
    private func fork() throws -> Call {
        var call = Relay.call(from: .app(Fixture.alice))
        let begun = try call.begin(
            callees: [.app(Fixture.bob), Fixture.phone()],
            offer: Relay.offer(),
            now: self.now
        )
        #expect(begun.media == [.open(.caller, .webRTC), .open(Relay.second, .rtp)])
        #expect(begun.told(Fixture.bob) == [Fixture.incoming])
        _ = call.mediaOpened(.caller, Relay.app)
        #expect(call.mediaOpened(Relay.second, Relay.phone).sip.count == 1)
        // Nobody knows yet whom the caller should hear.
        #expect(call.receivedProvisional(Relay.second, status: 183, sdp: Relay.phoneSDP()) == CallAction())
        return call
    }

    @Test("A fork that an app wins needs no relay: both legs are closed, and the apps reach each other")
    func forkWonByApp() throws {
        var call = try self.fork()
        let action = try call.receivedAnswerCall(from: Fixture.bob.connection, answer: nil, now: self.now)
        #expect(
            action
                == CallAction(
                    sip: [.end(Relay.second, SessionEnding(reason: .answeredElsewhere))],
                    client: [
                        .init(Fixture.alice.connection, Fixture.answered),
                        .init(Fixture.bob.connection, Relay.callOffer(Relay.offer())),
                    ],
                    media: [.close(Relay.second), .close(.caller)],
                    answered: true
                )
        )
        // What the engine still has to say of the closed legs is nothing.
        #expect(call.mediaFailed(.caller, now: Fixture.start) == CallAction())
        #expect(call.mediaLost(Relay.second) == CallAction())
        #expect(call.mediaConnected(.caller) == CallAction())
    }

    @Test("A fork that the phone wins: the app hears of it, and the caller is answered by the relay")
    func forkWonByPhone() throws {
        var call = try self.fork()
        let action = call.receivedAnswer(Relay.second, sdp: Relay.phoneSDP([.pcmu]), now: self.now)
        let answer = try Relay.toApp(answering: Relay.browser(), [.pcmu], digits: Relay.digits8, version: 1)
        #expect(
            action
                == CallAction(
                    client: [
                        .init(Fixture.bob.connection, Fixture.cancelled(.answeredElsewhere)),
                        .init(Fixture.alice.connection, Fixture.answered),
                        .init(Fixture.alice.connection, Relay.callAnswer(answer)),
                    ],
                    media: [
                        .update(Relay.second, Relay.phonePeer([.pcmu])),
                        .update(.caller, Relay.appPeer([.pcmu], digits: Relay.digitFormats8)),
                        .join(.caller, Relay.second),
                    ],
                    answered: true
                )
        )
    }

    @Test("A phone rings two apps and a phone: whoever loses is closed, if the engine knows of it")
    func losersAreClosed() throws {
        let third = LegID(number: 3)
        var call = Relay.fromPhone()
        let begun = call.begin(
            callees: [.app(Fixture.extendedBob), .app(Fixture.bobsTablet), Fixture.phone()],
            sdp: Relay.phoneSDP(),
            now: self.now
        )
        #expect(begun.media == [.open(.caller, .rtp), .open(self.leg, .webRTC), .open(third, .rtp)])
        _ = call.mediaOpened(.caller, Relay.phone)
        _ = call.mediaOpened(self.leg, Relay.app)
        _ = call.mediaOpened(third, Relay.phone)
        let answered = call.receivedAnswer(third, sdp: Relay.phoneSDP([.pcmu]), now: self.now)
        #expect(
            answered.media == [
                .close(self.leg), .update(third, Relay.phonePeer([.pcmu])),
                .update(.caller, Relay.phonePeer([.pcmu])), .join(.caller, third),
            ]
        )
        #expect(
            answered.client == [
                .init(Fixture.extendedBob.connection, Fixture.cancelled(.answeredElsewhere)),
                .init(Fixture.bobsTablet.connection, Fixture.cancelled(.answeredElsewhere)),
            ]
        )
    }

    @Test("A branch that refuses, is gone, or for which there is no port is closed, and the others ring on")
    func branchesThatFail() throws {
        let third = LegID(number: 3)
        var call = Relay.fromPhone()
        _ = call.begin(
            callees: [.app(Fixture.extendedBob), .app(Fixture.extendedAlice), Fixture.phone()],
            sdp: Relay.phoneSDP(),
            now: self.now
        )
        _ = call.mediaOpened(.caller, Relay.phone)
        _ = call.mediaOpened(third, Relay.phone)
        #expect(
            call.connectionLost(Fixture.extendedBob.connection, now: Fixture.start)
                == CallAction(media: [.close(self.leg)])
        )
        #expect(call.mediaFailed(Relay.second, now: Fixture.start) == CallAction(media: [.close(Relay.second)]))
        #expect(call.mediaFailed(Relay.second, now: Fixture.start) == CallAction())
        let refused = call.receivedRefusal(third, .init(status: 404), now: Fixture.start)
        #expect(
            refused
                == CallAction(
                    sip: [.end(.caller, SessionEnding(status: 488))],
                    media: [.close(third)],
                    ended: CallOutcome(.media)
                )
        )
    }

    @Test("No port for the caller, or for the only phone, is reason media")
    func noPort() throws {
        var call = Relay.call(from: .app(Fixture.alice))
        _ = try call.begin(callees: [Fixture.phone()], offer: nil, now: self.now)
        #expect(
            call.mediaFailed(.caller, now: Fixture.start)
                == CallAction(
                    client: [.init(Fixture.alice.connection, Fixture.rejected(.media))],
                    media: [.close(self.leg)],
                    ended: CallOutcome(.media)
                )
        )
        var other = Relay.call(from: .app(Fixture.alice))
        _ = try other.begin(callees: [Fixture.phone()], offer: nil, now: self.now)
        #expect(
            other.mediaFailed(self.leg, now: Fixture.start)
                == CallAction(
                    client: [.init(Fixture.alice.connection, Fixture.rejected(.media))],
                    media: [.close(self.leg)],
                    ended: CallOutcome(.media)
                )
        )
    }

    @Test("A device that connects while a phone's call rings is laid out, told, and closed when it goes")
    func lateDevice() {
        var call = Relay.fromPhone()
        _ = call.begin(callees: [.app(Fixture.bob)], sdp: Relay.phoneSDP(), now: self.now)
        let connected = call.deviceConnected(Fixture.extendedBob, of: Fixture.bobID.text)
        #expect(connected == CallAction(media: [.open(Relay.second, .webRTC)]))
        let opened = call.mediaOpened(Relay.second, Relay.app)
        #expect(opened.told(Fixture.extendedBob).map { $0.name } == ["incoming_call"])
        #expect(opened.sip == [])
        #expect(
            call.connectionLost(Fixture.extendedBob.connection, now: Fixture.start)
                == CallAction(media: [.close(Relay.second)])
        )
    }
}
