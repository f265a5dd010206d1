/// The signature algorithms of client tokens (RFC 7518 §3, RFC 8037), by the name that the token's header says.
package enum TokenAlgorithm: String, CaseIterable, Hashable, Sendable {
    case hs256 = "HS256"
    case hs384 = "HS384"
    case hs512 = "HS512"
    case rs256 = "RS256"
    case es256 = "ES256"
    case edDSA = "EdDSA"

    /// Whether one secret both signs and verifies.
    package var isSymmetric: Bool {
        switch self {
        case .hs256, .hs384, .hs512: true
        case .rs256, .es256, .edDSA: false
        }
    }

    /// Bytes below which a secret is weak (RFC 7518 §3.2); 0 where there is no secret.
    package var minimumSecretBytes: Int {
        switch self {
        case .hs256: 32
        case .hs384: 48
        case .hs512: 64
        case .rs256, .es256, .edDSA: 0
        }
    }
}

/// What verifies a token; it prints as `***`.
package enum TokenKey: Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// For the HS algorithms.
    case secret(String)
    /// The content of a PEM file: a public key or a certificate.
    case publicKey(pem: String)
    /// The content of a JSON Web Key Set (RFC 7517 §5).
    case keySet(json: String)

    package var description: String { "***" }
    package var debugDescription: String { "***" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
