import CallCore
import MediaCore
import SIPCore
import Testing

/// The text of our offers and answers, as a whole.
@Suite("Writing what we say of our audio")
struct AudioTermsTests {
    private var origin: SessionOrigin {
        var origin = SessionOrigin(sessionID: 7)
        origin.version = 3
        return origin
    }

    private func expect(_ sdp: [UInt8], _ lines: [String], _ location: SourceLocation = #_sourceLocation) {
        #expect(
            String(decoding: sdp, as: UTF8.self).split(separator: "\r\n") == lines.map { Substring($0) },
            sourceLocation: location
        )
        #expect(sdp.suffix(2) == [0x0D, 0x0A], sourceLocation: location)
    }

    @Test("The offer to a phone: plain RTP, RTCP on its own port")
    func offerToPhone() {
        let terms = AudioTerms(
            formats: [.init(payloadType: 111, codec: .opus), .init(payloadType: 0, codec: .pcmu)],
            digits: [.init(payloadType: 101, clockRate: 8000)],
            direction: .sendrecv,
            setup: "",
            sdes: [],
            multiplexesRTCP: false
        )
        self.expect(
            terms.sdp(kind: .rtp, endpoint: RelayFixture.phone, origin: self.origin),
            [
                "v=0", "o=- 7 3 IN IP4 192.0.2.1", "s=-", "c=IN IP4 192.0.2.1", "t=0 0",
                "m=audio 20000 RTP/AVP 111 0 101", "a=rtpmap:111 opus/48000/2",
                "a=fmtp:111 minptime=10;useinbandfec=1", "a=rtpmap:0 PCMU/8000",
                "a=rtpmap:101 telephone-event/8000", "a=fmtp:101 0-16", "a=ptime:20", "a=sendrecv", "a=rtcp:20001",
            ]
        )
    }

    @Test("The offer of SRTP on hold: one a=crypto for each suite")
    func secureOffer() {
        let terms = AudioTerms(
            formats: [.init(payloadType: 8, codec: .pcma)],
            digits: [],
            direction: .sendonly,
            setup: "",
            sdes: RelayFixture.phone.sdes,
            multiplexesRTCP: true
        )
        self.expect(
            terms.sdp(kind: .rtp, endpoint: RelayFixture.phone, origin: self.origin),
            [
                "v=0", "o=- 7 3 IN IP4 192.0.2.1", "s=-", "c=IN IP4 192.0.2.1", "t=0 0", "m=audio 20000 RTP/SAVP 8",
                "a=rtpmap:8 PCMA/8000", "a=ptime:20", "a=sendonly",
                "a=crypto:1 AEAD_AES_128_GCM inline:\(String(repeating: "A", count: 38))==",
                "a=crypto:2 AES_CM_128_HMAC_SHA1_80 inline:\(String(repeating: "AQEB", count: 10))",
                "a=crypto:3 AES_CM_128_HMAC_SHA1_32 inline:\(String(repeating: "AgIC", count: 10))", "a=rtcp-mux",
            ]
        )
    }

    @Test("The offer to an app: ICE, DTLS, one bundled section, all candidates at once")
    func offerToApp() {
        let terms = AudioTerms(
            formats: [.init(payloadType: 111, codec: .opus)],
            digits: [.init(payloadType: 101, clockRate: 8000), .init(payloadType: 110, clockRate: 48_000)],
            direction: .sendrecv,
            setup: "actpass",
            sdes: [],
            multiplexesRTCP: true
        )
        self.expect(
            terms.sdp(kind: .webRTC, endpoint: RelayFixture.app, origin: self.origin),
            [
                "v=0", "o=- 7 3 IN IP4 192.0.2.1", "s=-", "c=IN IP4 192.0.2.1", "t=0 0", "a=group:BUNDLE 0",
                "a=ice-lite", "m=audio 20002 UDP/TLS/RTP/SAVPF 111 101 110", "a=mid:0", "a=rtpmap:111 opus/48000/2",
                "a=fmtp:111 minptime=10;useinbandfec=1", "a=rtpmap:101 telephone-event/8000", "a=fmtp:101 0-16",
                "a=rtpmap:110 telephone-event/48000", "a=fmtp:110 0-16", "a=ptime:20", "a=sendrecv", "a=rtcp-mux",
                "a=ice-ufrag:gate", "a=ice-pwd:gate-password-24-letters",
                "a=fingerprint:sha-256 \(Array(repeating: "A5", count: 32).joined(separator: ":"))",
                "a=setup:actpass", "a=msid:switchhook audio",
                "a=candidate:1 1 udp 2130706431 192.0.2.1 20002 typ host",
                "a=candidate:2 1 udp 2130706175 2001:db8:0:0:0:0:0:1 20002 typ host", "a=end-of-candidates",
            ]
        )
    }

    @Test("An answer repeats every section in its order: the others refused, each with its mid, one in the bundle")
    func answerToApp() throws {
        let offer = RelayFixture.text([
            "v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=group:BUNDLE v a d",
            "a=fingerprint:\(RelayFixture.fingerprint.attribute)", "a=ice-ufrag:abcd",
            "a=ice-pwd:0123456789012345678901", "a=setup:actpass", "m=video 9 UDP/TLS/RTP/SAVPF 96 97", "a=mid:v",
            "m=audio 9 UDP/TLS/RTP/SAVPF 96", "a=mid:a", "a=rtpmap:96 opus/48000/2",
            "m=application 9 UDP/DTLS/SCTP webrtc-datachannel", "a=mid:d", "m=text 9 RTP/AVP 98",
        ])
        let terms = AudioTerms(
            formats: [.init(payloadType: 96, codec: .opus)],
            digits: [],
            direction: .recvonly,
            setup: "passive",
            sdes: [],
            multiplexesRTCP: true,
            answers: try AudioDescription(offer, for: .webRTC)
        )
        self.expect(
            terms.sdp(kind: .webRTC, endpoint: RelayFixture.app, origin: self.origin),
            [
                "v=0", "o=- 7 3 IN IP4 192.0.2.1", "s=-", "c=IN IP4 192.0.2.1", "t=0 0", "a=group:BUNDLE a",
                "a=ice-lite", "m=video 0 UDP/TLS/RTP/SAVPF 96", "a=mid:v", "m=audio 20002 UDP/TLS/RTP/SAVPF 96",
                "a=mid:a", "a=rtpmap:96 opus/48000/2", "a=fmtp:96 minptime=10;useinbandfec=1", "a=ptime:20",
                "a=recvonly", "a=rtcp-mux", "a=ice-ufrag:gate", "a=ice-pwd:gate-password-24-letters",
                "a=fingerprint:sha-256 \(Array(repeating: "A5", count: 32).joined(separator: ":"))",
                "a=setup:passive", "a=msid:switchhook audio",
                "a=candidate:1 1 udp 2130706431 192.0.2.1 20002 typ host",
                "a=candidate:2 1 udp 2130706175 2001:db8:0:0:0:0:0:1 20002 typ host", "a=end-of-candidates",
                "m=application 0 UDP/DTLS/SCTP webrtc-datachannel", "a=mid:d", "m=text 0 RTP/AVP 98",
            ]
        )
    }

    @Test("An answer to an offer without mid and BUNDLE has neither, and keeps the offer's profile")
    func answerToPhone() throws {
        let offer = RelayFixture.text([
            "v=0", "o=- 1 1 IN IP4 192.0.2.9", "s=-", "c=IN IP4 192.0.2.9", "t=0 0", "m=audio 4000 RTP/AVPF 0",
        ])
        let terms = AudioTerms(
            formats: [.init(payloadType: 0, codec: .pcmu)],
            digits: [],
            direction: .inactive,
            setup: "",
            sdes: [],
            multiplexesRTCP: false,
            answers: try AudioDescription(offer, for: .rtp)
        )
        self.expect(
            terms.sdp(
                kind: .rtp,
                endpoint: MediaEndpoint(addresses: [MediaAddress(ipv6: 1, 2, port: 30_000)]),
                origin: self.origin
            ),
            [
                "v=0", "o=- 7 3 IN IP6 0:0:0:1:0:0:0:2", "s=-", "c=IN IP6 0:0:0:1:0:0:0:2", "t=0 0",
                "m=audio 30000 RTP/AVPF 0", "a=rtpmap:0 PCMU/8000", "a=ptime:20", "a=inactive",
            ]
        )
    }

    @Test("What we write, we can read")
    func roundTrip() throws {
        for (kind, endpoint) in [(MediaLegKind.rtp, RelayFixture.phone), (.webRTC, RelayFixture.app)] {
            let terms = AudioTerms(
                formats: AudioCodec.allCases.map { .init(payloadType: RelayFixture.type($0), codec: $0) },
                digits: [.init(payloadType: 101, clockRate: 8000)],
                direction: .sendonly,
                setup: kind == .webRTC ? "actpass" : "",
                sdes: endpoint.sdes,
                multiplexesRTCP: kind == .webRTC
            )
            let read = try AudioDescription(
                terms.sdp(kind: kind, endpoint: endpoint, origin: self.origin),
                for: kind
            )
            #expect(read.formats == terms.formats && read.digits == terms.digits)
            #expect(read.direction == .sendonly && read.setup == terms.setup && read.sdes == endpoint.sdes)
            #expect(read.ice == endpoint.ice && read.fingerprints == [endpoint.fingerprint].compactMap { $0 })
            #expect(read.address == (kind == .rtp ? endpoint.addresses[0] : nil))
            #expect(read.rtcpAddress?.port == endpoint.rtcpPort)
        }
    }
}
