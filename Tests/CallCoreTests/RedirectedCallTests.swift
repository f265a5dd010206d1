import CallCore
import ClientProtocol
import MediaCore
import SIPCore
import Testing

@Suite("A call whose callee sends it on")
struct RedirectedCallTests {
    private let first = LegID(number: 1)
    private let second = LegID(number: 2)
    private let moved = SessionEvent.Refusal(status: 302)

    private static func phone(_ number: String = "600") -> Leg.Kind {
        .sip(
            .outbound(
                Fixture.order,
                origin: SessionOrigin(sessionID: 9),
                route: .init(trunk: "pbx", number: number)
            )
        )
    }

    @Test("The next phone is invited, and the caller hears nothing of it")
    func phones() throws {
        var call = Fixture.call(from: .app(Fixture.alice))
        _ = try call.begin(callees: [Self.phone()], offer: nil, now: Fixture.start)
        #expect(call.redirects(of: self.first)?.route.number == "600")
        #expect(
            call.redirected(self.first, self.moved, to: [Self.phone("601")])
                == CallAction(sip: [.invite(self.second, Fixture.order)])
        )
        #expect(call.redirects(of: self.first) == nil)
        let answered = call.receivedAnswer(self.second, sdp: Fixture.phoneSDP(), now: Fixture.start)
        #expect(answered.told(Fixture.alice) == [Fixture.answered])
    }

    @Test("An app rings in its place; those that ring already are not told again")
    func apps() throws {
        var call = Fixture.call(from: .app(Fixture.alice))
        _ = try call.begin(callees: [.app(Fixture.bob), Self.phone()], offer: nil, now: Fixture.start)
        let action = call.redirected(self.second, self.moved, to: [.app(Fixture.bobsTablet)])
        #expect(action == CallAction(client: [.init(Fixture.bobsTablet.connection, Fixture.incoming)]))
    }

    @Test("The failure of one target is what is told when the next one fails less well")
    func best() throws {
        var call = Fixture.call(from: .app(Fixture.alice))
        _ = try call.begin(callees: [Self.phone()], offer: nil, now: Fixture.start)
        _ = call.redirected(self.first, self.moved, to: [Self.phone("601")])
        _ = call.redirected(self.second, .init(status: 486), to: [Self.phone("602")])
        let action = call.receivedRefusal(LegID(number: 3), .init(status: 500), now: Fixture.start)
        #expect(action.told(Fixture.alice) == [Fixture.rejected(.busy, sipStatus: 486)])
    }

    @Test("A redirect that is not followed is a failure")
    func failed() throws {
        var call = Fixture.call(from: .app(Fixture.alice))
        _ = try call.begin(callees: [Self.phone()], offer: nil, now: Fixture.start)
        let action = call.receivedRefusal(self.first, self.moved, now: Fixture.start)
        #expect(action.told(Fixture.alice) == [Fixture.rejected(.failed, sipStatus: 302)])
    }

    @Test("Once the caller has heard a phone, that one can't send the call on")
    func earlyMedia() throws {
        var call = Fixture.call(from: .app(Fixture.extendedAlice))
        _ = try call.begin(callees: [Self.phone()], offer: Fixture.offer, now: Fixture.start)
        _ = try call.receivedCandidate(Fixture.noMoreCandidates, from: .caller, now: Fixture.start)
        #expect(call.redirects(of: self.first) != nil)
        _ = call.receivedProvisional(self.first, status: 183, sdp: Fixture.phoneSDP())
        #expect(call.redirects(of: self.first) == nil)
    }

    @Test("A phone that asked for our offer is not redirected to an app, which could give none")
    func noOffer() {
        var call = Fixture.call(from: .sip(.inbound(origin: SessionOrigin(sessionID: 8))))
        _ = call.begin(callees: [Self.phone()], sdp: nil, now: Fixture.start)
        let action = call.redirected(self.first, self.moved, to: [.app(Fixture.bob)])
        #expect(action.sip == [.end(.caller, SessionEnding(status: 488))])
        #expect(action.client.isEmpty)
    }

    @Test("Where media is anchored the old leg is closed, and the new one's INVITE waits for its endpoint")
    func relayed() throws {
        var call = RelayFixture.call(from: .app(Fixture.extendedAlice))
        _ = try call.begin(callees: [Self.phone()], offer: nil, now: Fixture.start)
        _ = call.mediaOpened(.caller, RelayFixture.app)
        _ = call.mediaOpened(self.first, RelayFixture.phone)
        let action = call.redirected(self.first, self.moved, to: [Self.phone("601")])
        #expect(action == CallAction(media: [.close(self.first), .open(self.second, .rtp)]))
        let invite = call.mediaOpened(self.second, RelayFixture.phone).sip.first
        guard case .invite(self.second, let order) = invite else {
            Issue.record("no INVITE but \(String(describing: invite))")
            return
        }
        #expect(order.offer != nil)
    }
}
