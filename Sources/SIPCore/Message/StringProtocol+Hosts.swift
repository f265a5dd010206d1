extension StringProtocol {
    /// Whether it is an IPv4 address in dotted decimal.
    package var isIPv4Literal: Bool { IPv4Literal(Substring(self)) != nil }

    /// Whether it is an IPv6 address without brackets and zone.
    package var isIPv6Literal: Bool { IPv6Literal(Substring(self)) != nil }

    /// Whether it is a host name by RFC 3261 §25.1, underscores taken too: labels of 1 to 63, 253 in all, the last
    /// beginning with a letter, so that no malformed IPv4 address is one.
    package var isHostName: Bool {
        let isDashed: (UInt8?) -> Bool = { $0 == UInt8(ascii: "-") }
        guard (1...254).contains(self.utf8.count) else { return false }
        var rest = Substring(self).utf8
        while true {
            let label = rest.prefix { $0 != UInt8(ascii: ".") }
            rest = rest[label.endIndex...]
            guard (1...63).contains(label.count), !isDashed(label.first), !isDashed(label.last),
                label.allSatisfy({ ByteSet.label.contains($0) })
            else { return false }
            // What is left is nothing, the dot of the root, or a dot and the next label.
            guard rest.popFirst() != nil, !rest.isEmpty else { return label.first?.isASCIILetter == true }
        }
    }
}

extension ByteSet {
    fileprivate static let label = ByteSet("-_", alphanumeric: true)
}
