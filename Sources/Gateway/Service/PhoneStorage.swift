internal import CallCore
internal import CallRuntime
internal import Logging
internal import SIPCore
internal import Storage

/// The store of a running gateway, and what the phones' side reads of it.
struct PhoneStorage: Sendable {
    /// What there is at one moment: phones and users of the file before those of the store.
    struct Content: Sendable {
        var accounts: [PhoneAccount]
        var users: [Directory.User]
    }

    let store: any BindingStore & DirectoryStore

    /// Opens the store that the configuration names.
    ///
    /// - Parameters:
    ///   - configuration: a checked one.
    ///   - unixTimeAtOrigin: the Unix time, in seconds, at the origin of the loops' clock.
    ///   - logger: hears of what can't be written.
    /// - Throws: `GatewayError` where it can't be opened.
    init(
        _ configuration: GatewayConfiguration,
        unixTimeAtOrigin: UInt64,
        logger: Logger
    ) throws(GatewayError) {
        guard !configuration.storage.isInMemory else {
            self.store = MemoryStore()
            return
        }
        do throws(StorageError) {
            self.store = try SQLiteStore(path: configuration.storage.path, unixTimeAtOrigin: unixTimeAtOrigin) {
                error in
                logger.error("The storage can't be written", metadata: ["fault": "\(error)"])
            }
        } catch {
            throw GatewayError(.unusableStorage, "storage.path: \(error)")
        }
    }

    /// Reads phones and users, those of the file among them.
    func content(_ configuration: GatewayConfiguration) async throws(GatewayError) -> Content {
        do {
            let accounts = try await self.store.phones(realm: configuration.realm)
            return Content(accounts: configuration.phoneAccounts + accounts, users: try await self.store.users())
        } catch {
            throw GatewayError(.unusableStorage, "storage.path: \(error)")
        }
    }

    /// Reads what was registered.
    func bindings() async throws(GatewayError) -> [BindingChange] {
        do {
            return try await self.store.bindings()
        } catch {
            throw GatewayError(.unusableStorage, "storage.path: \(error)")
        }
    }
}
