import SIPCore
import Testing

@Suite("Pass-through descriptions") struct PassthroughTests {
    private let fingerprint = ThrowawayFingerprint(text: "AA:BB")
    private let origin = SDPOrigin(sessionID: 7, version: 1, username: "gw", address: "192.0.2.1")

    private func answer(_ offer: String) throws -> String {
        let answer = SessionDescription.inactiveAnswer(
            to: try SampleOffers.read(offer),
            fingerprint: self.fingerprint,
            origin: self.origin
        )
        let text = String(decoding: answer.bytes, as: UTF8.self)
        #expect(try SessionDescription(text) == answer)
        return text
    }

    @Test("A browser-like offer gets an inactive answer that mirrors it, but for its ICE credentials") func browser()
        throws
    {
        #expect(
            try self.answer(SampleOffers.chromeAudio)
                == SampleOffers.text([
                    "v=0", "o=gw 7 1 IN IP4 192.0.2.1", "s=-", "t=0 0", "a=group:BUNDLE 0",
                    "m=audio 9 UDP/TLS/RTP/SAVPF 111",
                    "c=IN IP4 0.0.0.0", "a=inactive", "a=mid:0", "a=rtpmap:111 opus/48000/2",
                    "a=fmtp:111 minptime=10;useinbandfec=1", "a=rtcp-mux",
                    "a=fingerprint:sha-256 AA:BB", "a=setup:active",
                ])
        )
    }

    @Test("In a bundle only the first carries the transport, all but audio is refused, and helpers are no codecs")
    func bundle() throws {
        #expect(
            try self.answer(SampleOffers.bundle)
                == SampleOffers.text([
                    "v=0", "o=gw 7 1 IN IP4 192.0.2.1", "s=-", "t=0 0", "a=group:BUNDLE a b",
                    "m=audio 9 UDP/TLS/RTP/SAVPF 111", "c=IN IP4 0.0.0.0", "a=inactive", "a=mid:a",
                    "a=rtpmap:111 opus/48000/2", "a=rtcp-mux",
                    "a=fingerprint:sha-256 AA:BB", "a=setup:passive", "m=video 0 UDP/TLS/RTP/SAVPF 96",
                    "c=IN IP4 0.0.0.0",
                    "a=inactive", "a=mid:v", "m=application 0 UDP/DTLS/SCTP webrtc-datachannel", "c=IN IP4 0.0.0.0",
                    "a=inactive", "a=mid:d", "m=audio 9 UDP/TLS/RTP/SAVPF 8", "c=IN IP4 0.0.0.0", "a=inactive",
                    "a=mid:b",
                ])
        )
    }

    @Test("A plain RTP offer gets no DTLS lines") func plain() throws {
        #expect(
            try self.answer(SampleOffers.phone)
                == SampleOffers.text([
                    "v=0", "o=gw 7 1 IN IP4 192.0.2.1", "s=-", "t=0 0", "m=audio 9 RTP/AVP 0", "c=IN IP4 0.0.0.0",
                    "a=inactive", "m=video 0 RTP/AVP 31", "c=IN IP4 0.0.0.0", "a=inactive", "m=image 0 udptl t38",
                    "c=IN IP4 0.0.0.0", "a=inactive",
                ])
        )
    }

    @Test("Session-level DTLS lines count, and each role has its answer") func roles() throws {
        for (offered, answered) in [
            ("a=setup:actpass", "active"), ("a=setup:active", "passive"), ("a=setup:passive", "active"),
            ("a=setup:holdconn", "holdconn"), ("a=setup:odd", "passive"), ("a=x", "passive"),
        ] {
            let answer = try self.answer(
                SampleOffers.text([
                    "v=0", "o=- 1 1 IN IP4 h", "a=ice-ufrag:x", "a=fingerprint:sha-1 00", offered,
                    "m=audio 9 RTP/SAVPF 0", "m=audio 0 RTP/SAVPF 8",
                ])
            )
            #expect(
                answer
                    == SampleOffers.text([
                        "v=0", "o=gw 7 1 IN IP4 192.0.2.1", "s=-", "t=0 0", "m=audio 9 RTP/SAVPF 0", "c=IN IP4 0.0.0.0",
                        "a=inactive", "a=fingerprint:sha-256 AA:BB",
                        "a=setup:" + answered, "m=audio 0 RTP/SAVPF 8", "c=IN IP4 0.0.0.0", "a=inactive",
                    ])
            )
        }
    }

    @Test("An offer without media, or of helpers alone, still has an answer") func odd() throws {
        #expect(try self.answer("v=0\r\no=- 1 1 IN IP4 h\r\n").hasSuffix("t=0 0\r\n"))
        let helpers = "v=0\r\no=- 1 1 IN IP4 h\r\nm=audio 9 RTP/AVP 13 101\r\na=rtpmap:101 telephone-event/8000\r\n"
        #expect(try self.answer(helpers).contains("m=audio 9 RTP/AVP 13\r\n"))
    }

    @Test("A throw-away fingerprint follows from the random bytes, and looks like a real one") func fingerprintShape() {
        let one = ThrowawayFingerprint(random: [UInt8](repeating: 1, count: 16))
        #expect(one == ThrowawayFingerprint(random: [UInt8](repeating: 1, count: 16)))
        #expect(one.text.utf8.count == 95)
        #expect(one.text.split(separator: ":").allSatisfy { $0.utf8.count == 2 && UInt8($0, radix: 16) != nil })
        #expect(one != ThrowawayFingerprint(random: [UInt8](repeating: 2, count: 16)))
    }

    @Test("The origin becomes ours, in its place, and nothing else changes") func replacingOrigin() throws {
        let offer = try SampleOffers.read(SampleOffers.chromeAudio)
        let ours = offer.replacingOrigin(sessionID: 5, version: 2, address: "2001:db8::1")
        let old = "o=- 4611731400430051336 2 IN IP4 127.0.0.1"
        let halves = SampleOffers.chromeAudio.utf8.split(separator: 0x0A).map { String(Substring($0.dropLast())) }
        #expect(
            String(decoding: ours.bytes, as: UTF8.self)
                == SampleOffers.text(halves.map { $0 == old ? "o=- 5 2 IN IP6 2001:db8::1" : $0 })
        )
    }

    @Test("The origin's user name can't add fields or lines") func hostileOrigin() {
        #expect(
            SDPOrigin(sessionID: .max, version: 0, username: "a b\r\nc", address: "h").text
                == "abc 18446744073709551615 0 IN IP4 h"
        )
        #expect(SDPOrigin(sessionID: 1, version: 1, username: " ", address: "h").username == "-")
    }

    @Test("An origin is the same only if every field is, the version too") func sameOrigin() throws {
        let offer = try SampleOffers.read(SampleOffers.chromeAudio)
        var other = offer
        other.media = []
        #expect(offer.isSameOrigin(as: other))
        other.origin?.versionText = "3"
        #expect(!offer.isSameOrigin(as: other))
        other.origin = nil
        #expect(!other.isSameOrigin(as: other))
        #expect(!offer.isSameOrigin(as: other))
        other.origin = offer.origin
        #expect(other.isSameOrigin(as: offer))
    }

    @Test("Numbers of any length may stand in a peer's origin") func longNumbers() throws {
        let long = "99999999999999999999999999"
        let description = try SampleOffers.read("v=0\r\no=- \(long) \(long) IN IP4 h\r\n")
        #expect(description.origin?.version == nil)
        #expect(description.isSameOrigin(as: description))
    }
}
