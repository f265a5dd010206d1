/// A cursor over the UTF-8 bytes of a text, which cuts pieces out of it.
///
/// It never reads past the end, and the pieces share the text's storage.
struct TextScanner {
    private(set) var rest: Substring.UTF8View

    init(_ text: String) {
        self.rest = text.utf8[...]
    }

    init(_ text: Substring) {
        self.rest = text.utf8
    }

    var isAtEnd: Bool { self.rest.isEmpty }

    var next: UInt8? { self.rest.first }

    /// Steps over one byte if it is `byte`.
    mutating func skip(_ byte: UInt8) -> Bool {
        guard self.rest.first == byte else { return false }
        self.rest.removeFirst()
        return true
    }

    /// Steps over spaces and tabs.
    mutating func skipSpace() {
        while let byte = self.rest.first, byte == 0x20 || byte == 0x09 { self.rest.removeFirst() }
    }

    /// The bytes up to the first that is not in `set`; may be empty.
    mutating func take(while set: ByteSet) -> Substring {
        let end = self.rest.firstIndex { !set.contains($0) } ?? self.rest.endIndex
        let piece = self.rest[..<end]
        self.rest = self.rest[end...]
        return Substring(piece)
    }

    /// The bytes before the next `byte`, which stays; nil where there is none.
    mutating func take(upTo byte: UInt8) -> Substring? {
        guard let end = self.rest.firstIndex(of: byte) else { return nil }
        let piece = self.rest[..<end]
        self.rest = self.rest[end...]
        return Substring(piece)
    }

    /// All that is left.
    mutating func takeRest() -> Substring {
        let piece = self.rest
        self.rest = self.rest[self.rest.endIndex...]
        return Substring(piece)
    }

    /// A quoted string with its quotes; nil where it does not begin here, does not end, or holds CR, LF or NUL.
    mutating func takeQuoted() -> Substring? {
        guard self.rest.first == UInt8(ascii: "\"") else { return nil }
        var isEscaped = false
        var index = self.rest.index(after: self.rest.startIndex)
        while index < self.rest.endIndex {
            let byte = self.rest[index]
            if byte == 0x0D || byte == 0x0A || byte == 0 { return nil }
            index = self.rest.index(after: index)
            if !isEscaped, byte == UInt8(ascii: "\"") {
                let piece = self.rest[..<index]
                self.rest = self.rest[index...]
                return Substring(piece)
            }
            isEscaped = !isEscaped && byte == UInt8(ascii: "\\")
        }
        return nil
    }

    /// A decimal number of at least one digit; nil, with nothing taken, where there is none or it passes `maximum`.
    mutating func takeDecimal(maximum: UInt64 = .max) -> UInt64? {
        var ahead = self
        let digits = ahead.take(while: .digits)
        guard !digits.isEmpty else { return nil }
        var number: UInt64 = 0
        for byte in digits.utf8 {
            let (product, overflow) = number.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(UInt64(byte - UInt8(ascii: "0")))
            guard !overflow, !carry, sum <= maximum else { return nil }
            number = sum
        }
        self = ahead
        return number
    }

    /// What a quoted string says: without its quotes, escapes undone; nil where it is none.
    static func unquoted(_ text: Substring) -> String? {
        var scanner = TextScanner(text)
        guard let quoted = scanner.takeQuoted(), scanner.isAtEnd else { return nil }
        let inner = quoted.utf8.dropFirst().dropLast()
        guard inner.contains(UInt8(ascii: "\\")) else { return String(Substring(inner)) }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(inner.count)
        var isEscaped = false
        for byte in inner {
            if !isEscaped, byte == UInt8(ascii: "\\") {
                isEscaped = true
            } else {
                isEscaped = false
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension Substring {
    /// Without spaces and tabs at either end.
    var trimmedOfSpace: Substring {
        var bytes = self.utf8
        while let byte = bytes.first, byte == 0x20 || byte == 0x09 { bytes.removeFirst() }
        while let byte = bytes.last, byte == 0x20 || byte == 0x09 { bytes.removeLast() }
        return Substring(bytes)
    }

    /// As `String.equalsIgnoringCase`.
    package func equalsIgnoringCase(_ other: String) -> Bool {
        self.utf8.count == other.utf8.count
            && zip(self.utf8, other.utf8).allSatisfy { $0.asciiLowercased == $1.asciiLowercased }
    }
}
