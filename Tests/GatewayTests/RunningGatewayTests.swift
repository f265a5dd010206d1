import Foundation
import Gateway
import Logging
import Synchronization
import Testing

@Suite struct RunningGatewayTests {
    private static let text = """
        client: { listen: "127.0.0.1:0" }
        tokens: { secret: "${SECRET}" }
        admin: { listen: "127.0.0.1:0" }
        sip: { listen: ["udp:127.0.0.1:0", "tcp:127.0.0.1:0"] }
        media: { mode: passthrough }
        timers: { drain: 0 }
        """

    /// A logger that keeps what is logged at `warning` and above, each with its metadata.
    private final class Log: Sendable {
        private let kept = Mutex<[String]>([])

        var lines: [String] { self.kept.withLock { $0 } }

        var logger: Logger {
            Logger(label: "test") { _ in
                JSONLogHandler(label: "test") { line in
                    if !line.contains("\"info\""), !line.contains("\"notice\"") {
                        self.kept.withLock { $0.append(line) }
                    }
                }
            }
        }
    }

    @Test("A gateway says where it listens, answers there, and stops on a signal") func life() async throws {
        let log = Log()
        let gateway = try await RunningGateway.start(
            try ConfigurationText.parse(Self.text),
            cores: 1,
            logger: log.logger
        )
        let listeners = gateway.listeners
        #expect(listeners.client.port != 0)
        #expect(listeners.admin.port != 0)
        #expect(listeners.sip.map(\.transport) == [.udp, .tcp])
        #expect(listeners.sip.allSatisfy { $0.address.port != 0 })
        #expect(
            listeners.description
                == "ready client=ws://\(listeners.client)/ws/call/ sip=\(listeners.sip[0]),\(listeners.sip[1])"
                + " admin=http://\(listeners.admin)"
        )

        let (signals, continuation) = AsyncStream.makeStream(of: GatewaySignal.self)
        let configuration = try ConfigurationText.parse(Self.text)
        async let stopped: Void = gateway.run(
            signals: signals,
            load: { .success(configuration) },
            exitAtOnce: { Issue.record("one signal only") }
        )
        #expect(try await HTTP.request("/readyz", at: listeners.admin).status == 200)
        #expect(try await HTTP.request("/api/v1/calls", at: listeners.admin).body == "{\"calls\":[]}\n")
        let metrics = try await HTTP.request("/metrics", at: listeners.admin).body
        for gauge in ["calls_active", "client_connections", "sip_transactions", "sip_dialogs", "registrations"] {
            #expect(metrics.contains("\nswitchhook_\(gauge) 0\n"))
        }
        #expect(try await HTTP.request("/ws/call/?token=x", at: listeners.client).status >= 400)
        continuation.yield(.stop)
        try await stopped
        #expect(log.lines == [])
        await #expect(throws: (any Error).self) { try await HTTP.request("/healthz", at: listeners.admin) }
    }

    @Test("A faulty configuration changes nothing and says why; a good one names what needs a restart")
    func reload() async throws {
        let log = Log()
        let gateway = try await RunningGateway.start(
            try ConfigurationText.parse(Self.text),
            cores: 1,
            logger: log.logger
        )
        let loads = Mutex<[Result<GatewayConfiguration, ConfigurationFaults>]>([
            .failure(ConfigurationFaults([ConfigurationFault(file: "g.yaml", line: 3, path: "a.b", text: "wrong")])),
            .success(
                try ConfigurationText.parse(
                    Self.text.replacingOccurrences(of: "\"udp:127.0.0.1:0\", ", with: "")
                        .replacingOccurrences(of: "passthrough", with: "passthrough, transcode: true")
                        + "\nlimits: { message_bytes: 2048, calls: 7 }"
                )
            ),
        ])
        let (signals, continuation) = AsyncStream.makeStream(of: GatewaySignal.self)
        for signal in [GatewaySignal.reload, .reload, .stop] { continuation.yield(signal) }
        try await gateway.run(
            signals: signals,
            load: { loads.withLock { $0.removeFirst() } },
            exitAtOnce: { Issue.record("one signal only") }
        )
        try #require(log.lines.count == 2)
        #expect(log.lines[0].contains("nothing was changed"))
        #expect(log.lines[0].contains("g.yaml:3: a.b: wrong"))
        #expect(log.lines[1].contains("\"keys\":\"sip.listen, media.transcode, limits.message_bytes\""))
    }

    @Test("A configuration that is read again keeps the media that its engine was started with")
    func mediaStays() throws {
        let trunks = "\ntrunks: [{ name: a, uri: \"sip:h\", media: { mode: relay } }, { name: b, uri: \"sip:i\" }]"
        let passing = try ConfigurationText.parse(ConfigurationText.least)
        let relaying = try ConfigurationText.parse(ConfigurationText.least + trunks)
        // No engine runs: the new trunks' calls pass through until the restart.
        #expect(relaying.onEngine(of: passing).trunks.map(\.mediaMode) == [nil, nil])
        #expect(relaying.onEngine(of: passing).trunks.map(\.name) == ["a", "b"])
        // An engine of that kind runs: a trunk may come to it, or leave it.
        var other = relaying
        other.trunks[0].mediaMode = .passthrough
        other.trunks[1].mediaMode = .relay
        #expect(other.onEngine(of: relaying) == other)
        // Another one runs.
        other.trunks[0].mediaMode = .rtpengine
        other.trunks[1].mediaMode = nil
        #expect(other.onEngine(of: relaying) == relaying)
    }

    @Test("A listener that can't be bound is one clear line, and leaves nothing open", arguments: ["sip", "client"])
    func taken(_ side: String) async throws {
        let logger = Log().logger
        let first = try await RunningGateway.start(try ConfigurationText.parse(Self.text), cores: 1, logger: logger)
        var configuration = try ConfigurationText.parse(Self.text)
        let expected: String
        if side == "sip" {
            configuration.sip.listen[1] = first.listeners.sip[1]
            expected = "sip.listen: cannot listen on \(first.listeners.sip[1]): Address already in use"
        } else {
            configuration.client.listen = first.listeners.client
            expected = "client.listen: cannot listen on \(first.listeners.client): Address already in use"
        }
        await #expect(throws: GatewayError(.bindFailed, expected)) {
            _ = try await RunningGateway.start(configuration, cores: 1, logger: logger)
        }
        let (signals, continuation) = AsyncStream.makeStream(of: GatewaySignal.self)
        continuation.yield(.stop)
        try await first.run(
            signals: signals,
            load: { [configuration] in .success(configuration) },
            exitAtOnce: { Issue.record("one signal only") }
        )
    }
}
