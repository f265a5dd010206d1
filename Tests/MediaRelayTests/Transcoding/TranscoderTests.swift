import MediaCore
import MediaRelay
import SIPCore
import Testing

@Suite("Turning one codec into another") struct TranscoderTests {
    @Test(
        "A tone keeps its frequency and its level",
        arguments: [(AudioCodec.opus, AudioCodec.pcmu), (.opus, .pcma), (.pcma, .opus), (.pcmu, .pcma)]
    )
    func tone(_ source: AudioCodec, _ destination: AudioCodec) throws {
        let bench = try TranscodingBench(from: source, to: destination)
        bench.run(seconds: 3)
        let heard = bench.output.suffix(8000)
        #expect(heard.count == 8000)
        let level = Spectrum.amplitude(of: 440, in: heard)
        #expect(level > 7000 && level < 9000)
        #expect(Spectrum.amplitude(of: 620, in: heard) < 400)
        let counters = bench.transcoder.counters
        #expect(counters.concealed == 0 && counters.shortened == 0 && counters.late == 0)
    }

    @Test("Frames come 20 ms apart, whatever the length of the packets", arguments: [80, 160, 240, 320, 480])
    func lengths(_ length: Int) throws {
        let bench = try TranscodingBench(from: .pcma, to: .pcmu)
        bench.packetLength = length
        bench.run(seconds: 3)
        #expect(zip(bench.dues, bench.dues.dropFirst()).allSatisfy { $1 - $0 == .milliseconds(20) })
        #expect(bench.dues.count > 135)
        #expect(Spectrum.amplitude(of: 440, in: bench.output.suffix(8000)) > 7000)
    }

    @Test(
        "Where 5 % of the packets are lost, no piece of 10 ms is missing, nor much quieter than the rest",
        arguments: [(AudioCodec.opus, AudioCodec.pcmu, 0.45), (.pcmu, .opus, 0.65), (.pcma, .pcmu, 0.7)]
    )
    func loss(_ source: AudioCodec, _ destination: AudioCodec, _ floor: Double) throws {
        let bench = try TranscodingBench(from: source, to: destination)
        // libopus gives up a steady tone where a packet is lost; voices are what it is made for.
        bench.harmonics = 12
        bench.frequency = 125
        bench.loudness = 6000
        bench.isLost = { $0 % 20 == 13 }
        bench.run(seconds: 10)
        let heard = Array(bench.output.dropFirst(4000))
        #expect(heard.count > 70_000)
        let pieces = stride(from: 0, to: heard.count - 80, by: 80).map { start in
            Spectrum.loudness(of: heard[start..<start + 80])
        }
        let usual = pieces.sorted()[pieces.count / 2]
        #expect(usual > 3000)
        // The copy of the first packet that is lost is a little quieter than the later ones.
        #expect(pieces.allSatisfy { $0 > usual * min(floor, 0.3) })
        #expect(pieces.count { $0 < usual * floor } <= 1)
        let counters = bench.transcoder.counters
        #expect(counters.recovered + counters.concealed >= 24)
        if source == .opus { #expect(counters.recovered >= 24) }
    }

    @Test("Packets that overtake each other come out in order, as if they had not")
    func reordering() throws {
        let bench = try TranscodingBench(from: .pcmu, to: .pcma)
        bench.lateness = { $0 % 5 == 2 ? 25_000 : 0 }
        bench.run(seconds: 4)
        #expect(bench.transcoder.counters.concealed <= 1)
        #expect(Spectrum.amplitude(of: 440, in: bench.output.suffix(8000)) > 7800)
    }

    @Test("A source whose clock is 100 millionths off is followed for half an hour", arguments: [100.0, -100.0])
    func drift(_ drift: Double) throws {
        let bench = try TranscodingBench(from: .pcmu, to: .pcma)
        bench.drift = drift
        bench.isMute = true
        bench.run(seconds: 1800, isDecoding: false)
        #expect(bench.longestDelay < .milliseconds(110))
        #expect(bench.transcoder.delay > .milliseconds(15))
        let counters = bench.transcoder.counters
        // 180 ms in all.
        #expect(drift > 0 ? (9...30).contains(counters.shortened) : (6...30).contains(counters.concealed))
        #expect(counters.frames > 89_900)
    }

    @Test("Jitter lengthens the delay, no more than is needed, and calm shortens it again") func jitter() throws {
        let bench = try TranscodingBench(from: .pcmu, to: .pcma)
        var random = RTPRandom(seed: 7)
        let noise = (0..<3000).map { _ in UInt64(random.below(120_000)) }
        bench.lateness = { $0 < 3000 ? noise[$0] : 0 }
        bench.run(seconds: 60, isDecoding: false)
        let counters = bench.transcoder.counters
        #expect(counters.late < 60)
        #expect(bench.transcoder.delay > .milliseconds(50) && bench.longestDelay < .milliseconds(240))
        bench.run(seconds: 60, isDecoding: false)
        #expect(bench.transcoder.counters.shortened > 1)
        #expect(bench.transcoder.delay < .milliseconds(80))
    }

    @Test("A silent source is followed by silence") func silence() throws {
        let bench = try TranscodingBench(from: .opus, to: .pcmu)
        bench.run(seconds: 1)
        bench.pass(until: RTPFixture.at(5000))
        #expect(bench.transcoder.deadline == nil)
        #expect(bench.dues.count < 80)
    }

    @Test("G.722 is not turned into anything") func wideband() {
        #expect(Transcoder(to: .g722) == nil)
        let bytes: [UInt8] = [1, 2, 3]
        let transcoder = Transcoder(to: .pcmu)
        #expect(
            transcoder?.received(RTPFixture.sound(1, 0), .g722, unsafe bytes.span.bytes, now: RTPFixture.at(0)) == false
        )
    }
}
