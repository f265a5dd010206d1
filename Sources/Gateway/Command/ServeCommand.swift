internal import Foundation
internal import Logging

extension Commands {
    /// `switchhook serve`: runs a gateway until it is told to stop.
    ///
    /// - Parameters:
    ///   - file: The configuration file.
    ///   - announce: Takes the line that says what was bound.
    /// - Returns: What is left to print once it has stopped, or could not start.
    package static func serve(
        file: String,
        announce: @escaping @Sendable (String) -> Void
    ) async -> CommandOutput {
        let loaded: GatewayConfiguration.Loaded
        do throws(ConfigurationFaults) {
            loaded = try GatewayConfiguration.load(file: file)
        } catch {
            return CommandOutput(error)
        }
        let logger = loaded.configuration.log.makeLogger()
        for warning in loaded.warnings {
            logger.warning("The configuration is unwise", metadata: ["warning": "\(warning)"])
        }
        // Before anything is bound: a signal that comes early must not end the process without a word.
        let signals = GatewaySignal.arriving()
        let gateway: RunningGateway
        do throws(GatewayError) {
            gateway = try await RunningGateway.start(loaded.configuration, logger: logger)
        } catch {
            return CommandOutput(error)
        }
        announce(gateway.listeners.description)
        do {
            try await gateway.run(
                signals: signals,
                load: {
                    Result { () throws(ConfigurationFaults) in try GatewayConfiguration.load(file: file).configuration }
                },
                exitAtOnce: { exit(ExitStatus.failure.rawValue) }
            )
            logger.notice("Stopped")
            return CommandOutput()
        } catch {
            return CommandOutput(GatewayError(.stopped, "stopped by an error: \(error)"))
        }
    }
}
