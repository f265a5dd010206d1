import CallCore
import MediaCore
import SIPCore
import Testing

@Suite("Reading what a peer says of its audio")
struct AudioDescriptionTests {
    private func read(_ lines: [String], _ kind: MediaLegKind = .rtp) throws(RelayFault) -> AudioDescription {
        try AudioDescription(RelayFixture.text(lines), for: kind)
    }

    private static let session = ["v=0", "o=- 1 1 IN IP4 192.0.2.9", "s=-", "c=IN IP4 192.0.2.9", "t=0 0"]
    private static let address = MediaAddress(ipv4: 0xC000_0209, port: 4000)
    private static let key = String(repeating: "A", count: 40)

    private func fault(_ lines: [String], _ kind: MediaLegKind = .rtp) -> RelayFault? {
        do throws(RelayFault) {
            _ = try self.read(lines, kind)
            return nil
        } catch {
            return error
        }
    }

    private func fault(_ media: String, _ attributes: String...) -> RelayFault? {
        self.fault(Self.session + [media] + attributes)
    }

    // MARK: Whole descriptions

    @Test("Chrome's offer: unknown codecs are passed over, a video section is kept for the answer")
    func chrome() throws {
        let lines = [
            "v=0", "o=- 8012345678901234567 2 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=group:BUNDLE 0 1",
            "a=extmap-allow-mixed", "a=msid-semantic: WMS stream",
            "m=audio 54321 UDP/TLS/RTP/SAVPF 111 63 9 0 8 13 110 126", "c=IN IP4 203.0.113.7",
            "a=rtcp:9 IN IP4 0.0.0.0", "a=candidate:1 1 udp 2122260223 192.168.1.2 54321 typ host generation 0",
            "a=ice-ufrag:Zx9+", "a=ice-pwd:abcdefghijklmnopqrstuvwx", "a=ice-options:trickle",
            "a=fingerprint:\(RelayFixture.fingerprint.attribute)", "a=setup:actpass", "a=mid:0",
            "a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level", "a=sendrecv", "a=msid:stream audio",
            "a=rtcp-mux", "a=rtcp-rsize", "a=rtpmap:111 opus/48000/2", "a=rtcp-fb:111 transport-cc",
            "a=fmtp:111 minptime=10;useinbandfec=1", "a=rtpmap:63 red/48000/2", "a=fmtp:63 111/111",
            "a=rtpmap:9 G722/8000", "a=rtpmap:0 PCMU/8000", "a=rtpmap:8 PCMA/8000", "a=rtpmap:13 CN/8000",
            "a=rtpmap:110 telephone-event/48000", "a=rtpmap:126 telephone-event/8000",
            "m=video 9 UDP/TLS/RTP/SAVPF 96 97", "c=IN IP4 0.0.0.0", "a=mid:1", "a=rtpmap:96 VP8/90000",
        ]
        let read = try self.read(lines, .webRTC)
        #expect(
            read.formats == [
                .init(payloadType: 111, codec: .opus), .init(payloadType: 9, codec: .g722),
                .init(payloadType: 0, codec: .pcmu), .init(payloadType: 8, codec: .pcma),
            ]
        )
        #expect(
            read.digits == [.init(payloadType: 110, clockRate: 48_000), .init(payloadType: 126, clockRate: 8000)]
        )
        #expect(
            read.sections == [
                .init(kind: "audio", transportProtocol: "UDP/TLS/RTP/SAVPF", format: "111", mid: "0"),
                .init(kind: "video", transportProtocol: "UDP/TLS/RTP/SAVPF", format: "96", mid: "1"),
            ]
        )
        #expect(read.index == 0 && read.isBundled && read.multiplexesRTCP)
        #expect(read.direction == .sendrecv && read.setup == "actpass")
        #expect(read.ice == ICECredentials(ufrag: "Zx9+", password: "abcdefghijklmnopqrstuvwx"))
        #expect(read.fingerprints == [RelayFixture.fingerprint])
        // The way to an app is ICE's business.
        #expect(read.address == nil && read.rtcpAddress == nil)
    }

    @Test("Firefox's offer: fingerprint and direction of the whole session, audio after a data channel")
    func firefox() throws {
        let lines = [
            "v=0", "o=mozilla...THIS_IS_SDPARTA-99.0 4321 0 IN IP4 0.0.0.0", "s=-", "t=0 0", "a=recvonly",
            "a=fingerprint:sha-256 \(Array(repeating: "1B", count: 32).joined(separator: ":"))",
            "a=group:BUNDLE 1", "a=ice-options:trickle", "a=msid-semantic:WMS *",
            "m=application 9 UDP/DTLS/SCTP webrtc-datachannel", "c=IN IP4 0.0.0.0", "a=mid:0",
            "a=sctp-port:5000", "m=audio 9 UDP/TLS/RTP/SAVPF 109 101", "c=IN IP4 0.0.0.0",
            "a=ice-pwd:0123456789abcdef0123456789abcdef", "a=ice-ufrag:0a1b2c3d", "a=mid:1", "a=rtcp-mux",
            "a=rtpmap:109 opus/48000/2", "a=rtpmap:101 telephone-event/8000/1", "a=setup:active",
        ]
        let read = try self.read(lines, .webRTC)
        #expect(read.index == 1 && read.isBundled)
        #expect(read.formats == [.init(payloadType: 109, codec: .opus)])
        #expect(read.digits == [.init(payloadType: 101, clockRate: 8000)])
        #expect(read.direction == .recvonly && read.setup == "active")
        #expect(read.fingerprints == [RelayFixture.fingerprint])
    }

    @Test("aiortc's answer: several fingerprints, each of which may be the right one, and no BUNDLE")
    func aiortc() throws {
        let lines = [
            "v=0", "o=- 3900000000 3900000000 IN IP4 0.0.0.0", "s=-", "t=0 0", "a=msid-semantic:WMS *",
            "m=audio 40000 UDP/TLS/RTP/SAVPF 96 0 8", "c=IN IP4 172.17.0.2", "a=sendrecv", "a=mid:0",
            "a=rtcp:9 IN IP4 0.0.0.0", "a=rtcp-mux", "a=rtpmap:96 opus/48000/2", "a=rtpmap:0 PCMU/8000",
            "a=rtpmap:8 PCMA/8000", "a=candidate:1 1 udp 2130706431 172.17.0.2 40000 typ host",
            "a=end-of-candidates", "a=ice-ufrag:tuNW", "a=ice-pwd:0123456789012345678901",
            "a=fingerprint:\(RelayFixture.fingerprint.attribute)",
            "a=fingerprint:sha-1 \(Array(repeating: "00", count: 20).joined(separator: ":"))", "a=setup:active",
        ]
        let read = try self.read(lines, .webRTC)
        #expect(read.formats.map { $0.payloadType } == [96, 0, 8])
        #expect(read.digits.isEmpty && !read.isBundled)
        #expect(read.fingerprints.map { $0.algorithm } == ["sha-256", "sha-1"])
    }

    @Test("Asterisk's offer: static types, ptime, the port of RTCP behind that of RTP")
    func asterisk() throws {
        let read = try self.read([
            "v=0", "o=- 1820331 1820331 IN IP4 192.0.2.9", "s=Asterisk", "c=IN IP4 192.0.2.9", "t=0 0",
            "m=audio 4000 RTP/AVP 9 0 8 101", "a=rtpmap:9 G722/8000", "a=rtpmap:0 PCMU/8000",
            "a=rtpmap:8 PCMA/8000", "a=rtpmap:101 telephone-event/8000", "a=fmtp:101 0-16", "a=ptime:30",
            "a=maxptime:140", "a=sendrecv",
        ])
        #expect(read.formats.map { $0.codec } == [.g722, .pcmu, .pcma])
        #expect(read.digits == [.init(payloadType: 101, clockRate: 8000)])
        #expect(read.address == Self.address && read.rtcpAddress == Self.address.with(port: 4001))
        #expect(read.packetMilliseconds == 30 && !read.multiplexesRTCP && read.ice == nil)
    }

    @Test("baresip's offer: a=rtcp names the port, and the section's c= wins")
    func baresip() throws {
        let read = try self.read([
            "v=0", "o=- 2890844526 2890842807 IN IP4 198.51.100.1", "s=-", "c=IN IP4 198.51.100.1", "t=0 0",
            "m=audio 4000 RTP/AVP 96 0 97", "c=IN IP4 192.0.2.9", "b=AS:125", "a=rtpmap:96 opus/48000/2",
            "a=fmtp:96 stereo=1;sprop-stereo=1", "a=rtpmap:97 telephone-event/8000", "a=rtcp:4711", "a=sendrecv",
            "a=label:1", "a=rtcp-rsize", "a=ptime:20",
        ])
        // 0 needs no rtpmap.
        #expect(
            read.formats == [.init(payloadType: 96, codec: .opus), .init(payloadType: 0, codec: .pcmu)]
        )
        #expect(read.address == Self.address && read.rtcpAddress == Self.address.with(port: 4711))
    }

    @Test("linphone's offer of optional SRTP: the secured section is taken, and rtcp-mux heeded")
    func linphone() throws {
        let read = try self.read(
            Self.session + [
                "m=audio 4000 RTP/SAVP 96 101", "a=rtpmap:96 opus/48000/2", "a=rtpmap:101 telephone-event/48000",
                "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:\(Self.key)",
                "a=crypto:2 F8_128_HMAC_SHA1_80 inline:\(Self.key)", "a=rtcp-mux", "m=audio 4002 RTP/AVP 96",
                "a=rtpmap:96 opus/48000/2",
            ]
        )
        #expect(read.index == 0 && read.sections.count == 2)
        #expect(read.sdes == [SDESKey(suite: .aes128SHA1Tag80, tag: 1, bytes: Array(repeating: 0, count: 30))])
        #expect(read.multiplexesRTCP && read.rtcpAddress == nil)
        #expect(read.digits == [.init(payloadType: 101, clockRate: 48_000)])
    }

    @Test("A secured section that can't be taken leaves the plain one behind it")
    func secondSection() throws {
        let read = try self.read(
            Self.session + [
                "m=audio 4002 RTP/SAVP 0", "a=crypto:1 F8_128_HMAC_SHA1_80 inline:\(Self.key)",
                "m=audio 4000 RTP/AVP 0",
            ]
        )
        #expect(read.index == 1 && read.sdes.isEmpty && read.address == Self.address)
    }

    @Test("A Cisco phone's offer: names in other cases, several unknown codecs, video and presentation beside it")
    func cisco() throws {
        let read = try self.read([
            "v=0", "o=Cisco-SIPUA 25476 0 IN IP4 192.0.2.9", "s=SIP Call", "b=AS:4064", "t=0 0",
            "m=audio 4000 RTP/AVP 114 9 124 0 8 116 18 101", "c=IN IP4 192.0.2.9", "b=TIAS:64000",
            "a=rtpmap:114 opus/48000/2", "a=fmtp:114 maxplaybackrate=16000;sprop-maxcapturerate=16000",
            "a=rtpmap:9 g722/8000/1", "a=rtpmap:124 ISAC/16000", "a=rtpmap:0 pcmu/8000", "a=rtpmap:8 Pcma/8000",
            "a=rtpmap:116 iLBC/8000", "a=rtpmap:18 G729/8000", "a=rtpmap:101 Telephone-Event/8000",
            "a=fmtp:101 0-15", "a=sendrecv", "m=video 5000 RTP/AVP 97", "c=IN IP4 192.0.2.9",
            "a=rtpmap:97 H264/90000", "m=application 5002 UDP/BFCP *", "c=IN IP4 192.0.2.9",
        ])
        #expect(read.formats.map { $0.codec } == [.opus, .g722, .pcmu, .pcma])
        #expect(read.digits == [.init(payloadType: 101, clockRate: 8000)])
        #expect(
            read.sections.dropFirst() == [
                .init(kind: "video", transportProtocol: "RTP/AVP", format: "97", mid: nil),
                .init(kind: "application", transportProtocol: "UDP/BFCP", format: "*", mid: nil),
            ]
        )
    }

    // MARK: Hold, addresses, types

    @Test(
        "A phone that awaits media nowhere receives none, whatever direction it states",
        arguments: [
            ("0.0.0.0", "sendrecv", SDPDirection.sendonly), ("0.0.0.0", "recvonly", .inactive),
            ("192.0.2.9", "sendonly", .sendonly), ("192.0.2.9", "inactive", .inactive),
            ("192.0.2.9", "sendrecv", .sendrecv),
        ]
    )
    func hold(host: String, stated: String, direction: SDPDirection) throws {
        let sdp = RelayFixture.phoneSDP(host: host, direction: stated)
        let read = try AudioDescription(sdp, for: .rtp)
        #expect(read.direction == direction)
        #expect((read.address == nil) == (host == "0.0.0.0"))
        #expect((read.rtcpAddress == nil) == (host == "0.0.0.0"))
    }

    @Test("An IPv6 phone, and :: for hold")
    func ipv6() throws {
        let read = try self.read([
            "v=0", "o=- 1 1 IN IP6 ::1", "s=-", "c=IN IP6 2001:db8::9", "t=0 0", "m=audio 4000 RTP/AVP 0",
        ])
        #expect(read.address == MediaAddress(ipv6: 0x2001_0DB8_0000_0000, 9, port: 4000))
        let held = try self.read([
            "v=0", "o=- 1 1 IN IP6 ::1", "s=-", "c=IN IP6 ::", "t=0 0", "m=audio 4000 RTP/AVP 0",
        ])
        #expect(held.address == nil && held.direction == .sendonly)
    }

    @Test(
        "a=rtcp: a host of its own counts where it is one, nonsense is the port behind",
        arguments: [
            ("4711 IN IP4 198.51.100.1", MediaAddress(ipv4: 0xC633_6401, port: 4711)),
            ("4711 IN IP4 0.0.0.0", address.with(port: 4711)), ("4711 IN IP4 phone.example", address.with(port: 4711)),
            ("4711 IN", address.with(port: 4711)), ("0", address.with(port: 4001)),
            ("70000", address.with(port: 4001)), ("", address.with(port: 4001)),
        ]
    )
    func rtcp(value: String, expected: MediaAddress) throws {
        let read = try self.read(Self.session + ["m=audio 4000 RTP/AVP 0", "a=rtcp:\(value)"])
        #expect(read.rtcpAddress == expected)
    }

    @Test("No port lies behind 65535")
    func lastPort() throws {
        let read = try self.read(Self.session + ["m=audio 65535 RTP/AVP 0"])
        #expect(read.address == Self.address.with(port: 65_535) && read.rtcpAddress == nil)
    }

    @Test("A type is what a=rtpmap makes of it, is counted once, and is below 128")
    func payloadTypes() throws {
        let read = try self.read(
            Self.session + [
                "m=audio 4000 RTP/AVP 0 8 8 128 256 -1 x 97 98 99", "a=rtpmap:0 speex/8000", "a=rtpmap:97 PCMU/8000",
                "a=rtpmap:98 PCMU/16000", "a=rtpmap:99 telephone-event/4294967296",
            ]
        )
        #expect(
            read.formats == [.init(payloadType: 8, codec: .pcma), .init(payloadType: 97, codec: .pcmu)]
        )
        #expect(read.digits.isEmpty)
    }

    @Test(
        "ptime is taken between 10 and 120 ms",
        arguments: [("0", 10), ("20", 20), ("9999", 120), ("-5", nil), ("x", nil), ("99999999999", nil)]
            as [(String, UInt32?)]
    )
    func ptime(value: String, expected: UInt32?) throws {
        let read = try self.read(Self.session + ["m=audio 4000 RTP/AVP 0", "a=ptime:\(value)"])
        #expect(read.packetMilliseconds == expected)
    }

    // MARK: Faults

    @Test("What can't be read, or lacks audio, a codec or keys, says so")
    func faults() {
        #expect(self.fault(["not SDP"]) == .unreadable)
        #expect(self.fault(Self.session) == .noAudio)
        #expect(self.fault("m=video 4000 RTP/AVP 97") == .noAudio)
        #expect(self.fault("m=audio 0 RTP/AVP 0") == .noAudio)
        #expect(self.fault("m=audio 4000 UDP/TLS/RTP/SAVPF 0") == .noAudio)
        #expect(self.fault("m=audio 4000 RTP/AVP 18", "a=rtpmap:18 G729/8000") == .noCodec)
        #expect(self.fault("m=audio 4000 RTP/AVP 101", "a=rtpmap:101 telephone-event/8000") == .noCodec)
        #expect(self.fault("m=audio 4000 RTP/SAVP 0") == .noSecurity)
        #expect(self.fault("m=audio 4000 RTP/SAVP 0", "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:AA") == .noSecurity)
        #expect(self.fault("m=audio 4000 RTP/AVP 0", "c=IN IP4 phone.example") == .unreadable)
        #expect(self.fault("m=audio 4000 RTP/AVP 0", "c=IN IP4 224.2.1.1/127") == .unreadable)
        #expect(
            self.fault(["v=0", "o=- 1 1 IN IP4 192.0.2.9", "s=-", "t=0 0", "m=audio 4000 RTP/AVP 0"]) == .unreadable
        )
    }

    @Test("An app's description without credentials or fingerprint secures nothing")
    func insecureApps() {
        let whole = String(decoding: RelayFixture.browser(), as: UTF8.self).components(separatedBy: "\r\n").dropLast()
        #expect(self.fault(Array(whole), .webRTC) == nil)
        for name in ["a=ice-ufrag", "a=ice-pwd", "a=fingerprint"] {
            #expect(self.fault(whole.filter { !$0.hasPrefix(name) }, .webRTC) == .noSecurity, "\(name)")
        }
        let short = whole.map { $0.hasPrefix("a=ice-pwd") ? "a=ice-pwd:short" : $0 }
        #expect(self.fault(short, .webRTC) == .noSecurity)
        let plain = whole.map { $0.replacing("UDP/TLS/RTP/SAVPF", with: "RTP/AVP") }
        #expect(self.fault(plain, .webRTC) == .noAudio)
    }
}

extension String {
    fileprivate func components(separatedBy separator: String) -> [String] {
        self.split(separator: separator, omittingEmptySubsequences: false).map { String($0) }
    }
}
