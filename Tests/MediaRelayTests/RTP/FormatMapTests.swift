import MediaCore
import MediaRelay
import Testing

@Suite("Payload types between legs") struct FormatMapTests {
    private static let map = FormatMap(
        from: [AudioFormat(.opus, sends: 96, receives: 111), AudioFormat(.pcmu, sends: 0, receives: 0)],
        digits: [
            DigitFormat(sends: 101, receives: 110, clockRate: 48_000),
            DigitFormat(sends: 102, receives: 126, clockRate: 8000),
        ],
        to: [AudioFormat(.pcma, sends: 8, receives: 8), AudioFormat(.opus, sends: 120, receives: 121)]
    )

    @Test("Each payload type goes to the other leg's of the same codec, or nowhere") func mapping() {
        let sent = (0...255 as ClosedRange<UInt8>).reduce(into: [UInt8: UInt8]()) { $0[$1] = Self.map[$1] }
        #expect(sent == [111: 120])
    }

    @Test("What is heard is known though the other leg does not take it") func codecs() {
        #expect(Self.map.codec(0) == .pcmu)
        #expect(Self.map.codec(111) == .opus)
        #expect(Self.map.codec(120) == nil)
        #expect(Self.map.digitClockRate(110) == 48_000)
        #expect(Self.map.digitClockRate(126) == 8000)
        #expect(Self.map.digitClockRate(0) == nil)
    }

    @Test("Both legs' formats, events and comfort noise are agreed on, nothing else") func agreed() {
        #expect((0...255 as ClosedRange<UInt8>).filter { Self.map.isAgreed($0) } == [0, 13, 110, 111, 126])
    }

    @Test("Comfort noise goes nowhere, even where a description gives its number to sound") func comfortNoise() {
        let formats = [AudioFormat(.g722, sends: 13, receives: 13)]
        let map = FormatMap(from: formats, to: formats)
        #expect(map[13] == nil)
        #expect(map.codec(13) == nil)
    }

    @Test("Numbers that are no payload type are left out") func outOfRange() {
        let map = FormatMap(
            from: [AudioFormat(.opus, sends: 200, receives: 200), AudioFormat(.pcmu, sends: 0, receives: 0)],
            to: [AudioFormat(.pcmu, sends: 128, receives: 0), AudioFormat(.pcmu, sends: 5, receives: 0)]
        )
        #expect(map[200] == nil)
        #expect(!map.isAgreed(200))
        #expect(map[0] == 5)
    }
}
