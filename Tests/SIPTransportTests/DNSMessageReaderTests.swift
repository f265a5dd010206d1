import SIPCore
import SIPTransport
import Testing

@Suite("Answers of the domain name system")
struct DNSMessageReaderTests {
    /// A message with one question for `_sip._udp.h` and what follows it; names may point to place 12.
    private static func message(_ answers: [[UInt8]], authorities: [[UInt8]] = []) -> [UInt8] {
        let head: [UInt8] = [0, 1, 0x81, 0x80, 0, 1, 0, UInt8(answers.count), 0, UInt8(authorities.count), 0, 0]
        let question: [UInt8] = [4] + Array("_sip".utf8) + [4] + Array("_UDP".utf8) + [1, 0x68, 0, 0, 33, 0, 1]
        return head + question + answers.flatMap { $0 } + authorities.flatMap { $0 }
    }

    private static func record(_ kind: UInt8, ttl: UInt32 = 60, _ data: [UInt8]) -> [UInt8] {
        let time = (0..<4).reversed().map { UInt8(truncatingIfNeeded: ttl >> (8 * $0)) }
        return [0xC0, 12, 0, kind, 0, 1] + time + [UInt8(data.count >> 8), UInt8(truncatingIfNeeded: data.count)] + data
    }

    private static func name(_ text: String) -> [UInt8] {
        text.split(separator: ".").flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) } + [0]
    }

    private static let soa = name("ns.h") + name("root.h") + [UInt8](repeating: 0, count: 16) + [0, 0, 0, 9]

    @Test("Addresses, servers and pointers; the shortest time holds for all") func records() throws {
        let addresses = Self.message([
            Self.record(5, ttl: 20, Self.name("alias.h")), Self.record(1, [192, 0, 2, 1]),
            Self.record(28, [UInt8](repeating: 1, count: 16)), Self.record(1, ttl: 30, [192, 0, 2, 2]),
        ])
        #expect(
            DNSMessageReader.read(addresses, .ipv4)
                == DNSAnswer(records: [.address("192.0.2.1"), .address("192.0.2.2")], lifetime: .seconds(20))
        )
        #expect(
            DNSMessageReader.read(addresses, .ipv6)?.records == [.address("101:101:101:101:101:101:101:101")]
        )
        // The host by a pointer to the `h` of the question.
        let server = Self.message([Self.record(33, [0, 1, 0, 2, 0x13, 0xC4, 3, 0x50, 0x62, 0x58, 0xC0, 22])])
        #expect(
            DNSMessageReader.read(server, .srv)?.records
                == [.service(priority: 1, weight: 2, port: 5060, host: "pbx.h")]
        )
        let none = Self.message([Self.record(33, [0, 0, 0, 0, 0, 0, 0])])
        #expect(
            DNSMessageReader.read(none, .srv)?.records == [.service(priority: 0, weight: 0, port: 0, host: ".")]
        )
        let data: [UInt8] = [0, 5, 0, 6, 1, 0x73, 7] + Array("SIP+D2U".utf8) + [0, 0xC0, 12]
        #expect(
            DNSMessageReader.read(Self.message([Self.record(35, data)]), .naptr)?.records == [
                .pointer(order: 5, preference: 6, flags: "s", service: "SIP+D2U", replacement: "_sip._udp.h")
            ]
        )
    }

    @Test("Nothing holds as long as the SOA says, five minutes at most, and a little where there is none")
    func nothing() {
        func lifetime(_ authorities: [UInt8]...) -> Span? {
            DNSMessageReader.read(Self.message([], authorities: authorities), .srv)?.lifetime
        }
        #expect(lifetime() == .seconds(5))
        #expect(lifetime(Self.record(6, Self.soa)) == .seconds(9))
        #expect(lifetime(Self.record(6, ttl: 4, Self.soa)) == .seconds(4))
        let long = Self.soa.dropLast(4) + [0x7F, 0, 0, 0]
        #expect(lifetime(Self.record(6, ttl: 90_000, Array(long))) == .seconds(300))
    }

    @Test("A time of nothing, of ages, or with its highest bit set does no harm", arguments: [0, 5, .max, 200_000])
    func times(_ ttl: UInt32) {
        let answer = DNSMessageReader.read(Self.message([Self.record(1, ttl: ttl, [1, 2, 3, 4])]), .ipv4)
        #expect(answer?.lifetime == .seconds([0: 1, 5: 5, .max: 1, 200_000: 86_400][ttl] ?? 0))
    }

    @Test("A name that points to itself, forward or in a ring is no name") func loops() {
        let place = UInt8(Self.message([]).count + 12 + 6)
        for target in [place, place + 1, place + 2, 0xFF] {
            let message = Self.message([Self.record(33, [0, 1, 0, 2, 0x13, 0xC4, 0xC0, target])])
            #expect(DNSMessageReader.read(message, .srv)?.records == [])
        }
        // The second name leads to the first, which leads back into the second.
        let ring: [UInt8] = [0, 1, 0, 2, 0x13, 0xC4, 1, 0x61, 0xC0, place]
        #expect(DNSMessageReader.read(Self.message([Self.record(33, ring)]), .srv)?.records == [])
    }

    @Test("Names with bytes of no host name, and data of a wrong length, are left out") func malformed() {
        for host in [[3, 0x61, 0, 0x62, 0], [1, 0x2E, 0], [2, 0x61, 0x0A, 0], [0x80, 1, 0], [63, 0x61, 0]] as [[UInt8]]
        {
            let message = Self.message([Self.record(33, [0, 1, 0, 2, 0x13, 0xC4] + host)])
            #expect(DNSMessageReader.read(message, .srv)?.records == [])
        }
        for length in [0, 3, 5, 16] {
            let message = Self.message([Self.record(1, [UInt8](repeating: 1, count: length))])
            #expect(DNSMessageReader.read(message, .ipv4)?.records == [])
        }
    }

    @Test("More records than anybody needs are not kept") func many() {
        let message = Self.message((0..<200).map { Self.record(1, [192, 0, 2, $0]) })
        #expect(DNSMessageReader.read(message, .ipv4)?.records.count == 32)
    }

    @Test("Any message, cut anywhere or with bytes changed, is read or refused, and never more") func hostile() {
        var random = Counter(state: 7)
        let whole = Self.message(
            [
                Self.record(33, [0, 1, 0, 2, 0x13, 0xC4, 3, 0x50, 0x62, 0x58, 0xC0, 22]),
                Self.record(35, [0, 5, 0, 6, 1, 0x73, 3, 0x61, 0x62, 0x63, 0, 0xC0, 12]),
                Self.record(1, [192, 0, 2, 1]), Self.record(28, [UInt8](repeating: 2, count: 16)),
            ],
            authorities: [Self.record(6, Self.soa)]
        )
        for kind in [DNSQuestion.Kind.naptr, .srv, .ipv4, .ipv6] {
            for count in 0..<whole.count { _ = DNSMessageReader.read(Array(whole.prefix(count)), kind) }
            for _ in 0..<20_000 {
                var message = whole
                for _ in 0..<Int.random(in: 1...4, using: &random) {
                    message[Int.random(in: 0..<message.count, using: &random)] = .random(in: 0...255, using: &random)
                }
                let answer = DNSMessageReader.read(message, kind)
                #expect(answer?.records.count ?? 0 <= 32)
            }
        }
    }

    /// The same numbers each time.
    private struct Counter: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            self.state = self.state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return self.state ^ self.state >> 29
        }
    }
}
