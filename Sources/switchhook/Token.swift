internal import ArgumentParser
internal import Gateway

struct Token: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make an app's token, for development.",
        discussion: """
            Signs a token with the secret of the configuration, so that an app may connect with \
            ws://HOST:PORT/ws/call/?token=TOKEN. HS256 only; in production your own login makes the tokens.

            A user id that looks like a number is written as a JSON number, as most logins do; --string keeps it a string.
            """
    )

    @OptionGroup var config: ConfigurationOption

    @Option(help: ArgumentHelp("The user's id.", valueName: "id"))
    var user: String

    @Option(help: ArgumentHelp("The name that callees see; left out, the user's id.", valueName: "name"))
    var username: String?

    @Option(help: ArgumentHelp("How long the token is good: 90s, 1h, 30d.", valueName: "time"))
    var ttl = "1h"

    @Flag(help: "Keep a user id that looks like a number a string.")
    var string = false

    func run() async throws {
        let output = await Commands.token(
            file: self.config.file,
            user: self.user,
            username: self.username,
            lifetime: self.ttl,
            asString: self.string
        )
        try output.finish()
    }
}
