extension GatewayConfiguration {
    /// `tokens`: what makes a JWT good, and where it names the user.
    ///
    /// - `algorithm`: `HS256` (default), `HS384`, `HS512`, `RS256`, `ES256` or `EdDSA`; any other is refused.
    /// - `secret`: the shared secret of HS*; has no default.
    /// - `public_key`: a PEM file, or `jwks`: a file with a key set; one of them for the others.
    /// - `user_claim`: the claim with the user's id, default `user_id`; where the token has no such claim, `sub`.
    /// - `username_claim`: the claim with the name that callees see, default `username`.
    /// - `required`: claims that must match, default `{ token_type: access }`.
    /// - `issuer`, `audience`: what `iss` must be and `aud` must hold; default, unchecked.
    /// - `allow_no_expiry`: whether a token without `exp` is good, default false.
    package struct Tokens: Hashable, Sendable {
        package enum Algorithm: String, CaseIterable, Hashable, Sendable {
            case hs256 = "HS256"
            case hs384 = "HS384"
            case hs512 = "HS512"
            case rs256 = "RS256"
            case es256 = "ES256"
            case edDSA = "EdDSA"

            /// Whether both sides share a secret.
            package var isSymmetric: Bool {
                switch self {
                case .hs256, .hs384, .hs512: true
                case .rs256, .es256, .edDSA: false
                }
            }

            /// The length that a shared secret should at least have: that of the hash (RFC 7518 §3.2).
            var adviceOnSecret: Int {
                switch self {
                case .hs256, .rs256, .es256, .edDSA: 32
                case .hs384: 48
                case .hs512: 64
                }
            }
        }

        package enum Key: Hashable, Sendable {
            case secret(Secret)
            /// A PEM file.
            case publicKey(String)
            case keySet(String)
        }

        package var algorithm: Algorithm
        package var key: Key
        package var userClaim: String
        package var usernameClaim: String
        package var required: [String: ClaimValue]
        package var issuer: String?
        package var audience: String?
        package var allowNoExpiry: Bool
    }

    /// The value that a claim must have.
    package enum ClaimValue: Hashable, Sendable {
        case string(String)
        case integer(Int)
        case boolean(Bool)
    }
}

extension GatewayConfiguration.Tokens {
    /// A secret below this is guessed by trying, however clever the rest is.
    private static let shortestSecret = 8

    static func read(_ reader: MappingReader) -> Self {
        defer { reader.finish() }
        let algorithm = reader.value("algorithm")?.word(Algorithm.self) ?? .hs256
        var required = reader.value("required").map(Self.readClaims) ?? ["token_type": .string("access")]
        // Both may stand among the claims too, under the names that people use for them.
        var issuer = reader.value("issuer")?.nonEmptyText()
        var audience = reader.value("audience")?.nonEmptyText()
        for name in ["issuer", "iss"] {
            if case .string(let text)? = required.removeValue(forKey: name) { issuer = issuer ?? text }
        }
        for name in ["audience", "aud"] {
            if case .string(let text)? = required.removeValue(forKey: name) { audience = audience ?? text }
        }
        return Self(
            algorithm: algorithm,
            key: Self.readKey(reader, algorithm),
            userClaim: reader.value("user_claim")?.nonEmptyText() ?? "user_id",
            usernameClaim: reader.value("username_claim")?.nonEmptyText() ?? "username",
            required: required,
            issuer: issuer,
            audience: audience,
            allowNoExpiry: reader.value("allow_no_expiry")?.boolean() ?? false
        )
    }

    private static func readKey(_ reader: MappingReader, _ algorithm: Algorithm) -> Key {
        let secret = reader.value("secret")
        let publicKey = reader.value("public_key")
        let jwks = reader.value("jwks")
        // Stands in where the key is faulty; a configuration with faults is given to nobody.
        let nothing = Key.secret(Secret(""))
        if algorithm.isSymmetric {
            for other in [publicKey, jwks] {
                other?.fail("\(algorithm.rawValue) has a shared secret; a public key is for RS256, ES256 and EdDSA")
            }
            guard let secret else {
                reader.context.fault(
                    line: reader.lineOf("secret"),
                    path: reader.pathOf("secret"),
                    "\(algorithm.rawValue) needs a secret; write secret: \"${SWITCHHOOK_TOKEN_SECRET}\""
                )
                return nothing
            }
            return self.readSecret(secret, algorithm).map(Key.secret) ?? nothing
        }
        secret?.fail("\(algorithm.rawValue) has no shared secret; give public_key or jwks")
        switch (publicKey, jwks) {
        case (let publicKey?, nil):
            return publicKey.readableFile().map(Key.publicKey) ?? nothing
        case (nil, let jwks?):
            guard let text = jwks.text() else { return nothing }
            if text.hasPrefix("https://") || text.hasPrefix("http://") {
                jwks.fail("keys from a URL are planned for a later release; give a file for now")
                return nothing
            }
            return jwks.readableFile().map(Key.keySet) ?? nothing
        case (_?, let jwks?):
            jwks.fail("give public_key or jwks, not both")
        case (nil, nil):
            reader.fail("\(algorithm.rawValue) needs public_key or jwks")
        }
        return nothing
    }

    private static func readSecret(_ value: ValueReader, _ algorithm: Algorithm) -> Secret? {
        guard let secret = value.secret() else { return nil }
        if secret.byteCount < self.shortestSecret {
            value.fail("the secret has \(secret.byteCount) bytes; \(self.shortestSecret) are the least")
        } else if secret.byteCount < algorithm.adviceOnSecret {
            value.warn(
                "the secret has \(secret.byteCount) bytes; \(algorithm.rawValue) asks for"
                    + " \(algorithm.adviceOnSecret) or more (RFC 7518 §3.2)"
            )
        }
        return secret
    }

    private static func readClaims(_ value: ValueReader) -> [String: GatewayConfiguration.ClaimValue] {
        var claims: [String: GatewayConfiguration.ClaimValue] = [:]
        for (name, value) in value.mapping()?.everything() ?? [] {
            guard let text = value.text() else { continue }
            if !value.isPlain {
                claims[name] = .string(text)
            } else if text == "true" || text == "false" {
                claims[name] = .boolean(text == "true")
            } else if let number = Int(text) {
                claims[name] = .integer(number)
            } else {
                claims[name] = .string(text)
            }
        }
        return claims
    }
}
