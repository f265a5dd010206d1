import NIOCore
import SIPCore
import SIPTransport
import TestSupport
import Testing

@Suite("UDP", .timeLimit(.minutes(1)))
struct DatagramTests {
    @Test("A datagram comes in with its source address and the listener's number", arguments: [0, 1], [1, 2])
    func messageIn(family: Int, threads: Int) async throws {
        try await withStation(.udp, .udp6, threads: threads) { station in
            let peer = try await RawDatagrams(station.listeners[family].address.host)
            try await peer.send(Sample.request("in").text, to: station.listeners[family])
            let flow = SIPFlow(transport: .udp, remote: peer.address, listener: UInt16(family))
            #expect(try await station.inbox.next() == .message(Sample.request("in"), flow))
            #expect(station.transport.counts == SIPTransport.Counts(received: 1))
            try await peer.close()
        }
    }

    @Test("A request goes out by the listener of the target's family", arguments: [0, 1], [1, 2])
    func requestOut(family: Int, threads: Int) async throws {
        try await withStation(.udp, .udp6, threads: threads) { station in
            let peer = try await RawDatagrams(station.listeners[family].address.host)
            let target = SIPTarget(transport: .udp, host: peer.address.host, port: peer.address.port)
            station.send(Sample.request("out"), to: .target(target, preferring: nil), as: "t")
            let expected = RawDatagrams.Datagram(
                text: Sample.request("out").text,
                source: station.listeners[family].address
            )
            #expect(try await peer.inbox.next() == expected)
            try await peer.close()
        }
    }

    @Test("A response and a later request go back to where the datagram came from", arguments: [1, 2])
    func backOverFlow(threads: Int) async throws {
        try await withStation(.udp, .udp, threads: threads) { station in
            let peer = try await RawDatagrams()
            try await peer.send(Sample.request("in").text, to: station.listeners[1])
            let (_, flow) = try await station.message()
            let elsewhere = SIPTarget(transport: .udp, host: "192.0.2.1", port: 5060)
            station.send(Sample.response("in"), to: .flow(flow, fallback: elsewhere))
            station.send(Sample.request("back"), to: .target(elsewhere, preferring: flow))
            let source = station.listeners[1].address
            #expect(
                try await peer.inbox.next(2) == [
                    .init(text: Sample.response("in").text, source: source),
                    .init(text: Sample.request("back").text, source: source),
                ]
            )
            try await peer.close()
        }
    }

    @Test("A burst comes in whole and in order") func burst() async throws {
        try await withStation(.udp) { station in
            try await withStation(.udp) { sender in
                let target = station.target()
                sender.transport.send(
                    (0..<200).map { Station.outbound(Sample.request("\($0)"), to: .target(target, preferring: nil)) }
                )
                let flow = SIPFlow(transport: .udp, remote: sender.listeners[0].address, listener: 0)
                let expected = (0..<200).map { SIPInbound.message(Sample.request("\($0)"), flow) }
                let inbound = try await station.inbox.next(200)
                #expect(inbound == expected)
            }
        }
    }

    @Test(
        "Garbage and keepalives change nothing and get no answer",
        arguments: [
            "", "\r\n", "\r\n\r\n", "\0\0\0\0", "\u{1}\0\0\0!\u{12}", "hello", "INVITE", "SIP/2.0 200 OK\r\n\r\n",
            "OPTIONS sip:a SIP/2.0\r\n\r\n", "OPTIONS sip:a SIP/2.0\r\nVia: nonsense\r\n\r\n", "\u{7F}\u{FFFD}\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        ]
    )
    func garbage(_ text: String) async throws {
        try await withStation(.udp) { station in
            let peer = try await RawDatagrams()
            try await peer.send(text, to: station.listeners[0])
            try await peer.send(Sample.request("good").text, to: station.listeners[0])
            let (message, flow) = try await station.message()
            #expect(message == Sample.request("good"))
            station.send(Sample.response("good"), to: .flow(flow, fallback: station.target()))
            #expect(try await peer.inbox.next().text == Sample.response("good").text)
            try await peer.close()
        }
    }

    @Test("A request that can be answered, but not understood, gets 400 at its source") func badRequest() async throws {
        try await withStation(.udp) { station in
            let peer = try await RawDatagrams()
            try await peer.send(Sample.malformed, to: station.listeners[0])
            let answer = try await peer.inbox.next()
            #expect(answer.text.hasPrefix("SIP/2.0 400 "))
            #expect(
                answer.text.contains(
                    "branch=z9hG4bK-bad;received=127.0.0.1;rport=\(peer.address.port)\r\n"
                )
            )
            #expect(answer.source == station.listeners[0].address)
            #expect(station.transport.counts.malformed == 1)
            try await peer.close()
        }
    }

    @Test("A message longer than the limit is dropped") func oversized() async throws {
        try await withStation(.udp, tuning: .set(\.maximumMessageSize, 1000)) { station in
            let peer = try await RawDatagrams()
            let long = Sample.request("long").text.replacing(
                "Max-Forwards",
                with: "Subject: \(String(repeating: "x", count: 1000))\r\nMax-Forwards"
            )
            try await peer.send(long, to: station.listeners[0])
            try await peer.send(Sample.request("short").text, to: station.listeners[0])
            #expect(try await station.message().0 == Sample.request("short"))
            #expect(station.transport.counts.malformed == 1)
            try await peer.close()
        }
    }

    @Test(
        "A target that the system refuses fails its request and leaves the listener alone",
        arguments: [
            SIPTarget(transport: .udp, host: "255.255.255.255", port: 5060),
            SIPTarget(transport: .udp, host: "127.0.0.1", port: 0),
        ]
    )
    func refusedTarget(_ target: SIPTarget) async throws {
        try await withStation(.udp) { station in
            station.send(Sample.request("no"), to: .target(target, preferring: nil), as: "t")
            #expect(try await station.inbox.next() == Station.failed("t", .refused))
            try await Self.expectAlive(station)
        }
    }

    @Test("A datagram to a dead port leaves the listener alone") func deadPort() async throws {
        try await withStation(.udp) { station in
            let peer = try await RawDatagrams()
            let target = SIPTarget(transport: .udp, host: peer.address.host, port: peer.address.port)
            try await peer.close()
            for _ in 0..<3 { station.send(Sample.request("dead"), to: .target(target, preferring: nil), as: "t") }
            try await Self.expectAlive(station)
        }
    }

    @Test("Without a socket of that transport and family a request is unsupported")
    func unsupported() async throws {
        try await withStation(.udp) { station in
            let targets = [
                SIPTarget(transport: .udp, host: "::1", port: 5060),
                SIPTarget(transport: .tcp, host: "127.0.0.1", port: 5060),
                SIPTarget(transport: .tls, host: "127.0.0.1", port: 5061),
                SIPTarget(transport: .other("SCTP"), host: "127.0.0.1", port: 5060),
            ]
            for target in targets {
                station.send(Sample.request("no"), to: .target(target, preferring: nil), as: "t")
                let inbound = try await station.inbox.next()
                #expect(inbound == Station.failed("t", .unsupported))
            }
        }
    }

    /// Has a message through, in and out.
    private static func expectAlive(_ station: Station) async throws {
        let peer = try await RawDatagrams()
        try await peer.send(Sample.request("alive").text, to: station.listeners[0])
        let (message, flow) = try await station.message()
        #expect(message == Sample.request("alive"))
        station.send(Sample.response("alive"), to: .flow(flow, fallback: station.target()))
        #expect(try await peer.inbox.next().text == Sample.response("alive").text)
        try await peer.close()
    }
}
