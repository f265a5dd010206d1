import NIOCore
import SIPCore
import SIPTransport
import TestSupport
import Testing

@Suite("Host names", .timeLimit(.minutes(1)))
struct ResolverTests {
    @Test("localhost is found, over UDP and TCP", arguments: [1, 2]) func localhost(threads: Int) async throws {
        try await withStation(.udp, .tcp, threads: threads) { station in
            try await withStation(.udp, .tcp, threads: threads) { sender in
                for (index, callID) in ["1", "2"].enumerated() {
                    var target = station.target(index)
                    target.host = "LocalHost"
                    sender.send(Sample.request(callID), to: .target(target, preferring: nil), as: "t")
                    let (message, _) = try await station.message()
                    #expect(message == Sample.request(callID))
                }
            }
        }
    }

    @Test("A name without address is unresolved", arguments: [SIPTransportKind.udp, .tcp])
    func unresolved(_ transport: SIPTransportKind) async throws {
        try await withStation(.udp, .tcp) { station in
            for host in ["nosuch.invalid", "", "no such", "127.1", "1.2.3.4.5", "a\0b", "[::1]", "::1%lo"] {
                let target = SIPTarget(transport: transport, host: host, port: 5060)
                station.send(Sample.request("no"), to: .target(target, preferring: nil), as: "t")
                let inbound = try await station.inbox.next()
                #expect(inbound == Station.failed("t", .unresolved), "\(host)")
            }
        }
    }

    @Test("A name with addresses of other families only is unresolved", arguments: [SIPTransportKind.udp, .tcp])
    func otherFamily(_ transport: SIPTransportKind) async throws {
        let zone = [DNSQuestion(.ipv6, "six.example"): [DNSRecord.address("::1")]]
        try await withStation(.udp, .tcp, names: ScriptedNames.source(zone)) { station in
            let target = SIPTarget(transport: transport, host: "six.example", port: 5060)
            station.send(Sample.request("no"), to: .target(target, preferring: nil), as: "t")
            let inbound = try await station.inbox.next()
            #expect(inbound == Station.failed("t", .unresolved))
        }
    }

    @Test("One question is asked for all who ask at once, and its answer is kept") func coalesced() async throws {
        let question = DNSQuestion(.ipv4, "peer.example")
        let asked = Inbox<DNSQuestion>()
        let names = ScriptedNames.source([question: [.address("127.0.0.1")]], asked: asked)
        try await withStation(.udp, names: names) { station in
            let peer = try await RawDatagrams()
            let target = SIPTarget(transport: .udp, host: "peer.example", port: peer.address.port)
            let outbound = Station.outbound(Sample.request("x"), to: .target(target, preferring: nil))
            station.transport.send(Array(repeating: outbound, count: 20))
            _ = try await peer.inbox.next(20)
            station.transport.send([outbound])
            _ = try await peer.inbox.next()
            let end = DNSQuestion(.naptr, "end")
            asked.put(end)
            #expect(try await asked.next(2) == [question, end])
            try await peer.close()
        }
    }

    @Test("A name without a port has the servers that SRV tells, each with its own port") func servers() async throws {
        let peer = try await RawDatagrams()
        let zone: [DNSQuestion: [DNSRecord]] = [
            DNSQuestion(.srv, "_sip._udp.peer.example"): [
                .service(priority: 1, weight: 0, port: peer.address.port, host: "a.peer.example")
            ],
            DNSQuestion(.ipv4, "a.peer.example."): [.address("127.0.0.1")],
        ]
        try await withStation(.udp, names: ScriptedNames.source(zone)) { station in
            let target = try #require(SIPURI("sip:peer.example")?.target)
            station.send(Sample.request("x"), to: .target(target, preferring: nil), as: "t")
            _ = try await peer.inbox.next()
            let found = Inbox<[SIPTarget]>()
            station.transport.locate(target) { found.put($0) }
            let server = SIPTarget(transport: .udp, host: "127.0.0.1", port: peer.address.port)
            #expect(try await found.next() == [server])
            station.transport.locate(server) { found.put($0) }
            #expect(try await found.next() == [server])
        }
        try await peer.close()
    }

    @Test("Whoever is asked when the transport has shut down finds nothing") func shutDown() async throws {
        let found = Inbox<[SIPTarget]>()
        try await withStation(.udp, names: ScriptedNames.source([:])) { station in
            await station.transport.shutdown()
            station.transport.locate(SIPTarget(transport: .udp, host: "h.example", port: 5060)) { found.put($0) }
            let answer = try await found.next()
            #expect(answer == [])
        }
    }

    @Test("The next address of a name is tried where the first refuses") func nextAddress() async throws {
        let peer = try await RawListener("127.0.0.1")
        let addresses: [DNSRecord] = [.address("127.0.0.2"), .address("127.0.0.1")]
        let zone = [
            DNSQuestion(.ipv4, "peer.example"): addresses, DNSQuestion(.ipv4, "alias.example"): addresses,
        ]
        try await withStation(.tcp, names: ScriptedNames.source(zone)) { station in
            let target = SIPTarget(transport: .tcp, host: "peer.example", port: peer.address.port)
            station.send(Sample.request("1", via: .tcp), to: .target(target, preferring: nil), as: "t")
            let stream = try await peer.accepted.next()
            #expect(try await stream.head() == Sample.request("1", via: .tcp).text)
            // By its address and by another name it is the same peer.
            station.send(Sample.request("2", via: .tcp), to: .target(peer.target, preferring: nil), as: "t")
            #expect(try await stream.head() == Sample.request("2", via: .tcp).text)
            let alias = SIPTarget(transport: .tcp, host: "alias.example", port: peer.address.port)
            station.send(Sample.request("3", via: .tcp), to: .target(alias, preferring: nil), as: "t")
            #expect(try await stream.head() == Sample.request("3", via: .tcp).text)
            #expect(station.transport.counts.connections == 1)
        }
        try await peer.close()
    }
}
