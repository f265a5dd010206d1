internal import ArgumentParser
internal import Gateway

struct Calls: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List the live calls of a running gateway.",
        discussion: """
            One call a line, oldest first: its id, its state, which kinds of parties, caller -> what was dialled, and \
            its age. Nothing is printed when there are none. The gateway is asked over its admin interface, at \
            admin.listen of the configuration.
            """
    )

    @OptionGroup var config: ConfigurationOption

    func run() async throws {
        try await Commands.calls(file: self.config.file).finish()
    }
}
