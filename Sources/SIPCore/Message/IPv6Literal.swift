/// The 128 bits of an IPv6 address, so that two spellings of one address compare equal (RFC 4291 §2.2).
package struct IPv6Literal: Hashable, Sendable {
    package var high: UInt64
    package var low: UInt64

    /// Reads an address without brackets and without a zone.
    package init?(_ text: Substring) {
        guard text.utf8.count <= 45, text.utf8.contains(UInt8(ascii: ":")) else { return nil }
        var groups = InlineArray<8, UInt16>(repeating: 0)
        var count = 0
        var gap: Int?
        var scanner = TextScanner(text)
        if scanner.skip(UInt8(ascii: ":")) {
            guard scanner.skip(UInt8(ascii: ":")) else { return nil }
            gap = 0
        }
        while !scanner.isAtEnd {
            guard count < 8 else { return nil }
            var ahead = scanner
            let digits = ahead.take(while: .hexadecimal)
            if ahead.next == UInt8(ascii: ".") {
                guard count <= 6, let address = IPv4Literal(scanner.takeRest()) else { return nil }
                groups[count] = UInt16(address.bits >> 16)
                groups[count + 1] = UInt16(address.bits & 0xFFFF)
                count += 2
                break
            }
            scanner = ahead
            guard (1...4).contains(digits.utf8.count) else { return nil }
            groups[count] = digits.utf8.reduce(0) { $0 << 4 | UInt16($1.hexadecimalValue ?? 0) }
            count += 1
            guard !scanner.isAtEnd else { break }
            guard scanner.skip(UInt8(ascii: ":")), !scanner.isAtEnd else { return nil }
            if scanner.skip(UInt8(ascii: ":")) {
                guard gap == nil else { return nil }
                gap = count
            }
        }
        guard gap == nil ? count == 8 : count < 8 else { return nil }
        var high: UInt64 = 0
        var low: UInt64 = 0
        let zeros = 8 - count
        for position in 0..<8 {
            var group: UInt16 = 0
            if position < gap ?? 8 {
                group = groups[position]
            } else if position >= (gap ?? 8) + zeros {
                group = groups[position - zeros]
            }
            high = high << 16 | low >> 48
            low = low << 16 | UInt64(group)
        }
        self.high = high
        self.low = low
    }
}
