import MediaCore
import MediaRelay
import SIPCore
import Testing

@Suite("A leg at rtpengine") struct RTPEngineSessionTests {
    static let leg = MediaLegID(number: 1)
    static let start = Instant(nanoseconds: 1_000_000_000)
    static let phone = MediaPeer(
        address: MediaAddress(ipv4: 0xC000_0201, port: 5000),
        multiplexesRTCP: false,
        protection: .none,
        formats: [AudioFormat(.pcmu, sends: 0, receives: 0)],
        digits: [DigitFormat(sends: 101, receives: 101, clockRate: 8000)]
    )
    static let app = MediaPeer(
        address: nil,
        multiplexesRTCP: true,
        ice: ICECredentials(ufrag: "abcd", password: "0123456789012345678901"),
        protection: .dtls(role: .server, fingerprints: [DTLSFingerprint(algorithm: "sha-256", bytes: [0xAB])]),
        formats: [AudioFormat(.opus, sends: 111, receives: 111)]
    )
    static let inner = MediaAddress(ipv4: 0x7F00_0001, port: 42_102)
    static let other = MediaAddress(ipv4: 0x7F00_0001, port: 42_200)

    static func sdp(port: Int, _ attributes: String...) -> Bencode {
        .text(
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio \(port) RTP/AVP 0\r\n"
                + attributes.map { "a=\($0)\r\n" }.joined()
        )
    }

    static let ok = Bencode.Entry("result", .text("ok"))
    static let opened = Bencode.dictionary([ok, .init("sdp", sdp(port: 42_000, "rtcp:42001"))])
    static let answered = Bencode.dictionary([ok, .init("sdp", sdp(port: 42_102))])
    static let openedApp = appReply(ufrag: "one")

    static func appReply(ufrag: String) -> Bencode {
        let fingerprint = "fingerprint:sha-256 " + Array(repeating: "01", count: 32).joined(separator: ":")
        let password = "ice-pwd:0123456789012345678901"
        return .dictionary([ok, .init("sdp", sdp(port: 42_000, "ice-ufrag:\(ufrag)", password, fingerprint))])
    }

    static func report(packets: Int64, isSecured: Bool = false) -> Bencode {
        let flags = Bencode.texts(isSecured ? ["RTP", "DTLS fingerprint verified"] : ["RTP"])
        let stream = Bencode.dictionary([
            .init("flags", flags), .init("stats", .dictionary([.init("packets", .integer(packets))])),
        ])
        let medium = Bencode.dictionary([.init("streams", .list([stream]))])
        let side = Bencode.dictionary([.init("medias", .list([medium]))])
        return .dictionary([ok, .init("tags", .dictionary([.init("out", side)]))])
    }

    /// Answers what was sent last.
    struct Rig: ~Copyable {
        var session: RTPEngineSession
        var now = RTPEngineSessionTests.start
        var last: NGMessage?

        init(_ kind: MediaLegKind) {
            self.session = RTPEngineSession(RTPEngineSessionTests.leg, kind, call: "c")
        }

        mutating func note(_ action: RTPEngineSession.Action) -> RTPEngineSession.Action {
            if let send = action.send { self.last = send }
            return action
        }

        mutating func reply(_ body: Bencode) -> RTPEngineSession.Action {
            let cookie = self.last?.cookie ?? ""
            return self.note(self.session.received(NGMessage(cookie: cookie, body: body), now: self.now))
        }

        mutating func wait() -> RTPEngineSession.Action {
            self.now = self.session.deadline ?? self.now
            return self.note(self.session.reachedDeadline(now: self.now))
        }

        mutating func open() -> RTPEngineSession.Action { self.note(self.session.open(now: self.now)) }
        mutating func update(_ peer: MediaPeer) -> RTPEngineSession.Action {
            self.note(self.session.update(peer, now: self.now))
        }
        mutating func join(_ address: MediaAddress?) -> RTPEngineSession.Action {
            self.note(self.session.join(address, now: self.now))
        }
        mutating func close() -> RTPEngineSession.Action { self.note(self.session.close(now: self.now)) }

