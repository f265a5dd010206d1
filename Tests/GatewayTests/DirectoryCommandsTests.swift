import Foundation
import Gateway
import Testing

@Suite struct DirectoryCommandsTests {
    /// What a command says where no gateway runs.
    private static let unheard = "kept for the next start: no gateway answers at admin.listen, 127.0.0.1:1:"

    private func with(_ body: (String) async throws -> Void) async throws {
        let storage = FileManager.default.temporaryDirectory.appending(path: "switchhook-\(UUID()).sqlite").path
        defer { for end in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: storage + end) } }
        let text = """
            \(ConfigurationText.least)
            storage: { path: "\(storage)" }
            admin: { listen: "127.0.0.1:1" }
            phones: [{ extension: "1001", password: x, display_name: Desk }]
            users: [{ id: 1 }]
            """
        try await TemporaryFile.with(text, body)
    }

    @Test("Phones are added, listed and removed; those of the configuration stay its own") func phones() async throws {
        try await self.with { file in
            let added = await DirectoryCommands.addPhone(
                file: file,
                number: "1002",
                password: "secret",
                displayName: "Hall"
            )
            #expect(added.exitCode == .success && added.errors.hasPrefix(Self.unheard))
            #expect(await DirectoryCommands.listPhones(file: file) == CommandOutput(output: "1001\tDesk\n1002\tHall\n"))
            let taken = await DirectoryCommands.addPhone(file: file, number: "1001", password: "x", displayName: nil)
            #expect(
                taken
                    == CommandOutput(
                        errors: "switchhook: phones: the configuration has the extension 1001\n",
                        exitCode: .failure
                    )
            )
            #expect(await DirectoryCommands.removePhone(file: file, number: "1002").exitCode == .success)
            let gone = await DirectoryCommands.removePhone(file: file, number: "1002")
            #expect(gone.errors == "switchhook: the storage has no phone 1002\n")
            let empty = await DirectoryCommands.addPhone(file: file, number: "1003", password: "", displayName: nil)
            #expect(empty.exitCode == .failure)
        }
    }

    @Test("Users are added, listed and removed") func users() async throws {
        try await self.with { file in
            let added = await DirectoryCommands.addUser(
                file: file,
                id: "42",
                asString: false,
                username: "alice",
                aliases: ["2042", "a"],
                phones: ["1001"]
            )
            #expect(added.exitCode == .success && added.errors.hasPrefix(Self.unheard))
            #expect(await DirectoryCommands.listUsers(file: file).output == "42\talice\t2042,a\t1001\n")
            let thief = await DirectoryCommands.addUser(
                file: file,
                id: "43",
                asString: true,
                username: nil,
                aliases: ["a"],
                phones: []
            )
            #expect(thief.errors == "switchhook: storage.path: a belongs to user 42\n")
            let taken = await DirectoryCommands.addUser(
                file: file,
                id: "1",
                asString: false,
                username: nil,
                aliases: [],
                phones: []
            )
            #expect(taken.errors == "switchhook: users: the configuration has the user 1\n")
            #expect(await DirectoryCommands.removeUser(file: file, id: "42").exitCode == .success)
            #expect(await DirectoryCommands.removeUser(file: file, id: "42").exitCode == .failure)
        }
    }

    @Test("Without storage there is nothing to add to") func memory() async throws {
        try await TemporaryFile.with(ConfigurationText.least) { file in
            let output = await DirectoryCommands.listPhones(file: file)
            #expect(output.errors == "switchhook: storage.path is \":memory:\"; name a file to keep them in\n")
        }
    }
}
