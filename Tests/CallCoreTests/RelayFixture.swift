import CallCore
import ClientProtocol
import MediaCore
import SIPCore

/// Endpoints of a relay, and what apps and phones say to it.
enum RelayFixture {
    static let phone = MediaEndpoint(
        addresses: [MediaAddress(ipv4: 0xC000_0201, port: 20_000)],
        rtcpPort: 20_001,
        sdes: SDESSuite.allCases.enumerated().map { index, suite in
            SDESKey(suite: suite, tag: UInt32(index + 1), bytes: Array(repeating: UInt8(index), count: suite.keyLength))
        }
    )
    static let app = MediaEndpoint(
        addresses: [
            MediaAddress(ipv4: 0xC000_0201, port: 20_002), MediaAddress(ipv6: 0x2001_0DB8_0000_0000, 1, port: 20_002),
        ],
        ice: ICECredentials(ufrag: "gate", password: "gate-password-24-letters"),
        fingerprint: DTLSFingerprint(algorithm: "sha-256", bytes: Array(repeating: 0xA5, count: 32))
    )
    /// The app's endpoint after an ICE restart.
    static let restarted = MediaEndpoint(
        addresses: app.addresses,
        ice: ICECredentials(ufrag: "gat2", password: "gate-password-24-letter2"),
        fingerprint: app.fingerprint
    )

    static let fingerprint = DTLSFingerprint(algorithm: "sha-256", bytes: Array(repeating: 0x1B, count: 32))

    /// The type that browsers give each codec.
    static func type(_ codec: AudioCodec) -> UInt8 { codec.staticPayloadType ?? 111 }

    /// A browser's description, with telephone-event for the clocks that it has codecs of.
    static func browser(
        _ codecs: [AudioCodec] = [.opus, .g722, .pcmu, .pcma],
        setup: String = "actpass",
        direction: String = "sendrecv",
        ufrag: String = "abcd"
    ) -> [UInt8] {
        let digits = (codecs.contains(.opus) ? [(110, 48_000)] : []) + [(126, 8000)]
        var lines = [
            "v=0", "o=- 4611 2 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=group:BUNDLE 0", "a=msid-semantic: WMS",
            "m=audio 9 UDP/TLS/RTP/SAVPF "
                + (codecs.map { "\(self.type($0))" } + digits.map { "\($0.0)" }).joined(separator: " "),
            "c=IN IP4 0.0.0.0", "a=rtcp:9 IN IP4 0.0.0.0", "a=ice-ufrag:\(ufrag)",
            "a=ice-pwd:0123456789012345678901", "a=ice-options:trickle",
            "a=fingerprint:\(self.fingerprint.attribute)", "a=setup:\(setup)", "a=mid:0", "a=\(direction)",
            "a=rtcp-mux",
        ]
        lines += codecs.map { "a=rtpmap:\(self.type($0)) \($0.rtpmap)" }
        lines += digits.map { "a=rtpmap:\($0.0) telephone-event/\($0.1)" }
        return self.text(lines)
    }

    static func offer(_ codecs: [AudioCodec] = [.opus, .g722, .pcmu, .pcma], ufrag: String = "abcd") -> JSONFragment {
        .sessionDescription(type: "offer", sdp: self.browser(codecs, ufrag: ufrag))
    }

    static func answer(_ codecs: [AudioCodec] = [.opus, .g722, .pcmu, .pcma]) -> JSONFragment {
        .sessionDescription(type: "answer", sdp: self.browser(codecs, setup: "active"))
    }

    /// A phone's description; `version` tells one from the next.
    static func phoneSDP(
        _ codecs: [AudioCodec] = [.pcmu, .pcma],
        host: String = "192.0.2.9",
        port: UInt16 = 4000,
        direction: String = "sendrecv",
        digits: Bool = true,
        version: Int = 1
    ) -> [UInt8] {
        let types = codecs.map { "\(self.type($0))" } + (digits ? ["101"] : [])
        var lines = [
            "v=0", "o=phone 77 \(version) IN IP4 192.0.2.9", "s=call", "c=IN IP4 \(host)", "t=0 0",
            "m=audio \(port) RTP/AVP " + types.joined(separator: " "),
        ]
        lines += codecs.map { "a=rtpmap:\(self.type($0)) \($0.rtpmap)" }
        if digits { lines += ["a=rtpmap:101 telephone-event/8000", "a=fmtp:101 0-15"] }
        lines.append("a=\(direction)")
        return self.text(lines)
    }

