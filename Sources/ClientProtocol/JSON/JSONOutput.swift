/// Pieces of JSON text, appended to an array of bytes.
package enum JSONOutput {
    /// Appends text that is JSON already.
    package static func append(_ text: StaticString, to bytes: inout [UInt8]) {
        text.withUTF8Buffer { bytes.append(contentsOf: $0) }
    }

    /// Appends `text` as a string: quoted, and escaped where RFC 8259 §7 asks for it.
    package static func append(string text: String, to bytes: inout [UInt8]) {
        let done: Void? = text.utf8.withContiguousStorageIfAvailable { Self.append(string: $0, to: &bytes) }
        if done == nil {
            Array(text.utf8).withUnsafeBufferPointer { Self.append(string: $0, to: &bytes) }
        }
    }

    /// Appends valid UTF-8 as a string, in the same way.
    package static func append(string text: UnsafeBufferPointer<UInt8>, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        // Whole runs of plain bytes at once.
        var plain = 0
        for index in 0..<text.count {
            let byte = text[index]
            guard byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") else { continue }
            bytes.append(contentsOf: text[plain..<index])
            plain = index + 1
            Self.append(escapeOf: byte, to: &bytes)
        }
        bytes.append(contentsOf: text[plain..<text.count])
        bytes.append(UInt8(ascii: "\""))
    }

    /// Appends a number.
    package static func append(number: UInt64, to bytes: inout [UInt8]) {
        var divisor: UInt64 = 1
        while number / divisor >= 10 { divisor *= 10 }
        while divisor > 0 {
            bytes.append(UInt8(ascii: "0") + UInt8(number / divisor % 10))
            divisor /= 10
        }
    }

    private static func append(escapeOf byte: UInt8, to bytes: inout [UInt8]) {
        switch byte {
        case 0x08: Self.append("\\b", to: &bytes)
        case 0x09: Self.append("\\t", to: &bytes)
        case 0x0A: Self.append("\\n", to: &bytes)
        case 0x0C: Self.append("\\f", to: &bytes)
        case 0x0D: Self.append("\\r", to: &bytes)
        case 0x00..<0x20:
            Self.append("\\u00", to: &bytes)
            for digit in [byte >> 4, byte & 0xF] {
                bytes.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
            }
        default:
            bytes.append(UInt8(ascii: "\\"))
            bytes.append(byte)
        }
    }
}
