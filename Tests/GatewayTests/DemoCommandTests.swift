import Gateway
import Testing

@Suite(.timeLimit(.minutes(1))) struct DemoCommandTests {
    private static let anyPorts = DemoOptions(clientPort: 0, sipPort: 0, adminPort: 0)

    /// No signal ever.
    private static var none: AsyncStream<GatewaySignal> { AsyncStream { $0.finish() } }

    /// Runs a demo, and gives what it says to `body`, until that has come to its end.
    private static func withDemo(
        _ options: DemoOptions = Self.anyPorts,
        _ body: @escaping @Sendable (String) async throws -> Void
    ) async throws -> CommandOutput {
        let (signals, stop) = AsyncStream.makeStream(of: GatewaySignal.self)
        let (announced, says) = AsyncStream.makeStream(of: String.self)
        async let output = Commands.demo(options, signals: signals) { text in
            says.yield(text)
            says.finish()
        }
        for await text in announced {
            do {
                try await body(text)
            } catch {
                stop.yield(.stop)
                _ = await output
                throw error
            }
        }
        stop.yield(.stop)
        return await output
    }

    /// What stands behind `key` in the line that says what is ready.
    private static func address(_ key: String, in text: String) throws -> HostPort {
        let rest = try #require(text.split(separator: key).dropFirst().first)
        return try #require(HostPort(text: String(rest.prefix { $0 != "/" && $0 != "\n" && $0 != "," })))
    }

    @Test("A demo says where it listens, gives each user a link, and names what to dial") func greeting() async throws {
        let output = try await Self.withDemo { text in
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
            #expect(lines[0].hasPrefix("ready client=ws://127.0.0.1:"))
            let client = try Self.address("client=ws://", in: text)
            for name in ["Alice", "Bob"] {
                let line = try #require(lines.first { $0.hasPrefix("  \(name)") })
                #expect(line.contains(" http://\(client)/?token=ey"))
                #expect(line.split(separator: ".").count == 6)
            }
            for number in ["600", "601", "602", "603", "alice", "bob"] {
                #expect(lines.contains { $0.hasPrefix("  \(number) ") })
            }
            let admin = try Self.address("admin=http://", in: text)
            #expect(try await HTTP.request("/readyz", at: admin).status == 200)
        }
        #expect(output == CommandOutput())
    }

    @Test("A taken port is named with the option that chooses another") func taken() async throws {
        _ = try await Self.withDemo { text in
            let client = try Self.address("client=ws://", in: text)
            let output = await Commands.demo(
                DemoOptions(clientPort: client.port, sipPort: 0, adminPort: 0),
                signals: Self.none
            ) { _ in
                Issue.record("nothing is ready")
            }
            #expect(
                output
                    == CommandOutput(
                        errors: "switchhook: client.listen: cannot listen on \(client): Address already in use;"
                            + " choose another port with --client-port PORT\n",
                        exitCode: .failure
                    )
            )
            let sip = try Self.address("sip=udp:", in: text)
            let other = await Commands.demo(
                DemoOptions(clientPort: 0, sipPort: sip.port, adminPort: 0),
                signals: Self.none
            ) { _ in
                Issue.record("nothing is ready")
            }
            #expect(other.errors.hasSuffix("; choose another port with --sip-port PORT\n"))
        }
    }

    @Test("Two listeners on one port are a fault of the options") func samePort() async {
        let output = await Commands.demo(
            DemoOptions(clientPort: 4_000, sipPort: 0, adminPort: 4_000),
            signals: Self.none
        ) { _ in
            Issue.record("nothing is ready")
        }
        #expect(
            output
                == CommandOutput(
                    errors: "switchhook: --client-port 4000, --sip-port 0 and --admin-port 4000 must be three different"
                        + " ports\n",
                    exitCode: .failure
                )
        )
    }
}
