import Gateway
import Testing

@Suite struct ValueTests {
    @Test(
        "A length of time is a number and its unit",
        arguments: [
            ("0", .zero), ("500ms", .milliseconds(500)), ("30s", .seconds(30)), ("5m", .seconds(300)),
            ("1h", .seconds(3_600)), ("2d", .seconds(172_800)), ("", nil), ("30", nil), ("s", nil), ("-1s", nil),
            ("1.5s", nil), ("1 s", nil), ("1S", nil), ("3650d", .seconds(3_650 * 86_400)), ("3651d", nil),
            ("999999999999999d", nil), ("99999999999999999999s", nil), ("٣s", nil),
        ] as [(String, Duration?)]
    )
    func duration(_ text: String, _ duration: Duration?) {
        #expect(DurationText.parse(text) == duration)
    }

    @Test("A length of time is printed as it may be read", arguments: ["0", "500ms", "1500ms", "90s", "1h", "48h"])
    func durationText(_ text: String) {
        #expect(DurationText.parse(text).map(DurationText.print) == text)
    }

    @Test(
        "A rate is a count and its period",
        arguments: [
            ("10/min", Rate(count: 10, period: .minute)), ("2/s", Rate(count: 2, period: .second)),
            ("7/hour", Rate(count: 7, period: .hour)), ("0/s", nil), ("10", nil), ("10/", nil), ("/s", nil),
            ("10/day", nil), ("1/2/s", nil), ("+1/s", nil), ("10000000/s", nil),
        ] as [(String, Rate?)]
    )
    func rate(_ text: String, _ rate: Rate?) {
        #expect(Rate(text: text) == rate)
    }

    @Test(
        "A range of addresses is printed in its one form",
        arguments: [
            ("127.0.0.1", "127.0.0.1/32"), ("10.0.0.0/8", "10.0.0.0/8"), ("0.0.0.0/0", "0.0.0.0/0"),
            ("::1", "::1/128"), ("2001:DB8::/32", "2001:db8::/32"),
        ]
    )
    func cidr(_ text: String, _ printed: String) throws {
        #expect(try CIDR(text: text).description == printed)
    }

    @Test(
        "What is no range of addresses is refused",
        arguments: ["", "10.0.0", "10.0.0.0/", "10.0.0.0/33", "::/129", "10.0.0.0/-1", "10.0.0.0/8/8", "host/8"]
    )
    func noCIDR(_ text: String) {
        #expect(throws: CIDR.ParseError.malformed) { try CIDR(text: text) }
    }

    @Test("A range with bits beyond its prefix names the range that was meant")
    func hostBits() {
        #expect(throws: CIDR.ParseError.hostBits("192.168.1.0/25")) { try CIDR(text: "192.168.1.77/25") }
        #expect(throws: CIDR.ParseError.hostBits("2001:db8::/33")) { try CIDR(text: "2001:db8::1/33") }
    }

    @Test(
        "An address to listen on is an IP address and a port",
        arguments: [
            ("127.0.0.1:8080", HostPort(host: "127.0.0.1", port: 8_080)),
            ("localhost:0", HostPort(host: "127.0.0.1", port: 0)), ("[::1]:5060", HostPort(host: "::1", port: 5_060)),
            ("[0:0::1]:1", HostPort(host: "::1", port: 1)), ("::1:5060", nil), ("[127.0.0.1]:1", nil),
            ("127.0.0.1", nil), ("127.0.0.1:", nil), ("example.org:80", nil), ("127.0.0.1:65536", nil), (":80", nil),
        ] as [(String, HostPort?)]
    )
    func hostPort(_ text: String, _ address: HostPort?) {
        #expect(HostPort(text: text) == address)
    }

    @Test("A trunk's URI has a port and a transport, said or not")
    func trunkURI() throws {
        #expect(try TrunkURI(text: "sip:pbx.example") == TrunkURI(host: "pbx.example", port: nil, transport: nil))
        #expect(
            try TrunkURI(text: "SIP:[2001:db8::1]:5070;transport=TCP").description
                == "sip:[2001:db8::1]:5070;transport=tcp"
        )
    }

    @Test(
        "An id looks like a number where JSON writes it so",
        arguments: [
            ("7", true), ("0", true), ("-5", true), ("9007199254740993", true), ("007", false), ("", false),
            ("-", false), ("7a", false), ("1234567890123456789", false), ("+7", false),
        ]
    )
    func numbers(_ text: String, _ isNumber: Bool) {
        #expect(UserKey.looksLikeNumber(text) == isNumber)
    }
}
