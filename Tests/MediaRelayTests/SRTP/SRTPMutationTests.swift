import MediaRelay
import Testing

@Suite("Damaged packets")
struct SRTPMutationTests {
    @Test("Of damaged packets none is taken, and none does harm", arguments: SRTPProfile.allCases)
    func mutations(profile: SRTPProfile) throws {
        let pair = try SRTPPair(profile)
        var random = SeededRandom(seed: FuzzPlan.seed(3711))
        var samples: [[UInt8]] = []
        for sequence in UInt16(0)..<16 {
            let rtp = SRTPPacket.rtp(sequence: sequence, payload: Int(sequence) * 8)
            samples.append(try pair.near.protected(rtp).get())
            samples.append(try pair.near.protectedControl(SRTPPacket.rtcp(ssrc: UInt32(sequence))).get())
        }
        for sample in samples {
            _ = pair.far.unprotected(sample)
            _ = pair.far.unprotectedControl(sample)
        }
        var taken = 0
        for _ in 0..<FuzzPlan.packets / 6 {
            let damaged = random.mutated(samples.randomElement(using: &random) ?? [])
            if case .success = pair.far.unprotected(damaged) { taken += 1 }
            if case .success = pair.far.unprotectedControl(damaged) { taken += 1 }
        }
        #expect(taken == 0)
        let rtp = SRTPPacket.rtp(sequence: 100)
        #expect(pair.far.unprotected(try pair.near.protected(rtp).get()) == .success(rtp))
    }
}
