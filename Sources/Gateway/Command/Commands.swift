/// What the subcommands that don't serve do, without printing or exiting.
package enum Commands {
    /// `switchhook check`: the effective configuration with warnings, or every fault.
    package static func check(file: String) async -> CommandOutput {
        let loaded: GatewayConfiguration.Loaded
        do throws(ConfigurationFaults) {
            loaded = try GatewayConfiguration.load(file: file)
        } catch {
            return CommandOutput(error)
        }
        do throws(GatewayError) {
            try await RunningGateway.checkKeys(of: loaded.configuration)
        } catch {
            return CommandOutput(errors: "\(file): \(error)\n", exitCode: .configuration)
        }
        return CommandOutput(output: loaded.configuration.effectiveText, errors: Self.warnings(loaded.warnings))
    }

    /// `switchhook token`: a token for development.
    ///
    /// `lifetime` is as the configuration writes lengths of time, from `1s`; with `asString` a user id that looks like a
    /// number stays a string.
    package static func token(
        file: String,
        user: String,
        username: String?,
        lifetime: String,
        asString: Bool
    ) async -> CommandOutput {
        guard let duration = DurationText.parse(lifetime), duration >= .seconds(1) else {
            return CommandOutput(
                GatewayError(.notAllowed, "--ttl \(lifetime) is not a length of time; write 90s, 1h or 30d")
            )
        }
        guard !user.isEmpty else { return CommandOutput(GatewayError(.notAllowed, "--user must not be empty")) }
        let configuration: GatewayConfiguration
        do throws(ConfigurationFaults) {
            configuration = try GatewayConfiguration.load(file: file).configuration
        } catch {
            return CommandOutput(error)
        }
        do throws(GatewayError) {
            let token = try await TokenMint.mint(
                configuration.tokens,
                user: user,
                asString: asString,
                username: username,
                lifetime: duration
            )
            return CommandOutput(output: token + "\n")
        } catch {
            return CommandOutput(error)
        }
    }

    /// `switchhook calls`: the live calls, one a line.
    package static func calls(file: String) async -> CommandOutput {
        await self.lines(file: file) { admin async throws(GatewayError) in try await admin.calls().map(\.line) }
    }

    /// `switchhook trunks`: the trunks, one a line.
    package static func trunks(file: String) async -> CommandOutput {
        await self.lines(file: file) { admin async throws(GatewayError) in try await admin.trunks().map(\.line) }
    }

    /// What a running gateway tells, a line each.
    private static func lines(
        file: String,
        _ ask: (AdminClient) async throws(GatewayError) -> [String]
    ) async -> CommandOutput {
        let configuration: GatewayConfiguration
        do throws(ConfigurationFaults) {
            configuration = try GatewayConfiguration.load(file: file).configuration
        } catch {
            return CommandOutput(error)
        }
        do throws(GatewayError) {
            let lines = try await ask(AdminClient(configuration.admin))
            return CommandOutput(output: lines.map { $0 + "\n" }.joined())
        } catch {
            return CommandOutput(error)
        }
    }

    /// Warnings as lines of text.
    static func warnings(_ warnings: [ConfigurationFault]) -> String {
        warnings.map { "warning: \($0)\n" }.joined()
    }
}
