import CallCore
import ClientProtocol
import SIPCore
import Testing

@Suite("A call from app to app")
struct AppToAppTests {
    private func ringing() throws -> Call {
        var call = Fixture.call(from: .app(Fixture.alice))
        let action = try call.begin(
            callees: [.app(Fixture.bob), .app(Fixture.bobsTablet)],
            offer: nil,
            now: Fixture.start
        )
        #expect(
            action
                == CallAction(client: [
                    .init(Fixture.bob.connection, Fixture.incoming),
                    .init(Fixture.bobsTablet.connection, Fixture.incoming),
                ])
        )
        return call
    }

    private func answered() throws -> Call {
        var call = try self.ringing()
        _ = try call.receivedAnswerCall(from: Fixture.bob.connection, answer: nil, now: Fixture.start)
        return call
    }

    @Test("The first device that answers wins; the others hear that it was answered elsewhere")
    func firstAnswerWins() throws {
        var call = try self.ringing()
        let action = try call.receivedAnswerCall(from: Fixture.bob.connection, answer: nil, now: Fixture.start)
        #expect(
            action
                == CallAction(
                    client: [
                        .init(Fixture.bobsTablet.connection, Fixture.cancelled(.answeredElsewhere)),
                        .init(Fixture.alice.connection, Fixture.answered),
                    ],
                    answered: true
                )
        )
        #expect(throws: ClientError.self) {
            try call.receivedAnswerCall(from: Fixture.bobsTablet.connection, answer: nil, now: Fixture.start)
        }
    }

    @Test("Offer, answer and candidates pass on to the byte, each naming the sender as its receiver knows it")
    func mediaPassesOn() throws {
        var call = try self.answered()
        #expect(
            try call.receivedOffer(Fixture.offer, from: .caller, now: Fixture.start).client == [
                .init(
                    Fixture.bob.connection,
                    .callOffer(callID: Fixture.id, callerID: Fixture.aliceID, offer: Fixture.offer)
                )
            ]
        )
        #expect(
            try call.receivedAnswer(Fixture.answer, from: .callee, now: Fixture.start).client == [
                .init(
                    Fixture.alice.connection,
                    .callAnswer(callID: Fixture.id, calleeID: Fixture.bobID, answer: Fixture.answer)
                )
            ]
        )
        #expect(
            try call.receivedCandidate(Fixture.candidate, from: .callee, now: Fixture.start).client == [
                .init(
                    Fixture.alice.connection,
                    .iceCandidate(callID: Fixture.id, senderID: Fixture.bobID, candidate: Fixture.candidate)
                )
            ]
        )
        #expect(call.nextDeadline == nil)
    }

    @Test("An offer before the answer reaches a baseline callee after it, with its candidates in order")
    func earlyOffer() throws {
        var call = try self.ringing()
        #expect(try call.receivedOffer(Fixture.offer, from: .caller, now: Fixture.start) == CallAction())
        #expect(try call.receivedCandidate(Fixture.candidate, from: .caller, now: Fixture.start) == CallAction())
        let action = try call.receivedAnswerCall(from: Fixture.bob.connection, answer: nil, now: Fixture.start)
        #expect(
            action.told(Fixture.bob) == [
                .callOffer(callID: Fixture.id, callerID: Fixture.aliceID, offer: Fixture.offer),
                .iceCandidate(callID: Fixture.id, senderID: Fixture.aliceID, candidate: Fixture.candidate),
            ]
        )
    }

    @Test("An extended callee has the offer with incoming_call, and may answer it with answer_call")
    func offerInIncomingCall() throws {
        var call = Fixture.call(from: .app(Fixture.extendedAlice))
        let begun = try call.begin(callees: [.app(Fixture.extendedBob)], offer: Fixture.offer, now: Fixture.start)
        #expect(
            begun.told(Fixture.extendedBob) == [
                .incomingCall(
                    callID: Fixture.id,
                    callerID: Fixture.aliceID,
                    callerUsername: "Alice",
                    offer: Fixture.offer
                )
            ]
        )
        let action = try call.receivedAnswerCall(
            from: Fixture.extendedBob.connection,
            answer: Fixture.answer,
            now: Fixture.start
        )
        #expect(action.told(Fixture.extendedBob).isEmpty)
        #expect(
            action.told(Fixture.extendedAlice) == [
                Fixture.answered,
                .callAnswer(callID: Fixture.id, calleeID: Fixture.bobID, answer: Fixture.answer),
            ]
        )
    }

    @Test("An offer that came after incoming_call is sent to an extended callee too")
    func offerAfterIncomingCall() throws {
        var call = Fixture.call(from: .app(Fixture.alice))
        _ = try call.begin(callees: [.app(Fixture.extendedBob)], offer: nil, now: Fixture.start)
        _ = try call.receivedOffer(Fixture.offer, from: .caller, now: Fixture.start)
        let action = try call.receivedAnswerCall(
            from: Fixture.extendedBob.connection,
            answer: nil,
            now: Fixture.start
        )
        #expect(
            action.told(Fixture.extendedBob) == [
                .callOffer(callID: Fixture.id, callerID: Fixture.aliceID, offer: Fixture.offer)
            ]
        )
    }

    @Test("One device that rejects rejects for the user")
    func reject() throws {
        var call = try self.ringing()
        let action = call.receivedReject(from: Fixture.bob.connection, reason: .declined, now: Fixture.start)
        #expect(action.told(Fixture.alice) == [Fixture.rejected(.declined)])
        #expect(action.told(Fixture.bobsTablet) == [Fixture.cancelled(.declinedElsewhere)])
        #expect(action.told(Fixture.bob).isEmpty)
        #expect(action.ended?.reason == .declined)
    }

    @Test("A cancel is heard by every device that rings, and not by the caller")
    func cancel() throws {
        var call = try self.ringing()
        let action = call.receivedCancel(from: Fixture.alice.connection)
        #expect(action.told(Fixture.bob) == [Fixture.cancelled(.cancelled)])
        #expect(action.told(Fixture.bobsTablet) == [Fixture.cancelled(.cancelled)])
        #expect(action.told(Fixture.alice).isEmpty)
    }

    @Test("A cancel that crosses the answer ends the answered call")
    func cancelCrossesAnswer() throws {
        var call = try self.answered()
        #expect(
            call.receivedCancel(from: Fixture.alice.connection).told(Fixture.bob) == [
                .callHangedUp(
                    callID: Fixture.id,
                    hangedUpBy: Fixture.aliceID,
                    reason: .cancelled,
                    sipStatus: nil
                )
            ]
        )
    }

    @Test("Whoever hangs up hears nothing of it; the other side hears it once")
    func hangUp() throws {
        var call = try self.answered()
        let action = call.receivedHangUp(from: Fixture.bob.connection, now: Fixture.start)
        #expect(
            action.client == [
                .init(
                    Fixture.alice.connection,
                    .callHangedUp(callID: Fixture.id, hangedUpBy: Fixture.bobID, reason: .hungUp, sipStatus: nil)
                )
            ]
        )
        #expect(call.receivedHangUp(from: Fixture.alice.connection, now: Fixture.start) == CallAction())
    }

    @Test("An app that is gone while it rings: the other device rings on, then the user is unavailable")
    func appGoneWhileRinging() throws {
        var call = try self.ringing()
        #expect(call.connectionLost(Fixture.bob.connection, now: Fixture.start) == CallAction())
        #expect(
            call.connectionLost(Fixture.bobsTablet.connection, now: Fixture.start).told(Fixture.alice) == [
                Fixture.rejected(.unavailable)
            ]
        )
    }

    @Test("A caller who is gone while it rings: every device hears a cancel")
    func callerGoneWhileRinging() throws {
        var call = try self.ringing()
        #expect(
            call.connectionLost(Fixture.alice.connection, now: Fixture.start).told(Fixture.bob) == [
                Fixture.cancelled(.connectionLost)
            ]
        )
    }

    @Test("An app that is gone while negotiating: the other side is told that the connection was lost")
    func appGoneWhileNegotiating() throws {
        var call = try self.answered()
        _ = try call.receivedOffer(Fixture.offer, from: .caller, now: Fixture.start)
        #expect(
            call.connectionLost(Fixture.bob.connection, now: Fixture.start).client == [
                .init(
                    Fixture.alice.connection,
                    .callHangedUp(
                        callID: Fixture.id,
                        hangedUpBy: Fixture.bobID,
                        reason: .connectionLost,
                        sipStatus: nil
                    )
                )
            ]
        )
    }

    @Test("Nobody answers within the ring time: both sides hear a timeout")
    func ringTimeout() throws {
        var call = try self.ringing()
        let next = call.nextDeadline
        let deadline = try #require(next)
        #expect(deadline == Fixture.start + .seconds(60))
        #expect(call.timeoutReached(now: Fixture.start) == CallAction())
        let action = call.timeoutReached(now: deadline)
        #expect(action.told(Fixture.alice) == [Fixture.rejected(.timeout)])
        #expect(action.told(Fixture.bob) == [Fixture.cancelled(.timeout)])
    }

    @Test("A callee that answered and sends no answer: the call ends on both legs with reason media")
    func negotiationTimeout() throws {
        var call = try self.answered()
        _ = try call.receivedOffer(Fixture.offer, from: .caller, now: Fixture.start)
        let action = call.timeoutReached(now: Fixture.start + .seconds(20))
        #expect(
            action.told(Fixture.alice) == [
                .callHangedUp(callID: Fixture.id, hangedUpBy: Fixture.bobID, reason: .media, sipStatus: nil)
            ]
        )
        #expect(
            action.told(Fixture.bob) == [
                .callHangedUp(callID: Fixture.id, hangedUpBy: Fixture.aliceID, reason: .media, sipStatus: nil)
            ]
        )
        #expect(call.nextDeadline == nil)
    }

    @Test("A device that connects while the user's other device rings, rings too")
    func lateDevice() throws {
        var call = Fixture.call(from: .app(Fixture.alice))
        _ = try call.begin(callees: [.app(Fixture.bob)], offer: nil, now: Fixture.start)
        #expect(
            call.deviceConnected(Fixture.bobsTablet, of: Fixture.bobID.text).told(Fixture.bobsTablet) == [
                Fixture.incoming
            ]
        )
        #expect(call.deviceConnected(Fixture.bobsTablet, of: Fixture.bobID.text) == CallAction())
    }

    @Test("A call with nobody to ring ends as unavailable")
    func nobodyThere() throws {
        var call = Fixture.call(from: .app(Fixture.alice))
        let action = try call.begin(callees: [], offer: nil, now: Fixture.start)
        #expect(action.told(Fixture.alice) == [Fixture.rejected(.unavailable)])
    }

    @Test("Descriptions out of turn are refused and change nothing")
    func outOfTurn() throws {
        var call = try self.answered()
        #expect(throws: ClientError.self) {
            try call.receivedAnswer(Fixture.answer, from: .callee, now: Fixture.start)
        }
        #expect(throws: ClientError.self) {
            try call.receivedOffer(Fixture.offer, from: .callee, now: Fixture.start)
        }
        #expect(!(try call.receivedOffer(Fixture.offer, from: .caller, now: Fixture.start)).client.isEmpty)
        #expect(throws: ClientError.self) {
            try call.receivedAnswer(Fixture.answer, from: .caller, now: Fixture.start)
        }
    }
}
