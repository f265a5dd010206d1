import CallCore
import ClientProtocol
import SIPCore

/// Two apps, a phone, and what they say, for the tests of `Call`.
enum Fixture {
    static let start = Instant(nanoseconds: 1_000_000_000)
    static let alice = AppLeg(connection: ConnectionID(rawValue: 1), profile: .baseline)
    static let bob = AppLeg(connection: ConnectionID(rawValue: 2), profile: .baseline)
    static let bobsTablet = AppLeg(connection: ConnectionID(rawValue: 3), profile: .baseline)
    static let extendedAlice = AppLeg(connection: ConnectionID(rawValue: 4), profile: .extended)
    static let extendedBob = AppLeg(connection: ConnectionID(rawValue: 5), profile: .extended)
    static let aliceID = PartyID.number("42")
    static let bobID = PartyID.string("bob")
    static let id = "call"

    static let offer = JSONFragment(utf8: Array(#"{"type":"offer","sdp":"\#(Self.appSDP)"}"#.utf8))
    static let answer = JSONFragment(utf8: Array(#"{"type":"answer","sdp":"\#(Self.appSDP)"}"#.utf8))
    static let candidate = JSONFragment(
        utf8: Array(#"{"candidate":"candidate:1 1 udp 2130706431 192.0.2.7 5000 typ host","sdpMid":"0"}"#.utf8)
    )
    static let noMoreCandidates = JSONFragment(utf8: Array(#"{"candidate":""}"#.utf8))

    /// A browser's description as a JSON string holds it; candidates trickle in later.
    private static let appSDP = [
        "v=0", "o=- 4611 2 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=group:BUNDLE 0", "m=audio 9 UDP/TLS/RTP/SAVPF 111",
        "c=IN IP4 0.0.0.0", "a=mid:0", "a=ice-ufrag:abcd", "a=ice-pwd:0123456789012345678901", "a=ice-options:trickle",
        "a=setup:actpass", "a=rtcp-mux", "a=rtpmap:111 opus/48000/2", "",
    ].joined(separator: #"\r\n"#)

    /// A phone's description; `version` tells one from the next.
    static func phoneSDP(_ version: Int = 1) -> [UInt8] {
        let lines = [
            "v=0", "o=phone 77 \(version) IN IP4 192.0.2.9", "s=-", "c=IN IP4 192.0.2.9", "t=0 0",
            "m=audio 4000 UDP/TLS/RTP/SAVPF 111", "a=mid:0", "a=rtcp-mux", "a=rtpmap:111 opus/48000/2",
            "a=setup:actpass", "a=ice-ufrag:phon", "a=ice-pwd:9876543210987654321098", "",
        ]
        return Array(lines.joined(separator: "\r\n").utf8)
    }

    static let order = InviteOrder(
        uri: SIPURI(user: "600", host: "192.0.2.9"),
        target: SIPTarget(transport: .udp, host: "192.0.2.9", port: 5060),
        from: NameAddress(uri: SIPURI(user: "42", host: "192.0.2.1")),
        to: NameAddress(uri: SIPURI(user: "600", host: "192.0.2.9")),
        offer: nil
    )

    static func phone() -> Leg.Kind { .sip(.outbound(self.order, origin: SessionOrigin(sessionID: 9))) }

    static func call(from caller: Leg.Kind) -> Call {
        Call(
            id: CallID(text: self.id),
            parties: CallParties(callerID: self.aliceID, callerUsername: "Alice", dialled: self.bobID),
            caller: caller,
            timers: CallTimers(),
            seed: (1, 2),
            now: self.start
        )
    }

    static func hunt(_ callees: [Leg.Kind]) -> Hunt {
        Hunt([Turn(callees)], party: .user(self.bobID.text))
    }

    static let incoming = ClientEvent.incomingCall(
        callID: Self.id,
        callerID: Self.aliceID,
        callerUsername: "Alice",
        offer: nil
    )

    static func cancelled(_ reason: ClientReason) -> ClientEvent {
        .callCancelled(callID: self.id, callerID: self.aliceID, reason: reason, sipStatus: nil)
    }

    static func rejected(_ reason: ClientReason, sipStatus: UInt16? = nil) -> ClientEvent {
        .callRejected(callID: self.id, calleeID: self.bobID, reason: reason, sipStatus: sipStatus)
    }

    static let answered = ClientEvent.callAnswered(callID: Self.id, calleeID: Self.bobID)
}

extension Call {
    /// All of them ring at once, for Bob.
    mutating func begin(callees: [Leg.Kind], offer: JSONFragment?, now: Instant) throws(ClientError) -> CallAction {
        try self.begin(Fixture.hunt(callees), offer: offer, now: now)
    }

    mutating func begin(callees: [Leg.Kind], sdp: [UInt8]?, now: Instant) -> CallAction {
        self.begin(Fixture.hunt(callees), sdp: sdp, now: now)
    }

    mutating func redirected(_ leg: LegID, _ refusal: SessionEvent.Refusal, to callees: [Leg.Kind]) -> CallAction {
        self.redirected(leg, refusal, to: Hunt([Turn(callees)]), now: Fixture.start)
    }
}

extension CallAction {
    /// What a client is told, by connection number.
    func told(_ leg: AppLeg) -> [ClientEvent] {
        self.client.filter { $0.connection == leg.connection }.map { $0.event }
    }
}
