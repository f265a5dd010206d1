/// What a server keeps in place of a user's password: H(username:realm:password), once for each hash (RFC 7616 §3.4.2).
///
/// Good for one user name in one realm. Whoever reads them can log in with them there, and nowhere else.
package struct DigestSecrets: Hashable, Sendable, CustomStringConvertible {
    /// In lower-case hexadecimal, 32 digits; nil: MD5 is not for this user.
    package var md5: String?
    /// In lower-case hexadecimal, 64 digits; nil: SHA-256 is not for this user.
    package var sha256: String?

    package init(md5: String?, sha256: String?) {
        self.md5 = md5
        self.sha256 = sha256
    }

    /// Those of a password.
    package init(_ credentials: DigestCredentials, realm: String) {
        self.md5 = Self.secret(of: credentials, realm: realm, .md5)
        self.sha256 = Self.secret(of: credentials, realm: realm, .sha256)
    }

    /// The one that an algorithm takes; nil where there is none.
    package func secret(_ algorithm: DigestAlgorithm) -> String? {
        switch algorithm {
        case .md5, .md5Session: self.md5
        case .sha256, .sha256Session: self.sha256
        }
    }

    static func secret(of credentials: DigestCredentials, realm: String, _ algorithm: DigestAlgorithm) -> String {
        let text = "\(credentials.username):\(realm):\(credentials.password)"
        return String(decoding: algorithm.hash(Array(text.utf8)), as: UTF8.self)
    }

    /// Never the secrets.
    package var description: String { "***" }
}
