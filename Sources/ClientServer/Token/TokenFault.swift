/// Why a token is refused: for the operator's log, never for the client, and nothing of the token is in it.
package enum TokenFault: Error, Hashable, Sendable {
    case missing
    case malformed
    /// The header names another algorithm than ours, or a `crit` extension.
    case algorithm
    /// No key of the set has the header's `kid`.
    case unknownKey
    case signature
    case expired
    case noExpiry
    case notYetValid
    case issuer
    case audience
    /// The required claim of this name is missing, or says something else.
    case claim(String)
    /// No claim holds a usable id of the user.
    case user
}