    static func text(_ lines: [String]) -> [UInt8] { Array((lines + [""]).joined(separator: "\r\n").utf8) }

    // MARK: What the relay says

    /// The relay's answer to an app.
    static func toApp(
        answering offer: [UInt8],
        _ codecs: [AudioCodec],
        digits: [AudioDescription.Digits],
        endpoint: MediaEndpoint = RelayFixture.app,
        version: UInt64
    ) throws -> JSONFragment {
        let terms = AudioTerms(
            formats: codecs.map { .init(payloadType: self.type($0), codec: $0) },
            digits: digits,
            direction: .sendrecv,
            setup: "passive",
            sdes: [],
            multiplexesRTCP: true,
            answers: try AudioDescription(offer, for: .webRTC)
        )
        let sdp = terms.sdp(kind: .webRTC, endpoint: endpoint, origin: self.origin(0, version))
        return .sessionDescription(type: "answer", sdp: sdp)
    }

    /// The relay's offer to an app.
    static func toApp(offering codecs: [AudioCodec], version: UInt64) -> JSONFragment {
        let digits = [AudioDescription.Digits(payloadType: 101, clockRate: 8000)]
        let terms = AudioTerms(
            formats: codecs.map { .init(payloadType: self.type($0), codec: $0) },
            digits: codecs.contains(.opus) ? digits + [.init(payloadType: 110, clockRate: 48_000)] : digits,
            direction: .sendrecv,
            setup: "actpass",
            sdes: [],
            multiplexesRTCP: true
        )
        let sdp = terms.sdp(kind: .webRTC, endpoint: self.app, origin: self.origin(0, version))
        return .sessionDescription(type: "offer", sdp: sdp)
    }

    /// The relay's offer to a phone, or its answer where `offer` is there.
    static func toPhone(
        _ codecs: [AudioCodec],
        answering offer: [UInt8]? = nil,
        digits: Bool = true,
        direction: SDPDirection = .sendrecv,
        session: UInt64 = 9,
        version: UInt64
    ) throws -> [UInt8] {
        let terms = AudioTerms(
            formats: codecs.map { .init(payloadType: self.type($0), codec: $0) },
            digits: digits ? [.init(payloadType: 101, clockRate: 8000)] : [],
            direction: direction,
            setup: "",
            sdes: [],
            multiplexesRTCP: false,
            answers: try offer.map { try AudioDescription($0, for: .rtp) }
        )
        return terms.sdp(kind: .rtp, endpoint: self.phone, origin: self.origin(session, version))
    }

    private static func origin(_ session: UInt64, _ version: UInt64) -> SessionOrigin {
        var origin = SessionOrigin(sessionID: session)
        origin.version = version
        return origin
    }

    /// What is agreed on with a phone.
    static func phonePeer(
        _ codecs: [AudioCodec],
        host: UInt32 = 0xC000_0209,
        port: UInt16 = 4000,
        sends: Bool = true,
        receives: Bool = true,
        digits: Bool = true
    ) -> MediaPeer {
        MediaPeer(
            address: MediaAddress(ipv4: host, port: port),
            rtcpAddress: MediaAddress(ipv4: host, port: port + 1),
            multiplexesRTCP: false,
            protection: .none,
            sends: sends,
            receives: receives,
            formats: codecs.map { AudioFormat($0, sends: self.type($0), receives: self.type($0)) },
            digits: digits ? [DigitFormat(sends: 101, receives: 101, clockRate: 8000)] : []
        )
    }

    /// What is agreed on with an app.
    static func appPeer(
        _ codecs: [AudioCodec],
        role: DTLSRole = .server,
        ufrag: String = "abcd",
        digits: [DigitFormat]
    ) -> MediaPeer {
        MediaPeer(
            address: nil,
            multiplexesRTCP: true,
            ice: ICECredentials(ufrag: ufrag, password: "0123456789012345678901"),
            protection: .dtls(role: role, fingerprints: [self.fingerprint]),
            formats: codecs.map { AudioFormat($0, sends: self.type($0), receives: self.type($0)) },
            digits: digits
        )
    }
}
