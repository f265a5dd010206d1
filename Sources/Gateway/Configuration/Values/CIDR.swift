/// A range of addresses with a common prefix: `10.0.0.0/8`, `2001:db8::/32`, or one address alone.
package struct CIDR: Hashable, Sendable, CustomStringConvertible {
    package var address: IPAddressText
    /// From 0 to 32 for IPv4, to 128 for IPv6.
    package var prefix: Int

    package enum ParseError: Error, Hashable, Sendable {
        case malformed
        /// Bits beyond the prefix are set; holds the range that was probably meant.
        case hostBits(String)
    }

    /// Reads `ADDRESS/PREFIX`; an address alone is a range of one.
    package init(text: String) throws(ParseError) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, let address = IPAddressText(String(first)) else { throw .malformed }
        let widest = address.bytes.count * 8
        var prefix = widest
        if parts.count == 2 {
            guard (1...3).contains(parts[1].utf8.count), parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }),
                let number = Int(parts[1]), number <= widest
            else { throw .malformed }
            prefix = number
        }
        let masked = Self.mask(address.bytes, to: prefix)
        guard masked == address.bytes else {
            throw .hostBits(Self.print(masked, prefix))
        }
        self.address = address
        self.prefix = prefix
    }

    private static func mask(_ bytes: [UInt8], to prefix: Int) -> [UInt8] {
        bytes.enumerated().map { index, byte in
            let kept = max(0, min(8, prefix - index * 8))
            return byte & UInt8(truncatingIfNeeded: 0xFF00 >> kept)
        }
    }

    private static func print(_ bytes: [UInt8], _ prefix: Int) -> String {
        let text =
            bytes.count == 4
            ? bytes.map(String.init).joined(separator: ".")
            : stride(from: 0, to: bytes.count, by: 2)
                .map { String(UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]), radix: 16) }
                .joined(separator: ":")
        return "\(IPAddressText(text)?.description ?? text)/\(prefix)"
    }

    package var description: String { "\(self.address)/\(self.prefix)" }
}
