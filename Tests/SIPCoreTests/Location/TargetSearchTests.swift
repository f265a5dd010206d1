import SIPCore
import Testing

@Suite("RFC 3263: the servers of a name")
struct TargetSearchTests {
    private static let plain: [TargetSearch.Reach] = [.init(.udp, isIPv6: false), .init(.tcp, isIPv6: false)]
    private static let all = plain + [.init(.tls, isIPv6: false), .init(.udp, isIPv6: true)]

    /// What a search asks in turn, and what it finds, where the domain name system holds `zone`.
    private func search(
        _ text: String,
        _ zone: [DNSQuestion: [DNSRecord]],
        reach: [TargetSearch.Reach] = plain
    ) throws -> (asked: [DNSQuestion], found: [SIPTarget]) {
        var random = SeededGenerator(seed: 1)
        var machine = TargetSearch(try #require(SIPURI(text)?.target), reach: reach)
        var asked: [DNSQuestion] = []
        var waiting: [DNSQuestion] = []
        var outcome = machine.start()
        for _ in 0..<100 {
            switch outcome {
            case .found(let targets): return (asked, targets)
            case .ask(let questions):
                asked += questions
                waiting += questions
            case .wait: break
            }
            guard let question = waiting.popLast() else { throw Endless() }
            outcome = machine.received(zone[question] ?? [], to: question, random: &random)
        }
        throw Endless()
    }

    private struct Endless: Error {}

    private func server(_ host: String, _ priority: UInt16, port: UInt16 = 5060) -> DNSRecord {
        .service(priority: priority, weight: 0, port: port, host: host)
    }

    private func pointer(_ preference: UInt16, _ service: String, _ name: String, flags: String = "s") -> DNSRecord {
        .pointer(order: 1, preference: preference, flags: flags, service: service, replacement: name)
    }

    @Test("§4.1: NAPTR chooses the transport, SRV the servers, in their order") func whole() throws {
        let result = try self.search(
            "sip:example.org",
            [
                DNSQuestion(.naptr, "example.org"): [
                    self.pointer(50, "SIP+D2U", "_sip._udp.example.org"),
                    self.pointer(10, "SIPS+D2T", "_sips._tcp.example.org"),
                    self.pointer(20, "SIP+D2T", "_sip._tcp.example.org"),
                    self.pointer(1, "E2U+sip", "no.example.org"),
                    self.pointer(1, "SIP+D2T", "flag.example.org", flags: "u"),
                ],
                DNSQuestion(.srv, "_sip._tcp.example.org"): [
                    self.server("b.example.org", 2, port: 5070), self.server("a.example.org", 1),
                ],
                DNSQuestion(.ipv4, "a.example.org."): [.address("192.0.2.1"), .address("192.0.2.2")],
                DNSQuestion(.ipv4, "b.example.org."): [.address("192.0.2.3")],
            ]
        )
        #expect(
            result.found == [
                SIPTarget(transport: .tcp, host: "192.0.2.1", port: 5060),
                SIPTarget(transport: .tcp, host: "192.0.2.2", port: 5060),
                SIPTarget(transport: .tcp, host: "192.0.2.3", port: 5070),
            ]
        )
        #expect(result.asked.first == DNSQuestion(.naptr, "example.org"))
    }

