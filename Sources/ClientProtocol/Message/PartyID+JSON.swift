extension PartyID {
    /// Bytes that the text of an id may have.
    package static let maximumBytes = 256
    /// Digits that a number may have; more than any 128-bit integer needs.
    package static let maximumDigits = 40

    /// The id that a JSON value holds: a string of 1 to ``maximumBytes`` bytes without control characters, or an integer
    /// of at most ``maximumDigits`` digits; nil for anything else.
    ///
    /// The digits are kept as text, so that integers beyond 2^53 survive (gateway-profile §6, "Ids").
    package init?(_ value: JSONValue, in bytes: Span<UInt8>) {
        switch value.kind {
        case .number(integer: true):
            let sign = bytes[value.range.lowerBound] == UInt8(ascii: "-") ? 1 : 0
            guard value.range.count - sign <= Self.maximumDigits else { return nil }
            self.init(text: JSONText.string(bytes, value.range), isNumber: true)
        case .string(escaped: _):
            // An escape takes at most six bytes for one byte of text.
            guard value.range.count <= Self.maximumBytes * 6 + 2, let text = JSONText.string(value, in: bytes),
                !text.utf8.isEmpty, text.utf8.count <= Self.maximumBytes, !Self.hasControlCharacter(text)
            else { return nil }
            self.init(text: text, isNumber: false)
        case .number(integer: false), .object, .array, .bool, .null:
            return nil
        }
    }

    /// Whether `text` holds one of U+0000–U+001F, U+007F–U+009F.
    package static func hasControlCharacter(_ text: String) -> Bool {
        var previous: UInt8 = 0
        for byte in text.utf8 {
            if byte < 0x20 || byte == 0x7F { return true }
            if previous == 0xC2, (0x80...0x9F).contains(byte) { return true }
            previous = byte
        }
        return false
    }
}
