package import CallCore
package import SIPCore

/// The phones and users that the operator has added by command, beside those of the configuration file.
package protocol DirectoryStore: Sendable {
    /// Every phone of that realm, in the order of their names.
    ///
    /// Secrets are good in the realm alone for which they were made.
    ///
    /// - Throws: what the store throws where it can't be read.
    func phones(realm: String) async throws -> [PhoneAccount]

    /// Adds a phone, or replaces the one of that name in that realm.
    ///
    /// - Throws: what the store throws where it can't be written.
    func add(_ phone: PhoneAccount, realm: String) async throws

    /// - Returns: whether there was such a phone, in any realm.
    /// - Throws: what the store throws where it can't be written.
    func removePhone(_ name: String) async throws -> Bool

    /// Every user, in the order of their ids.
    ///
    /// - Throws: what the store throws where it can't be read.
    func users() async throws -> [Directory.User]

    /// Adds a user, or replaces the one of that id.
    ///
    /// - Throws: what the store throws where it can't be written, or another user has one of the aliases or phones.
    func add(_ user: Directory.User) async throws

    /// - Returns: whether there was such a user.
    /// - Throws: what the store throws where it can't be written.
    func removeUser(id: String) async throws -> Bool
}
