import CallCore
import ClientProtocol
import SIPCore
import Testing

@Suite("Ringing in turn")
struct HuntTests {
    private let now = Fixture.start
    private let first = LegID(number: 1)
    private let second = LegID(number: 2)
    private let third = LegID(number: 3)

    private func phone() -> Leg.Kind { Fixture.phone() }

    private func order(_ offer: [UInt8]?) -> InviteOrder {
        var order = Fixture.order
        order.offer = offer
        return order
    }

    /// A phone calls, and these ring.
    private func call(_ turns: [Turn]) -> Call {
        var call = Fixture.call(from: .sip(.inbound(origin: SessionOrigin(sessionID: 8))))
        let begun = call.begin(Hunt(turns), sdp: Fixture.phoneSDP(), now: self.now)
        let invited = turns[0].callees.indices.map { self.invite(LegID(number: UInt64($0) + 1)) }
        #expect(begun == CallAction(sip: invited))
        return call
    }

    private func invite(_ leg: LegID) -> CallAction.SIP { .invite(leg, self.order(Fixture.phoneSDP())) }

    @Test("The next turn rings once all of the one before have refused; the caller hears once that it rings")
    func nextTurn() {
        var call = self.call([Turn([self.phone(), self.phone()]), Turn([self.phone()])])
        let ringing = call.receivedProvisional(self.first, status: 180, sdp: nil)
        #expect(ringing == CallAction(sip: [.ring(.caller, status: 180, sdp: nil)]))
        #expect(call.receivedRefusal(self.first, .init(status: 486), now: self.now) == CallAction())
        let next = call.receivedRefusal(self.second, .init(status: 480), now: self.now)
        #expect(next == CallAction(sip: [self.invite(self.third)]))
        #expect(call.receivedProvisional(self.third, status: 180, sdp: nil) == CallAction())
        // The best of all turns is what the caller hears.
        let outcome = CallOutcome(.busy, sipStatus: 486)
        #expect(
            call.receivedRefusal(self.third, .init(status: 404), now: self.now)
                == CallAction(sip: [.end(.caller, outcome.ending)], ended: outcome)
        )
    }

    @Test("A turn whose time is up is cancelled, and an answer that crosses that is not heard")
    func timeIsUp() {
        var call = self.call([Turn([self.phone()], limit: .seconds(15)), Turn([self.phone()])])
        #expect(call.nextDeadline == self.now + .seconds(15))
        #expect(call.timeoutReached(now: self.now + .seconds(14)) == CallAction())
        let later = self.now + .seconds(15)
        #expect(
            call.timeoutReached(now: later)
                == CallAction(sip: [.end(self.first, SessionEnding(reason: .noAnswer)), self.invite(self.second)])
        )
        #expect(call.receivedAnswer(self.first, sdp: Fixture.phoneSDP(2), now: later) == CallAction())
        #expect(call.receivedRefusal(self.first, .init(status: 487), now: later) == CallAction())
        // The last one rings for as long as the call may.
        #expect(call.nextDeadline == self.now + .seconds(60))
        let end = call.timeoutReached(now: self.now + .seconds(60))
        #expect(end.ended == CallOutcome(.timeout))
        #expect(end.sip.contains(.end(self.second, SessionEnding())))
    }

    @Test("The whole call rings no longer than it may, however many turns are left")
    func wholeTime() {
        var call = self.call([Turn([self.phone()], limit: .seconds(90)), Turn([self.phone()])])
        #expect(call.nextDeadline == self.now + .seconds(60))
        #expect(call.timeoutReached(now: self.now + .seconds(60)).ended == CallOutcome(.timeout))
    }

    @Test("A 6xx speaks for the user: no later turn rings")
    func globalRefusal() {
        var call = self.call([Turn([self.phone()]), Turn([self.phone()])])
        let outcome = CallOutcome(.declined, sipStatus: 603, refusedByPerson: true)
        #expect(
            call.receivedRefusal(self.first, .init(status: 603), now: self.now)
                == CallAction(sip: [.end(.caller, outcome.ending)], ended: outcome)
        )
    }

    @Test(
        "A way that stands in for another is tried where that one failed, and not where the callee spoke",
        arguments: [408, 430, 500, 503, 504, 401] as [UInt16],
        [486, 404, 480, 403, 484] as [UInt16]
    )
    func standIn(failure: UInt16, answer: UInt16) {
        let turns = [Turn([self.phone()]), Turn([self.phone()], after: .unreached)]
        var failing = self.call(turns)
        #expect(
            failing.receivedRefusal(self.first, .init(status: failure), now: self.now)
                == CallAction(sip: [self.invite(self.second)])
        )
        var answering = self.call(turns)
        #expect(answering.receivedRefusal(self.first, .init(status: answer), now: self.now).ended != nil)
    }

    @Test("Beside others that ring on, one phone's devices ring in turn")
    func besideOthers() throws {
        var call = Fixture.call(from: .app(Fixture.extendedAlice))
        let devices = Hunt([Turn([self.phone()], limit: .seconds(10)), Turn([self.phone()])])
        let begun = try call.begin(
            Hunt([Turn([.app(Fixture.bob)], hunts: [devices])], party: .user("bob")),
            offer: nil,
            now: self.now
        )
        #expect(begun.told(Fixture.bob) == [Fixture.incoming])
        #expect(begun.sip == [.invite(self.second, self.order(nil))])
        let next = call.timeoutReached(now: self.now + .seconds(10))
        #expect(
            next
                == CallAction(sip: [
                    .end(self.second, SessionEnding(reason: .noAnswer)), .invite(self.third, self.order(nil)),
                ])
        )
        // All of the user's is over with one word of the user.
        let rejected = call.receivedReject(from: Fixture.bob.connection, reason: .busy, now: self.now)
        #expect(rejected.ended == CallOutcome(.busy, refusedByPerson: true))
        #expect(rejected.sip == [.end(self.third, SessionEnding())])
    }

    @Test("A member of a group that rejects speaks for itself, and its devices: the next member rings")
    func groupInTurn() throws {
        var call = Fixture.call(from: .app(Fixture.alice))
        let members = [
            Hunt([Turn([.app(Fixture.bob), .app(Fixture.bobsTablet)])], party: .user("bob")),
            Hunt([Turn([.app(Fixture.extendedBob)])], party: .user("carol")),
        ]
        _ = try call.begin(
            Hunt(members.map { Turn([], hunts: [$0], limit: .seconds(15)) }),
            offer: nil,
            now: self.now
        )
        #expect(
            call.receivedReject(from: Fixture.bob.connection, reason: .declined, now: self.now)
                == CallAction(client: [
                    .init(Fixture.bobsTablet.connection, Fixture.cancelled(.declinedElsewhere)),
                    .init(Fixture.extendedBob.connection, Fixture.incoming),
                ])
        )
        #expect(call.nextDeadline == self.now + .seconds(15))
        let answered = try call.receivedAnswerCall(
            from: Fixture.extendedBob.connection,
            answer: nil,
            now: self.now
        )
        #expect(answered == CallAction(client: [.init(Fixture.alice.connection, Fixture.answered)], answered: true))
    }

    @Test("In a group that rings at once, who rejects is out and the others ring on")
    func groupAtOnce() throws {
        var call = Fixture.call(from: .app(Fixture.alice))
        let members = [
            Hunt([Turn([.app(Fixture.bob)])], party: .user("bob")),
            Hunt([Turn([.app(Fixture.extendedBob)])], party: .user("carol")),
            Hunt([Turn([self.phone()])], party: .phone),
        ]
        _ = try call.begin(Hunt([Turn([], hunts: members)]), offer: nil, now: self.now)
        #expect(
            call.receivedReject(from: Fixture.bob.connection, reason: .declined, now: self.now) == CallAction()
        )
        #expect(call.receivedRefusal(self.third, .init(status: 603), now: self.now) == CallAction())
        let lost = call.connectionLost(Fixture.extendedBob.connection, now: self.now)
        let outcome = CallOutcome(.declined, refusedByPerson: true)
        #expect(
            lost == CallAction(client: [.init(Fixture.alice.connection, Fixture.rejected(.declined))], ended: outcome)
        )
    }

    @Test("A device that connects before its user's turn rings in that turn; one that goes does not")
    func devicesThatWait() throws {
        var call = Fixture.call(from: .app(Fixture.alice))
        let members = [
            Hunt([Turn([.app(Fixture.extendedBob)])], party: .user("carol")),
            Hunt([Turn([.app(Fixture.bob)])], party: .user("bob")),
        ]
        _ = try call.begin(Hunt(members.map { Turn([], hunts: [$0]) }), offer: nil, now: self.now)
        #expect(call.deviceConnected(Fixture.bobsTablet, of: "bob") == CallAction())
        #expect(call.connectionLost(Fixture.bob.connection, now: self.now) == CallAction())
        let next = call.connectionLost(Fixture.extendedBob.connection, now: self.now)
        #expect(next == CallAction(client: [.init(Fixture.bobsTablet.connection, Fixture.incoming)]))
    }

    @Test("Those that a callee names ring in its place, beside all else, and where there are none the call is over")
    func inPlace() throws {
        var call = self.call([Turn([self.phone(), self.phone()]), Turn([self.phone()])])
        let instead = Hunt([Turn([self.phone()]), Turn([self.phone()])])
        #expect(
            call.ring(instead, inPlaceOf: self.first, now: self.now) == CallAction(sip: [self.invite(self.third)])
        )
        #expect(call.receivedRefusal(self.second, .init(status: 480), now: self.now) == CallAction())
        let fourth = LegID(number: 4)
        #expect(
            call.receivedRefusal(self.third, .init(status: 480), now: self.now)
                == CallAction(sip: [self.invite(fourth)])
        )
        let fifth = LegID(number: 5)
        #expect(
            call.receivedRefusal(fourth, .init(status: 480), now: self.now) == CallAction(sip: [self.invite(fifth)])
        )
        let over = call.ring(Hunt([]), inPlaceOf: fifth, now: self.now)
        #expect(over.ended == CallOutcome(.unavailable, sipStatus: 480))
    }

    @Test("An app hears nobody's description before the last turn, for its offer has one answer only")
    func earlyMediaPassesThrough() throws {
        var call = Fixture.call(from: .app(Fixture.alice))
        _ = try call.begin(Hunt([Turn([self.phone()]), Turn([self.phone()])]), offer: Fixture.offer, now: self.now)
        _ = call.timeoutReached(now: self.now + .seconds(1))
        #expect(call.receivedProvisional(self.first, status: 183, sdp: Fixture.phoneSDP()) == CallAction())
        _ = call.receivedRefusal(self.first, .init(status: 503), now: self.now)
        let early = call.receivedProvisional(self.second, status: 183, sdp: Fixture.phoneSDP(2))
        #expect(early.told(Fixture.alice).map { $0.name } == ["call_answer"])
    }

    @Test(
        "A call that may not last longer ends on both legs; until its answer it is bound by nothing but the ring time"
    )
    func timeLimit() throws {
        var call = Call(
            id: CallID(text: Fixture.id),
            parties: CallParties(callerID: Fixture.aliceID, callerUsername: "Alice", dialled: Fixture.bobID),
            caller: .app(Fixture.alice),
            timers: CallTimers(call: .seconds(30)),
            seed: (1, 2),
            now: self.now
        )
        _ = try call.begin(callees: [.app(Fixture.bob)], offer: nil, now: self.now)
        #expect(call.nextDeadline == self.now + .seconds(60))
        let answered = self.now + .seconds(40)
        _ = try call.receivedAnswerCall(from: Fixture.bob.connection, answer: nil, now: answered)
        _ = try call.receivedOffer(Fixture.offer, from: .caller, now: answered)
        _ = try call.receivedAnswer(Fixture.answer, from: .callee, now: answered)
        #expect(call.nextDeadline == answered + .seconds(30))
        #expect(call.timeoutReached(now: answered + .seconds(29)) == CallAction())
        let over = call.timeoutReached(now: answered + .seconds(30))
        #expect(over.ended == CallOutcome(.timeLimit))
        #expect(over.told(Fixture.alice).map { $0.name } == ["call_hanged_up"])
        #expect(over.told(Fixture.bob).map { $0.name } == ["call_hanged_up"])
    }

    @Test("A group's call concerns those whom it rings now, and then the one who has answered")
    func concerns() throws {
        var call = Fixture.call(from: .app(Fixture.alice))
        let members = [
            Hunt([Turn([.app(Fixture.extendedBob)])], party: .user("carol")),
            Hunt([Turn([.app(Fixture.bob)])], party: .user("bob")),
        ]
        _ = try call.begin(Hunt(members.map { Turn([], hunts: [$0]) }), offer: nil, now: self.now)
        #expect(call.concerns("carol") == true)
        #expect(call.concerns("bob") == false)
        _ = call.receivedReject(from: Fixture.extendedBob.connection, reason: .busy, now: self.now)
        #expect(call.concerns("carol") == false)
        #expect(call.concerns("bob") == true)
        _ = try call.receivedAnswerCall(from: Fixture.bob.connection, answer: nil, now: self.now)
        #expect(call.concerns("carol") == false)
        #expect(call.concerns("bob") == true)
    }
}
