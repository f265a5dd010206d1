import CallCore
import SIPCore
import Testing

struct DialledNumberTests {
    @Test(
        "What is dialled by a URI: a user part without escapes, a number without its separators",
        arguments: [
            ("tel:+1-555-0100", "+15550100"),
            ("tel:+1(555)0100;phone-context=x", "+15550100"),
            ("tel:7.0.0", "700"),
            ("sip:a%2Db@host", "a-b"),
            ("sip:+1-555-0100@host", "+1-555-0100"),
            ("sip:host", nil),
        ]
    )
    func dialled(text: String, number: String?) throws {
        #expect(try #require(SIPURI(text)).dialledNumber == number)
    }
}
