/// One line of a session description but for `m=`, which `MediaSection` holds taken apart.
///
/// The value shares the storage of the text it was read from.
package struct SDPLine: Hashable, Sendable {
    /// The letter before the `=`.
    package var type: UInt8
    /// What stands behind it, without the line's end.
    package var value: Substring

    package init(_ type: UInt8, _ value: Substring) {
        self.type = type
        self.value = value
    }

    package init(_ type: UInt8, _ value: String) {
        self.init(type, value[...])
    }

    /// `a=name` or `a=name:value`.
    package static func attribute(_ name: String, _ value: String? = nil) -> SDPLine {
        guard let value else { return SDPLine(Self.attributeType, name) }
        var text = ""
        text.reserveCapacity(name.utf8.count + 1 + value.utf8.count)
        text += name
        text += ":"
        text += value
        return SDPLine(Self.attributeType, text)
    }

    package static let attributeType = UInt8(ascii: "a")
    package static let connectionType = UInt8(ascii: "c")
    package static let originType = UInt8(ascii: "o")
    package static let versionType = UInt8(ascii: "v")

    package var isAttribute: Bool { self.type == Self.attributeType }

    /// The attribute's name; nil where the line is no attribute.
    package var attributeName: Substring? {
        guard self.isAttribute else { return nil }
        return Substring(self.value.utf8.prefix { $0 != UInt8(ascii: ":") })
    }

    /// The value where the line is the attribute of that name, empty for `a=name`, else nil.
    ///
    /// Names compare with regard to case (RFC 8866 §9).
    package func value(ofAttribute name: String) -> Substring? {
        guard self.isAttribute, self.value.begins(with: name) else { return nil }
        var rest = self.value.utf8.dropFirst(name.utf8.count)
        guard let colon = rest.popFirst() else { return Substring(rest) }
        return colon == UInt8(ascii: ":") ? Substring(rest) : nil
    }

    /// Whether the line is the attribute of that name, with or without a value.
    package func isAttribute(_ name: String) -> Bool { self.value(ofAttribute: name) != nil }
}
