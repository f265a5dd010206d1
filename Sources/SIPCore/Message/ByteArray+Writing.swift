extension [UInt8] {
    @inline(__always)
    mutating func append(literal: StaticString) {
        literal.withUTF8Buffer { self.append(contentsOf: $0) }
    }

    /// Appends the bytes of `text` that `set` holds; all others are dropped.
    mutating func append(_ text: String, keeping set: ByteSet) {
        let isCopied = text.utf8.withContiguousStorageIfAvailable { buffer in
            guard buffer.allSatisfy({ set.contains($0) }) else { return false }
            self.append(contentsOf: buffer)
            return true
        }
        guard isCopied != true else { return }
        for byte in text.utf8 where set.contains(byte) { self.append(byte) }
    }

    /// Appends `text` as part of one line: every control character becomes a space, tabs stay.
    mutating func append(line text: String) {
        let isCopied = text.utf8.withContiguousStorageIfAvailable { buffer in
            guard buffer.allSatisfy({ !$0.breaksLine }) else { return false }
            self.append(contentsOf: buffer)
            return true
        }
        guard isCopied != true else { return }
        for byte in text.utf8 { self.append(byte.breaksLine ? UInt8(ascii: " ") : byte) }
    }

    /// Appends `text` as a quoted string (RFC 3261 §25.1): `"` and `\` escaped, control characters made spaces.
    mutating func append(quoting text: String) {
        self.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            if byte.needsQuoting { self.append(UInt8(ascii: "\\")) }
            self.append(byte.breaksLine ? UInt8(ascii: " ") : byte)
        }
        self.append(UInt8(ascii: "\""))
    }

    /// Appends what came as a quoted string up to the quote that ends it, and that quote where it is missing.
    mutating func append(quoted text: String) {
        var isEscaped = false
        self.append(UInt8(ascii: "\""))
        for byte in text.utf8.dropFirst() {
            if !isEscaped, byte == UInt8(ascii: "\"") { break }
            isEscaped = !isEscaped && byte == UInt8(ascii: "\\")
            self.append(byte.breaksLine ? UInt8(ascii: " ") : byte)
        }
        // A lone backslash at the end would take our quote for its own.
        if isEscaped { self.append(UInt8(ascii: "\\")) }
        self.append(UInt8(ascii: "\""))
    }

    /// Appends a host; an IPv6 address gets brackets where asked.
    mutating func append(host: String, brackets: Bool = true) {
        let isIPv6 = brackets && host.holds(UInt8(ascii: ":"))
        if isIPv6 { self.append(UInt8(ascii: "[")) }
        self.append(host, keeping: .host)
        if isIPv6 { self.append(UInt8(ascii: "]")) }
    }

    mutating func append(decimal number: UInt64) {
        var divisor: UInt64 = 1
        while number / divisor >= 10 { divisor *= 10 }
        while divisor > 0 {
            self.append(UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: (number / divisor) % 10))
            divisor /= 10
        }
    }

    mutating func append(port: UInt16?) {
        guard let port else { return }
        self.append(UInt8(ascii: ":"))
        self.append(decimal: UInt64(port))
    }
}

extension UInt8 {
    /// Whether it is a control character other than a tab.
    var breaksLine: Bool { (self < 0x20 && self != 0x09) || self == 0x7F }

    /// Whether it stands behind a backslash within a quoted string.
    var needsQuoting: Bool { self == UInt8(ascii: "\"") || self == UInt8(ascii: "\\") }

    /// The value of a hexadecimal digit.
    var hexadecimalValue: UInt8? {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): self - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): self - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): self - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    var isASCIIDigit: Bool { self >= 0x30 && self <= 0x39 }

    var isASCIILetter: Bool { self.asciiLowercased >= 0x61 && self.asciiLowercased <= 0x7A }
}

extension UInt64 {
    /// How many decimal digits it has.
    var decimalCount: Int {
        var count = 1
        var rest = self / 10
        while rest > 0 {
            count += 1
            rest /= 10
        }
        return count
    }
}
