/// Rows that rewrite numbers, of which the first that matches decides.
package struct NumberRules: Sendable {
    /// What a number becomes; nil where the row does not match.
    package typealias Row = @Sendable (String) -> String?

    private let rows: [Row]

    package init(_ rows: [Row] = []) {
        self.rows = rows
    }

    /// What a number becomes; nil where no row matches, or nothing is left of it.
    package func rewritten(_ number: String) -> String? {
        for row in self.rows {
            if let rewritten = row(number) { return rewritten.isEmpty ? nil : rewritten }
        }
        return nil
    }
}

extension String {
    /// A number without the separators that are for the eye, `+1 (555) 01-00`; anything else as it is.
    var withoutSeparators: String {
        var hasSeparator = false
        var hasDigit = false
        for byte in self.utf8 {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): hasDigit = true
            case UInt8(ascii: "+"), UInt8(ascii: "*"), UInt8(ascii: "#"): break
            case UInt8(ascii: " "), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "/"), UInt8(ascii: "("),
                UInt8(ascii: ")"):
                hasSeparator = true
            default: return self
            }
        }
        guard hasSeparator, hasDigit else { return self }
        return self.filter { !" -./()".contains($0) }
    }
}
