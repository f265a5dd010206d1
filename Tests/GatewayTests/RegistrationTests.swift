import Foundation
import Gateway
import Logging
import Testing

/// Two gateways on loopback: one registers at the other as a phone does.
@Suite struct RegistrationTests {
    /// A gateway that runs until it is told to stop.
    private final class Running: Sendable {
        let listeners: GatewayListeners
        private let signals: AsyncStream<GatewaySignal>.Continuation
        private let task: Task<Void, any Error>

        init(_ text: String) async throws {
            let configuration = try ConfigurationText.parse(
                """
                client: { listen: "127.0.0.1:0" }
                tokens: { secret: "${SECRET}" }
                admin: { listen: "127.0.0.1:0" }
                media: { mode: passthrough }
                timers: { drain: 0 }

                """ + text
            )
            let gateway = try await RunningGateway.start(
                configuration,
                cores: 1,
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            )
            let (stream, continuation) = AsyncStream.makeStream(of: GatewaySignal.self)
            self.listeners = gateway.listeners
            self.signals = continuation
            self.task = Task {
                try await gateway.run(signals: stream, load: { .success(configuration) }, exitAtOnce: {})
            }
        }

        func stop() async throws {
            self.signals.yield(.stop)
            try await self.task.value
        }

        /// Whether the gauge comes to that value within ten seconds.
        func hasRegistrations(_ count: Int) async throws -> Bool {
            for _ in 0..<200 {
                let metrics = try await HTTP.request("/metrics", at: self.listeners.admin).body
                if metrics.contains("\nswitchhook_registrations \(count)\n") { return true }
                try await Task.sleep(for: .milliseconds(50))
            }
            return false
        }
    }

    private static func registrar(_ transport: String, storage: String = ":memory:") async throws -> Running {
        try await Running(
            """
            sip: { listen: ["\(transport):127.0.0.1:0"] }
            phones: [{ extension: "2001", password: right }]
            storage: { path: "\(storage)" }
            """
        )
    }

    private static func client(
        of registrar: Running,
        _ transport: String,
        password: String = "right"
    ) async throws -> Running {
        let port = try #require(registrar.listeners.sip.first).address.port
        return try await Running(
            """
            sip: { listen: ["\(transport):127.0.0.1:0"] }
            trunks:
              - name: a
                uri: "sip:127.0.0.1:\(port);transport=\(transport)"
                username: "2001"
                password: "\(password)"
                register: true
            """
        )
    }

    @Test("A gateway registers at another by digest, and takes it back at its end", arguments: ["udp", "tcp"])
    func registers(_ transport: String) async throws {
        let registrar = try await Self.registrar(transport)
        let client = try await Self.client(of: registrar, transport)
        #expect(try await registrar.hasRegistrations(1))
        try await client.stop()
        #expect(try await registrar.hasRegistrations(0))
        try await registrar.stop()
    }

    @Test("A wrong password registers nothing")
    func wrongPassword() async throws {
        let registrar = try await Self.registrar("udp")
        let client = try await Self.client(of: registrar, "udp", password: "wrong")
        let metrics = try await HTTP.request("/metrics", at: client.listeners.admin).body
        #expect(metrics.contains("\nswitchhook_registrations 0\n"))
        // It has been refused once its transaction is there, or over.
        for _ in 0..<20 { #expect(try await registrar.hasRegistrations(0)) }
        try await client.stop()
        try await registrar.stop()
    }

    @Test("A restart keeps what was registered")
    func restart() async throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "switchhook-\(UUID()).sqlite").path
        defer { for end in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: file + end) } }
        let registrar = try await Self.registrar("udp", storage: file)
        let client = try await Self.client(of: registrar, "udp")
        #expect(try await registrar.hasRegistrations(1))
        try await registrar.stop()
        let again = try await Self.registrar("udp", storage: file)
        #expect(try await again.hasRegistrations(1))
        try await client.stop()
        try await again.stop()
    }
}
