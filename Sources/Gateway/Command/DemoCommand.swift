internal import DemoPhone
internal import Foundation
internal import Logging
internal import NIOCore
internal import NIOPosix

extension Commands {
    /// How long the links of the demo are good.
    private static let demoHours: Int64 = 24

    /// `switchhook demo`: runs a gateway without a file, and a phone to call, until it is told to stop.
    ///
    /// - Parameters:
    ///   - options: Ports, and who carries the media.
    ///   - signals: What tells it to stop; nil: those of this process.
    ///   - announce: Takes what is to be printed once everything is bound: the line that `serve` prints, and what a person
    ///     can do now.
    /// - Returns: What is left to print once it has stopped, or could not start.
    package static func demo(
        _ options: DemoOptions,
        signals: AsyncStream<GatewaySignal>? = nil,
        announce: @escaping @Sendable (String) -> Void
    ) async -> CommandOutput {
        // Before anything is bound: a signal that comes early must not end the process without a word.
        let signals = signals ?? GatewaySignal.arriving()
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let output: CommandOutput
        do {
            let phone = try await DemoPhone.start(
                on: group.next(),
                logger: Logger(label: "switchhook.demo.phone") { _ in SwiftLogNoOpLogHandler() }
            )
            output = await self.demo(options, phone: phone, signals: signals, announce: announce)
            await phone.shutdown()
        } catch {
            output = CommandOutput(GatewayError(.bindFailed, "the phone of the demo: \(GatewayError.reason(error))"))
        }
        // It fails only where it was done before.
        try? await group.shutdownGracefully()
        return output
    }

    private static func demo(
        _ options: DemoOptions,
        phone: DemoPhone,
        signals: AsyncStream<GatewaySignal>,
        announce: @escaping @Sendable (String) -> Void
    ) async -> CommandOutput {
        let configuration: GatewayConfiguration
        do throws(ConfigurationFaults) {
            configuration = try DemoConfiguration.make(
                options,
                phone: phone.address,
                secret: DemoConfiguration.makeSecret(),
                relayAddresses: DemoConfiguration.relayAddresses()
            )
        } catch {
            return CommandOutput(self.fault(of: options))
        }
        let gateway: RunningGateway
        let tokens: [String]
        do throws(GatewayError) {
            tokens = try await self.tokens(configuration)
            gateway = try await RunningGateway.start(configuration, logger: configuration.log.makeLogger())
        } catch {
            return CommandOutput(self.naming(optionOf: error))
        }
        announce("\(gateway.listeners)\n\n\(self.greeting(gateway.listeners, tokens))")
        do {
            try await gateway.run(
                signals: signals,
                load: { .success(configuration) },
                exitAtOnce: { exit(ExitStatus.failure.rawValue) }
            )
            return CommandOutput()
        } catch {
            return CommandOutput(GatewayError(.stopped, "stopped by an error: \(error)"))
        }
    }

    // MARK: What goes wrong

    /// The one fault that a configuration made of options can have.
    private static func fault(of options: DemoOptions) -> GatewayError {
        GatewayError(
            .notAllowed,
            "--client-port \(options.clientPort), --sip-port \(options.sipPort) and --admin-port \(options.adminPort)"
                + " must be three different ports"
        )
    }

    /// The error with the option that gets round it.
    private static func naming(optionOf error: GatewayError) -> GatewayError {
        guard error.code == .bindFailed else { return error }
        let options = [("client.", "--client-port"), ("sip.", "--sip-port"), ("admin.", "--admin-port")]
        guard let option = options.first(where: { error.description.hasPrefix($0.0) }) else { return error }
        return GatewayError(error.code, "\(error.description); choose another port with \(option.1) PORT")
    }

    // MARK: What a person reads

    /// One for each of the users, in their order.
    private static func tokens(_ configuration: GatewayConfiguration) async throws(GatewayError) -> [String] {
        var tokens: [String] = []
        for user in DemoUser.allCases {
            tokens.append(
                try await TokenMint.mint(
                    configuration.tokens,
                    user: user.rawValue,
                    username: user.title,
                    lifetime: .seconds(self.demoHours * 3_600)
                )
            )
        }
        return tokens
    }

    private static func greeting(_ listeners: GatewayListeners, _ tokens: [String]) -> String {
        var lines = ["Open both links, each in a browser window of its own:"]
        for (user, token) in zip(DemoUser.allCases, tokens) {
            lines.append("  \(self.column(user.title))http://\(listeners.client)/?token=\(token)")
        }
        lines += ["", "Then dial:"]
        for number in DemoNumber.allCases {
            lines.append("  \(self.column(number.rawValue))\(number.explanation)")
        }
        for user in DemoUser.allCases {
            lines.append("  \(self.column(user.name))\(user.title), in the other window (or \(user.rawValue))")
        }
        lines += ["", "The links are good for \(self.demoHours) hours, or until this ends: press Ctrl-C."]
        return lines.joined(separator: "\n")
    }

    /// What stands in the first column, as wide as the widest.
    private static func column(_ text: String) -> String {
        text + String(repeating: " ", count: max(1, 8 - text.count))
    }
}
