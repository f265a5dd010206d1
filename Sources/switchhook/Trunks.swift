internal import ArgumentParser
internal import Gateway

struct Trunks: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List the trunks of a running gateway.",
        discussion: """
            One trunk a line, by name: its live calls, with the limit if there is one, and each of its servers, with the \
            state that probes tell: up, down, unknown before the first, or unprobed. The gateway is asked over its admin \
            interface, at admin.listen of the configuration.
            """
    )

    @OptionGroup var config: ConfigurationOption

    func run() async throws {
        try await Commands.trunks(file: self.config.file).finish()
    }
}
