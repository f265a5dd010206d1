/// The 32 bits of an IPv4 address.
package struct IPv4Literal: Hashable, Sendable {
    package var bits: UInt32

    /// Reads four decimal numbers from 0 to 255 with dots between them; no leading zeros, which some read as octal.
    package init?(_ text: Substring) {
        guard (7...15).contains(text.utf8.count) else { return nil }
        var scanner = TextScanner(text)
        var bits: UInt32 = 0
        for position in 0..<4 {
            guard position == 0 || scanner.skip(UInt8(ascii: ".")) else { return nil }
            let digits = scanner.take(while: .digits)
            guard digits == "0" || digits.utf8.first != UInt8(ascii: "0"), let octet = UInt8(digits) else { return nil }
            bits = bits << 8 | UInt32(octet)
        }
        guard scanner.isAtEnd else { return nil }
        self.bits = bits
    }
}
