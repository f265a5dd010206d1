import CallCore
import CallRuntime
import ClientProtocol
import MediaCore
import SIPCore
import Testing

@Suite("The table's orders to the media engine")
struct CallTableMediaTests {
    private let phone = MediaEndpoint(addresses: [MediaAddress(ipv4: 0xC000_0201, port: 20_000)], rtcpPort: 20_001)
    private let app = MediaEndpoint(
        addresses: [MediaAddress(ipv4: 0xC000_0201, port: 20_002)],
        ice: ICECredentials(ufrag: "gate", password: "gate-password-24-letters"),
        fingerprint: DTLSFingerprint(algorithm: "sha-256", bytes: Array(repeating: 0xA5, count: 32))
    )
    private let sdp = [
        "v=0", "o=- 1 1 IN IP4 192.0.2.9", "s=-", "c=IN IP4 192.0.2.9", "t=0 0", "m=audio 4000 RTP/AVP 0", "",
    ].joined(separator: "\r\n")
    private let answer = JSONFragment.sessionDescription(
        type: "answer",
        sdp: Array(
            [
                "v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0", "m=audio 9 UDP/TLS/RTP/SAVPF 0",
                "a=ice-ufrag:abcd", "a=ice-pwd:0123456789012345678901", "a=setup:active", "a=mid:0",
                "a=fingerprint:sha-256 \(Array(repeating: "1B", count: 32).joined(separator: ":"))", "",
            ].joined(separator: "\r\n").utf8
        )
    )

    private func leg(_ number: UInt64) -> MediaLegID { MediaLegID(number: number) }

    private func fixture() -> TableFixture { TableFixture(relay: RelayPolicy()) }

    private func tell(_ fixture: TableFixture, _ event: MediaEvent) {
        fixture.table.receive(event, now: fixture.now)
    }

    /// Nothing that the engine says of a leg that is closed may have any effect.
    private func expectDeaf(_ fixture: TableFixture, _ leg: MediaLegID) {
        let events: [MediaEvent] = [
            .opened(leg, self.app), .connected(leg), .heard(leg, false), .failed(leg, .dtls), .lost(leg),
            .digit(leg, "1", duration: .milliseconds(100)),
            .quality(leg, MediaQuality(lossPerMille: 0, jitter: .milliseconds(1))),
        ]
        for event in events { self.tell(fixture, event) }
        #expect(fixture.table.takeMediaOutbound().isEmpty)
        #expect(fixture.takeSIP().isEmpty)
        #expect(fixture.table.takeClientOutbound().isEmpty)
    }

    @Test("An app's call has two legs, each closed once when it is cancelled; what the engine says later is nothing")
    func appCalls() {
        let fixture = self.fixture()
        let alice = fixture.connect(.number("42"))
        alice.send(.startCall(calleeID: .string("600"), offer: nil))
        #expect(fixture.table.takeMediaOutbound() == [.open(self.leg(1), .webRTC), .open(self.leg(2), .rtp)])
        #expect(fixture.takeSIP().isEmpty)
        self.tell(fixture, .opened(self.leg(2), self.phone))
        guard case .request(let invite) = fixture.takeSIP().first else {
            Issue.record("no INVITE")
            return
        }
        #expect(String(decoding: invite.body, as: UTF8.self).contains("m=audio 20000 RTP/AVP"))
        alice.send(.cancelCall(callID: nil, calleeID: .string("600")))
        #expect(Set(fixture.table.takeMediaOutbound()) == [.close(self.leg(1)), .close(self.leg(2))])
        #expect(fixture.table.takeMediaOutbound().isEmpty)
        _ = alice.take()
        self.expectDeaf(fixture, self.leg(1))
        self.expectDeaf(fixture, self.leg(2))
    }

    @Test("A call without a port ends at once with reason media, and leaves nothing behind")
    func noPort() {
        let fixture = self.fixture()
        let alice = fixture.connect(.number("42"))
        alice.send(.startCall(calleeID: .string("600"), offer: nil))
        _ = fixture.table.takeMediaOutbound()
        #expect(!fixture.table.isAtRest)
        self.tell(fixture, .failed(self.leg(1), .noPort))
        guard case .callRejected(_, _, .media, nil) = alice.take().first else {
            Issue.record("not rejected")
            return
        }
        #expect(Set(fixture.table.takeMediaOutbound()) == [.close(self.leg(1)), .close(self.leg(2))])
        #expect(fixture.takeSIP().isEmpty)
        #expect(fixture.table.isAtRest)
        self.expectDeaf(fixture, self.leg(1))
    }

