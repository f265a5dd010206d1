import MediaRelay
import Testing

@Suite("SRTP against libsrtp")
struct SRTPOracleTests {
    private static let sources: [UInt32] = [1, 0xCAFE_BABE, 0xFFFF_FFFF]

    /// An RTP packet with everything that one may have: CSRCs, an extension, padding, any length.
    private static func rtp(_ sequence: UInt16, ssrc: UInt32, random: inout SeededRandom) -> [UInt8] {
        let contributors = Int.random(in: 0...15, using: &random)
        let extended = Bool.random(using: &random)
        let padding = Bool.random(using: &random) ? UInt8.random(in: 1...40, using: &random) : 0
        var packet = SRTPPacket.rtp(sequence: sequence, ssrc: ssrc, payload: 0)
        packet[0] |= UInt8(contributors) | (extended ? 0x10 : 0) | (padding > 0 ? 0x20 : 0)
        packet[1] = UInt8.random(in: 0...255, using: &random)
        packet += Self.bytes(4 * contributors, random: &random)
        if extended {
            let words = Int.random(in: 0...20, using: &random)
            packet += [0xBE, 0xDE, 0, UInt8(words)] + Self.bytes(4 * words, random: &random)
        }
        packet += Self.bytes(Int.random(in: 0...1_200, using: &random), random: &random)
        if padding > 0 { packet += Array(repeating: 0, count: Int(padding) - 1) + [padding] }
        return packet
    }

    private static func rtcp(ssrc: UInt32, random: inout SeededRandom) -> [UInt8] {
        let words = Int.random(in: 0...100, using: &random)
        return SRTPPacket.rtcp(ssrc: ssrc).prefix(8) + Self.bytes(4 * words, random: &random)
    }

    private static func bytes(_ count: Int, random: inout SeededRandom) -> [UInt8] {
        (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
    }

    @Test("3,000 packets of each profile, over dozens of rollovers: the same bytes", arguments: SRTPProfile.allCases)
    func sameBytes(profile: SRTPProfile) throws {
        var random = SeededRandom(seed: 1)
        let pair = try SRTPPair(profile)
        let key = SRTPPair.key(profile, seed: 0)
        let sender = try SRTPOracle(key, .outbound)
        let receiver = try SRTPOracle(key, .inbound)
        var sequences = Self.sources.map { _ in UInt16.random(in: 0..<0x8000, using: &random) }
        var rollovers = 0
        for _ in 0..<3_000 {
            let source = Int.random(in: 0..<Self.sources.count, using: &random)
            if random.happens(20) {
                let report = Self.rtcp(ssrc: Self.sources[source], random: &random)
                let ours = pair.near.protectedControl(report)
                #expect(try ours.get() == sender.protectedControl(report))
                #expect(receiver.unprotectedControl(try ours.get()) == report)
                #expect(pair.far.unprotectedControl(try ours.get()) == .success(report))
                continue
            }
            let before = sequences[source]
            sequences[source] = before &+ UInt16.random(in: 1...(random.happens(10) ? 32_000 : 40), using: &random)
            if sequences[source] < before { rollovers += 1 }
            let packet = Self.rtp(sequences[source], ssrc: Self.sources[source], random: &random)
            let ours = pair.near.protected(packet)
            #expect(try ours.get() == sender.protected(packet))
            #expect(receiver.unprotected(try ours.get()) == packet)
            #expect(pair.far.unprotected(try ours.get()) == .success(packet))
        }
        #expect(rollovers > 36)
    }

    @Test("Packets late, doubled and too old are judged alike", arguments: SRTPProfile.allCases)
    func sameJudgement(profile: SRTPProfile) throws {
        var random = SeededRandom(seed: 2)
        let pair = try SRTPPair(profile)
        let key = SRTPPair.key(profile, seed: 0)
        let sender = try SRTPOracle(key, .outbound)
        let receiver = try SRTPOracle(key, .inbound)
        var wire: [[UInt8]] = []
        var refusals = 0
        for step in 0..<12_000 {
            // Begins 200 before a rollover, and goes over the next one by leaps.
            let leap = step < 6_000 ? 0 : (step - 6_000) * 12
            let late = random.happens(80) ? 0 : Int.random(in: 0...1_400, using: &random)
            let number = 65_336 + max(0, step + leap - late)
            let packet = SRTPPacket.rtp(sequence: UInt16(truncatingIfNeeded: number), payload: step % 50)
            let protected = sender.protected(packet)
            let ours = pair.near.protected(packet)
            #expect((try? ours.get()) == protected, "protecting \(number)")
            if let protected { wire.append(protected) }
            // What arrives is one of the last 1,300 that were sent, mostly the last.
            let back = random.happens(70) ? 0 : Int.random(in: 0..<1_300, using: &random)
            let arriving = wire[max(0, wire.count - 1 - back)]
            let theirs = receiver.unprotected(arriving)
            #expect((try? pair.far.unprotected(arriving).get()) == theirs, "unprotecting at \(number)")
            if theirs == nil { refusals += 1 }
        }
        #expect((1_000...11_000).contains(refusals))
    }

    @Test("Reports late, doubled and too old are judged alike", arguments: SRTPProfile.allCases)
    func sameJudgementOfReports(profile: SRTPProfile) throws {
        var random = SeededRandom(seed: 3)
        let pair = try SRTPPair(profile)
        let receiver = try SRTPOracle(SRTPPair.key(profile, seed: 0), .inbound)
        let wire = try (0..<2_000).map { _ in try pair.near.protectedControl(SRTPPacket.rtcp()).get() }
        var refusals = 0
        for step in 0..<4_000 {
            let back = random.happens(50) ? 0 : Int.random(in: 0..<200, using: &random)
            let arriving = wire[max(0, step / 2 - back)]
            let theirs = receiver.unprotectedControl(arriving)
            #expect((try? pair.far.unprotectedControl(arriving).get()) == theirs, "report \(step / 2 - back)")
            if theirs == nil { refusals += 1 }
        }
        #expect((500...3_500).contains(refusals))
    }
}
