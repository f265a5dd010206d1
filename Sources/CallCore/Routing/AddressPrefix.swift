import SIPCore

/// An address prefix in CIDR notation, IPv4 or IPv6.
package struct AddressPrefix: Hashable, Sendable {
    private enum Bits: Hashable, Sendable {
        case v4(UInt32)
        case v6(high: UInt64, low: UInt64)
    }

    private var bits: Bits
    /// How many leading bits count.
    package private(set) var length: Int

    /// - Parameter text: `192.0.2.0/24`, `2001:db8::/32`, or an address alone; nil where it is none.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = parts.first, let bits = Self.bits(of: address) else { return nil }
        let width =
            switch bits {
            case .v4: 32
            case .v6: 128
            }
        self.length = width
        if parts.count == 2 {
            guard let length = Int(parts[1]), (0...width).contains(length) else { return nil }
            self.length = length
        }
        self.bits = Self.masked(bits, self.length)
    }

    /// Whether that IP address has the prefix; a host name never has.
    package func contains(_ host: String) -> Bool {
        guard let other = Self.bits(of: Substring(host)) else { return false }
        switch (self.bits, other) {
        case (.v4, .v4), (.v6, .v6): return Self.masked(other, self.length) == self.bits
        case (.v4, .v6), (.v6, .v4): return false
        }
    }

    private static func bits(of text: Substring) -> Bits? {
        if let address = IPv4Literal(text) { return .v4(address.bits) }
        return IPv6Literal(text).map { .v6(high: $0.high, low: $0.low) }
    }

    private static func masked(_ bits: Bits, _ length: Int) -> Bits {
        switch bits {
        case .v4(let bits):
            .v4(bits & (UInt32.max << (32 - length)))
        case .v6(let high, let low):
            .v6(high: high & (UInt64.max << (64 - min(length, 64))), low: low & (UInt64.max << (128 - max(length, 64))))
        }
    }
}
