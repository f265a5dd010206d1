import SIPCore
import SIPTransport
import TestSupport
import Testing

@Suite("STUN keepalives (RFC 5626 §3.5.2)", .timeLimit(.minutes(1)))
struct STUNKeepaliveTests {
    /// The transaction of RFC 5769's samples.
    private static let transaction: [UInt8] = [
        0xB7, 0xE7, 0xA7, 0x01, 0xBC, 0x34, 0xD6, 0x86, 0xFA, 0x87, 0xDF, 0xAE,
    ]
    private static let cookie: [UInt8] = [0x21, 0x12, 0xA4, 0x42]
    private static let request: [UInt8] = [0, 1, 0, 0] + cookie + transaction

    @Test("RFC 5769 §2.2: the response tells the IPv4 address that the request came from")
    func mappedIPv4() {
        let response = STUNKeepalive.response(to: Self.request, from: SIPAddress(host: "192.0.2.1", port: 32_853))
        let attribute: [UInt8] = [0, 0x20, 0, 8, 0, 1, 0xA1, 0x47, 0xE1, 0x12, 0xA6, 0x43]
        #expect(response == [1, 1, 0, 12] + Self.cookie + Self.transaction + attribute)
    }

    @Test("RFC 5769 §2.3: and an IPv6 address")
    func mappedIPv6() {
        let source = SIPAddress(host: "2001:db8:1234:5678:11:2233:4455:6677", port: 32_853)
        let attribute: [UInt8] = [
            0, 0x20, 0, 20, 0, 2, 0xA1, 0x47, 0x01, 0x13, 0xA9, 0xFA, 0xA5, 0xD3, 0xF1, 0x79, 0xBC, 0x25, 0xF4, 0xB5,
            0xBE, 0xD2, 0xB9, 0xD9,
        ]
        #expect(
            STUNKeepalive.response(to: Self.request, from: source)
                == [1, 1, 0, 24] + Self.cookie + Self.transaction + attribute
        )
    }

    @Test("Attributes of the request are passed over; whatever is no Binding request gets no answer")
    func others() {
        let source = SIPAddress(host: "192.0.2.1", port: 1)
        let software: [UInt8] = [0x80, 0x22, 0, 4, 0x74, 0x65, 0x73, 0x74]
        var long = Self.request + software
        #expect(STUNKeepalive.response(to: long, from: source) == nil)
        long[3] = 8
        #expect(STUNKeepalive.response(to: long, from: source)?.count == 32)
        for length in 0..<20 { #expect(STUNKeepalive.response(to: Self.request.prefix(length), from: source) == nil) }
        for index in [0, 1, 2, 3, 4, 7] {
            var other = Self.request
            other[index] ^= 2
            #expect(STUNKeepalive.response(to: other, from: source) == nil)
        }
        #expect(STUNKeepalive.response(to: Self.request, from: SIPAddress(host: "a.example", port: 1)) == nil)
        // A response, as ours would be if it came back: no answer to it, or two of us would go on for ever.
        #expect(STUNKeepalive.response(to: [1, 1] + Self.request.dropFirst(2), from: source) == nil)
    }

    @Test("The socket of SIP answers them, and goes on with SIP")
    func socket() async throws {
        try await withStation(.udp) { station in
            let peer = try await RawDatagrams()
            try await peer.send(Self.request, to: station.listeners[0])
            let answer = try await peer.inbox.next()
            #expect(answer.source == station.listeners[0].address)
            #expect(answer.text.utf8.starts(with: [1, 1, 0, 12, 0x21, 0x12]))
            try await peer.send(Sample.request("in").text, to: station.listeners[0])
            #expect(try await station.message().0 == Sample.request("in"))
            try await peer.close()
        }
    }
}
