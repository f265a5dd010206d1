/// A phone that may register here.
package struct PhoneAccount: Hashable, Sendable {
    /// Its number, which is also the user of its address and of its credentials.
    package var name: String
    package var displayName: String?
    /// In the realm of the registry.
    package var secrets: DigestSecrets

    package init(name: String, displayName: String? = nil, secrets: DigestSecrets) {
        self.name = name
        self.displayName = displayName
        self.secrets = secrets
    }
}
