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

    @Test("A name with addresses of other families only is unsupported", arguments: [SIPTransportKind.udp, .tcp])
    func otherFamily(_ transport: SIPTransportKind) async throws {
        let lookup = try Self.lookup(["::1"])
        try await withStation(.udp, .tcp, lookup: lookup) { station in
            let target = SIPTarget(transport: transport, host: "six.example", port: 5060)
            station.send(Sample.request("no"), to: .target(target, preferring: nil), as: "t")
            let inbound = try await station.inbox.next()
            #expect(inbound == Station.failed("t", .unsupported))
        }
    }

    @Test("One question is asked for all who ask at once, and its answer is kept") func coalesced() async throws {
        let address = try SocketAddress(ipAddress: "127.0.0.1", port: 0)
        let asked = Inbox<String>()
        let lookup = HostLookup { host in
            asked.put(host)
            return [address]
        }
        try await withStation(.udp, lookup: lookup) { station in
            let peer = try await RawDatagrams()
            let target = SIPTarget(transport: .udp, host: "peer.example", port: peer.address.port)
            let outbound = Station.outbound(Sample.request("x"), to: .target(target, preferring: nil))
            station.transport.send(Array(repeating: outbound, count: 20))
            _ = try await peer.inbox.next(20)
            station.transport.send([outbound])
            _ = try await peer.inbox.next()
            asked.put("end")
            #expect(try await asked.next(2) == ["peer.example", "end"])
            try await peer.close()
        }
    }

    @Test("The next address of a name is tried where the first refuses") func nextAddress() async throws {
        let peer = try await RawListener("127.0.0.1")
        let lookup = try Self.lookup(["127.0.0.2", "127.0.0.1"])
        try await withStation(.tcp, lookup: lookup) { station in
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

    private static func lookup(_ hosts: [String]) throws -> HostLookup {
        let addresses = try hosts.map { try SocketAddress(ipAddress: $0, port: 0) }
        return HostLookup { _ in addresses }
    }
}
