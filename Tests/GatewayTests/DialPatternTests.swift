import Gateway
import Testing

@Suite struct DialPatternTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var pattern: String
        var rewrite: String?
        var dialled: String
        var result: String?

        init(_ pattern: String, _ dialled: String, _ result: String?, rewrite: String? = nil) {
            self.pattern = pattern
            self.rewrite = rewrite
            self.dialled = dialled
            self.result = result
        }

        var testDescription: String { "\(self.pattern) takes \(self.dialled)" }
    }

    static let rows: [Row] = [
        Row("^6\\d\\d$", "600", "600"),
        Row("^6\\d\\d$", "6000", nil),
        Row("^6\\d\\d$", "1600", nil),
        Row("^6\\d\\d$", "6a0", nil),
        Row("6\\d\\d", "16001", "16001"),
        Row("^\\+1(\\d{10})$", "+15551234567", "15551234567", rewrite: "1$1"),
        Row("^\\+1(\\d{10})$", "+1555123456", nil, rewrite: "1$1"),
        Row("^(\\d+)-(\\d+)$", "12-34", "34/12/12-34/$", rewrite: "$2/$1/$0/$$"),
        Row("^00(.*)$", "0049", "+49", rewrite: "+$1"),
        Row("^(a|b)?c$", "c", "x", rewrite: "x$1"),
        Row("^(a|b)?c$", "bc", "xb", rewrite: "x$1"),
        Row("^(?:a|bc|d)+$", "abcd", "abcd"),
        Row("^(?:a|bc|d)+$", "abd", nil),
        Row("^(a+?)(a*)$", "aaa", "a,aa", rewrite: "$1,$2"),
        Row("^(a+)(a*)$", "aaa", "aaa,", rewrite: "$1,$2"),
        Row("^(a{1,2})(a{0,})$", "aaaa", "aa,aa", rewrite: "$1,$2"),
        Row("^(a{1,2}?)(a{2,})$", "aaaa", "a,aaa", rewrite: "$1,$2"),
        Row("^[0-9*#]+$", "*31#5", "*31#5"),
        Row("^[^0-9]+$", "bob", "bob"),
        Row("^[^0-9]+$", "b0b", nil),
        Row("^[]a-]+$", "]-a", "]-a"),
        Row("^[\\d-]+$", "1-2", "1-2"),
        Row("^sip:(\\w+)@ours\\.example$", "sip:bob@ours.example", "bob", rewrite: "$1"),
        Row("^sip:(\\w+)@ours\\.example$", "sip:bob@oursxexample", nil, rewrite: "$1"),
        Row("^...$", "böb", "böb"),
        Row("^ö+$", "öö", "öö"),
        Row("^\\D\\W\\S$", "a-b", "a-b"),
        Row("^$", "", ""),
        Row("^a|b$", "ax", "ax"),
        Row("^a|b$", "xb", "xb"),
        Row("^a|b$", "xax", nil),
    ]

    @Test("A pattern takes what it says, and rewrites it", arguments: rows)
    func resolve(_ row: Row) throws {
        #expect(try DialPattern(row.pattern, rewrite: row.rewrite).resolve(row.dialled) == row.result)
    }

    @Test("A pattern that would take for ever elsewhere answers at once")
    func noBacktracking() throws {
        let dialled = String(repeating: "1", count: DialPattern.longestInput - 1) + "x"
        #expect(try DialPattern("^((1+)+)+$").resolve(dialled) == nil)
        #expect(try DialPattern("^(1|11|1*)*$").resolve(dialled) == nil)
        #expect(try DialPattern("(.*)(.*)(.*)(.*)y").resolve(dialled) == nil)
    }

    @Test("A dial string beyond the limit matches nothing")
    func tooLong() throws {
        let pattern = try DialPattern("^1*$")
        #expect(pattern.resolve(String(repeating: "1", count: DialPattern.longestInput)) != nil)
        #expect(pattern.resolve(String(repeating: "1", count: DialPattern.longestInput + 1)) == nil)
    }

    @Test(
        "What is no pattern is refused with words that say why",
        arguments: [
            ("", nil, "the pattern is empty"),
            ("(", nil, "\"(\" without \")\" in the pattern"),
            (")", nil, "\")\" without \"(\" in the pattern"),
            ("[a", nil, "\"[\" without \"]\" in the pattern"),
            ("[z-a]", nil, "a range in [ ] runs from the lower to the higher character"),
            ("+1", nil, "\"+\" has nothing to repeat; write \\+ for the character itself"),
            ("a**", nil, "two repetitions in a row in the pattern"),
            ("a{2,1}", nil, "write {3}, {3,} or {3,5} for a repetition; \\{ for the character itself"),
            ("a{201}", nil, "write {3}, {3,} or {3,5} for a repetition; \\{ for the character itself"),
            ("a\\", nil, "the pattern ends in a lone \"\\\""),
            ("\\b", nil, "\"\\b\" is not known here"),
            ("(?=a)", nil, "of the groups that start with \"(?\" only \"(?:\" is known here"),
            ("((a{200}){200}){200}", nil, "the pattern is too big"),
            (String(repeating: "(", count: 40), nil, "the pattern is nested too deeply"),
            ("(a)", "$2", "the rewrite names group $2, the pattern has 1"),
            ("(a)", "$", "\"$\" at the end of the rewrite; write $$ for a dollar sign"),
            ("(a)", "$x", "\"$x\" names no group; write $1 to $9, or $$ for a dollar sign"),
        ] as [(String, String?, String)]
    )
    func refused(_ source: String, _ rewrite: String?, _ words: String) {
        #expect(throws: DialPatternError(words)) { try DialPattern(source, rewrite: rewrite) }
    }
}
