import CallCore
import MediaCore
import SIPCore
import Testing

@Suite("The offer/answer of one leg with the relay")
struct RelayedLegTests {
    private let all: [AudioCodec] = [.opus, .g722, .pcmu, .pcma]

    private func leg(_ kind: MediaLegKind) -> RelayedLeg {
        var leg = RelayedLeg(kind)
        leg.opened(kind == .webRTC ? RelayFixture.app : RelayFixture.phone)
        return leg
    }

    private func read(_ lines: String..., for kind: MediaLegKind = .rtp) throws -> AudioDescription {
        try AudioDescription(
            RelayFixture.text(["v=0", "o=- 1 1 IN IP4 192.0.2.9", "s=-", "c=IN IP4 192.0.2.9", "t=0 0"] + lines),
            for: kind
        )
    }

    private func phone(_ codecs: [AudioCodec], direction: String = "sendrecv") throws -> AudioDescription {
        try AudioDescription(RelayFixture.phoneSDP(codecs, direction: direction), for: .rtp)
    }

    private func app(
        _ codecs: [AudioCodec],
        setup: String = "actpass",
        direction: String = "sendrecv",
        ufrag: String = "abcd"
    ) throws -> AudioDescription {
        let sdp = RelayFixture.browser(codecs, setup: setup, direction: direction, ufrag: ufrag)
        return try AudioDescription(sdp, for: .webRTC)
    }

    /// A leg whose peer's offer has been answered, and the lines of our answer.
    private func answered(_ leg: inout RelayedLeg, _ offer: AudioDescription) throws -> [String] {
        _ = leg.received(offer: offer)
        var origin = SessionOrigin(sessionID: 7)
        return Self.lines(try leg.answer(codecs: self.all, only: false, origin: &origin))
    }

    private static func lines(_ sdp: [UInt8]?) -> [String] {
        String(decoding: sdp ?? [], as: UTF8.self).split(separator: "\r\n").map { String($0) }
    }

    private func media(_ lines: [String]) -> String? { lines.first { $0.hasPrefix("m=audio") } }

    private func offered(_ leg: inout RelayedLeg, _ codecs: [AudioCodec], sdes: Bool = false) -> [String] {
        var origin = SessionOrigin(sessionID: 7)
        return Self.lines(leg.offer(codecs: codecs, sdes: sdes, origin: &origin))
    }

    // MARK: Both ways

