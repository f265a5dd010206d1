/// A regular expression over dial strings, compiled once, with the text that takes the place of what it matched.
///
/// The syntax is the usual one: literals, `.`, `\d \w \s \D \W \S`, classes `[0-9a-f]` and `[^…]`, groups `( )` and
/// `(?: )`, `|`, the repetitions `* + ? {m} {m,} {m,n}` and their lazy forms, `^` and `$`. There is no look-around and no
/// back reference. As everywhere, a pattern without `^` and `$` matches anywhere in the string.
///
/// Its own small engine instead of a library's for two reasons: what a peer dials can't make it slow (time grows with
/// length of pattern times length of string, whatever the pattern), and a match costs it three short-lived
/// allocations, a row of another first digit none.
///
/// ## Implementation
/// The pattern becomes a program for a backtracking machine. The machine marks each pair of instruction and place that it
/// has tried and never tries one twice: a pair that failed once will fail again.
package struct DialPattern: Sendable {
    /// The pattern as it was written.
    package let source: String
    /// What takes the place of the dial string; nil leaves it as it is.
    package let rewrite: String?
    private let program: DialProgram
    private let template: [TemplatePart]

    private enum TemplatePart: Sendable {
        case text(String)
        case group(Int)
    }

    /// The longest dial string that is looked at, in bytes; a longer one matches nothing.
    package static let longestInput = 512

    /// - Parameters:
    ///   - source: The regular expression.
    ///   - rewrite: The replacement, with `$1`…`$9` for groups, `$0` for what matched and `$$` for a dollar sign.
    /// - Throws: `DialPatternError` where either can't be used.
    package init(_ source: String, rewrite: String? = nil) throws(DialPatternError) {
        var compiler = DialPatternCompiler(source)
        let program = try compiler.compile()
        self.source = source
        self.rewrite = rewrite
        self.program = program
        self.template =
            try rewrite.map { (text) throws(DialPatternError) in
                try Self.readTemplate(text, groups: program.groups)
            } ?? []
    }

    /// What shall be dialled in place of `dialled`; nil where the pattern doesn't match.
    package func resolve(_ dialled: String) -> String? {
        guard dialled.utf8.count <= Self.longestInput else { return nil }
        var dialled = dialled
        return dialled.withUTF8 { bytes in
            guard let places = self.program.match(bytes) else { return nil }
            guard self.rewrite != nil else { return String(decoding: bytes, as: UTF8.self) }
            var result = ""
            for part in self.template {
                switch part {
                case .text(let text): result += text
                case .group(let number):
                    let (start, end) = (places[number * 2], places[number * 2 + 1])
                    if start >= 0, end >= start { result += String(decoding: bytes[start..<end], as: UTF8.self) }
                }
            }
            return result
        }
    }

    private static func readTemplate(_ text: String, groups: Int) throws(DialPatternError) -> [TemplatePart] {
        var parts: [TemplatePart] = []
        var literal = ""
        var rest = text[...]
        while let letter = rest.popFirst() {
            guard letter == "$" else {
                literal.append(letter)
                continue
            }
            guard let next = rest.popFirst() else {
                throw DialPatternError("\"$\" at the end of the rewrite; write $$ for a dollar sign")
            }
            if next == "$" {
                literal.append("$")
            } else if next.isASCII, let number = next.wholeNumberValue {
                guard number <= groups else {
                    throw DialPatternError("the rewrite names group $\(number), the pattern has \(groups)")
                }
                if !literal.isEmpty { parts.append(.text(literal)) }
                literal = ""
                parts.append(.group(number))
            } else {
                throw DialPatternError("\"$\(next)\" names no group; write $1 to $9, or $$ for a dollar sign")
            }
        }
        if !literal.isEmpty { parts.append(.text(literal)) }
        return parts
    }
}

extension DialPattern: Hashable {
    package static func == (left: DialPattern, right: DialPattern) -> Bool {
        left.source == right.source && left.rewrite == right.rewrite
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(self.source)
        hasher.combine(self.rewrite)
    }
}
