import CallCore
import ClientProtocol
import SIPCore
import Testing

/// An app that offers with `start_call` and hears a phone before anybody has answered.
@Suite("A phone's answer in a provisional response")
struct EarlyAnswerTests {
    private let leg = LegID(number: 1)

    private func hearing() throws -> Call {
        var call = Fixture.call(from: .app(Fixture.alice))
        _ = try call.begin(callees: [Fixture.phone()], offer: Fixture.offer, now: Fixture.start)
        _ = call.timeoutReached(now: Fixture.start + .seconds(1))
        let early = call.receivedProvisional(self.leg, status: 183, sdp: Fixture.phoneSDP(5))
        #expect(early.told(Fixture.alice) == [self.answer(5)])
        return call
    }

    private func answer(_ version: Int) -> ClientEvent {
        .callAnswer(
            callID: Fixture.id,
            calleeID: Fixture.bobID,
            answer: .sessionDescription(type: "answer", sdp: Fixture.phoneSDP(version))
        )
    }

    @Test("The same one in the 2xx is no news")
    func sameAnswer() throws {
        var call = try self.hearing()
        let action = call.receivedAnswer(self.leg, sdp: Fixture.phoneSDP(5), now: Fixture.start)
        #expect(action == CallAction(client: [.init(Fixture.alice.connection, Fixture.answered)], answered: true))
    }

    @Test("Another one in the 2xx, of another phone behind a proxy, reaches the caller")
    func otherAnswer() throws {
        var call = try self.hearing()
        let action = call.receivedAnswer(self.leg, sdp: Fixture.phoneSDP(6), now: Fixture.start)
        #expect(action.told(Fixture.alice) == [Fixture.answered, self.answer(6)])
    }

    @Test("A 2xx that does not repeat it answers all the same")
    func answerNotRepeated() throws {
        var call = try self.hearing()
        let action = call.receivedAnswer(self.leg, sdp: nil, now: Fixture.start)
        #expect(action == CallAction(client: [.init(Fixture.alice.connection, Fixture.answered)], answered: true))
        let deadline = call.nextDeadline
        #expect(deadline == nil)
    }

    @Test("Once the caller has it, a device that connects does not ring: its answer would be a second one")
    func lateDevice() throws {
        var call = try self.hearing()
        #expect(call.deviceConnected(Fixture.bobsTablet, of: Fixture.bobID.text) == CallAction())
    }
}
