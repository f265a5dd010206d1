internal import ArgumentParser

/// `--config`, which every subcommand has.
struct ConfigurationOption: ParsableArguments {
    @Option(
        name: [.customLong("config"), .customShort("c")],
        help: ArgumentHelp("The configuration file, YAML.", valueName: "file")
    )
    var file: String
}
