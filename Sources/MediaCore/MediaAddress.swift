import SIPCore

/// An IP address and a UDP port, of fixed size: it is copied, compared and hashed with every packet.
package struct MediaAddress: Hashable, Sendable {
    /// The first 64 bits of an IPv6 address; 0 for IPv4.
    package var high: UInt64
    /// The last 64 bits of an IPv6 address, or the 32 bits of an IPv4 one.
    package var low: UInt64
    package var port: UInt16
    package var isIPv6: Bool

    package init(ipv4 bits: UInt32, port: UInt16) {
        self.high = 0
        self.low = UInt64(bits)
        self.port = port
        self.isIPv6 = false
    }

    package init(ipv6 high: UInt64, _ low: UInt64, port: UInt16) {
        self.high = high
        self.low = low
        self.port = port
        self.isIPv6 = true
    }

    /// Reads an address without brackets and without a zone; nil where the text is no IP address.
    package init?(_ host: some StringProtocol, port: UInt16) {
        if let ipv4 = IPv4Literal(Substring(host)) {
            self.init(ipv4: ipv4.bits, port: port)
        } else if let ipv6 = IPv6Literal(Substring(host)) {
            self.init(ipv6: ipv6.high, ipv6.low, port: port)
        } else {
            return nil
        }
    }

    /// The same host, another port.
    package func with(port: UInt16) -> MediaAddress {
        var address = self
        address.port = port
        return address
    }

    package func isSameHost(as other: MediaAddress) -> Bool {
        self.isIPv6 == other.isIPv6 && self.high == other.high && self.low == other.low
    }

    /// Whether it is `0.0.0.0` or `::`, to which nothing can be sent.
    package var isUnspecified: Bool { self.high == 0 && self.low == 0 }

    /// The address as SDP and the log have it, IPv6 without brackets and as eight groups.
    package var host: String {
        if self.isIPv6 {
            let groups = (0..<8).map { group in
                let word = group < 4 ? self.high : self.low
                return String(UInt16(truncatingIfNeeded: word >> (48 - 16 * UInt64(group % 4))), radix: 16)
            }
            return groups.joined(separator: ":")
        }
        return (0..<4).map { String(UInt8(truncatingIfNeeded: self.low >> (24 - 8 * UInt64($0)))) }
            .joined(separator: ".")
    }
}