        var command: String? { self.last?.body["command"]?.text }
        var sdp: String { self.last?.body["sdp"]?.text ?? "" }
    }

    static func establishedPhone() -> Rig {
        var rig = Rig(.rtp)
        _ = rig.open()
        _ = rig.reply(Self.opened)
        _ = rig.update(Self.phone)
        _ = rig.reply(Self.answered)
        return rig
    }

    static func establishedApp() -> Rig {
        var rig = Rig(.webRTC)
        _ = rig.open()
        _ = rig.reply(Self.openedApp)
        _ = rig.update(Self.app)
        _ = rig.reply(Self.answered)
        return rig
    }

    @Test("A phone's leg opens with one offer, and its peer is one answer") func phone() {
        var rig = Rig(.rtp)
        #expect(rig.open().send?.cookie == "c_1")
        #expect(rig.last?.body["OSRTP"] == .texts(["offer"]))
        let endpoint = MediaEndpoint(addresses: [MediaAddress(ipv4: 0x7F00_0001, port: 42_000)], rtcpPort: 42_001)
        #expect(rig.reply(Self.opened) == .init(events: [.opened(Self.leg, endpoint)]))
        #expect(rig.update(Self.phone).send?.cookie == "c_2")
        #expect(rig.command == "answer")
        #expect(rig.sdp.contains("m=audio 5000 RTP/AVP 0 101\r\n"))
        #expect(rig.sdp.contains("c=IN IP4 192.0.2.1\r\n"))
        #expect(rig.reply(Self.answered) == .init(events: [.connected(Self.leg)], inner: Self.inner))
    }

