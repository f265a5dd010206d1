import CallCore
import ClientProtocol
import SIPCore
import Testing

@Suite("The Reason of one phone, told to the other")
struct ReasonTests {
    private let leg = LegID(number: 1)
    private let reason = SIPReason(protocol: "Q.850", cause: 21, text: "Call Rejected")

    /// A phone has called another.
    private func ringing() -> Call {
        var call = Fixture.call(from: .sip(.inbound(origin: SessionOrigin(sessionID: 8))))
        _ = call.begin(callees: [Fixture.phone()], sdp: Fixture.phoneSDP(), now: Fixture.start)
        return call
    }

    private func talking() -> Call {
        var call = self.ringing()
        _ = call.receivedAnswer(self.leg, sdp: Fixture.phoneSDP(2), now: Fixture.start)
        _ = call.receivedAcknowledgement(.caller, sdp: nil)
        return call
    }

    @Test("That of a CANCEL")
    func cancelled() {
        var call = self.ringing()
        #expect(
            call.receivedCancel(.caller, reason: self.reason).sip == [
                .end(self.leg, SessionEnding(reason: self.reason))
            ]
        )
    }

    @Test("That of a refusal")
    func refused() {
        var call = self.ringing()
        let action = call.receivedRefusal(self.leg, .init(status: 403, reason: self.reason), now: Fixture.start)
        #expect(action.sip == [.end(.caller, SessionEnding(status: 403, reason: self.reason))])
    }

    @Test("That of a BYE, whoever sends it", arguments: [LegID.caller, LegID(number: 1)])
    func hungUp(_ leg: LegID) {
        var call = self.talking()
        let other: LegID = leg == .caller ? self.leg : .caller
        let action = call.sessionEnded(leg, .bye(self.reason), now: Fixture.start)
        #expect(action.sip == [.end(other, SessionEnding(status: 480, reason: self.reason))])
    }
}
