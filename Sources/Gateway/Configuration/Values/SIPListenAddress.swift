/// An address to take SIP on, written `udp:127.0.0.1:5060`.
package struct SIPListenAddress: Hashable, Sendable, CustomStringConvertible {
    package enum Transport: String, Hashable, Sendable {
        case udp
        case tcp
    }

    package var transport: Transport
    package var address: HostPort

    package init(transport: Transport, address: HostPort) {
        self.transport = transport
        self.address = address
    }

    package enum ParseError: Error, Hashable, Sendable {
        case malformed
        /// A transport that this release doesn't have.
        case tls
    }

    /// Reads `udp:HOST:PORT` or `tcp:HOST:PORT`, an IPv6 host in brackets.
    package init(text: String) throws(ParseError) {
        let parts = text.split(separator: ":", maxSplits: 1)
        guard parts.count == 2 else { throw .malformed }
        if parts[0] == "tls" { throw .tls }
        guard let transport = Transport(rawValue: String(parts[0])), let address = HostPort(text: String(parts[1]))
        else { throw .malformed }
        self.init(transport: transport, address: address)
    }

    package var description: String { "\(self.transport.rawValue):\(self.address)" }
}
