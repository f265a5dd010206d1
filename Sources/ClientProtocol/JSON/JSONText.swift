/// Text of JSON strings: comparing, decoding, copying.
package enum JSONText {
    /// Whether the bytes of `range` are those of `text`.
    package static func equals(_ bytes: Span<UInt8>, _ range: Range<Int>, _ text: StaticString) -> Bool {
        guard range.count == text.utf8CodeUnitCount, range.lowerBound >= 0, range.upperBound <= bytes.count else {
            return false
        }
        return text.withUTF8Buffer { text in
            for offset in 0..<range.count where bytes[range.lowerBound + offset] != text[offset] {
                return false
            }
            return true
        }
    }

    /// Whether the string `value` says `text`, however it is escaped.
    package static func says(_ value: JSONValue, in bytes: Span<UInt8>, _ text: StaticString) -> Bool {
        guard let content = value.stringContent else { return false }
        guard value.kind == .string(escaped: true) else { return Self.equals(bytes, content, text) }
        guard let decoded = Self.decode(value, in: bytes) else { return false }
        return Self.equals(decoded.span, 0..<decoded.count, text)
    }

    /// A copy of the bytes of `range`.
    package static func copy(_ bytes: Span<UInt8>, _ range: Range<Int>) -> [UInt8] {
        bytes.extracting(range).withUnsafeBufferPointer { Array($0) }
    }

    /// The UTF-8 of a string's text, its escapes resolved; nil where `value` is no string, or holds an unpaired
    /// surrogate escape (RFC 8259 §8.2).
    package static func decode(_ value: JSONValue, in bytes: Span<UInt8>) -> [UInt8]? {
        guard let content = value.stringContent else { return nil }
        guard value.kind == .string(escaped: true) else { return Self.copy(bytes, content) }
        var decoded: [UInt8] = []
        decoded.reserveCapacity(content.count)
        var index = content.lowerBound
        while index < content.upperBound {
            let byte = bytes[index]
            guard byte == UInt8(ascii: "\\"), index + 1 < content.upperBound else {
                decoded.append(byte)
                index += 1
                continue
            }
            switch bytes[index + 1] {
            case UInt8(ascii: "b"): decoded.append(0x08)
            case UInt8(ascii: "f"): decoded.append(0x0C)
            case UInt8(ascii: "n"): decoded.append(0x0A)
            case UInt8(ascii: "r"): decoded.append(0x0D)
            case UInt8(ascii: "t"): decoded.append(0x09)
            case UInt8(ascii: "u"):
                guard let escape = Self.scalar(in: bytes, at: index, before: content.upperBound) else { return nil }
                for byte in UTF8.encode(escape.scalar) ?? .init(repeating: 0, count: 0) { decoded.append(byte) }
                index = escape.end
                continue
            default: decoded.append(bytes[index + 1])
            }
            index += 2
        }
        return decoded
    }

    /// The text of a string; nil as ``decode(_:in:)``.
    package static func string(_ value: JSONValue, in bytes: Span<UInt8>) -> String? {
        guard let content = value.stringContent else { return nil }
        if value.kind == .string(escaped: false) { return Self.string(bytes, content) }
        guard let decoded = Self.decode(value, in: bytes) else { return nil }
        return String(decoding: decoded, as: UTF8.self)
    }

    /// The text of the bytes of `range`, which are valid UTF-8.
    package static func string(_ bytes: Span<UInt8>, _ range: Range<Int>) -> String {
        bytes.extracting(range).withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
    }

    /// The value of a hexadecimal digit.
    package static func hexDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    /// The character of the `\uXXXX` at `start`, or of the surrogate pair of two of them.
    private static func scalar(
        in bytes: Span<UInt8>,
        at start: Int,
        before end: Int
    ) -> (scalar: Unicode.Scalar, end: Int)? {
        guard let high = Self.codeUnit(in: bytes, at: start, before: end) else { return nil }
        if let scalar = Unicode.Scalar(high) { return (scalar, start + 6) }
        guard high < 0xDC00, let low = Self.codeUnit(in: bytes, at: start + 6, before: end),
            (0xDC00...0xDFFF).contains(low),
            let scalar = Unicode.Scalar(0x10000 + (UInt32(high - 0xD800) << 10) + UInt32(low - 0xDC00))
        else { return nil }
        return (scalar, start + 12)
    }

    private static func codeUnit(in bytes: Span<UInt8>, at start: Int, before end: Int) -> UInt16? {
        guard start + 6 <= end, bytes[start] == UInt8(ascii: "\\"), bytes[start + 1] == UInt8(ascii: "u") else {
            return nil
        }
        var unit: UInt16 = 0
        for index in start + 2..<start + 6 {
            guard let digit = Self.hexDigit(bytes[index]) else { return nil }
            unit = unit << 4 | UInt16(digit)
        }
        return unit
    }
}
