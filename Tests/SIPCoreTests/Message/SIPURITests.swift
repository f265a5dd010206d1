import SIPCore
import Testing

@Suite("URIs as text") struct SIPURITests {
    @Test(
        "What is read is written again",
        arguments: [
            ("sip:bob@example.org", SIPURI(user: "bob", host: "example.org")),
            (
                "sips:bob:secret@example.org",
                SIPURI(scheme: .sips, user: "bob", password: "secret", host: "example.org")
            ),
            ("sip:bob:@example.org", SIPURI(user: "bob", password: "", host: "example.org")),
            ("sip:192.0.2.7:65535", SIPURI(host: "192.0.2.7", port: 65535)),
            ("sip:[2001:db8::10]:5070", SIPURI(host: "2001:db8::10", port: 5070)),
            (
                "sip:+1555;ext=2?x/y@pbx;user=phone;lr?Subject=a%20b&X=1",
                SIPURI(
                    user: "+1555;ext=2?x/y",
                    host: "pbx",
                    parameters: SIPParameters([.init("user", "phone"), .init("lr")]),
                    headers: "Subject=a%20b&X=1"
                )
            ),
            ("sip:#31#100@pbx.", SIPURI(user: "#31#100", host: "pbx.")),
            ("sip:a%40b@h", SIPURI(user: "a%40b", host: "h")),
            (
                "sip:h;maddr=[::1]",
                SIPURI(host: "h", parameters: SIPParameters([.init("maddr", "[::1]")]))
            ),
            ("sip:my_host-1.example.org", SIPURI(host: "my_host-1.example.org")),
            (
                "tel:+1-(555).123;phone-context=+1",
                SIPURI(
                    scheme: .tel,
                    user: "+1-(555).123",
                    host: "",
                    parameters: SIPParameters([.init("phone-context", "+1")])
                )
            ),
            ("tel:*21#", SIPURI(scheme: .tel, user: "*21#", host: "")),
            ("mailto:bob@example.org", SIPURI(scheme: .other("mailto"), host: "bob@example.org")),
            ("urn:service:sos", SIPURI(scheme: .other("urn"), host: "service:sos")),
        ]
    )
    func reading(text: String, uri: SIPURI) {
        #expect(SIPURI(text) == uri)
        #expect(uri.text == text)
    }

    @Test("The scheme has no case, and empty parameters vanish") func normalised() {
        #expect(SIPURI("SIP:Bob@Example.org;;a;")?.text == "sip:Bob@Example.org;a")
        #expect(SIPURI("TEL:1")?.scheme == .tel)
    }

    @Test(
        "What is malformed is none",
        arguments: [
            "", "sip", "sip:", ":", "1001", "bob@example.org", "//h", "1sip:h", "sip:@h", "sip:a@", "sip:a@b@c",
            "sip:a b@h", "sip: a@h", " sip:a@h", "sip:a@h ", "sip:a@h\r\nEvil: 1", "sip:a@h\0", "sip:a%00b@h",
            "sip:a%0@h",
            "sip:a%zz@h", "sip:a@h;p=%00", "sip:h?x=%00", "sip:a%", "sip:ä@h", "sip:<a@h>", "sip:\"a\"@h",
            "sip:h:", "sip:h:0", "sip:h:65536", "sip:h:-1", "sip:h:99999999999999999999", "sip:h:5060x", "sip:h:+5060",
            "sip:256.1.1.1", "sip:1.2.3", "sip:1001", "sip:1.2.3.04", "sip:-h", "sip:h-", "sip:a..b", "sip:.", "sip:.a",
            "sip:[::1", "sip:[::1]x", "sip:[1::2::3]", "sip:[fe80::1%25eth0]", "sip:::1", "sip:[]", "sip:[192.0.2.1]",
            "sip:h;=x", "sip:h;p=", "sip:h;p=a=b", "sip:h?", "sip:h;p q", "tel:", "tel:+", "tel:-", "tel:1+2",
            "tel:bob",
            "tel:+1;=2", "x:", "x:a b", "mailto:a%00b",
        ]
    )
    func malformed(text: String) {
        #expect(SIPURI(text) == nil)
    }

