/// An address to take SIP on, written `udp:127.0.0.1:5060`.
package struct SIPListenAddress: Hashable, Sendable, CustomStringConvertible {
    package enum Transport: String, Hashable, Sendable {
        case udp
        case tcp
        case tls

        /// 5061 with TLS, else 5060 (RFC 3261 §19.1.2).
        package var standardPort: UInt16 {
            switch self {
            case .udp, .tcp: 5_060
            case .tls: 5_061
            }
        }

        /// Whether two of these can't have the same port: UDP has ports of its own.
        func shares(_ other: Self) -> Bool { (self == .udp) == (other == .udp) }
    }

    package var transport: Transport
    package var address: HostPort

    package init(transport: Transport, address: HostPort) {
        self.transport = transport
        self.address = address
    }

    package enum ParseError: Error, Hashable, Sendable {
        case malformed
    }

    /// Reads `udp:HOST:PORT`, `tcp:HOST:PORT` or `tls:HOST:PORT`, an IPv6 host in brackets.
    package init(text: String) throws(ParseError) {
        let parts = text.split(separator: ":", maxSplits: 1)
        guard parts.count == 2 else { throw .malformed }
        guard let transport = Transport(rawValue: String(parts[0])), let address = HostPort(text: String(parts[1]))
        else { throw .malformed }
        self.init(transport: transport, address: address)
    }

    package var description: String { "\(self.transport.rawValue):\(self.address)" }
}
