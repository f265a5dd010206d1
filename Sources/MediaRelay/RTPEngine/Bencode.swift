/// A value of bencoding, which rtpengine's ng protocol speaks.
package enum Bencode: Hashable, Sendable {
    /// One key with its value.
    package struct Entry: Hashable, Sendable {
        package var key: String
        package var value: Bencode

        package init(_ key: String, _ value: Bencode) {
            self.key = key
            self.value = value
        }
    }

    case integer(Int64)
    /// Bytes, of text mostly.
    case string([UInt8])
    case list([Bencode])
    /// In the order in which they are written; no key comes twice.
    case dictionary([Entry])

    package static func text(_ text: String) -> Bencode { .string(Array(text.utf8)) }

    package static func texts(_ texts: [String]) -> Bencode { .list(texts.map { .text($0) }) }

    /// The value of a key; nil where there is none, or this is no dictionary.
    package subscript(_ key: String) -> Bencode? {
        guard case .dictionary(let entries) = self else { return nil }
        return entries.first { $0.key == key }?.value
    }

    package var integer: Int64? {
        if case .integer(let value) = self { value } else { nil }
    }

    /// The bytes of a string.
    package var bytes: [UInt8]? {
        if case .string(let bytes) = self { bytes } else { nil }
    }

    /// A string as text; bytes that are no UTF-8 become U+FFFD.
    package var text: String? { self.bytes.map { String(decoding: $0, as: UTF8.self) } }

    /// The elements of a list; none where this is no list.
    package var elements: [Bencode] {
        if case .list(let elements) = self { elements } else { [] }
    }

    /// Appends the value as it goes out.
    package func write(into output: inout [UInt8]) {
        switch self {
        case .integer(let value):
            output.append(UInt8(ascii: "i"))
            output.append(contentsOf: String(value).utf8)
            output.append(UInt8(ascii: "e"))
        case .string(let bytes):
            Self.write(bytes, into: &output)
        case .list(let elements):
            output.append(UInt8(ascii: "l"))
            for element in elements { element.write(into: &output) }
            output.append(UInt8(ascii: "e"))
        case .dictionary(let entries):
            output.append(UInt8(ascii: "d"))
            for entry in entries {
                Self.write(Array(entry.key.utf8), into: &output)
                entry.value.write(into: &output)
            }
            output.append(UInt8(ascii: "e"))
        }
    }

    private static func write(_ bytes: [UInt8], into output: inout [UInt8]) {
        output.append(contentsOf: String(bytes.count).utf8)
        output.append(UInt8(ascii: ":"))
        output.append(contentsOf: bytes)
    }
}
