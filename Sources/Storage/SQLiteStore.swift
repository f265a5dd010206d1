internal import CallRuntime
internal import GRDB
package import SIPCore
internal import Synchronization

/// The store of a single gateway: one SQLite file.
///
/// ### Implementation
/// Bindings are written behind: `save` notes them, and whatever has gathered by the time the database's own queue is free
/// goes there in one transaction. Times are kept as Unix time, so that they outlive the clock of the process.
package final class SQLiteStore: Sendable {
    /// What waits to be written.
    private struct Pending {
        /// Of each phone the last.
        var changes: [String: BindingChange] = [:]
        var isScheduled = false
    }

    let database: DatabaseQueue
    /// The Unix time in milliseconds at the origin of the clock that `Instant` counts from.
    let origin: UInt64
    private let pending = Mutex(Pending())
    private let report: @Sendable (StorageError) -> Void

    /// Opens the file, makes it where there is none, and brings it up to date.
    ///
    /// - Parameters:
    ///   - path: of the file; `:memory:` keeps nothing.
    ///   - unixTimeAtOrigin: the Unix time, in seconds, at the origin of the clock that `Instant` counts from.
    ///   - report: called, on any thread, where what was saved can't be written.
    /// - Throws: `StorageError`.
    package init(
        path: String,
        unixTimeAtOrigin: UInt64,
        report: @escaping @Sendable (StorageError) -> Void = { _ in }
    ) throws(StorageError) {
        self.origin = unixTimeAtOrigin.multipliedReportingOverflow(by: 1_000).partialValue
        self.report = report
        do {
            var configuration = Configuration()
            configuration.label = "switchhook.storage"
            // A command may write while the gateway does.
            configuration.busyMode = .timeout(5)
            configuration.prepareDatabase { database in
                guard path != ":memory:" else { return }
                try database.execute(sql: "PRAGMA journal_mode = WAL")
                // A crash of the machine may cost the last bindings, which phones bring back by themselves.
                try database.execute(sql: "PRAGMA synchronous = NORMAL")
            }
            self.database =
                path == ":memory:"
                ? try DatabaseQueue(configuration: configuration)
                : try DatabaseQueue(path: path, configuration: configuration)
            try Self.migrations.migrate(self.database)
        } catch {
            throw StorageError(.unusable, "\(path): \(error)")
        }
    }

    private static var migrations: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1 phones, users, bindings") { database in
            try database.execute(
                sql: """
                    CREATE TABLE phone (
                        name TEXT NOT NULL, realm TEXT NOT NULL, display_name TEXT, md5 TEXT, sha256 TEXT,
                        PRIMARY KEY (name, realm)
                    ) STRICT;
                    CREATE TABLE user (
                        id TEXT NOT NULL PRIMARY KEY, is_number INTEGER NOT NULL, username TEXT
                    ) STRICT;
                    CREATE TABLE user_name (
                        name TEXT NOT NULL PRIMARY KEY, user TEXT NOT NULL REFERENCES user (id) ON DELETE CASCADE,
                        position INTEGER NOT NULL, is_phone INTEGER NOT NULL
                    ) STRICT;
                    CREATE INDEX user_name_user ON user_name (user);
                    CREATE TABLE binding (
                        phone TEXT NOT NULL, position INTEGER NOT NULL, contact TEXT NOT NULL, q INTEGER NOT NULL,
                        expires_at INTEGER NOT NULL, call_id TEXT NOT NULL, c_seq INTEGER NOT NULL,
                        path TEXT NOT NULL, instance TEXT, registration INTEGER, transport TEXT, host TEXT,
                        port INTEGER, listener INTEGER, follows_flow INTEGER NOT NULL, product TEXT,
                        PRIMARY KEY (phone, position)
                    ) STRICT;
                    """
            )
        }
        return migrator
    }

    // MARK: Writing behind

    package func save(_ changes: [BindingChange]) {
        guard !changes.isEmpty else { return }
        let mustSchedule = self.pending.withLock { pending in
            for change in changes { pending.changes[change.phone] = change }
            defer { pending.isScheduled = true }
            return !pending.isScheduled
        }
        guard mustSchedule else { return }
        self.database.asyncWriteWithoutTransaction { database in
            self.write(to: database)
        }
    }

    package func flush() async {
        // The queue is serial: what was scheduled before has run by then.
        try? await self.database.writeWithoutTransaction { _ in }
    }

    private func write(to database: Database) {
        let changes = self.pending.withLock { pending in
            defer { pending = Pending() }
            return pending.changes
        }
        do {
            try database.inTransaction {
                for change in changes.values { try self.write(change, to: database) }
                return .commit
            }
        } catch {
            // Kept for the next time, but for phones that have changed since.
            self.pending.withLock { $0.changes.merge(changes) { newer, _ in newer } }
            self.report(StorageError(.unusable, "registrations can't be written: \(error)"))
        }
    }
}