    @Test("Long input is refused, and what is within the limits is not") func limits() {
        #expect(SIPURI("sip:h;" + String(repeating: "a", count: 65_536)) == nil)
        #expect(SIPURI("sip:h" + String(repeating: ";a=b", count: 16_384)) == nil)
        #expect(SIPURI("sip:h" + String(repeating: ";a=b", count: 65)) == nil)
        #expect(SIPURI("sip:h" + String(repeating: ";a=b", count: 64))?.parameters.list.count == 64)
        #expect(SIPURI("sip:" + String(repeating: "a", count: 64)) == nil)
        #expect(SIPURI("sip:" + String(repeating: "a", count: 63)) != nil)
        #expect(SIPURI("sip:h" + String(repeating: ".h", count: 127)) == nil)
    }

    @Test(
        "These URIs are the same (RFC 3261 §19.1.4)",
        arguments: [
            ("sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtLanTa.CoM;Transport=tcp"),
            ("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5"),
            ("sip:carol@chicago.com", "sip:carol@chicago.com;security=on"),
            (
                "sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
                "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com"
            ),
            (
                "sip:alice@atlanta.com?subject=project%20x&priority=urgent",
                "sip:alice@atlanta.com?priority=urgent&subject=project%20x"
            ),
            ("sip:a@[2001:db8::1]", "sip:a@[2001:DB8:0:0::0001]"),
            ("tel:+1-555-1234;a=b;c", "TEL:+15551234;C;a=B"),
            ("urn:service:sos", "URN:service:sos"),
        ]
    )
    func equivalent(left: String, right: String) throws {
        let (left, right) = (try #require(SIPURI(left)), try #require(SIPURI(right)))
        #expect(left.isEquivalent(to: right))
        #expect(right.isEquivalent(to: left))
    }

    @Test(
        "These URIs are not the same (RFC 3261 §19.1.4)",
        arguments: [
            ("sip:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP"),
            ("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060"),
            ("sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp"),
            ("sip:bob@biloxi.com", "sip:bob@biloxi.com:6000;transport=tcp"),
            ("sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting"),
            ("sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4"),
            ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;security=off"),
            ("sip:bob@h", "sips:bob@h"), ("sip:bob@h", "sip:h"), ("sip:bob@h", "sip:bob:@h"),
            ("sip:bob@h", "sip:bob@h;user=phone"), ("sip:bob@h", "sip:bob@h;maddr=1.2.3.4"),
            ("sip:bob@h", "sip:bob@h;ttl=1"), ("sip:bob@h", "sip:bob@h;method=INVITE"),
            ("sip:a;b@h", "sip:a%3Bb@h"), ("sip:h;lr", "sip:h;lr=on"), ("sip:h?a=1&a=1", "sip:h?a=1&b=1"),
            ("tel:+1", "tel:1"), ("tel:1", "tel:1;phone-context=+1"), ("tel:1", "sip:1@h"), ("urn:a", "urx:a"),
        ]
    )
    func different(left: String, right: String) throws {
        let (left, right) = (try #require(SIPURI(left)), try #require(SIPURI(right)))
        #expect(!left.isEquivalent(to: right))
        #expect(!right.isEquivalent(to: left))
    }

    @Test(
        "The target follows from scheme, transport, maddr and port",
        arguments: [
            ("sip:a@h.example", SIPTarget(transport: .udp, host: "h.example", port: 5060, search: .transport)),
            ("sip:a@h.example:5080", SIPTarget(transport: .udp, host: "h.example", port: 5080)),
            ("sip:a@h;transport=TCP", SIPTarget(transport: .tcp, host: "h", port: 5060, search: .service)),
            ("sip:a@h;transport=tls", SIPTarget(transport: .tls, host: "h", port: 5061, search: .service)),
            ("sips:a@h", SIPTarget(transport: .tls, host: "h", port: 5061, search: .transport)),
            ("sips:a@h;transport=tcp", SIPTarget(transport: .tls, host: "h", port: 5061, search: .service)),
            ("sip:[::1]:5062", SIPTarget(transport: .udp, host: "::1", port: 5062)),
            ("sip:h;maddr=[2001:db8::1]", SIPTarget(transport: .udp, host: "2001:db8::1", port: 5060)),
            ("sip:h;maddr=192.0.2.1", SIPTarget(transport: .udp, host: "192.0.2.1", port: 5060)),
        ]
    )
    func target(text: String, target: SIPTarget) {
        #expect(SIPURI(text)?.target == target)
    }

    @Test(
        "There is no target where we can't go",
        arguments: ["tel:+1", "sip:h;transport=ws", "sip:h;transport=sctp", "sips:h;transport=udp", "urn:service:sos"]
    )
    func noTarget(text: String) throws {
        #expect(try #require(SIPURI(text)).target == nil)
    }
}
