internal import ArgumentParser
internal import Foundation
internal import Gateway

struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run the gateway in the foreground.",
        discussion: """
            Prints one line that starts with "ready" and names its listeners once all of them are bound; logs go to \
            standard error.

            SIGTERM or SIGINT drains: no new calls, running ones may go on for timers.drain; a second one exits at once. \
            SIGHUP reads the configuration again; a faulty one changes nothing. Listeners change only with a restart.
            """
    )

    @OptionGroup var config: ConfigurationOption

    func run() async throws {
        let output = await Commands.serve(file: self.config.file) { line in
            FileHandle.standardOutput.write(Data((line + "\n").utf8))
        }
        try output.finish()
    }
}
