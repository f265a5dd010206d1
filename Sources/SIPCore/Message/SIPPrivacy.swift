/// What a request asks to be kept from those who need not know it (RFC 3323 §4.2, RFC 3325 §9.3, RFC 7044 §10.1).
package struct SIPPrivacy: OptionSet, Hashable, Sendable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// Who calls: `id`, `user` or `header`.
    package static let identity = SIPPrivacy(rawValue: 1)
    /// By whom it came: `history` or `header`.
    package static let history = SIPPrivacy(rawValue: 2)

    /// - Parameter headers: of the request; `none` asks for nothing, whatever else is there.
    package init(_ headers: SIPHeaders) {
        var asked: SIPPrivacy = []
        for field in headers.fields where field.name.equalsIgnoringCase("Privacy") {
            for value in field.value.split(whereSeparator: { $0 == ";" || $0 == "," }) {
                let name = value.trimmedOfSpace
                if name.equalsIgnoringCase("none") {
                    self.rawValue = 0
                    return
                }
                if name.equalsIgnoringCase("id") || name.equalsIgnoringCase("user") { asked.insert(.identity) }
                if name.equalsIgnoringCase("history") { asked.insert(.history) }
                if name.equalsIgnoringCase("header") { asked.formUnion([.identity, .history]) }
            }
        }
        self.rawValue = asked.rawValue
    }
}
