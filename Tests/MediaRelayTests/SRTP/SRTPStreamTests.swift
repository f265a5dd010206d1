import MediaRelay
import Testing

@Suite("What is remembered of a source")
struct SRTPStreamTests {
    /// What becomes of these indices, in turn: whether each is fresh; the fresh ones are marked.
    private static func run(_ indices: [UInt64]) -> [Bool] {
        var window = SRTPReplayWindow<3>()
        return indices.map { index in
            guard window.isFresh(index) else { return false }
            window.mark(index)
            return true
        }
    }

    @Test("The window takes each index once, and none that is 128 behind")
    func window() {
        #expect(Self.run([0, 0, 1, 1]) == [true, false, true, false])
        #expect(Self.run([500, 373, 372, 500, 373]) == [true, true, false, false, false])
        #expect(Self.run([127, 0, 128, 0, 1, 1]) == [true, true, true, false, true, false])
        #expect(Self.run([5, 5 + 192, 5 + 192 - 127, 5 + 64]) == [true, true, true, false])
        #expect(Self.run([1 << 48, 1, (1 << 48) - 1]) == [true, false, true])
    }

    @Test("The window agrees with a list of all that came")
    func model() {
        var random = SeededRandom(seed: 6479)
        var window = SRTPReplayWindow<17>()
        var seen: Set<UInt64> = []
        var highest: UInt64 = 0
        var disagreements = 0
        for _ in 0..<50_000 {
            let leap = UInt64.random(in: 0...(random.happens(5) ? 3_000 : 3), using: &random)
            let index = random.happens(60) ? highest + leap : highest - min(highest, leap)
            let isFresh = index > highest || highest - index < 1_024 && !seen.contains(index)
            if window.isFresh(index) != isFresh { disagreements += 1 }
            guard isFresh else { continue }
            window.mark(index)
            seen.insert(index)
            highest = max(highest, index)
        }
        #expect(disagreements == 0)
        #expect(window.highest == highest)
    }

    @Test(
        "A sequence number is that of the nearest index",
        arguments: [
            // The highest index so far, the sequence number that comes, its index.
            (0x0_0000, 0xFFFF, 0x0_FFFF), (0x0_7FFF, 0xFFFF, 0x0_FFFF), (0x0_8000, 0x0000, 0x0_0000),
            (0x0_8001, 0x0000, 0x1_0000), (0x0_FFFF, 0x7FFE, 0x1_7FFE), (0x1_0000, 0xFFFF, 0x0_FFFF),
            (0x1_0000, 0x8000, 0x1_8000), (0x1_7FFF, 0xFFFF, 0x1_FFFF), (0x2_0001, 0x0002, 0x2_0002),
        ] as [(UInt64, UInt16, UInt64)]
    )
    func nearest(highest: UInt64, sequence: UInt16, expected: UInt64) {
        // Only the guess is asked for: what is too old for the window is named by its refusal.
        var stream = SRTPStream(ssrc: 1)
        stream.used(highest)
        let isTooOld = highest >= 1_024 + expected
        let index = Result { () throws(SRTPError) in try stream.index(of: sequence) }
        #expect(index == (isTooOld ? .failure(.replayed) : .success(expected)))
    }

    @Test("A stream ends with its last index")
    func exhausted() throws {
        var stream = SRTPStream(ssrc: 1)
        stream.used(0xFFFF_FFFF_FFFE)
        #expect(try stream.index(of: 0xFFFF) == 0xFFFF_FFFF_FFFF)
        #expect(throws: SRTPError.exhausted) { try stream.index(of: 0) }
        stream.used(control: 0x7FFF_FFFE)
        #expect(try stream.nextControlIndex() == 0x7FFF_FFFF)
        stream.used(control: 0x7FFF_FFFF)
        #expect(throws: SRTPError.exhausted) { try stream.nextControlIndex() }
    }
}
