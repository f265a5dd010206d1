package import CallCore
internal import CallRuntime
internal import ClientProtocol
internal import GRDB
package import SIPCore

extension SQLiteStore: DirectoryStore {
    package func phones(realm: String) async throws -> [PhoneAccount] {
        try await self.reading { database in
            let sql = "SELECT * FROM phone WHERE realm = ? ORDER BY name"
            return try Row.fetchAll(database, sql: sql, arguments: [realm]).map { row in
                PhoneAccount(
                    name: row["name"],
                    displayName: row["display_name"],
                    secrets: DigestSecrets(md5: row["md5"], sha256: row["sha256"])
                )
            }
        }
    }

    package func add(_ phone: PhoneAccount, realm: String) async throws {
        try await self.writing { database in
            try database.execute(
                sql: "INSERT OR REPLACE INTO phone (name, realm, display_name, md5, sha256) VALUES (?, ?, ?, ?, ?)",
                arguments: [phone.name, realm, phone.displayName, phone.secrets.md5, phone.secrets.sha256]
            )
        }
    }

    package func removePhone(_ name: String) async throws -> Bool {
        try await self.writing { database in
            try database.execute(sql: "DELETE FROM phone WHERE name = ?", arguments: [name])
            return database.changesCount > 0
        }
    }

    package func users() async throws -> [Directory.User] {
        try await self.reading { database in
            let names = try Row.fetchAll(database, sql: "SELECT * FROM user_name ORDER BY user, position")
            var aliases: [String: [String]] = [:]
            var phones: [String: [String]] = [:]
            for row in names {
                if row["is_phone"] as Bool {
                    phones[row["user"], default: []].append(row["name"])
                } else {
                    aliases[row["user"], default: []].append(row["name"])
                }
            }
            return try Row.fetchAll(database, sql: "SELECT * FROM user ORDER BY id").map { row in
                let id: String = row["id"]
                return Directory.User(
                    id: PartyID(text: id, isNumber: row["is_number"]),
                    username: row["username"],
                    aliases: aliases[id] ?? [],
                    phones: phones[id] ?? []
                )
            }
        }
    }

    package func add(_ user: Directory.User) async throws {
        let id = user.id.text
        let isNumber = user.id.isNumber
        try await self.writing { database in
            let names = user.aliases.map { ($0, false) } + user.phones.map { ($0, true) }
            for (name, _) in names {
                let sql = "SELECT user FROM user_name WHERE name = ? AND user <> ?"
                if let other = try String.fetchOne(database, sql: sql, arguments: [name, id]) {
                    throw StorageError(.taken, "\(name) belongs to user \(other)")
                }
            }
            try database.execute(sql: "DELETE FROM user WHERE id = ?", arguments: [id])
            try database.execute(
                sql: "INSERT INTO user (id, is_number, username) VALUES (?, ?, ?)",
                arguments: [id, isNumber, user.username]
            )
            for (position, (name, isPhone)) in names.enumerated() {
                try database.execute(
                    sql: "INSERT OR IGNORE INTO user_name (name, user, position, is_phone) VALUES (?, ?, ?, ?)",
                    arguments: [name, id, position, isPhone]
                )
            }
        }
    }

    package func removeUser(id: String) async throws -> Bool {
        try await self.writing { database in
            try database.execute(sql: "DELETE FROM user WHERE id = ?", arguments: [id])
            return database.changesCount > 0
        }
    }

    // MARK: Errors

    private func reading<Value: Sendable>(
        _ body: @Sendable @escaping (Database) throws -> Value
    ) async throws -> Value {
        do {
            return try await self.database.read(body)
        } catch {
            throw StorageError(.unusable, "the directory can't be read: \(error)")
        }
    }

    private func writing<Value: Sendable>(
        _ body: @Sendable @escaping (Database) throws -> Value
    ) async throws -> Value {
        do {
            return try await self.database.write(body)
        } catch let error as StorageError {
            throw error
        } catch {
            throw StorageError(.unusable, "the directory can't be written: \(error)")
        }
    }
}
