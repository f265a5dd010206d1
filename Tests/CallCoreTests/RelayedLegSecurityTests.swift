import CallCore
import MediaCore
import SIPCore
import Testing

@Suite("SRTP by SDES on one leg of the relay")
struct RelayedLegSecurityTests {
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

    // MARK: SRTP by SDES

    @Test("The first offered key of a suite that we have is answered with ours of that suite, under its tag")
    func answeringSDES() throws {
        var leg = self.leg(.rtp)
        let key = String(repeating: "/", count: 40)
        let answer = try self.answered(
            &leg,
            self.read(
                "m=audio 4000 RTP/SAVP 0",
                "a=crypto:7 AES_CM_128_HMAC_SHA1_32 inline:\(key)",
                "a=crypto:8 AES_CM_128_HMAC_SHA1_80 inline:\(key)"
            )
        )
        let theirs = SDESKey(suite: .aes128SHA1Tag32, tag: 7, bytes: Array(repeating: 0xFF, count: 30))
        let ours = SDESKey(suite: .aes128SHA1Tag32, tag: 7, bytes: Array(repeating: 2, count: 30))
        #expect(leg.peer?.protection == .sdes(ours: ours, theirs: theirs))
        #expect(answer.filter { $0.hasPrefix("a=crypto") } == ["a=crypto:\(ours.attribute)"])
        #expect(self.media(answer) == "m=audio 20000 RTP/SAVP 0")
        // And it stays SRTP.
        #expect(self.media(self.offered(&leg, [.pcmu])) == "m=audio 20000 RTP/SAVP 0 101")
    }

    @Test("An answer chooses one of our keys by its tag")
    func offeringSDES() throws {
        var leg = self.leg(.rtp)
        let offer = self.offered(&leg, [.pcmu], sdes: true)
        #expect(offer.filter { $0.hasPrefix("a=crypto") }.count == 3)
        let key = "a=crypto:2 AES_CM_128_HMAC_SHA1_80 inline:\(String(repeating: "/", count: 40))"
        try leg.received(answer: try self.read("m=audio 4000 RTP/SAVP 0", key))
        let theirs = SDESKey(suite: .aes128SHA1Tag80, tag: 2, bytes: Array(repeating: 0xFF, count: 30))
        #expect(leg.peer?.protection == .sdes(ours: RelayFixture.phone.sdes[1], theirs: theirs))
    }

    @Test("What began as plain RTP is not offered SRTP later")
    func staysPlain() throws {
        var leg = self.leg(.rtp)
        _ = self.offered(&leg, [.pcmu])
        try leg.received(answer: try self.read("m=audio 4000 RTP/AVP 0"))
        #expect(self.media(self.offered(&leg, [.pcmu], sdes: true)) == "m=audio 20000 RTP/AVP 0 101")
    }

    @Test(
        "An answer with a key that was not offered, without one, or with one that was not asked for is refused",
        arguments: [
            (true, ["m=audio 4000 RTP/SAVP 0", "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:"]),
            (true, ["m=audio 4000 RTP/AVP 0"]),
            (false, ["m=audio 4000 RTP/SAVP 0", "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:"]),
        ]
    )
    func wrongSDES(isOffered: Bool, lines: [String]) throws {
        var leg = self.leg(.rtp)
        _ = self.offered(&leg, [.pcmu], sdes: isOffered)
        let key = String(repeating: "/", count: 40)
        let answer = try AudioDescription(
            RelayFixture.text(
                ["v=0", "o=- 1 1 IN IP4 192.0.2.9", "s=-", "c=IN IP4 192.0.2.9", "t=0 0"]
                    + lines.map { $0.hasSuffix(":") ? $0 + key : $0 }
            ),
            for: .rtp
        )
        #expect(throws: RelayFault.noSecurity) { try leg.received(answer: answer) }
        #expect(leg.peer == nil)
    }

}
