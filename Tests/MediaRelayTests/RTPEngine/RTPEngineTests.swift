import MediaCore
import MediaRelay
import SIPCore
import Testing

@Suite("The control of rtpengine") struct RTPEngineTests {
    private let id = MediaLegID(number: 1)

    /// The next request but pings, and where it came from.
    private static func request(at socket: TestSocket) throws -> (message: NGMessage, source: MediaAddress) {
        while true {
            let datagram = try #require(socket.receive())
            let message = try #require(NGMessage(datagram.bytes))
            if message.body["command"]?.text != "ping" { return (message, datagram.source) }
        }
    }

    private static func opened(port: Int) -> Bencode {
        let sdp =
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio \(port) RTP/AVP 0\r\n"
        return .dictionary([.init("result", .text("ok")), .init("sdp", .text(sdp))])
    }

    private static func loopback(_ port: UInt16) -> MediaEndpoint {
        MediaEndpoint(addresses: [MediaAddress(ipv4: 0x7F00_0001, port: port)], rtcpPort: port + 1)
    }

    @Test("A leg moves to the next instance, with what it was told meanwhile") func failover() throws {
        let (dead, living, log) = (try TestSocket(), try TestSocket(), try EventLog())
        var configuration = RTPEngineConfiguration(control: [dead.address, living.address])
        configuration.timing.waits = [.milliseconds(10)]
        let engine = RTPEngine(configuration) { log.add($0) }
        try engine.start()
        engine.perform([.open(self.id, .rtp)])
        let first = try Self.request(at: dead).message
        let (second, source) = try Self.request(at: living)
        #expect(first.body["call-id"] != second.body["call-id"])
        // What the dead one says at last is nothing any more.
        living.send(NGMessage(cookie: first.cookie, body: Self.opened(port: 1000)).bytes, to: source)
        living.send(NGMessage(cookie: second.cookie, body: Self.opened(port: 2000)).bytes, to: source)
        #expect(log.comes(.opened(self.id, Self.loopback(2000))))
        engine.stop()
    }

    @Test("Where no instance answers, the leg fails") func nobody() throws {
        let (first, second, log) = (try TestSocket(), try TestSocket(), try EventLog())
        var configuration = RTPEngineConfiguration(control: [first.address, second.address])
        configuration.timing.waits = [.milliseconds(10)]
        let engine = RTPEngine(configuration) { log.add($0) }
        try engine.start()
        engine.perform([.open(self.id, .rtp)])
        #expect(log.comes(.failed(self.id, .unreachable)))
        engine.stop()
    }

    @Test("The stop deletes every call") func stop() throws {
        let (socket, log) = (try TestSocket(), try EventLog())
        let engine = RTPEngine(RTPEngineConfiguration(control: [socket.address])) { log.add($0) }
        try engine.start()
        engine.perform([.open(self.id, .rtp)])
        let (message, source) = try Self.request(at: socket)
        socket.send(NGMessage(cookie: message.cookie, body: Self.opened(port: 2000)).bytes, to: source)
        #expect(log.comes(.opened(self.id, Self.loopback(2000))))
        engine.stop()
        let last = try Self.request(at: socket).message
        #expect(last.body["command"] == .text("delete"))
        #expect(last.body["call-id"] == message.body["call-id"])
    }

    @Test("A digit that came to a leg is told, one of anybody else is not") func digits() throws {
        let (socket, log) = (try TestSocket(), try EventLog())
        let digits = try TestSocket().address
        var configuration = RTPEngineConfiguration(control: [socket.address])
        configuration.digits = digits
        let engine = RTPEngine(configuration) { log.add($0) }
        try engine.start()
        engine.perform([.open(self.id, .rtp)])
        let (message, source) = try Self.request(at: socket)
        socket.send(NGMessage(cookie: message.cookie, body: Self.opened(port: 2000)).bytes, to: source)
        #expect(log.comes(.opened(self.id, Self.loopback(2000))))
        let call = try #require(message.body["call-id"]?.text)
        func tell(_ text: String) { socket.send(Array(text.utf8), to: digits) }
        tell(Self.digit(call + "0", "out", 1))
        tell(Self.digit("c", "out", 2))
        tell(Self.digit(call, "in", 3))
        tell("garbage")
        tell(Self.digit(call, "out", 16))
        tell(Self.digit(call, "out", 10))
        #expect(log.comes(.digit(self.id, "*", duration: .milliseconds(160))))
        #expect(log.left == [])
        #expect(engine.counters.legs == 1)
        #expect(engine.counters.portsInUse == 2)
        engine.stop()
        #expect(engine.counters == RelayCounters())
    }

    private static func digit(_ call: String, _ tag: String, _ code: Int) -> String {
        #"{"callid":"\#(call)","source_tag":"\#(tag)","tags":["out","in"],"type":"DTMF","timestamp":1795391544,"#
            + #""source_ip":"127.0.0.1","event":\#(code),"duration":160,"volume":10}"#
    }

    @Test("It starts once, and orders before the start and after the stop are nothing") func order() throws {
        let (socket, log) = (try TestSocket(), try EventLog())
        let engine = RTPEngine(RTPEngineConfiguration(control: [socket.address])) { log.add($0) }
        engine.perform([.open(self.id, .rtp)])
        try engine.start()
        #expect { try engine.start() } throws: { ($0 as? RelayError)?.code == .startedBefore }
        engine.stop()
        engine.perform([.open(self.id, .rtp)])
        #expect(log.left == [])
    }
}
