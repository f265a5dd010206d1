/// A question to the domain name system.
package struct DNSQuestion: Hashable, Sendable {
    /// The types of records that SIP asks for (RFC 3263).
    package enum Kind: Hashable, Sendable {
        case naptr
        case srv
        case ipv4
        case ipv6
    }

    package var kind: Kind
    /// In lower case; with a dot at its end it is complete, and never tried within the system's search list.
    package var name: String

    package init(_ kind: Kind, _ name: String) {
        self.kind = kind
        self.name = name.lowercased()
    }
}

/// What an answer of the domain name system holds, of the type that was asked for.
package enum DNSRecord: Hashable, Sendable {
    /// An IP address without brackets (RFC 1035 §3.4.1, RFC 3596 §2.2).
    case address(String)
    /// RFC 2782; `host` is `.` where the service is decidedly not there.
    case service(priority: UInt16, weight: UInt16, port: UInt16, host: String)
    /// RFC 3403 §4, without the regular expression, which SIP does not use.
    case pointer(order: UInt16, preference: UInt16, flags: String, service: String, replacement: String)
}
