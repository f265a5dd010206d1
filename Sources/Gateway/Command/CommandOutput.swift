/// What a command prints, and the status with which it exits.
package struct CommandOutput: Hashable, Sendable {
    /// For standard output; each line ends with a line feed.
    package var output: String
    /// For standard error; each line ends with a line feed.
    package var errors: String
    package var exitCode: ExitStatus

    package init(output: String = "", errors: String = "", exitCode: ExitStatus = .success) {
        self.output = output
        self.errors = errors
        self.exitCode = exitCode
    }

    init(_ error: GatewayError) {
        self.init(errors: "switchhook: \(error)\n", exitCode: .failure)
    }

    init(_ faults: ConfigurationFaults) {
        self.init(errors: faults.description + "\n", exitCode: .configuration)
    }
}

/// The statuses with which commands exit.
package enum ExitStatus: Int32, Hashable, Sendable {
    case success = 0
    /// The command could not do what it was asked for: a listener can't be bound, no gateway answers.
    case failure = 1
    /// The configuration has faults (`EX_CONFIG` of sysexits): trying again is of no use before it is mended.
    case configuration = 78
}