    @Test("§4.1: without NAPTR every transport's SRV is asked for, and UDP goes first") func withoutNAPTR() throws {
        let result = try self.search(
            "sip:Example.org",
            [
                DNSQuestion(.srv, "_sip._tcp.example.org"): [self.server("t.example.org", 1)],
                DNSQuestion(.srv, "_sip._udp.example.org"): [self.server("u.example.org", 1)],
                DNSQuestion(.ipv4, "u.example.org."): [.address("192.0.2.1")],
            ]
        )
        #expect(result.found == [SIPTarget(transport: .udp, host: "192.0.2.1", port: 5060)])
        #expect(
            result.asked == [
                DNSQuestion(.naptr, "example.org"), DNSQuestion(.srv, "_sip._udp.example.org"),
                DNSQuestion(.srv, "_sip._tcp.example.org"), DNSQuestion(.ipv4, "u.example.org."),
            ]
        )
    }

    @Test("§4.1: sips allows TLS alone, and the name that was asked for is to be proved") func secure() throws {
        let result = try self.search(
            "sips:example.org",
            [
                DNSQuestion(.naptr, "example.org"): [
                    self.pointer(1, "SIP+D2U", "_sip._udp.example.org"),
                    self.pointer(2, "SIPS+D2T", "_sips._tcp.example.org"),
                ],
                DNSQuestion(.srv, "_sips._tcp.example.org"): [self.server("a.example.org", 1, port: 5061)],
                DNSQuestion(.ipv4, "a.example.org."): [.address("192.0.2.1")],
            ],
            reach: Self.all
        )
        #expect(result.found == [SIPTarget(transport: .tls, host: "192.0.2.1", port: 5061, name: "example.org")])
        let bare = try self.search(
            "sips:example.org",
            [DNSQuestion(.ipv4, "example.org"): [.address("192.0.2.1")]],
            reach: Self.all
        )
        #expect(bare.found == [SIPTarget(transport: .tls, host: "192.0.2.1", port: 5061, name: "example.org")])
        #expect(!bare.asked.contains(DNSQuestion(.srv, "_sip._udp.example.org")))
        #expect(try self.search("sips:example.org", [:]).found == [])
    }

    @Test("§4.2: a transport that is named skips NAPTR; without SRV the default port is asked at the name itself")
    func named() throws {
        let result = try self.search(
            "sip:example.org;transport=tcp",
            [DNSQuestion(.ipv4, "example.org"): [.address("192.0.2.1")]]
        )
        #expect(result.found == [SIPTarget(transport: .tcp, host: "192.0.2.1", port: 5060)])
        #expect(
            result.asked == [DNSQuestion(.srv, "_sip._tcp.example.org"), DNSQuestion(.ipv4, "example.org")]
        )
    }

    @Test("§4.2: a port that is named skips SRV too; both families are asked where we have both") func port() throws {
        let result = try self.search(
            "sip:example.org:5080",
            [
                DNSQuestion(.ipv4, "example.org"): [.address("192.0.2.1")],
                DNSQuestion(.ipv6, "example.org"): [.address("2001:db8::1")],
            ],
            reach: Self.all
        )
        #expect(
            result.found == [
                SIPTarget(transport: .udp, host: "192.0.2.1", port: 5080),
                SIPTarget(transport: .udp, host: "2001:db8::1", port: 5080),
            ]
        )
        #expect(result.asked.count == 2)
    }

    @Test("RFC 2782: a single root as the server says that there is none") func denied() throws {
        let result = try self.search(
            "sip:example.org;transport=udp",
            [
                DNSQuestion(.srv, "_sip._udp.example.org"): [self.server(".", 0, port: 0)],
                DNSQuestion(.ipv4, "example.org"): [.address("192.0.2.1")],
            ]
        )
        #expect(result.found == [])
    }

    @Test("However much the answers hold, little is asked and little found") func bounded() throws {
        let names = (0..<32).map { "h\($0).example.org" }
        var zone: [DNSQuestion: [DNSRecord]] = [
            DNSQuestion(.naptr, "example.org"): (0..<32).map { self.pointer($0, "SIP+D2U", "s\($0).example.org") },
            DNSQuestion(.srv, "s0.example.org"): names.map { self.server($0, 1) }
                + [self.server("example.org", 1), self.server("192.0.2.1", 1), self.server("a..b", 1)],
        ]
        for name in names { zone[DNSQuestion(.ipv4, "\(name).")] = (0..<32).map { .address("192.0.2.\($0)") } }
        let result = try self.search("sip:example.org", zone)
        #expect(result.asked.count <= 1 + 4 + 8)
        #expect(result.found.count == 16)
        #expect(Set(result.found).count == 16)
    }

    @Test("An answer that nobody asked for, or that comes twice, changes nothing") func stray() throws {
        var random = SeededGenerator(seed: 1)
        var machine = TargetSearch(try #require(SIPURI("sip:h.example:5060")?.target), reach: Self.plain)
        let question = DNSQuestion(.ipv4, "h.example")
        #expect(machine.start() == .ask([question]))
        #expect(machine.received([.address("192.0.2.9")], to: DNSQuestion(.ipv4, "x"), random: &random) == .wait)
        let target = SIPTarget(transport: .udp, host: "192.0.2.1", port: 5060)
        #expect(machine.received([.address("192.0.2.1")], to: question, random: &random) == .found([target]))
        #expect(machine.received([.address("192.0.2.2")], to: question, random: &random) == .wait)
    }
}
