internal import ArgumentParser
internal import Foundation
internal import Gateway

struct Phone: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Phones that may register here, kept in the storage.",
        discussion: "A gateway that runs takes a change at once.",
        subcommands: [Add.self, List.self, Remove.self]
    )

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Add a phone, or give it another password.",
            discussion: "The password is read from SWITCHHOOK_PHONE_PASSWORD, or else from standard input."
        )

        @OptionGroup var config: ConfigurationOption

        @Argument(help: "Its number, which is also its user name.")
        var `extension`: String

        @Option(help: ArgumentHelp("What those see whom it calls.", valueName: "name"))
        var displayName: String?

        func run() async throws {
            // Not as an argument: those are for everybody on the machine to see.
            let environment = ProcessInfo.processInfo.environment["SWITCHHOOK_PHONE_PASSWORD"]
            let output = await DirectoryCommands.addPhone(
                file: self.config.file,
                number: self.extension,
                password: environment ?? readLine() ?? "",
                displayName: self.displayName
            )
            try output.finish()
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the phones, those of the configuration too.")

        @OptionGroup var config: ConfigurationOption

        func run() async throws {
            try await DirectoryCommands.listPhones(file: self.config.file).finish()
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Remove a phone.")

        @OptionGroup var config: ConfigurationOption

        @Argument(help: "Its number.")
        var `extension`: String

        func run() async throws {
            try await DirectoryCommands.removePhone(file: self.config.file, number: self.extension).finish()
        }
    }
}
