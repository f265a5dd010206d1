/// A user's id as the file has it: a YAML number or a string.
///
/// `42` and `"42"` are the same user.
package struct UserKey: Hashable, Sendable, CustomStringConvertible {
    package var text: String
    /// Whether it was written as a number, and so stands in messages as one.
    package var isNumber: Bool

    package init(text: String, isNumber: Bool) {
        self.text = text
        self.isNumber = isNumber
    }

    /// Whether the text has the form of an integer as JSON writes it.
    package static func looksLikeNumber(_ text: String) -> Bool {
        let digits = text.utf8.first == UInt8(ascii: "-") ? text.utf8.dropFirst() : text.utf8[...]
        guard let first = digits.first, (1...18).contains(digits.count) else { return false }
        return digits.allSatisfy { (0x30...0x39).contains($0) } && (first != UInt8(ascii: "0") || digits.count == 1)
    }

    package var description: String { self.text }
}
