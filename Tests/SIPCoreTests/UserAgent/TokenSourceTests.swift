import SIPCore
import Testing

@Suite("Tags, branches and Call-IDs")
struct TokenSourceTests {
    private static func isToken(_ text: String) -> Bool {
        text.utf8.allSatisfy {
            switch $0 {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "_"): true
            default: false
            }
        }
    }

    @Test("Every token has 15 characters of the token alphabet, and none comes twice")
    func tokens() {
        let source = TokenSource(SeededGenerator(seed: 1))
        var seen: Set<String> = []
        for _ in 0..<10_000 {
            for token in [source.tag(), source.callID(), source.branch(), source.clientNonce()] {
                #expect(token.utf8.count == 15 && Self.isToken(token))
                seen.insert(token)
            }
        }
        #expect(seen.count == 40_000)
    }

    @Test("A branch starts with the magic cookie")
    func branch() {
        #expect(TokenSource(SeededGenerator(seed: 2)).branch().hasPrefix("z9hG4bK"))
    }

    @Test("The same numbers make the same tokens")
    func repeatable() {
        #expect(TokenSource(SeededGenerator(seed: 3)).tag() == TokenSource(SeededGenerator(seed: 3)).tag())
        #expect(TokenSource(SeededGenerator(seed: 3)).tag() != TokenSource(SeededGenerator(seed: 4)).tag())
    }

    @Test("Numbers stay within their limit")
    func numbers() {
        let source = TokenSource(SeededGenerator(seed: 5))
        #expect(Set((0..<1000).map { _ in source.number(upTo: 10) }) == Set(0...10))
        #expect(source.number(upTo: 0) == 0)
        _ = source.number(upTo: .max)
    }
}
