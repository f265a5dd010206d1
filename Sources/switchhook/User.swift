internal import ArgumentParser
internal import Gateway

struct User: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "What a token can't tell about its user, kept in the storage.",
        discussion: "A gateway that runs takes a change at once.",
        subcommands: [Add.self, List.self, Remove.self]
    )

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Add a user, or replace it.")

        @OptionGroup var config: ConfigurationOption

        @Argument(help: "The id, as the tokens have it.")
        var id: String

        @Option(help: ArgumentHelp("The name toward phones.", valueName: "name"))
        var username: String?

        @Option(help: ArgumentHelp("What else reaches the user; may be repeated.", valueName: "name"))
        var alias: [String] = []

        @Option(help: ArgumentHelp("What rings with the user's apps; may be repeated.", valueName: "number"))
        var phone: [String] = []

        @Flag(help: "Keep an id that looks like a number a string.")
        var string = false

        func run() async throws {
            let output = await DirectoryCommands.addUser(
                file: self.config.file,
                id: self.id,
                asString: self.string,
                username: self.username,
                aliases: self.alias,
                phones: self.phone
            )
            try output.finish()
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the users of the storage.")

        @OptionGroup var config: ConfigurationOption

        func run() async throws {
            try await DirectoryCommands.listUsers(file: self.config.file).finish()
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Remove a user.")

        @OptionGroup var config: ConfigurationOption

        @Argument(help: "The id.")
        var id: String

        func run() async throws {
            try await DirectoryCommands.removeUser(file: self.config.file, id: self.id).finish()
        }
    }
}
