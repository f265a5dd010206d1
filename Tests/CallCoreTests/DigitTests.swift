import CallCore
import ClientProtocol
import MediaCore
import SIPCore
import Testing

@Suite("Digits: whatever a leg sends becomes what the other one takes")
struct DigitTests {
    private typealias Relay = RelayFixture

    private let leg = Relay.leg
    private let now = Relay.now
    private let alice = Fixture.extendedAlice.connection
    private let five = SIPDigit("5", duration: .milliseconds(160))
    private let told = CallAction(
        client: [.init(Fixture.extendedAlice.connection, .dtmfReceived(callID: Fixture.id, digits: "5"))]
    )

    /// An app talks to a phone that takes no telephone-events.
    private func talkingToOldPhone() throws -> Call {
        var call = try Relay.ringing()
        _ = call.receivedAnswer(self.leg, sdp: Relay.phoneSDP([.pcmu], digits: false), now: self.now)
        _ = try call.receivedOffer(Relay.offer(), from: .caller, now: self.now)
        return call
    }

    @Test("An app's digits go to a phone as telephone-events; a phone's are told to an extended app")
    func events() throws {
        var call = try Relay.talking()
        let sent = try call.receivedDigits("12#", duration: .milliseconds(100), from: .caller)
        #expect(sent == CallAction(media: [.sendDigits(self.leg, "12#", duration: .milliseconds(100))]))
        #expect(call.heardDigit(self.five, self.leg) == self.told)
        #expect(call.heardDigit(self.five, Relay.second) == CallAction())
    }

    @Test("To a phone without telephone-events an app's digits go by INFO, one for each")
    func byInfo() throws {
        var call = try self.talkingToOldPhone()
        let sent = try call.receivedDigits("12", duration: .milliseconds(100), from: .caller)
        let digits = ["1", "2"].map { SIPDigit($0, duration: .milliseconds(100)) }
        #expect(sent == CallAction(sip: digits.map { .sendDigit(self.leg, $0) }))
    }

    @Test("An app's telephone-event goes by INFO to a phone without them, and by the engine alone to one with them")
    func heardFromApp() throws {
        var old = try self.talkingToOldPhone()
        #expect(old.heardDigit(self.five, .caller) == CallAction(sip: [.sendDigit(self.leg, self.five)]))
        var new = try Relay.talking()
        #expect(new.heardDigit(self.five, .caller) == CallAction())
    }

    @Test("A phone's INFO is told to an extended app, and sounds for an app with telephone-events")
    func infoFromPhone() throws {
        var call = try Relay.talking()
        var expected = self.told
        expected.media = [.sendDigits(.caller, "5", duration: .milliseconds(160))]
        #expect(call.receivedDigit(self.five, self.leg) == expected)
        #expect(call.receivedDigit(self.five, Relay.second) == CallAction())
    }

    @Test("Where the media passes the gateway by, an app's digits go by INFO, and a phone's are told")
    func passedThrough() throws {
        var call = Fixture.call(from: .app(Fixture.extendedAlice))
        _ = try call.begin(callees: [Fixture.phone()], offer: Fixture.offer, now: self.now)
        _ = call.receivedAnswer(self.leg, sdp: Fixture.phoneSDP(), now: self.now)
        let sent = try call.receivedDigits("5", duration: .milliseconds(160), from: .caller)
        #expect(sent == CallAction(sip: [.sendDigit(self.leg, self.five)]))
        #expect(call.receivedDigit(self.five, self.leg) == self.told)
    }

    @Test("An app of the user's page takes no digits of another app: the sender hears so")
    func appToApp() throws {
        var call = Fixture.call(from: .app(Fixture.extendedAlice))
        _ = try call.begin(callees: [.app(Fixture.bob)], offer: nil, now: self.now)
        _ = try call.receivedAnswerCall(from: Fixture.bob.connection, answer: nil, now: self.now)
        #expect(throws: ClientError.self) {
            try call.receivedDigits("1", duration: .milliseconds(100), from: .caller)
        }
    }
}
