internal import ArgumentParser
internal import Foundation
internal import Gateway

struct Demo: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run a gateway to try out: no file, no phone needed.",
        discussion: """
            Everything is on loopback and in memory. Prints one line that starts with "ready", two links to a phone in the \
            browser, for Alice and for Bob, and what they can dial: each other, 600 (an echo), 601 (a tone), 602 (busy) and \
            603 (rings). Ctrl-C ends it.
            """
    )

    @Option(help: ArgumentHelp("The port of the page and of the apps; 0 takes any.", valueName: "port"))
    var clientPort: UInt16 = 8_080

    @Option(help: ArgumentHelp("The port of SIP, UDP and TCP; 0 takes any.", valueName: "port"))
    var sipPort: UInt16 = 5_060

    @Option(help: ArgumentHelp("The port of the admin interface; 0 takes any.", valueName: "port"))
    var adminPort: UInt16 = 9_090

    func run() async throws {
        let options = DemoOptions(
            clientPort: self.clientPort,
            sipPort: self.sipPort,
            adminPort: self.adminPort
        )
        let output = await Commands.demo(options) { text in
            FileHandle.standardOutput.write(Data((text + "\n").utf8))
        }
        try output.finish()
    }
}
