import MediaCore
import MediaRelay
import SIPCore
import Testing

@Suite("The relay under fire") struct RelayFuzzTests {
    @Test("Thousands of datagrams of every kind, from everywhere, do not disturb a call") func noise() throws {
        let bench = try RelayBench()
        let (app, phone) = (try bench.connectedApp(), try bench.phone())
        try bench.settle([.join(app.id, phone.id)])
        let stranger = try TestSocket("127.0.0.2")
        let targets = [
            try app.target, try phone.target, try phone.target.with(port: #require(phone.endpoint.rtcpPort)),
        ]
        var random = RTPRandom(seed: 42)
        for round in UInt16(1)...200 {
            for _ in 0..<20 {
                var bytes = (0..<random.below(300)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
                // The first byte decides who reads on.
                if !bytes.isEmpty { bytes[0] = [0x00, 0x01, 0x16, 0x17, 0x80, 0x81, 0xBF, 0xFF][random.below(8)] }
                if bytes.count > 1, random.happens(500) { bytes[1] = UInt8(200 + random.below(7)) }
                for target in targets {
                    stranger.send(bytes, to: target)
                    // An app can send what it likes from its own address.
                    if target == targets[0], bytes.first.map({ $0 < 0x16 || $0 > 0x17 }) ?? true {
                        app.socket.send(bytes, to: target)
                    }
                    if target == targets[2] { phone.controlSocket.send(bytes, to: target) }
                }
            }
            try app.speak(round)
            #expect(try #require(phone.socket.receive(.rtp)).bytes.last == UInt8(truncatingIfNeeded: round))
            try phone.speak(round)
            #expect(try app.hear()?.last == UInt8(truncatingIfNeeded: round))
        }
        #expect(stranger.receive(.rtp, milliseconds: 0) == nil)
        #expect(bench.log.left == [])
    }
}
