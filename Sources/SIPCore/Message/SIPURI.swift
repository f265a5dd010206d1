/// A SIP, SIPS or tel URI (RFC 3261 §19.1, RFC 3966).
package struct SIPURI: Hashable, Sendable {
    package enum Scheme: Hashable, Sendable {
        case sip
        case sips
        case tel
        /// Another scheme: everything after the colon stands in `host`, read by nobody.
        case other(String)
    }

    package var scheme: Scheme
    /// The user part as it was on the wire, escapes and all; the number of a tel URI.
    package var user: String?
    package var password: String?
    /// A host name, an IPv4 address, or an IPv6 address without its brackets; empty in a tel URI.
    package var host: String
    package var port: UInt16?
    package var parameters: SIPParameters
    /// What follows `?`, without it.
    package var headers: String?

    package init(
        scheme: Scheme = .sip,
        user: String? = nil,
        password: String? = nil,
        host: String,
        port: UInt16? = nil,
        parameters: SIPParameters = SIPParameters(),
        headers: String? = nil
    ) {
        self.scheme = scheme
        self.user = user
        self.password = password
        self.host = host
        self.port = port
        self.parameters = parameters
        self.headers = headers
    }
}
