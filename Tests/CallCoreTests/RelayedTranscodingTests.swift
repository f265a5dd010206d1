import CallCore
import ClientProtocol
import MediaCore
import SIPCore
import Testing

@Suite("Relayed calls whose sound may be turned into another codec")
struct RelayedTranscodingTests {
    private typealias Relay = RelayFixture
    private let leg = RelayFixture.leg
    private let now = Fixture.start
    private let policy = RelayPolicy(transcodes: true)

    @Test("No common codec is needed: each leg is answered with its own, and nobody is asked for another")
    func noCommonCodec() throws {
        var call = try Relay.ringing(Fixture.extendedAlice, self.policy)
        _ = call.receivedAnswer(self.leg, sdp: Relay.phoneSDP([.pcma]), now: self.now)
        let offered = try call.receivedOffer(Relay.offer([.opus]), from: .caller, now: self.now)
        #expect(offered.sip == [])
        let digits = [DigitFormat(sends: 110, receives: 110, clockRate: 48_000)]
        #expect(offered.media.contains(.update(.caller, Relay.appPeer([.opus], digits: digits))))
        #expect(offered.media.last == .join(.caller, self.leg))
        #expect(offered.ended == nil)
    }

    @Test("A calling phone's only codec is answered, whatever the callee has chosen") func phones() throws {
        var call = Relay.fromPhone(self.policy)
        _ = call.begin(callees: [Fixture.phone()], sdp: Relay.phoneSDP([.pcmu]), now: self.now)
        _ = call.mediaOpened(self.leg, Relay.phone)
        _ = call.mediaOpened(.caller, Relay.phone)
        let action = call.receivedAnswer(self.leg, sdp: Relay.phoneSDP([.opus]), now: self.now)
        #expect(action.ended == nil)
        #expect(action.media.last == .join(.caller, self.leg))
    }

    @Test(
        "Opus and G.711 are offered behind what the caller has; not where that is G.722 alone, or the file has them not",
        arguments: [
            ([AudioCodec.pcma, .g722], RelayPolicy(transcodes: true), [AudioCodec.pcma, .g722, .opus, .pcmu]),
            ([.g722], RelayPolicy(transcodes: true), [.g722]),
            ([.opus], RelayPolicy(codecs: [.g722, .opus, .pcmu], transcodes: true), [.opus, .pcmu]),
            ([.pcma, .g722], RelayPolicy(), [.pcma, .g722]),
        ]
    )
    func offers(_ codecs: [AudioCodec], _ policy: RelayPolicy, _ offered: [AudioCodec]) throws {
        var call = Relay.fromPhone(policy)
        _ = call.begin(callees: [Fixture.phone()], sdp: Relay.phoneSDP(codecs), now: self.now)
        let invited = call.mediaOpened(self.leg, Relay.phone)
        #expect(invited == CallAction(sip: [.invite(self.leg, Relay.order(try Relay.toCallee(offered, version: 1)))]))
    }

    @Test("A phone that leads with what can't be turned into anything is asked for another codec")
    func wideband() throws {
        var call = try Relay.ringing(Fixture.extendedAlice, self.policy)
        _ = call.receivedAnswer(self.leg, sdp: Relay.phoneSDP([.g722]), now: self.now)
        let offered = try call.receivedOffer(Relay.offer([.opus]), from: .caller, now: self.now)
        let asked = try Relay.toCallee([.opus, .pcmu, .pcma], version: 2)
        #expect(offered == CallAction(sip: [.reinvite(self.leg, sdp: asked)]))
        let settled = call.receivedReinviteAnswer(self.leg, sdp: Relay.phoneSDP([.pcma], version: 2), now: self.now)
        #expect(settled.media.last == .join(.caller, self.leg))
    }

    @Test("A phone that leads with another codec than the common one is asked for that; refused, the call goes on")
    func commonCodecIsBetter() throws {
        var call = try Relay.ringing(Fixture.extendedAlice, self.policy)
        _ = call.receivedAnswer(self.leg, sdp: Relay.phoneSDP([.pcmu, .opus]), now: self.now)
        let offered = try call.receivedOffer(Relay.offer([.opus]), from: .caller, now: self.now)
        #expect(offered.sip == [.reinvite(self.leg, sdp: try Relay.toCallee([.opus, .pcmu, .pcma], version: 2))])
        #expect(offered.media.last == .join(.caller, self.leg))
        #expect(call.receivedReinviteRefusal(self.leg, .init(status: 488)) == CallAction())
    }

    @Test("A re-INVITE without the codec that the app sends is answered with one that it can be turned into")
    func reinvite() throws {
        var call = try Relay.ringing(Fixture.extendedAlice, self.policy)
        _ = call.receivedAnswer(self.leg, sdp: Relay.phoneSDP([.opus, .pcmu]), now: self.now)
        _ = try call.receivedOffer(Relay.offer([.opus, .pcmu]), from: .caller, now: self.now)
        for (version, codecs, chosen) in [
            (2, [AudioCodec.pcmu], AudioCodec.pcmu), (3, [.g722, .pcma], .pcma), (4, [.pcma, .opus], .opus),
        ] {
            let offer = Relay.phoneSDP(codecs, version: version)
            let accepted = call.receivedReinvite(self.leg, sdp: offer, now: self.now)
            guard case .acceptReinvite(self.leg, let sdp?) = accepted.sip.first else {
                Issue.record("not accepted: \(accepted)")
                return
            }
            #expect(try AudioDescription(sdp, for: .rtp).formats.map(\.codec) == [chosen])
            _ = call.receivedAcknowledgement(self.leg, sdp: nil)
        }
        let rejected = call.receivedReinvite(self.leg, sdp: Relay.phoneSDP([.g722], version: 5), now: self.now)
        #expect(rejected.sip == [.rejectReinvite(self.leg, status: 488, warning: RelayFault.noCodec.explanation)])
    }
}
