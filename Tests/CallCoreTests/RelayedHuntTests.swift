import CallCore
import ClientProtocol
import MediaCore
import SIPCore
import Testing

@Suite("Relayed calls that ring in turn")
struct RelayedHuntTests {
    private typealias Relay = RelayFixture
    private let leg = RelayFixture.leg
    private let second = RelayFixture.second
    private let now = Fixture.start

    /// A phone calls, has heard the early media of leg 1, and that one has refused: leg 2 rings.
    private func moved() throws -> Call {
        var call = Relay.fromPhone()
        let turns = [Turn([Fixture.phone()]), Turn([Fixture.phone()])]
        _ = call.begin(Hunt(turns), sdp: Relay.phoneSDP(), now: self.now)
        _ = call.mediaOpened(.caller, Relay.phone)
        _ = call.mediaOpened(self.leg, Relay.phone)
        let early = call.receivedProvisional(self.leg, status: 183, sdp: Relay.phoneSDP([.pcma, .pcmu], port: 5000))
        #expect(early.media.last == .join(.caller, self.leg))
        #expect(
            call.receivedRefusal(self.leg, .init(status: 503), now: self.now)
                == CallAction(media: [.close(self.leg), .open(self.second, .rtp)])
        )
        return call
    }

    /// What the caller was answered for that early media.
    private func answer() throws -> [UInt8] {
        try Relay.toPhone([.pcma], answering: Relay.phoneSDP(), session: 8, version: 1)
    }

    @Test(
        "The caller goes on from one phone's early media to the next one's, and to the answer, with one answer of its own"
    )
    func earlyMediaMovesOn() throws {
        var call = try self.moved()
        // It is offered what the caller has agreed on.
        let invited = call.mediaOpened(self.second, Relay.phone)
        #expect(invited.sip == [.invite(self.second, Relay.order(try Relay.toCallee([.pcma], version: 1)))])
        let early = call.receivedProvisional(self.second, status: 183, sdp: Relay.phoneSDP([.pcma], port: 6000))
        #expect(
            early
                == CallAction(media: [
                    .update(self.second, Relay.phonePeer([.pcma], port: 6000)), .join(.caller, self.second),
                ])
        )
        let answered = call.receivedAnswer(self.second, sdp: Relay.phoneSDP([.pcma], port: 6000), now: self.now)
        let answer = try self.answer()
        #expect(answered == CallAction(sip: [.accept(.caller, sdp: answer)], answered: true))
    }

    @Test("A phone that answers without early media is joined with the caller then")
    func answerAfterEarlyMedia() throws {
        var call = try self.moved()
        _ = call.mediaOpened(self.second, Relay.phone)
        let answered = call.receivedAnswer(self.second, sdp: Relay.phoneSDP([.pcma], port: 6000), now: self.now)
        let answer = try self.answer()
        #expect(
            answered
                == CallAction(
                    sip: [.accept(.caller, sdp: answer)],
                    media: [.update(self.second, Relay.phonePeer([.pcma], port: 6000)), .join(.caller, self.second)],
                    answered: true
                )
        )
    }

    @Test("An app that has heard a phone reaches the next app by the relay, for its offer is answered already")
    func appAfterEarlyMedia() throws {
        var call = Relay.call(from: .app(Fixture.alice))
        _ = try call.begin(
            Hunt([Turn([Fixture.phone()]), Turn([.app(Fixture.extendedBob)])]),
            offer: Relay.offer(),
            now: self.now
        )
        _ = call.mediaOpened(.caller, Relay.app)
        _ = call.mediaOpened(self.leg, Relay.phone)
        let early = call.receivedProvisional(self.leg, status: 183, sdp: Relay.phoneSDP([.pcmu]))
        #expect(early.told(Fixture.alice).map { $0.name } == ["call_answer"])
        let next = call.receivedRefusal(self.leg, .init(status: 486), now: self.now)
        #expect(next == CallAction(media: [.close(self.leg), .open(self.second, .webRTC)]))
        let told = call.mediaOpened(self.second, Relay.app)
        #expect(told.told(Fixture.extendedBob).map { $0.name } == ["incoming_call"])
        let answered = try call.receivedAnswerCall(
            from: Fixture.extendedBob.connection,
            answer: Relay.answer([.pcmu]),
            now: self.now
        )
        #expect(answered.told(Fixture.alice) == [Fixture.answered])
        #expect(answered.media.last == .join(.caller, self.second))
        #expect(call.nextDeadline == nil)
    }

    @Test("A turn whose time is up has its media closed")
    func mediaOfTurn() throws {
        var call = Relay.fromPhone()
        let turns = [Turn([Fixture.phone()], limit: .seconds(5)), Turn([Fixture.phone()])]
        _ = call.begin(Hunt(turns), sdp: Relay.phoneSDP(), now: self.now)
        _ = call.mediaOpened(.caller, Relay.phone)
        _ = call.mediaOpened(self.leg, Relay.phone)
        #expect(
            call.timeoutReached(now: self.now + .seconds(5))
                == CallAction(
                    sip: [.end(self.leg, SessionEnding(reason: .noAnswer))],
                    media: [.close(self.leg), .open(self.second, .rtp)]
                )
        )
        // What the engine still has to say of it is nothing.
        #expect(call.mediaFailed(self.leg, now: self.now) == CallAction())
    }
}
