import MediaCore
import MediaRelay
import SIPCore
import Testing

@Suite("The relay between peers without a common codec") struct RelayTranscodingTests {
    @Test("Opus goes out as G.711, and G.711 as Opus, in one stream that goes on with the time")
    func bothWays() throws {
        let bench = try RelayBench { $0.transcodes = true }
        let left = try bench.phone([AudioFormat(.opus, sends: 96, receives: 111)])
        let right = try bench.phone([
            AudioFormat(.g722, sends: 9, receives: 9), AudioFormat(.pcma, sends: 8, receives: 8),
        ])
        try bench.settle([.join(left.id, right.id)])

        for sequence in UInt16(1)...10 { try right.speak(sequence, payloadType: 8, ssrc: 0xB) }
        let heard = try (0..<5).map { _ in try #require(left.socket.receiveRTP()) }
        #expect(heard.allSatisfy { $0.payloadType == 96 && !$0.payload.isEmpty })
        #expect(heard.map(\.marker) == [true, false, false, false, false])
        let first = try #require(heard.first)
        #expect(heard.map { $0.sequence &- first.sequence } == [0, 1, 2, 3, 4])
        #expect(heard.map { $0.timestamp &- first.timestamp } == [0, 960, 1920, 2880, 3840])

        for sequence in UInt16(1)...10 {
            left.socket.send(try Sound.opus(sequence), to: try left.target)
        }
        let answer = try (0..<5).map { _ in try #require(right.socket.receiveRTP()) }
        #expect(answer.allSatisfy { $0.payloadType == 8 && $0.payload.count == 160 })
        let start = try #require(answer.first)
        #expect(answer.map { $0.timestamp &- start.timestamp } == [0, 160, 320, 480, 640])
        #expect(bench.engine.counters.dropped.unmapped == 0)
    }

    @Test("Where it is switched off, nothing is turned into anything") func off() throws {
        let bench = try RelayBench()
        let left = try bench.phone([AudioFormat(.opus, sends: 96, receives: 111)])
        let right = try bench.phone([AudioFormat(.pcma, sends: 8, receives: 8)])
        try bench.settle([.join(left.id, right.id)])
        try right.speak(1, payloadType: 8, ssrc: 0xB)
        try bench.settle([])
        #expect(bench.engine.counters.dropped.unmapped == 1)
    }

    @Test("A source that changes to a codec that its peer takes is relayed again, in the same stream")
    func change() throws {
        let bench = try RelayBench { $0.transcodes = true }
        let pcma = AudioFormat(.pcma, sends: 8, receives: 8)
        let left = try bench.phone([AudioFormat(.opus, sends: 96, receives: 111), pcma])
        let right = try bench.phone([pcma])
        try bench.settle([.join(left.id, right.id)])
        for sequence in UInt16(1)...3 { left.socket.send(try Sound.opus(sequence), to: try left.target) }
        let before = try #require(right.socket.receiveRTP())
        try left.speak(4, payloadType: 8)
        var after = try #require(right.socket.receive(.rtp))
        var last = before
        // Frames that were due before may still lie in between.
        while after.bytes.last != 4 {
            last = try #require(RTPFixture.packet(after.bytes))
            after = try #require(right.socket.receive(.rtp))
        }
        let packet = try #require(RTPFixture.packet(after.bytes))
        #expect(packet.marker && packet.ssrc == before.ssrc)
        #expect(packet.sequence == last.sequence &+ 1)
        #expect(packet.timestamp &- last.timestamp >= 160 && packet.timestamp &- last.timestamp < 8000)
    }
}
