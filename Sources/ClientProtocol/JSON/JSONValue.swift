/// Where one value of a JSON text lies, and what it is.
package struct JSONValue: Hashable, Sendable {
    /// The six kinds of RFC 8259 §3, with what the scan has learned about the value.
    package enum Kind: Hashable, Sendable {
        case object
        case array
        /// `escaped`: it holds at least one backslash, so its bytes are not its text.
        case string(escaped: Bool)
        /// `integer`: it has neither fraction nor exponent.
        case number(integer: Bool)
        case bool(Bool)
        case null
    }

    package var kind: Kind
    /// Offsets into the scanned bytes, from the first byte of the value to the one after its last; a string's quotes
    /// are inside.
    package var range: Range<Int>

    package init(kind: Kind, range: Range<Int>) {
        self.kind = kind
        self.range = range
    }

    /// Where the content of a string lies, without its quotes; nil where the value is no string.
    package var stringContent: Range<Int>? {
        guard case .string = self.kind, self.range.count >= 2 else { return nil }
        return self.range.lowerBound + 1..<self.range.upperBound - 1
    }
}

/// One member of a JSON object.
package struct JSONMember: Hashable, Sendable {
    /// Always a string.
    package var key: JSONValue
    package var value: JSONValue
}

/// Why a text is not JSON, and at which byte that shows.
package struct JSONFault: Error, Hashable, Sendable {
    /// What is wrong.
    package enum Kind: Hashable, Sendable {
        case ended
        case unexpectedByte
        case controlCharacter
        case badEscape
        case badNumber
        case badUTF8
        case tooDeep
        case trailingBytes
    }

    package var kind: Kind
    /// Bytes from the start of the text.
    package var offset: Int

    package init(_ kind: Kind, at offset: Int) {
        self.kind = kind
        self.offset = offset
    }

    /// What is wrong, for the developer of the peer.
    package var explanation: String {
        switch self.kind {
        case .ended: "the text ends too early"
        case .unexpectedByte: "unexpected character"
        case .controlCharacter: "unescaped control character in a string"
        case .badEscape: "bad escape in a string"
        case .badNumber: "bad number"
        case .badUTF8: "invalid UTF-8"
        case .tooDeep: "nested deeper than \(JSONScanner.maximumDepth) levels"
        case .trailingBytes: "something follows the value"
        }
    }
}
