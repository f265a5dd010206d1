internal import CallCore
internal import CallRuntime
internal import ClientProtocol
internal import SIPCore
internal import Storage

/// `switchhook phone` and `switchhook user`: the directory in the storage.
///
/// A gateway that runs takes a change at once: it is told by its admin interface. Where none answers there the command says
/// what is to be done.
package enum DirectoryCommands {
    /// `phone add`: adds a phone, or gives it another password or name.
    package static func addPhone(
        file: String,
        number: String,
        password: String,
        displayName: String?
    ) async -> CommandOutput {
        await self.change(file) { configuration, store in
            guard !number.isEmpty, !password.isEmpty else {
                throw GatewayError(.notAllowed, "a phone needs an extension and a password")
            }
            guard !configuration.phones.contains(where: { $0.number == number }) else {
                throw GatewayError(.notAllowed, "phones: the configuration has the extension \(number)")
            }
            let credentials = DigestCredentials(username: number, password: password)
            let account = PhoneAccount(
                name: number,
                displayName: displayName,
                secrets: DigestSecrets(credentials, realm: configuration.realm)
            )
            try await store.add(account, realm: configuration.realm)
            return ""
        }
    }

    /// `phone list`: one a line, with what it is called; those of the file first.
    package static func listPhones(file: String) async -> CommandOutput {
        await self.run(file) { configuration, store in
            let stored = try await store.phones(realm: configuration.realm)
            return (configuration.phoneAccounts + stored).map { phone in
                phone.displayName.map { "\(phone.name)\t\($0)\n" } ?? "\(phone.name)\n"
            }.joined()
        }
    }

    /// `phone remove`: it can't register any more.
    package static func removePhone(file: String, number: String) async -> CommandOutput {
        await self.change(file) { _, store in
            guard try await store.removePhone(number) else {
                throw GatewayError(.notAllowed, "the storage has no phone \(number)")
            }
            return ""
        }
    }

    /// `user add`: adds a user, or replaces it; an id that looks like a number is one, unless `asString`.
    package static func addUser(
        file: String,
        id: String,
        asString: Bool,
        username: String?,
        aliases: [String],
        phones: [String]
    ) async -> CommandOutput {
        await self.change(file) { configuration, store in
            guard !id.isEmpty else { throw GatewayError(.notAllowed, "a user needs an id") }
            guard !configuration.users.contains(where: { $0.id.text == id }) else {
                throw GatewayError(.notAllowed, "users: the configuration has the user \(id)")
            }
            let isNumber = !asString && UserKey.looksLikeNumber(id)
            try await store.add(
                Directory.User(
                    id: PartyID(text: id, isNumber: isNumber),
                    username: username,
                    aliases: aliases,
                    phones: phones
                )
            )
            return ""
        }
    }

    /// `user list`: one a line, with name, aliases and phones; those of the storage alone.
    package static func listUsers(file: String) async -> CommandOutput {
        await self.run(file) { _, store in
            try await store.users().map { user in
                let names = [
                    user.username ?? "", user.aliases.joined(separator: ","), user.phones.joined(separator: ","),
                ]
                return "\(user.id.text)\t\(names.joined(separator: "\t"))\n"
            }.joined()
        }
    }

    /// `user remove`.
    package static func removeUser(file: String, id: String) async -> CommandOutput {
        await self.change(file) { _, store in
            guard try await store.removeUser(id: id) else {
                throw GatewayError(.notAllowed, "the storage has no user \(id)")
            }
            return ""
        }
    }

    /// Changes the storage, and tells the gateway that runs.
    private static func change(
        _ file: String,
        _ body: (GatewayConfiguration, any DirectoryStore) async throws -> String
    ) async -> CommandOutput {
        var admin: AdminClient?
        var output = await self.run(file) { configuration, store in
            admin = AdminClient(configuration.admin)
            return try await body(configuration, store)
        }
        guard output.exitCode == .success, let admin else { return output }
        do throws(GatewayError) {
            try await admin.readDirectory()
        } catch {
            output.errors =
                "kept for the next start: \(error)\n"
                + "A gateway of this configuration that runs all the same takes it with SIGHUP.\n"
        }
        return output
    }

    private static func run(
        _ file: String,
        _ body: (GatewayConfiguration, any DirectoryStore) async throws -> String
    ) async -> CommandOutput {
        let configuration: GatewayConfiguration
        do throws(ConfigurationFaults) {
            configuration = try GatewayConfiguration.load(file: file).configuration
        } catch {
            return CommandOutput(error)
        }
        guard !configuration.storage.isInMemory else {
            return CommandOutput(GatewayError(.notAllowed, "storage.path is \":memory:\"; name a file to keep them in"))
        }
        do {
            let store = try SQLiteStore(path: configuration.storage.path, unixTimeAtOrigin: 0)
            return CommandOutput(output: try await body(configuration, store))
        } catch let error as GatewayError {
            return CommandOutput(error)
        } catch {
            return CommandOutput(GatewayError(.unusableStorage, "storage.path: \(error)"))
        }
    }
}
