/// The error responses that a lite agent gives (RFC 8489 §14.8, RFC 8445 §16.2).
package enum STUNFailure: UInt16, Hashable, Sendable {
    case badRequest = 400
    case unauthenticated = 401
    case unknownAttribute = 420
    case roleConflict = 487

    /// What stands in ERROR-CODE beside the number.
    var reason: String {
        switch self {
        case .badRequest: "Bad Request"
        case .unauthenticated: "Unauthenticated"
        case .unknownAttribute: "Unknown Attribute"
        case .roleConflict: "Role Conflict"
        }
    }
}
