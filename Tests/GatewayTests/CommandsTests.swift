import Gateway
import Testing

@Suite struct CommandsTests {
    @Test("Check prints the effective configuration, and warnings beside it") func check() async throws {
        let text = "tokens: { secret: twelve-bytes }\nmedia: { mode: passthrough }"
        try await TemporaryFile.with(text) { file in
            let output = await Commands.check(file: file)
            #expect(output.output.hasPrefix("client:\n  listen: \"127.0.0.1:8080\"\n"))
            #expect(
                output.errors == "warning: \(file):1: tokens.secret: the secret has 12 bytes;"
                    + " HS256 asks for 32 or more (RFC 7518 §3.2)\n"
            )
            #expect(output.exitCode == .success)
        }
    }

    @Test("Check prints every fault and nothing else") func checkFaults() async throws {
        try await TemporaryFile.with("tokens: { secret: 0123456789 }\nmedia: { mode: none }\nx: 1") { file in
            #expect(
                await Commands.check(file: file)
                    == CommandOutput(
                        errors: """
                            \(file):2: media.mode: "none" is not one of relay, rtpengine, passthrough
                            \(file):3: x: unknown key

                            """,
                        exitCode: .configuration
                    )
            )
        }
    }

    @Test("Check finds a certificate that is none") func checkCertificate() async throws {
        let text = ConfigurationText.least + "\nclient: { tls: { certificate: /dev/null, key: /dev/null } }"
        try await TemporaryFile.with(text) { file in
            let output = await Commands.check(file: file)
            #expect(output.output.isEmpty)
            #expect(output.errors.hasPrefix("\(file): client.tls: "))
            #expect(output.exitCode == .configuration)
        }
    }

    @Test("A token is one line") func token() async throws {
        try await TemporaryFile.with(ConfigurationText.least) { file in
            let output = await Commands.token(
                file: file,
                user: "7",
                username: nil,
                lifetime: "1h",
                asString: false
            )
            #expect(output.output.split(separator: ".").count == 3)
            #expect(output.output.hasSuffix("\n"))
            #expect(output == CommandOutput(output: output.output))
        }
    }

    @Test("A lifetime that is none is refused", arguments: ["0", "1 hour", "-1h", "500ms"])
    func lifetime(_ text: String) async {
        #expect(
            await Commands.token(file: "", user: "7", username: nil, lifetime: text, asString: false)
                == CommandOutput(
                    errors: "switchhook: --ttl \(text) is not a length of time; write 90s, 1h or 30d\n",
                    exitCode: .failure
                )
        )
    }

    @Test("A gateway with a faulty configuration does not start") func serveFaults() async {
        let output = await Commands.serve(file: "/nowhere.yaml") { _ in Issue.record("nothing is ready") }
        #expect(
            output == CommandOutput(errors: "/nowhere.yaml: the file can't be read\n", exitCode: .configuration)
        )
    }
}
