import NIOPosix
import SIPCore
import SIPTransport
import Testing

@Suite("Start", .timeLimit(.minutes(1)))
struct StartTests {
    @Test("A taken address is named, and nothing stays open", arguments: [SIPTransportKind.udp, .tcp])
    func taken(_ transport: SIPTransportKind) async throws {
        let free = SIPTransport.Configuration.Listener(transport: transport, host: "127.0.0.1", port: 0)
        try await withStation(free) { station in
            var other = free
            other.port = station.listeners[0].address.port
            let configuration = SIPTransport.Configuration(listeners: [other])
            let error = await #expect(throws: SIPTransportError.self) {
                let transport = SIPTransport(
                    configuration: configuration,
                    group: MultiThreadedEventLoopGroup.singleton
                ) { _ in }
                _ = try await transport.start()
            }
            #expect(error?.code == .bindFailed)
            #expect(error?.description == "cannot listen on \(other): Address already in use")
        }
    }

    @Test("A listener that can't be is named")
    func impossible() async throws {
        let cases: [(SIPTransport.Configuration.Listener, SIPTransportError.Code, String)] = [
            (
                .init(transport: .udp, host: "example.org", port: 5060), .invalidAddress,
                "cannot listen on udp:example.org:5060: the host is not an IP address"
            ),
            (
                .init(transport: .tls, host: "::1", port: 5061), .badCertificate,
                "cannot listen on tls:[::1]:5061: it needs a certificate and its key"
            ),
            (
                .init(transport: .other("ws"), host: "::1", port: 5061), .unsupportedTransport,
                "cannot listen on ws:[::1]:5061: only udp, tcp and tls are supported"
            ),
            (
                .init(transport: .udp, host: "192.0.2.1", port: 5060), .bindFailed,
                "cannot listen on udp:192.0.2.1:5060: Cannot assign requested address"
            ),
        ]
        for (listener, code, description) in cases {
            let transport = SIPTransport(
                configuration: .init(listeners: [listener]),
                group: MultiThreadedEventLoopGroup.singleton
            ) { _ in }
            let error = await #expect(throws: SIPTransportError.self) { _ = try await transport.start() }
            #expect(error?.code == code)
            #expect(error?.description == description)
        }
    }

    @Test("IPv4 and IPv6 share a port, each with a socket of its own") func bothFamilies() async throws {
        try await withStation(.udp, .tcp) { station in
            let ports = station.listeners.map { $0.address.port }
            try await withStation(
                .init(transport: .udp, host: "::", port: ports[0]),
                .init(transport: .tcp, host: "::", port: ports[1])
            ) { other in
                #expect(other.listeners.map { $0.address.port } == ports)
            }
        }
    }
}