    @Test("An app's leg is connected once DTLS is through, which is asked for") func app() {
        var rig = Rig(.webRTC)
        _ = rig.open()
        #expect(rig.last?.body["ICE"] == .text("force"))
        #expect(rig.reply(Self.openedApp).events.count == 1)
        _ = rig.update(Self.app)
        #expect(rig.sdp.contains("a=setup:active\r\n"))
        #expect(rig.sdp.contains("a=ice-ufrag:abcd\r\n"))
        #expect(rig.reply(Self.answered) == .init(inner: Self.inner))
        let asked = rig.now
        #expect(rig.wait().send?.body["command"]?.text == "query")
        #expect(rig.now == asked + .milliseconds(100))
        #expect(rig.reply(Self.report(packets: 0)) == .init())
        _ = rig.wait()
        #expect(
            rig.reply(Self.report(packets: 1, isSecured: true))
                == .init(events: [.connected(Self.leg)], traffic: .init(received: 1))
        )
        #expect(rig.session.deadline == rig.now + .seconds(1))
    }

    @Test("What the app's leg lacks makes it fail") func incompleteApp() {
        var rig = Rig(.webRTC)
        _ = rig.open()
        #expect(rig.reply(Self.opened) == .init(events: [.failed(Self.leg, .unreachable)]))
    }

    @Test("A join is an offer of the other's inner side, then the peer's answer again") func join() {
        var rig = Self.establishedPhone()
        _ = rig.join(Self.other)
        #expect(rig.command == "offer")
        #expect(rig.sdp.contains("m=audio 42200 RTP/AVP"))
        #expect(rig.last?.body["OSRTP"] == nil)
        #expect(rig.reply(Self.opened).send?.body["command"]?.text == "answer")
        #expect(rig.reply(Self.answered) == .init())
        _ = rig.join(nil)
        #expect(rig.sdp.contains("m=audio 9 RTP/AVP"))
        #expect(rig.sdp.contains("a=inactive\r\n"))
    }

    @Test("Changes during an exchange are one exchange after it") func coalescing() {
        var rig = Self.establishedPhone()
        _ = rig.join(Self.other)
        var held = Self.phone
        held.receives = false
        #expect(rig.update(held) == .init())
        #expect(rig.join(Self.inner) == .init())
        #expect(rig.join(nil) == .init())
        #expect(rig.reply(Self.opened).send?.body["command"]?.text == "offer")
        #expect(rig.sdp.contains("a=inactive\r\n"))
        #expect(rig.reply(Self.opened).send?.body["command"]?.text == "answer")
        #expect(rig.sdp.contains("a=recvonly\r\n"))
        #expect(rig.reply(Self.answered) == .init())
    }

    @Test("A partner that is known before the peer waits for the peer") func earlyPartner() {
        var rig = Rig(.rtp)
        _ = rig.open()
        _ = rig.join(Self.other)
        #expect(rig.reply(Self.opened).send == nil)
        #expect(rig.update(Self.phone).send?.body["command"]?.text == "offer")
        #expect(rig.reply(Self.opened).send?.body["command"]?.text == "answer")
    }

    @Test("An answer to SRTP repeats the tag of what was offered") func secured() {
        let ours = SDESKey(suite: .aes128SHA1Tag80, tag: 7, bytes: Array(repeating: 1, count: 30))
        let theirs = SDESKey(suite: .aes128SHA1Tag80, tag: 1, bytes: Array(repeating: 2, count: 30))
        var peer = Self.phone
        peer.protection = .sdes(ours: ours, theirs: theirs)
        var rig = Rig(.rtp)
        _ = rig.open()
        var offered = ours
        offered.tag = 3
        _ = rig.reply(.dictionary([Self.ok, .init("sdp", Self.sdp(port: 42_000, "crypto:\(offered.attribute)"))]))
        // The peer has offered in truth, by a tag of its own, which our side has repeated.
        _ = rig.update(peer)
        #expect(rig.sdp.contains("m=audio 5000 RTP/SAVP 0 101\r\n"))
        #expect(rig.sdp.contains("a=crypto:3 AES_CM_128_HMAC_SHA1_80 inline:AgIC"))
    }

    @Test("A request is repeated as it was; the first without a reply leaves the leg to another instance")
    func silence() {
        var rig = Rig(.rtp)
        let first = rig.open().send
        #expect(rig.wait() == .init(send: first))
        #expect(rig.wait() == .init(send: first))
        let last = rig.wait()
        #expect(last == .init(send: rig.last, isUnreachable: true, isOver: true))
        #expect(rig.command == "delete")
        #expect(rig.now == Self.start + .milliseconds(1_750))
        #expect(rig.session.deadline == nil)
    }

    @Test("An instance that has its fill leaves the leg to another one") func loadLimit() {
        var rig = Rig(.rtp)
        _ = rig.open()
        let reply = Bencode.dictionary([.init("result", .text("load limit"))])
        #expect(rig.reply(reply) == .init(isUnreachable: true, isOver: true))
    }

    @Test("A later request without a reply is the end of the leg") func laterSilence() {
        var rig = Self.establishedPhone()
        _ = rig.join(Self.other)
        for _ in 0..<3 { #expect(rig.wait().send?.cookie == rig.last?.cookie) }
        #expect(rig.wait() == .init(events: [.failed(Self.leg, .unreachable)]))
        #expect(rig.session.deadline == nil)
        #expect(rig.close().send?.body["command"]?.text == "delete")
        #expect(rig.reply(.dictionary([Self.ok])) == .init(isOver: true))
    }

    @Test("Where no port is free the leg says so") func noPort() {
        var rig = Rig(.rtp)
        _ = rig.open()
        let reply = Bencode.dictionary([
            .init("result", .text("error")), .init("error-reason", .text("Ran out of ports")),
        ])
        #expect(rig.reply(reply) == .init(events: [.failed(Self.leg, .noPort)]))
    }

    @Test("Replies of other requests, and repeated ones, are nothing") func strangeReplies() {
        var rig = Rig(.rtp)
        _ = rig.open()
        let stranger = NGMessage(cookie: "c_9", body: Self.opened)
        #expect(rig.session.received(stranger, now: rig.now) == .init())
        #expect(rig.reply(Self.opened).events.count == 1)
        #expect(rig.reply(Self.opened) == .init())
    }

    @Test("A restart gets new credentials by an offer that brings unheard-of ones") func restart() {
        var rig = Self.establishedApp()
        #expect(rig.note(rig.session.restartICE(now: rig.now)).send?.body["command"]?.text == "offer")
        #expect(rig.last?.body["from-tag"] == .text("out"))
        #expect(rig.sdp.contains("a=ice-ufrag:restart1\r\n"))
        #expect(rig.reply(Self.answered).send?.body["command"]?.text == "answer")
        #expect(rig.last?.body["from-tag"] == .text("out"))
        let told = rig.reply(Self.appReply(ufrag: "two"))
        guard case .opened(Self.leg, let endpoint) = told.events.first else {
            Issue.record("The endpoint was not told")
            return
        }
        #expect(endpoint.ice?.ufrag == "two")
    }

    @Test("A restart before the peer is known keeps the credentials") func earlyRestart() {
        var rig = Rig(.webRTC)
        _ = rig.open()
        let opened = rig.reply(Self.openedApp)
        #expect(rig.session.restartICE(now: rig.now) == .init(events: opened.events))
    }

    @Test("Silence is told after 3 s, sound at once, and the end after 60 s") func watch() {
        var rig = Self.establishedPhone()
        var told: [(Span, MediaEvent)] = []
        let begin = rig.now
        for second in 1...70 {
            _ = rig.wait()
            let packets: Int64 = second < 6 ? 0 : 5
            for event in rig.reply(Self.report(packets: packets)).events { told.append((rig.now - begin, event)) }
        }
        #expect(told.map(\.0) == [.seconds(3), .seconds(6), .seconds(9), .seconds(66)])
        #expect(
            told.map(\.1) == [
                .heard(Self.leg, false), .heard(Self.leg, true), .heard(Self.leg, false), .lost(Self.leg),
            ]
        )
    }

    @Test("A call that rtpengine does not know any more has lost its peer") func forgotten() {
        var rig = Self.establishedPhone()
        _ = rig.wait()
        let reply = Bencode.dictionary([
            .init("result", .text("error")), .init("error-reason", .text("Unknown call-id")),
        ])
        #expect(rig.reply(reply) == .init(events: [.lost(Self.leg)]))
        #expect(rig.session.deadline == nil)
    }

    @Test("Digits are announced, then go out one after the other with a pause between") func digits() {
        var rig = Self.establishedPhone()
        let begin = rig.now
        let first = rig.note(rig.session.sendDigits("1#", duration: .milliseconds(160), now: rig.now))
        #expect(first.send?.body["command"] == .text("offer"))
        #expect(first.send?.body["flags"]?.elements.contains(.text("inject-DTMF")) == true)
        #expect(rig.reply(Self.opened).send?.body["command"] == .text("answer"))
        #expect(rig.reply(Self.answered).send?.body["code"] == .text("1"))
        #expect(rig.last?.body["duration"] == .integer(160))
        #expect(rig.reply(.dictionary([Self.ok])) == .init())
        #expect(rig.session.deadline == begin + .milliseconds(260))
        #expect(rig.wait().send?.body["code"] == .text("#"))
    }

    @Test("Whatever replies say, the machine goes on") func fuzz() {
        var random = SeededRandom(seed: 11)
        let replies = [Self.opened, Self.answered, Self.openedApp, Self.report(packets: 3, isSecured: true)]
        for round in 0..<3_000 {
            var rig = Rig(round.isMultiple(of: 2) ? .rtp : .webRTC)
            _ = rig.open()
            for step in 0..<12 {
                if step == 2 { _ = rig.update(round.isMultiple(of: 2) ? Self.phone : Self.app) }
                if step == 5 { _ = rig.join(Self.other) }
                var bytes = NGMessage(cookie: "c", body: replies[Int.random(in: 0..<4, using: &random)]).bytes
                if random.happens(30) { bytes = random.mutated(bytes) }
                if let message = NGMessage(bytes) { _ = rig.reply(message.body) } else { _ = rig.wait() }
            }
            let isWaiting = rig.close().send?.body["command"]?.text != "delete" && rig.session.deadline != nil
            #expect(!isWaiting || rig.command == "offer")
        }
    }
}
