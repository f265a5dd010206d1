import Testing

@testable import SIPCore

@Suite("The digit in the body of an INFO")
struct SIPDigitTests {
    private func read(_ text: String, _ type: String? = "application/dtmf-relay") -> SIPDigit.Reading {
        SIPDigit.read(Array(text.utf8), contentType: type)
    }

    @Test(
        "Both types are read, in the spellings of the field",
        arguments: [
            ("Signal=5\r\nDuration=160\r\n", "application/dtmf-relay", "5", 160),
            ("Signal= #\nDuration = 2000", "Application/DTMF-Relay", "#", 2000),
            ("duration=250\r\nsignal=a\r\n", "application/dtmf-relay;x=y", "A", 250),
            ("Signal=10\r\nDuration=100\r\n", "application/dtmf-relay", "*", 100),
            ("Signal=15\r\n", "application/dtmf-relay", "D", 160),
            ("9", "application/dtmf", "9", 160), ("11\r\n", "application/dtmf", "#", 160),
        ] as [(String, String, Character, UInt64)]
    )
    func spellings(text: String, type: String, key: Character, milliseconds: UInt64) {
        #expect(self.read(text, type) == .digit(SIPDigit(key, duration: .milliseconds(milliseconds))))
    }

    @Test("A duration is kept within what a telephone-event may have", arguments: [(0, 40), (4_000_000_000, 6000)])
    func durations(stated: UInt64, kept: UInt64) {
        #expect(
            self.read("Signal=1\r\nDuration=\(stated)")
                == .digit(SIPDigit("1", duration: .milliseconds(kept)))
        )
        #expect(SIPDigit("1", duration: .milliseconds(stated)).duration == .milliseconds(kept))
    }

    @Test(
        "What is no digit is refused",
        arguments: [
            "", "Signal", "Signal=", "Signal=E", "Signal=16", "Signal=12\r\nSignal=", "Signal=!",
            "Signal=1\r\nDuration=-1", "Signal=1\r\nDuration=99999999999", "Signal=1é",
            String(repeating: "Signal=1\r\n", count: 60),
        ]
    )
    func malformed(text: String) {
        #expect(self.read(text) == .malformed)
    }

    @Test("Another type is another's", arguments: ["application/media_control+xml", "text/plain", nil])
    func otherType(type: String?) {
        #expect(self.read("Signal=1", type) == .otherType)
        #expect(self.read(String(repeating: "<x/>", count: 1_000), type) == .otherType)
    }
}
