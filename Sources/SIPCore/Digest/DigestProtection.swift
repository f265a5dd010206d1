/// What a digest covers besides the credentials: the `qop` of RFC 7616 §3.4.
package enum DigestProtection: String, Hashable, Sendable {
    /// The method and the URI.
    case auth
    /// The body too.
    case authInt = "auth-int"
}
