import MediaCore
import MediaRelay
import SIPCore
import Testing

@Suite("A source that sends anything to be turned into another codec") struct TranscoderFuzzTests {
    @Test("Noise of every kind does no harm") func fuzz() throws {
        let transcoder = try #require(Transcoder(to: .opus))
        var random = RTPRandom(seed: FuzzPlan.seed(42))
        var (sequence, timestamp) = (UInt16(0), UInt32(0))
        var output = [UInt8](repeating: 0, count: 1500)
        var (now, longest) = (RTPFixture.at(0), 0)
        for _ in 0..<FuzzPlan.packets / 5 {
            sequence &+= random.happens(50) ? UInt16(truncatingIfNeeded: random.next()) : UInt16(random.below(4)) &- 1
            timestamp &+= random.happens(50) ? UInt32(truncatingIfNeeded: random.next()) : UInt32(random.below(2000))
            let payload = (0..<random.below(random.happens(10) ? 1500 : 40)).map { _ in
                UInt8(truncatingIfNeeded: random.next())
            }
            let codec: AudioCodec = random.happens(20) ? .pcma : .opus
            let ssrc: UInt32 = random.happens(5) ? 1 : 0xA
            let packet = RTPFixture.sound(sequence, timestamp, ssrc: ssrc)
            _ = transcoder.received(packet, codec, unsafe payload.span.bytes, now: now)
            now = now + SIPCore.Span(nanoseconds: UInt64(random.below(random.happens(3) ? 900_000_000 : 30_000_000)))
            while let due = transcoder.deadline, due <= now {
                let frame = RTPFixture.edit(&output) { transcoder.next(into: &$0, at: 12, now: now) }
                if let frame { longest = max(longest, frame.payloadBytes) }
            }
        }
        #expect(longest > 0 && longest <= OpusEncoding.longestPacket)
        #expect(transcoder.counters.frames > UInt32(clamping: FuzzPlan.packets / 50))
        #expect(transcoder.delay < .seconds(1))
    }
}
