import SIPCore
import Testing

@Suite("Header field values as text") struct HeaderTextTests {
    private static let bob = SIPURI(user: "bob", host: "example.org")

    @Test(
        "An address is read in each of its forms",
        arguments: [
            ("sip:bob@example.org", NameAddress(uri: bob)),
            ("<sip:bob@example.org>", NameAddress(uri: bob)),
            (
                "sip:bob@example.org;tag=1",
                NameAddress(uri: bob, parameters: SIPParameters([.init("tag", "1")]))
            ),
            (
                "<sip:bob@example.org;lr>;tag=1 ; x = \"a;,b\" ;y",
                NameAddress(
                    uri: SIPURI(user: "bob", host: "example.org", parameters: SIPParameters([.init("lr")])),
                    parameters: SIPParameters([.init("tag", "1"), .init("x", "\"a;,b\""), .init("y")])
                )
            ),
            ("Bob <sip:bob@example.org>", NameAddress(displayName: "Bob", uri: bob)),
            (" Bob  B. Baker\t<sip:bob@example.org>", NameAddress(displayName: "Bob  B. Baker", uri: bob)),
            ("Jürgen <sip:bob@example.org>", NameAddress(displayName: "Jürgen", uri: bob)),
            (#""B\"o\\b <x>" <sip:bob@example.org>"#, NameAddress(displayName: #"B"o\b <x>"#, uri: bob)),
            (#"""<sip:bob@example.org>"#, NameAddress(uri: bob)),
            (
                "<tel:+1;phone-context=a>",
                NameAddress(
                    uri: SIPURI(
                        scheme: .tel,
                        user: "+1",
                        host: "",
                        parameters: SIPParameters([.init("phone-context", "a")])
                    )
                )
            ),
        ]
    )
    func address(text: String, address: NameAddress) {
        #expect(NameAddress(text) == address)
        #expect(NameAddress(address.text) == address)
    }

    @Test(
        "A malformed address is none",
        arguments: [
            "", "<", "<>", "<sip:a@h", "sip:a@h>", "\"Bob <sip:a@h>", "\"Bob\" sip:a@h", "Bob sip:a@h", "<sip:a@h>x",
            "<sip:a@h>;tag=", "<sip:a@h>;=1", "<sip:a@h>, <sip:b@h>", "<sip:a@h>;x=\"y", "<<sip:a@h>>", "*",
            "\"a\r\nb\" <sip:a@h>", "\"a\0\" <sip:a@h>", "<sip:a%00@h>", "<sip:a@h>\r\nEvil: 1", "a,b <sip:a@h>",
        ]
    )
    func malformedAddress(text: String) {
        #expect(NameAddress(text) == nil)
    }

    @Test("A list of addresses splits at its own commas alone") func addressList() {
        let list = NameAddress.list("\"A, B\" <sip:a@h;x=%2C>;p=\"1,2\", <tel:+1>,sip:b@h;q=1")
        #expect(list?.map(\.text) == ["\"A, B\" <sip:a@h;x=%2C>;p=\"1,2\"", "<tel:+1>", "<sip:b@h>;q=1"])
        #expect(NameAddress.list("<sip:a@h>,") == nil)
        #expect(NameAddress.list("") == nil)
        #expect(NameAddress.list(Array(repeating: "<sip:a>", count: 32).joined(separator: ","))?.count == 32)
        #expect(NameAddress.list(Array(repeating: "<sip:a>", count: 33).joined(separator: ",")) == nil)
    }

    @Test("Long addresses are refused") func addressLimits() {
        #expect(NameAddress("<sip:h>" + String(repeating: ";a", count: 32_768)) == nil)
        #expect(NameAddress("<sip:h>" + String(repeating: ";a", count: 65)) == nil)
        #expect(NameAddress("<sip:h>" + String(repeating: ";a", count: 64)) != nil)
        #expect(NameAddress("\"" + String(repeating: "\\", count: 65_535)) == nil)
    }

    @Test(
        "A Reason is read and written",
        arguments: [
            ("SIP;cause=200;text=\"Call completed elsewhere\"", SIPReason.answeredElsewhere),
            ("Q.850;cause=16;text=\"a \\\"b\\\" \\\\\"", SIPReason(protocol: "Q.850", cause: 16, text: #"a "b" \"#)),
            ("SIP", SIPReason(protocol: "SIP", cause: nil)),
            ("X;cause=65535", SIPReason(protocol: "X", cause: 65535)),
        ]
    )
    func reason(text: String, reason: SIPReason) {
        #expect(SIPReason(text) == reason)
        #expect(reason.headerValue == text)
    }

    @Test("A Reason is read leniently, one value or all") func lenientReason() {
        #expect(SIPReason(" SIP ;cause=65536; text=plain ") == SIPReason(protocol: "SIP", cause: nil, text: "plain"))
        #expect(SIPReason("SIP;cause=-1")?.cause == nil)
        #expect(
            SIPReason.list("SIP;cause=200;text=\"a,b\", Q.850 ;cause=16, =") == [
                SIPReason(protocol: "SIP", cause: 200, text: "a,b"), SIPReason(protocol: "Q.850", cause: 16),
            ]
        )
        for text in ["", ";cause=1", "SIP;text=\"x", "SIP;cause=1 x", "SIP;" + String(repeating: "a", count: 65_536)] {
            #expect(SIPReason(text) == nil)
        }
    }

    @Test("A Reason can't break its line") func hostileReason() {
        let reason = SIPReason(protocol: "SIP\r\nEvil: 1;", cause: 1, text: "a\r\n\0\"b")
        #expect(reason.headerValue == "SIPEvil1;cause=1;text=\"a   \\\"b\"")
    }

    @Test(
        "An address and port are read",
        arguments: [
            ("192.0.2.1:5060", SIPAddress(host: "192.0.2.1", port: 5060)),
            ("0.0.0.0:1", SIPAddress(host: "0.0.0.0", port: 1)),
            ("[::]:65535", SIPAddress(host: "::", port: 65535)),
            ("[2001:db8::192.0.2.1]:5061", SIPAddress(host: "2001:db8::192.0.2.1", port: 5061)),
        ]
    )
    func socketAddress(text: String, address: SIPAddress) {
        #expect(SIPAddress(text) == address)
        #expect(address.text == text)
    }

    @Test(
        "What is no address and port is none",
        arguments: [
            "", ":", "192.0.2.1", "192.0.2.1:", "192.0.2.1:0", "192.0.2.1:65536", "192.0.2.1:5060 ", "h:5060",
            "::1:5060",
            "[::1]", "[::1]5060", "[h]:5060", "[192.0.2.1]:5060", "192.0.2.1:５０６０",
        ]
    )
    func noSocketAddress(text: String) {
        #expect(SIPAddress(text) == nil)
    }

    @Test(
        "IPv4 literals",
        arguments: [
            ("0.0.0.0", true), ("255.255.255.255", true), ("10.0.0.1", true), ("1.2.3", false), ("1.2.3.4.5", false),
            ("256.0.0.1", false), ("1.2.3.04", false), ("00.0.0.0", false), ("1..2.3", false), ("1.2.3.", false),
            ("", false), (" 1.2.3.4", false), ("+1.2.3.4", false), ("1.2.3.0x4", false), ("1.2.3.4\0", false),
        ]
    )
    func ipv4(text: String, isLiteral: Bool) {
        #expect(text.isIPv4Literal == isLiteral)
        #expect(!text.isIPv6Literal)
    }

    @Test(
        "IPv6 literals",
        arguments: [
            ("::", true), ("::1", true), ("1::", true), ("1:2:3:4:5:6:7:8", true), ("1:2:3:4:5:6:7::", true),
            ("::2:3:4:5:6:7:8", true), ("fe80::ABCD", true), ("::ffff:192.0.2.1", true),
            ("1:2:3:4:5:6:192.0.2.1", true),
            ("", false), (":", false), (":::", false), ("1:", false), (":1", false), ("1:2:3:4:5:6:7", false),
            ("1:2:3:4:5:6:7:8:9", false), ("1::2:3:4:5:6:7:8", false), ("1::2::3", false), ("12345::", false),
            ("g::", false), ("::1%eth0", false), ("[::1]", false), ("1:2:3:4:5:6:7:192.0.2.1", false),
            ("::192.0.2", false), ("192.0.2.1::", false), ("::192.0.2.1:1", false), ("1:2:3:4:5:6:7:8:", false),
            ("::1:", false), ("1:::2", false),
        ]
    )
    func ipv6(text: String, isLiteral: Bool) {
        #expect(text.isIPv6Literal == isLiteral)
    }

    @Test("Spellings of one IPv6 address have the same bits") func ipv6Bits() {
        #expect(IPv6Literal("2001:db8::1")?.high == 0x2001_0db8_0000_0000)
        #expect(IPv6Literal("2001:db8::1")?.low == 1)
        #expect(IPv6Literal("1:2:3:4:5:6:7:8")?.high == 0x0001_0002_0003_0004)
        #expect(IPv6Literal("1:2:3:4:5:6:7:8")?.low == 0x0005_0006_0007_0008)
        #expect(IPv6Literal("::ffff:192.0.2.1") == IPv6Literal("0:0:0:0:0:ffff:c000:0201"))
        #expect(IPv6Literal("1::") == IPv6Literal("1:0:0:0:0:0:0:0"))
    }

    @Test("Registered codes have their phrase, others that of their class") func reasonPhrases() {
        let phrases: [(UInt16, String)] = [
            (100, "Trying"), (180, "Ringing"), (183, "Session Progress"), (200, "OK"), (302, "Moved Temporarily"),
            (407, "Proxy Authentication Required"), (481, "Call/Transaction Does Not Exist"), (486, "Busy Here"),
            (487, "Request Terminated"), (488, "Not Acceptable Here"), (491, "Request Pending"),
            (503, "Service Unavailable"), (603, "Decline"), (608, "Rejected"), (299, "OK"), (499, "Request Failure"),
            (599, "Server Failure"), (699, "Global Failure"), (0, "Global Failure"),
        ]
        for (status, phrase) in phrases { #expect(SIPStatus.reasonPhrase(for: status) == phrase) }
    }
}
