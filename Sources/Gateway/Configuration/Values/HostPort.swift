/// An address to listen on: an IP address and a port.
package struct HostPort: Hashable, Sendable, CustomStringConvertible {
    /// An IP address without brackets.
    package var host: String
    /// 0 lets the system choose.
    package var port: UInt16

    package init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }

    /// Reads `127.0.0.1:8080`, `[::1]:8080` or `localhost:8080` (which is 127.0.0.1); nil where it is none of them.
    package init?(text: String) {
        guard let colon = text.lastIndex(of: ":") else { return nil }
        var host = String(text[..<colon])
        let digits = text[text.index(after: colon)...]
        guard (1...5).contains(digits.utf8.count), digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let port = UInt16(digits)
        else { return nil }
        if host == "localhost" { host = "127.0.0.1" }
        let bracketed = host.hasPrefix("[") && host.hasSuffix("]") && host.utf8.count > 2
        if bracketed { host = String(host.dropFirst().dropLast()) }
        guard let address = IPAddressText(host), address.isIPv6 == bracketed else { return nil }
        self.init(host: address.description, port: port)
    }

    package var isLoopback: Bool { IPAddressText(self.host)?.isLoopback ?? false }

    package var isWildcard: Bool { IPAddressText(self.host)?.isWildcard ?? false }

    /// Whether both can't be bound at once: the same port, and the same address or every address.
    package func collides(with other: HostPort) -> Bool {
        guard self.port != 0, self.port == other.port else { return false }
        return self.host == other.host || self.isWildcard || other.isWildcard
    }

    package var description: String {
        self.host.utf8.contains(UInt8(ascii: ":")) ? "[\(self.host)]:\(self.port)" : "\(self.host):\(self.port)"
    }
}