    @Test("A phone's call to an extended app, from the INVITE to the hang-up: every order names its own leg")
    func phoneCalls() {
        let fixture = self.fixture()
        let alice = fixture.connect(.number("42"), .extended)
        _ = alice.take()
        fixture.invite("42", sdp: self.sdp)
        #expect(fixture.table.takeMediaOutbound() == [.open(self.leg(1), .rtp), .open(self.leg(2), .webRTC)])
        #expect(alice.take().isEmpty)
        self.tell(fixture, .opened(self.leg(1), self.phone))
        self.tell(fixture, .opened(self.leg(2), self.app))
        guard case .incomingCall(let callID, _, _, .some) = alice.take().first else {
            Issue.record("no incoming_call with an offer")
            return
        }
        #expect(fixture.takeStatuses() == [100, 180])
        alice.send(.answerCall(callID: callID, callerID: nil, answer: self.answer))
        let apps = fixture.table.takeMediaOutbound()
        guard case .update(self.leg(2), let peer) = apps.first, apps.count == 1 else {
            Issue.record("no update of the app's leg: \(apps)")
            return
        }
        #expect(peer.ice?.ufrag == "abcd")
        #expect(fixture.takeStatuses().isEmpty)
        self.tell(fixture, .connected(self.leg(2)))
        let both = fixture.table.takeMediaOutbound()
        guard case .update(self.leg(1), let caller) = both.first, both.count == 2 else {
            Issue.record("no update of the phone's leg: \(both)")
            return
        }
        #expect(caller.address == MediaAddress(ipv4: 0xC000_0209, port: 4000))
        #expect(both.last == .join(self.leg(1), self.leg(2)))
        #expect(fixture.takeStatuses() == [200])
        self.tell(fixture, .digit(self.leg(1), "5", duration: .milliseconds(100)))
        #expect(alice.take() == [.dtmfReceived(callID: callID, digits: "5")])
        alice.send(.hangUp(callID: callID, peerID: nil))
        #expect(Set(fixture.table.takeMediaOutbound()) == [.close(self.leg(1)), .close(self.leg(2))])
        _ = fixture.takeSIP()
        self.expectDeaf(fixture, self.leg(2))
    }

    @Test("Two calls at once: what the engine says of one leg moves its own call alone")
    func twoCalls() {
        let fixture = self.fixture()
        let alice = fixture.connect(.number("42"))
        alice.send(.startCall(calleeID: .string("600"), offer: nil))
        alice.send(.startCall(calleeID: .string("601"), offer: nil))
        #expect(fixture.table.takeMediaOutbound().count == 4)
        self.tell(fixture, .opened(self.leg(4), self.phone))
        guard case .request(let invite) = fixture.takeSIP().first else {
            Issue.record("no INVITE")
            return
        }
        #expect(invite.uri.user == "601")
        self.tell(fixture, .failed(self.leg(2), .noPort))
        #expect(Set(fixture.table.takeMediaOutbound()) == [.close(self.leg(1)), .close(self.leg(2))])
        #expect(fixture.table.statistics.calls == 1)
    }

    @Test("Whoever loses a fork is closed at once, all others when the call is over, and none twice")
    func losers() {
        let fixture = self.fixture()
        let carol = fixture.connect(.number("43"), .extended)
        let tablet = fixture.connect(.number("43"), .extended)
        fixture.invite("43", sdp: self.sdp)
        let opened = fixture.table.takeMediaOutbound()
        #expect(
            opened == [
                .open(self.leg(1), .rtp), .open(self.leg(2), .webRTC), .open(self.leg(3), .webRTC),
                .open(self.leg(4), .rtp),
            ]
        )
        self.tell(fixture, .opened(self.leg(2), self.app))
        self.tell(fixture, .opened(self.leg(3), self.app))
        guard case .incomingCall(let callID, _, _, _) = carol.take().last else {
            Issue.record("carol does not ring")
            return
        }
        _ = fixture.takeSIP()
        carol.send(.answerCall(callID: callID, callerID: nil, answer: self.answer))
        let closed = fixture.table.takeMediaOutbound().filter { if case .close = $0 { true } else { false } }
        #expect(closed == [.close(self.leg(3)), .close(self.leg(4))])
        #expect(tablet.takeNames().last == "call_cancelled")
        self.expectDeaf(fixture, self.leg(4))
        carol.send(.hangUp(callID: callID, peerID: nil))
        #expect(fixture.table.takeMediaOutbound() == [.close(self.leg(1)), .close(self.leg(2))])
    }

    @Test("Ending every call closes every leg")
    func endAll() {
        let fixture = self.fixture()
        let alice = fixture.connect(.number("42"))
        for number in ["600", "601", "602"] { alice.send(.startCall(calleeID: .string(number), offer: nil)) }
        let opened = fixture.table.takeMediaOutbound().count
        fixture.table.endAllCalls(.shuttingDown, now: fixture.now)
        let closed = fixture.table.takeMediaOutbound()
        #expect(opened == 6)
        #expect(Set(closed).count == 6 && closed.count == 6)
        #expect(fixture.table.isAtRest)
    }
}
