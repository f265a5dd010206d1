internal import ArgumentParser
internal import Gateway

@main
struct Switchhook: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "switchhook",
        abstract: "A gateway between SIP phones and apps on WebSockets.",
        discussion: """
            Try it out with nothing at hand:

              switchhook demo

            Write a configuration (config/gateway.yaml is one to start from), check it, and serve:

              switchhook check --config config/gateway.yaml
              switchhook serve --config config/gateway.yaml

            Exit status: 0 success, 1 failure, 64 wrong arguments, 78 faulty configuration.
            """,
        version: GatewayVersion.current,
        subcommands: [Serve.self, Demo.self, Check.self, Token.self, Calls.self, Trunks.self, Phone.self, User.self]
    )
}
