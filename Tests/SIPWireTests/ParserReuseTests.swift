import SIPCore
import SIPWire
import Testing

@Suite("One parser for many messages") struct ParserReuseTests {
    @Test("Values stay right when the block that they were read from is used again") func reuse() throws {
        var parser = SIPWireParser()
        let texts = Samples.all.map { Array($0.utf8) } + [try TortureMessage.bytes("wsinv")]
        var first: [SIPMessage?] = []
        for text in texts {
            var fresh = SIPWireParser()
            first.append(fresh.parse(text).message)
        }
        let kept = texts.map { parser.parse($0).message }
        for _ in 0..<50 {
            for (index, text) in texts.enumerated().reversed() { #expect(parser.parse(text).message == first[index]) }
        }
        #expect(kept == first)
        #expect(!kept.contains(nil))
        #expect(parser.plainReads == 0)
    }

    @Test("Parsers on several threads do not meet") func threads() async throws {
        let texts = Samples.all.map { Array($0.utf8) }
        var parser = SIPWireParser()
        let expected = texts.map { parser.parse($0).message }
        let plainReads = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    var parser = SIPWireParser()
                    for _ in 0..<500 {
                        for (index, text) in texts.enumerated() {
                            #expect(parser.parse(text).message == expected[index])
                        }
                    }
                    return parser.plainReads
                }
            }
            return await group.reduce(0, +)
        }
        #expect(plainReads == 0)
    }
}
