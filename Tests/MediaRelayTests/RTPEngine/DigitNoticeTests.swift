import SIPCore
import Testing

@testable import MediaRelay

@Suite("What rtpengine says of a digit") struct DigitNoticeTests {
    private static let said = #"""
        {"callid":"switchhook-a-1","source_tag":"out","tags":["in","out"],"type":"DTMF","timestamp":1700000000, \#
        "source_ip":"192.0.2.9","event":10,"duration":160,"volume":8}
        """#

    private static func notice(_ text: String) -> DigitNotice? { DigitNotice(Array(text.utf8)) }

    @Test("The call, the side, the key and its length are read") func read() throws {
        let notice = try #require(Self.notice(Self.said))
        #expect(notice.call == "switchhook-a-1")
        #expect(notice.tag == "out")
        #expect(notice.digit.character == "*")
        #expect(notice.digit.duration == .milliseconds(160))
    }

    @Test(
        "What is no digit is nothing",
        arguments: [
            "", "{", "[]", "null", Self.said.replacing("DTMF", with: "other"), Self.said.replacing("10", with: "16"),
            Self.said.replacing("10", with: "-1"), Self.said.replacing("10", with: "999"),
            Self.said.replacing("160", with: "1.5"), Self.said.replacing("callid", with: "call"),
            String(repeating: "[", count: 4_000), Self.said + String(repeating: " ", count: 4_096),
        ]
    )
    func refused(text: String) {
        #expect(Self.notice(text) == nil)
    }
}
