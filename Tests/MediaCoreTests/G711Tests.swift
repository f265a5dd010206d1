import MediaCore
import Testing

@Suite("G.711") struct G711Tests {
    @Test("What is decoded and encoded again is the same octet", arguments: [G711.muLaw, .aLaw])
    func roundTrip(_ law: G711) {
        for octet in UInt8.min...UInt8.max {
            // The two zeros of the one law are one number.
            guard law != .muLaw || octet != 0x7F else { continue }
            #expect(law.encoded(law.decoded(octet)) == octet)
        }
    }

    @Test("The ends and the middle are those of the tables of G.711") func values() {
        #expect([0x00, 0x80, 0xFF, 0x7F].map { G711.muLaw.decoded($0) } == [-32_124, 32_124, 0, 0])
        #expect([0x2A, 0xAA, 0xD5, 0x55].map { G711.aLaw.decoded($0) } == [-32_256, 32_256, 8, -8])
    }

    @Test("No sample is further off than half a step of its segment", arguments: [G711.muLaw, .aLaw])
    func precision(_ law: G711) {
        let isPrecise = (Int16(-32_000)...32_000).allSatisfy { sample in
            let error = (Int(law.decoded(law.encoded(sample))) - Int(sample)).magnitude
            return error <= max(8, UInt(sample.magnitude) / 16)
        }
        #expect(isPrecise)
    }
}
