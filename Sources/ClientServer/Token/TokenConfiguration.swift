/// Which tokens are good (operator-interface, `tokens`).
package struct TokenConfiguration: Hashable, Sendable {
    /// `tokens.algorithm`; the header of a token must say the same.
    package var algorithm: TokenAlgorithm
    /// `tokens.secret`, `tokens.public_key` or `tokens.jwks`, already read.
    package var key: TokenKey
    /// `tokens.user_claim`: holds the user's id, a string or an integer; where it is missing, `sub` does.
    package var userClaim: String
    /// `tokens.username_claim`.
    package var usernameClaim: String
    /// `tokens.required`: claims that must be there with this value; a number or a boolean is compared by its JSON text.
    package var required: [String: String]
    /// `tokens.issuer`: what `iss` must be.
    package var issuer: String?
    /// `tokens.audience`: what `aud` must be or hold.
    package var audience: String?
    /// `tokens.allow_no_expiry`: whether a token without `exp` is good.
    package var allowNoExpiry: Bool
    /// Seconds by which clocks may differ, for `exp` and `nbf`.
    package var leeway: UInt64

    package init(
        algorithm: TokenAlgorithm = .hs256,
        key: TokenKey,
        userClaim: String = "user_id",
        usernameClaim: String = "username",
        required: [String: String] = ["token_type": "access"],
        issuer: String? = nil,
        audience: String? = nil,
        allowNoExpiry: Bool = false,
        leeway: UInt64 = 5
    ) {
        self.algorithm = algorithm
        self.key = key
        self.userClaim = userClaim
        self.usernameClaim = usernameClaim
        self.required = required
        self.issuer = issuer
        self.audience = audience
        self.allowNoExpiry = allowNoExpiry
        self.leeway = leeway
    }

    /// Whether the secret is shorter than RFC 7518 §3.2 asks for; it is taken all the same, and worth a warning.
    package var hasWeakSecret: Bool {
        guard case .secret(let secret) = self.key else { return false }
        return secret.utf8.count < self.algorithm.minimumSecretBytes
    }
}

/// A key that can't serve, found at start.
package struct TokenConfigurationError: Error, Hashable, Sendable, CustomStringConvertible {
    /// One sentence for the operator; it holds nothing of the key.
    package var description: String

    package init(_ description: String) {
        self.description = description
    }
}
