internal import ArgumentParser
internal import Gateway

struct Check: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check a configuration and print it in full.",
        discussion: """
            Prints the effective configuration as YAML: every key with the value that counts, defaults included, \
            secrets as ***. If anything is wrong it prints every fault instead, with its line and key, and exits with 78. \
            Nothing is started.
            """
    )

    @OptionGroup var config: ConfigurationOption

    func run() async throws {
        try await Commands.check(file: self.config.file).finish()
    }
}