    @Test("Our answer has the offer's types, in our order of codecs, and digits at their clock alone")
    func answering() throws {
        var leg = self.leg(.webRTC)
        let restarts = leg.received(offer: try self.app(self.all))
        #expect(!restarts && leg.pendingOffer != nil && !leg.mayBeOffered && !leg.owesAnswer)
        #expect(leg.codecs == self.all)
        var origin = SessionOrigin(sessionID: 7)
        let answer = try leg.answer(codecs: [.pcma, .pcmu], only: false, origin: &origin)
        #expect(origin.version == 1)
        #expect(self.media(Self.lines(answer)) == "m=audio 20002 UDP/TLS/RTP/SAVPF 8 0 126")
        #expect(leg.pendingOffer == nil && leg.mayBeOffered)
        #expect(
            leg.peer
                == RelayFixture.appPeer(
                    [.pcma, .pcmu],
                    digits: [DigitFormat(sends: 126, receives: 126, clockRate: 8000)]
                )
        )
    }

    @Test("One codec alone is agreed on where only one may be")
    func onlyOne() throws {
        var leg = self.leg(.rtp)
        _ = leg.received(offer: try self.phone([.pcmu, .pcma, .g722]))
        var origin = SessionOrigin(sessionID: 7)
        let answer = try leg.answer(codecs: [.opus, .g722, .pcmu], only: true, origin: &origin)
        #expect(self.media(Self.lines(answer)) == "m=audio 20000 RTP/AVP 9 101")
        #expect(leg.peer == RelayFixture.phonePeer([.g722]))
    }

    @Test("Nothing is answered before the engine has laid out the endpoint, and nothing is offered")
    func noEndpoint() throws {
        var leg = RelayedLeg(.rtp)
        #expect(self.offered(&leg, self.all).isEmpty)
        _ = leg.received(offer: try self.phone([.pcmu]))
        var origin = SessionOrigin(sessionID: 7)
        #expect(try leg.answer(codecs: self.all, only: true, origin: &origin) == nil)
        #expect(origin.version == 0 && leg.pendingOffer != nil)
        leg.opened(RelayFixture.phone)
        #expect(try leg.answer(codecs: self.all, only: true, origin: &origin) != nil)
    }

    @Test("Our offer is out until its answer comes; the peer's order of codecs is the one we send by")
    func offering() throws {
        var leg = self.leg(.rtp)
        let offer = self.offered(&leg, self.all)
        #expect(self.media(offer) == "m=audio 20000 RTP/AVP 111 9 0 8 101")
        #expect(leg.owesAnswer && !leg.mayBeOffered)
        #expect(self.offered(&leg, self.all).isEmpty)
        try leg.received(answer: try self.phone([.pcma, .pcmu]))
        #expect(!leg.owesAnswer && leg.peer == RelayFixture.phonePeer([.pcma, .pcmu]))
    }

    @Test("An answer that binds other types than our offer: each side is written to by its own")
    func asymmetricTypes() throws {
        var leg = self.leg(.rtp)
        _ = self.offered(&leg, [.opus, .pcmu])
        let answer = try self.read(
            "m=audio 4000 RTP/AVP 96 97",
            "a=rtpmap:96 opus/48000/2",
            "a=rtpmap:97 telephone-event/8000"
        )
        try leg.received(answer: answer)
        #expect(leg.peer?.formats == [AudioFormat(.opus, sends: 96, receives: 111)])
        #expect(leg.peer?.digits == [DigitFormat(sends: 97, receives: 101, clockRate: 8000)])
    }

    @Test("A codec that the answer binds to two types is agreed on once, one that was not offered not at all")
    func oddAnswer() throws {
        var leg = self.leg(.rtp)
        _ = self.offered(&leg, [.opus, .pcmu])
        try leg.received(
            answer: try self.read(
                "m=audio 4000 RTP/AVP 8 96 97",
                "a=rtpmap:96 opus/48000/2",
                "a=rtpmap:97 opus/48000/2"
            )
        )
        #expect(leg.peer?.formats == [AudioFormat(.opus, sends: 96, receives: 111)])
        #expect(leg.peer?.digits == [])
    }

    // MARK: Types that stay

    @Test("Our later offers keep the types of the exchange before, whoever offered then")
    func typesStay() throws {
        var leg = self.leg(.rtp)
        _ = try self.answered(
            &leg,
            self.read(
                "m=audio 4000 RTP/AVP 101 0 96",
                "a=rtpmap:101 opus/48000/2",
                "a=rtpmap:96 telephone-event/8000"
            )
        )
        #expect(self.media(self.offered(&leg, self.all)) == "m=audio 20000 RTP/AVP 101 9 0 8 96")
    }

    @Test("A later offer of the peer may bind a codec anew: it sends by the type that our answer repeats")
    func typesMove() throws {
        var leg = self.leg(.rtp)
        _ = self.offered(&leg, [.opus])
        try leg.received(answer: try self.read("m=audio 4000 RTP/AVP 111", "a=rtpmap:111 opus/48000/2"))
        let answer = try self.answered(&leg, self.read("m=audio 4000 RTP/AVP 107", "a=rtpmap:107 opus/48000/2"))
        #expect(self.media(answer) == "m=audio 20000 RTP/AVP 107")
        #expect(leg.peer?.formats == [AudioFormat(.opus, sends: 107, receives: 107)])
    }

    @Test("No type is given twice, whatever types the peer has taken")
    func freeTypes() throws {
        var leg = self.leg(.rtp)
        _ = try self.answered(
            &leg,
            self.read(
                "m=audio 4000 RTP/AVP 111 101 9",
                "a=rtpmap:111 PCMU/8000",
                "a=rtpmap:101 PCMA/8000",
                "a=rtpmap:9 G722/8000"
            )
        )
        let offer = self.offered(&leg, self.all)
        #expect(self.media(offer) == "m=audio 20000 RTP/AVP 96 9 111 101 97")
        #expect(offer.contains("a=rtpmap:96 opus/48000/2") && offer.contains("a=rtpmap:97 telephone-event/8000"))
    }

    // MARK: Hold (RFC 3264 §6.1, §8.4)

    @Test(
        "What we answer to each direction, and what then flows",
        arguments: [
            ("sendrecv", false, "sendrecv", true, true, false), ("sendonly", false, "recvonly", false, true, true),
            ("recvonly", false, "sendonly", true, false, false), ("inactive", false, "inactive", false, false, true),
            ("sendrecv", true, "sendonly", false, false, false), ("sendonly", true, "inactive", false, false, true),
            ("recvonly", true, "sendonly", false, false, false), ("inactive", true, "inactive", false, false, true),
        ]
    )
    func directions(
        theirs: String,
        isHeld: Bool,
        ours: String,
        sends: Bool,
        receives: Bool,
        holds: Bool
    ) throws {
        var leg = self.leg(.rtp)
        leg.isHeld = isHeld
        let answer = try self.answered(&leg, self.phone([.pcmu], direction: theirs))
        #expect(answer.contains("a=\(ours)"))
        #expect(leg.peer == RelayFixture.phonePeer([.pcmu], sends: sends, receives: receives))
        #expect(leg.holds == holds && !leg.holdIsNews)
    }

    @Test(
        "What an answer to our hold, and to our taking it back, lets flow",
        arguments: [
            (true, "recvonly", false, false, false), (true, "inactive", false, false, true),
            (false, "sendrecv", true, true, false), (false, "sendonly", false, true, true),
            (false, "recvonly", true, false, false),
        ]
    )
    func answersToHold(isHeld: Bool, theirs: String, sends: Bool, receives: Bool, holds: Bool) throws {
        var leg = self.leg(.rtp)
        leg.isHeld = !isHeld
        _ = try self.answered(&leg, self.phone([.pcmu]))
        leg.isHeld = isHeld
        #expect(leg.holdIsNews)
        #expect(self.offered(&leg, [.pcmu]).contains(isHeld ? "a=sendonly" : "a=sendrecv"))
        try leg.received(answer: try self.phone([.pcmu], direction: theirs))
        #expect(leg.peer == RelayFixture.phonePeer([.pcmu], sends: sends, receives: receives))
        #expect(leg.holds == holds && !leg.holdIsNews)
    }

    @Test("What is wanted while our offer is out is news once it is answered")
    func holdWhileOffering() throws {
        var leg = self.leg(.rtp)
        _ = try self.answered(&leg, self.phone([.pcmu]))
        leg.isHeld = true
        _ = self.offered(&leg, [.pcmu])
        leg.isHeld = false
        try leg.received(answer: try self.phone([.pcmu], direction: "recvonly"))
        // The peer was told to be silent, and is.
        #expect(leg.peer == RelayFixture.phonePeer([.pcmu], sends: false, receives: false))
        #expect(leg.holdIsNews)
        #expect(self.offered(&leg, [.pcmu]).contains("a=sendrecv"))
    }

    @Test("A refused hold is given up; one that was asked for meanwhile is not")
    func refusedHold() throws {
        var leg = self.leg(.rtp)
        _ = try self.answered(&leg, self.phone([.pcmu]))
        leg.isHeld = true
        _ = self.offered(&leg, [.pcmu])
        #expect(leg.closeOffer() == true)
        #expect(!leg.isHeld && !leg.holdIsNews && leg.mayBeOffered)
        _ = self.offered(&leg, [.pcmu])
        leg.isHeld = true
        #expect(leg.closeOffer() == nil)
        #expect(leg.holdIsNews)
        #expect(leg.closeOffer() == nil)
    }

    // MARK: Changes

    @Test("New ICE credentials in an offer are a restart: it is answered once the engine has new ones too")
    func restart() throws {
        var leg = self.leg(.webRTC)
        _ = try self.answered(&leg, self.app(self.all))
        #expect(!leg.received(offer: try self.app(self.all)))
        leg.refuse()
        #expect(leg.received(offer: try self.app(self.all, ufrag: "wxyz")))
        var origin = SessionOrigin(sessionID: 7)
        #expect(try leg.answer(codecs: self.all, only: false, origin: &origin) == nil)
        leg.opened(RelayFixture.restarted)
        let answer = try leg.answer(codecs: self.all, only: false, origin: &origin)
        #expect(Self.lines(answer).contains("a=ice-ufrag:gat2"))
        #expect(leg.peer?.ice?.ufrag == "wxyz")
    }

    @Test(
        "Who begins DTLS follows from a=setup, and stays who it was while the certificates do",
        arguments: [
            ("actpass", "passive", DTLSRole.server), ("active", "passive", .server), ("passive", "active", .client),
        ]
    )
    func roles(theirs: String, ours: String, role: DTLSRole) throws {
        var leg = self.leg(.webRTC)
        #expect(try self.answered(&leg, self.app(self.all, setup: theirs)).contains("a=setup:\(ours)"))
        #expect(leg.peer?.protection == .dtls(role: role, fingerprints: [RelayFixture.fingerprint]))
        // A browser's later offers all say actpass.
        #expect(try self.answered(&leg, self.app(self.all)).contains("a=setup:\(ours)"))
        #expect(leg.peer?.protection == .dtls(role: role, fingerprints: [RelayFixture.fingerprint]))
    }

    @Test("An answer says who begins DTLS")
    func rolesOfAnswers() throws {
        for (setup, role) in [("active", DTLSRole.server), ("passive", .client)] {
            var leg = self.leg(.webRTC)
            #expect(self.offered(&leg, self.all).contains("a=setup:actpass"))
            try leg.received(answer: try self.app([.opus], setup: setup))
            #expect(leg.peer?.protection == .dtls(role: role, fingerprints: [RelayFixture.fingerprint]))
        }
    }

    @Test("An answer in a provisional response may be followed by another, and a last one ends the exchange")
    func provisionalAnswers() throws {
        var leg = self.leg(.rtp)
        _ = self.offered(&leg, self.all)
        try leg.received(answer: try self.phone([.pcmu]), isFinal: false)
        #expect(leg.owesAnswer && leg.peer == RelayFixture.phonePeer([.pcmu]))
        try leg.received(answer: try self.phone([.pcma]), isFinal: false)
        try leg.received(answer: try self.phone([.opus]))
        #expect(!leg.owesAnswer && leg.peer == RelayFixture.phonePeer([.opus]))
    }

    @Test("An answer that says the same as the last one is that one: the version stays")
    func sameAnswer() throws {
        var leg = self.leg(.rtp)
        var origin = SessionOrigin(sessionID: 7)
        _ = leg.received(offer: try self.phone([.pcmu]))
        let first = try leg.answer(codecs: self.all, only: true, origin: &origin)
        _ = leg.received(offer: try self.phone([.pcmu]))
        #expect(try leg.answer(codecs: self.all, only: true, origin: &origin, last: first) == first)
        #expect(origin.version == 1)
        _ = leg.received(offer: try self.phone([.pcmu], direction: "sendonly"))
        #expect(try leg.answer(codecs: self.all, only: true, origin: &origin, last: first) != first)
        #expect(origin.version == 2)
    }

    // MARK: Refused

    @Test("An offer without a common codec, or a suite of ours, is refused and waits no more")
    func refusedOffers() throws {
        var leg = self.leg(.rtp)
        var origin = SessionOrigin(sessionID: 7)
        _ = leg.received(offer: try self.phone([.pcmu]))
        #expect(throws: RelayFault.noCodec) { try leg.answer(codecs: [.opus], only: true, origin: &origin) }
        #expect(leg.mayBeOffered && leg.peer == nil && origin.version == 0)
        var bare = RelayedLeg(.rtp)
        bare.opened(MediaEndpoint(addresses: RelayFixture.phone.addresses))
        let key = String(repeating: "/", count: 40)
        let secure = try self.read("m=audio 4000 RTP/SAVP 0", "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:\(key)")
        _ = bare.received(offer: secure)
        #expect(throws: RelayFault.noSecurity) { try bare.answer(codecs: [.pcmu], only: true, origin: &origin) }
    }

    @Test("An answer to no offer, or without a common codec, is refused; the session goes on as it was")
    func refusedAnswers() throws {
        var leg = self.leg(.rtp)
        let answer = try self.phone([.pcmu])
        #expect(throws: RelayFault.noOffer) { try leg.received(answer: answer) }
        _ = self.offered(&leg, [.pcmu])
        try leg.received(answer: answer)
        let before = leg.peer
        _ = self.offered(&leg, [.opus])
        #expect(throws: RelayFault.noCodec) { try leg.received(answer: answer) }
        #expect(leg.peer == before)
    }
}
