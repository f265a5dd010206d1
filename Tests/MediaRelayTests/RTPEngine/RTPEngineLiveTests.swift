import Glibc
import MediaCore
import MediaRelay
import SIPCore
import Testing

/// Where a real rtpengine takes the ng protocol, as `127.0.0.1:2223`; nil: there is none to test with.
private let liveControl: MediaAddress? = {
    guard let value = unsafe getenv("SWITCHHOOK_TEST_RTPENGINE") else { return nil }
    let text = unsafe String(cString: value)
    guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else { return nil }
    return MediaAddress(text[..<colon], port: port)
}()

@Suite("A real rtpengine", .enabled(if: liveControl != nil), .serialized) struct RTPEngineLiveTests {
    private let log: EventLog
    private let engine: RTPEngine

    init() throws {
        let log = try EventLog()
        self.log = log
        self.engine = RTPEngine(RTPEngineConfiguration(control: [try #require(liveControl)])) { log.add($0) }
        try self.engine.start()
    }

    private func open(_ number: UInt64, _ kind: MediaLegKind) throws -> (MediaLegID, MediaEndpoint) {
        let id = MediaLegID(number: number)
        self.engine.perform([.open(id, kind)])
        let event = self.log.next { event in
            switch event {
            case .opened(id, _), .failed(id, _): true
            default: false
            }
        }
        guard case .opened(_, let endpoint) = event else {
            Issue.record("The leg did not open: \(String(describing: event))")
            throw CancellationError()
        }
        return (id, endpoint)
    }

    private func phone(
        _ number: UInt64,
        formats: [AudioFormat] = [AudioFormat(.pcmu, sends: 0, receives: 0)],
        digits: [DigitFormat] = []
    ) throws -> TestPhone {
        let (id, endpoint) = try self.open(number, .rtp)
        let phone = try TestPhone(id: id, endpoint: endpoint, formats: formats, digits: digits)
        self.engine.perform([.update(id, phone.peer)])
        #expect(self.log.comes(.connected(id)))
        return phone
    }

    /// Speaks until the other hears it, as what was joined just now takes a moment; the payload type that came.
    private func carries(from speaker: TestPhone, _ type: UInt8, to listener: TestPhone) throws -> UInt8? {
        while listener.socket.receive(milliseconds: 0) != nil {}
        for sequence in 0..<60 {
            try speaker.speak(UInt16(sequence) + 1, payloadType: type, ssrc: UInt32(speaker.id.number))
            if let datagram = listener.socket.receive(milliseconds: 50), datagram.bytes.count > 1 {
                return datagram.bytes[1] & 0x7F
            }
        }
        return nil
    }

    @Test("Two phones hear each other, each by its own payload types") func phones() throws {
        let first = try self.phone(
            1,
            formats: [AudioFormat(.opus, sends: 96, receives: 96)],
            digits: [DigitFormat(sends: 97, receives: 97, clockRate: 48_000)]
        )
        let second = try self.phone(
            2,
            formats: [AudioFormat(.opus, sends: 120, receives: 120)],
            digits: [DigitFormat(sends: 121, receives: 121, clockRate: 48_000)]
        )
        #expect(first.endpoint.sdes.map(\.suite) == SDESSuite.allCases)
        self.engine.perform([.join(first.id, second.id)])
        #expect(try self.carries(from: first, 96, to: second) == 120)
        #expect(try self.carries(from: second, 120, to: first) == 96)
        #expect(try self.carries(from: first, 97, to: second) == 121)
        self.engine.perform([.close(first.id), .close(second.id)])
    }

    @Test("A leg that is joined to another hears that one, and is not heard by the first") func transfer() throws {
        let (first, second, third) = (try self.phone(1), try self.phone(2), try self.phone(3))
        self.engine.perform([.join(first.id, second.id)])
        #expect(try self.carries(from: first, 0, to: second) == 0)
        #expect(try self.carries(from: second, 0, to: first) == 0)
        self.engine.perform([.close(second.id), .join(first.id, third.id)])
        #expect(try self.carries(from: first, 0, to: third) == 0)
        #expect(try self.carries(from: third, 0, to: first) == 0)
        while second.socket.receive(milliseconds: 100) != nil {}
        for sequence in 1...5 { try first.speak(UInt16(sequence) + 500, ssrc: 1) }
        #expect(second.socket.receive(milliseconds: 200) == nil)
        #expect(third.socket.receive() != nil)
    }

    @Test("Of two legs that ring, the one that is joined is heard") func fork() throws {
        let caller = try self.phone(1)
        let (second, third) = (try self.open(2, .rtp), try self.phone(3))
        self.engine.perform([.join(caller.id, second.0), .join(caller.id, third.id), .close(second.0)])
        #expect(try self.carries(from: caller, 0, to: third) == 0)
        #expect(try self.carries(from: third, 0, to: caller) == 0)
    }

    @Test("A phone by SRTP is decrypted and encrypted with the keys that were told") func secured() throws {
        let plain = try self.phone(1)
        let (id, endpoint) = try self.open(2, .rtp)
        let phone = try TestPhone(
            id: id,
            endpoint: endpoint,
            formats: [AudioFormat(.pcmu, sends: 0, receives: 0)],
            digits: []
        )
        let ours = try #require(endpoint.sdes.first { $0.suite == .aes128SHA1Tag80 })
        phone.peer.protection = .sdes(
            ours: ours,
            theirs: SDESKey(suite: ours.suite, tag: ours.tag, bytes: Array(0..<30))
        )
        self.engine.perform([.update(id, phone.peer), .join(plain.id, id)])
        #expect(self.log.comes(.connected(id)))
        #expect(try self.carries(from: plain, 0, to: phone) == 0)
        // A tag of 80 bits follows the packet.
        #expect(try self.next(plain, phone)?.bytes.count == 182)
    }

    private func next(_ speaker: TestPhone, _ listener: TestPhone) throws -> (bytes: [UInt8], source: MediaAddress)? {
        try speaker.speak(900, ssrc: UInt32(speaker.id.number))
        return listener.socket.receive()
    }

    @Test("An app by ICE and DTLS and a phone hear each other, also after a restart of ICE") func app() throws {
        #expect(SRTPSession.prepare())
        let phone = try self.phone(1)
        let (id, endpoint) = try self.open(2, .webRTC)
        let app = try ScriptedApp(id: id, endpoint: endpoint)
        self.engine.perform([.update(id, app.peer()), .join(id, phone.id)])
        #expect(try self.checks(app))
        try app.shakeHands()
        #expect(self.log.comes(.connected(id)))
        #expect(try self.hears(app, phone, from: 1))
        self.engine.perform([.restartICE(id)])
        let told = self.log.next { if case .opened(id, _) = $0 { true } else { false } }
        guard case .opened(_, let renewed) = told else {
            Issue.record("No new endpoint was told")
            return
        }
        #expect(renewed.addresses == endpoint.addresses)
        #expect(renewed.ice != endpoint.ice)
        app.adopt(renewed)
        self.engine.perform([.update(id, app.peer())])
        #expect(try self.checks(app))
        #expect(try self.hears(app, phone, from: 1_000))
    }

    private func checks(_ app: ScriptedApp) throws -> Bool {
        for _ in 0..<20 where try app.check() { return true }
        return false
    }

    private func hears(_ app: ScriptedApp, _ phone: TestPhone, from first: UInt16) throws -> Bool {
        while phone.socket.receive(milliseconds: 0) != nil {}
        var isHeard = false
        for sequence in 0..<60 where !isHeard {
            try app.speak(first + UInt16(sequence))
            isHeard = phone.socket.receive(.rtp, milliseconds: 50) != nil
        }
        for sequence in 0..<60 where isHeard {
            try phone.speak(first + UInt16(sequence))
            if app.socket.receive(.rtp, milliseconds: 50) != nil { return true }
        }
        return false
    }

    @Test("Digits go out to the phone for as long as sound comes from the other") func digits() throws {
        let event = DigitFormat(sends: 97, receives: 97, clockRate: 8_000)
        let (first, second) = (try self.phone(1, digits: [event]), try self.phone(2, digits: [event]))
        self.engine.perform([.join(first.id, second.id)])
        #expect(try self.carries(from: second, 0, to: first) == 0)
        self.engine.perform([.sendDigits(first.id, "5", duration: .milliseconds(160))])
        var types: Set<UInt8> = []
        for sequence in 100..<160 {
            try second.speak(UInt16(sequence), ssrc: 2)
            guard let datagram = first.socket.receive(milliseconds: 20), datagram.bytes.count > 1 else { continue }
            types.insert(datagram.bytes[1] & 0x7F)
        }
        #expect(types == [0, 97])
    }

    @Test("A leg that the first instance does not answer for is laid out at the next one") func failover() throws {
        let dead = try TestSocket()
        let log = try EventLog()
        var configuration = RTPEngineConfiguration(control: [dead.address, try #require(liveControl)])
        configuration.timing.waits = [.milliseconds(20)]
        let engine = RTPEngine(configuration) { log.add($0) }
        try engine.start()
        let id = MediaLegID(number: 1)
        engine.perform([.open(id, .rtp)])
        #expect(log.next { if case .opened(id, _) = $0 { true } else { false } } != nil)
        #expect(dead.receive() != nil)
        engine.stop()
    }
}
