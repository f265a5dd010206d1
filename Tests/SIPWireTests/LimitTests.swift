import SIPCore
import SIPWire
import Testing

@Suite("Hostile input") struct LimitTests {
    /// The time limit is wide, since other tests run beside it; unguarded, 65 KB of parameters take libosip2 a third of a
    /// second each time.
    @Test("What makes libosip2 slow is refused at once") func bounded() {
        let manyParameters = String(repeating: ";a", count: 32_000)
        let hostile: [([UInt8], SIPWireFault)] = [
            (Samples.options("OPTIONS sip:a.org\(manyParameters) SIP/2.0"), .tooLarge),
            (Samples.options(replacing: ["To": "<sip:a.org\(manyParameters)>"]), .tooLarge),
            (Samples.options(replacing: ["To": "<sip:a.org>\(manyParameters)"]), .tooLarge),
            (Samples.options(adding: (0..<1000).map { "X\($0): 1" }), .tooManyFields),
            (Samples.options(adding: (0..<200).map { "X\($0): 1" }), .tooManyFields),
            (Samples.options(replacing: ["To": "<sip:a.org\(manyParameters.prefix(2_000))>"]), .tooManyParameters),
            (Samples.options("OPTIONS sip:a.org\(manyParameters.prefix(2_000)) SIP/2.0"), .tooManyParameters),
            (
                Samples.options(adding: (0..<10).map { _ in "Contact: <sip:a.org>\(manyParameters.prefix(100))" }),
                .tooManyParameters
            ),
            (Samples.options(adding: ["Route: " + String(repeating: "<sip:a>,", count: 200)]), .tooManyFields),
            (
                Samples.options(replacing: ["Content-Length": "60000"], body: String(repeating: "x", count: 60_000)),
                .tooLarge
            ),
            (Samples.options(body: String(repeating: "x", count: 70_000)), .tooLarge),
        ]
        let clock = ContinuousClock()
        let duration = clock.measure {
            var parser = SIPWireParser()
            for _ in 0..<20 {
                for (bytes, fault) in hostile { #expect(parser.parse(bytes).fault == fault) }
            }
        }
        #expect(duration < .seconds(10))
    }

    @Test("A request that is too large is told so where its first 8 KB name the transaction") func tooLarge() {
        var parser = SIPWireParser()
        let named = Samples.options(adding: ["X: " + String(repeating: "x", count: 9_000)])
        #expect(parser.parse(named).response?.status == 513)
        let unnamed = Samples.options("OPTIONS sip:\(String(repeating: "a", count: 9_000)) SIP/2.0")
        #expect(parser.parse(unnamed) == .rejected(.tooLarge, nil))
    }

    @Test("A head near every limit leaves half of libosip2's block free") func blockUse() throws {
        var parser = SIPWireParser()
        let contacts = (0..<15).map { _ in "Contact: <sip:ab.org>" + String(repeating: ";a=b", count: 15) }
        let vias = (0..<100).map { "Via: SIP/2.0/UDP 192.0.2.\($0)" }
        let route = "Route: <sip:\(String(repeating: "a", count: 2_000))@example.org>"
        let bytes = Samples.options(adding: contacts + [route])
        _ = try #require(parser.parse(bytes).message)
        #expect(parser.plainReads == 0)
        #expect(parser.lastBlockUse < 131_072)
        let headers = try #require(parser.parse(Samples.options(adding: vias)).message).headers
        #expect(headers.via.count == 101)
        #expect(parser.plainReads == 0)
        #expect(parser.lastBlockUse < 131_072)
    }

    @Test("A message cut short anywhere is no message until its head is whole", arguments: Samples.all)
    func truncations(_ text: String) {
        let bytes = Array(text.utf8)
        var parser = SIPWireParser()
        for length in 1..<bytes.count {
            let result = parser.parse(Array(bytes[..<length]))
            #expect(result.message == nil)
        }
        #expect(parser.parse(bytes).message != nil)
    }

    @Test("Any byte replaced by NUL, 0xFF or CR is survived; NUL and CR pass in the body alone", arguments: Samples.all)
    func replacements(_ text: String) {
        let bytes = Array(text.utf8)
        let bodyStart = text.utf8.count - (text.hasSuffix(Samples.sdp) ? Samples.sdp.utf8.count : 0)
        var parser = SIPWireParser()
        for replacement: UInt8 in [0, 0xFF, 0x0D] {
            for index in bytes.indices where bytes[index] != replacement {
                var changed = bytes
                changed[index] = replacement
                let message = parser.parse(changed).message
                if index >= bodyStart {
                    #expect(message != nil)
                } else if replacement != 0xFF, index > 0, bytes[index - 1] != UInt8(ascii: "\\") {
                    #expect(message == nil, "\(index)")
                }
            }
        }
    }

    @Test("100,000 pieces of garbage are survived") func garbage() {
        var generator = SeededGenerator(state: 4475)
        var parser = SIPWireParser()
        var accepted = 0
        for _ in 0..<100_000 {
            let bytes = (0..<Int.random(in: 0..<48, using: &generator)).map { _ in
                UInt8.random(in: 0...255, using: &generator)
            }
            if parser.parse(bytes).message != nil { accepted += 1 }
        }
        #expect(accepted == 0)
    }

    @Test("Spoiled messages: both readers agree wherever both accept") func mutations() {
        var generator = SeededGenerator(state: 3261)
        let fragments = [
            ";", "=", "\"", "<", ">", ",", "%00", "%", "@", ":", " ", "\r\n ", "[", "]", "?", "\\", "(", ")", "&", "/",
            "sip:", "tel:+1", ";tag=1", "*", "\t", "é", ";;", ">;", "<sip:x@y>",
        ].map { Array($0.utf8) }
        var libosip2 = SIPWireParser()
        var plain = SIPWireParser()
        plain.usesLibosip2 = false
        var accepted = 0
        let samples = Samples.all.map { Array($0.utf8) }
        for _ in 0..<12_000 {
            guard var bytes = samples.randomElement(using: &generator) else { continue }
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                let index = Int.random(in: 0..<min(700, bytes.count), using: &generator)
                switch Int.random(in: 0..<3, using: &generator) {
                case 0: bytes.remove(at: index)
                case 1: bytes.insert(contentsOf: fragments.randomElement(using: &generator) ?? [], at: index)
                default: bytes[index] = bytes.randomElement(using: &generator) ?? 0
                }
            }
            guard let message = libosip2.parse(bytes).message, let second = plain.parse(bytes).message else { continue }
            accepted += 1
            if message != second {
                Issue.record("\(difference(message, second))")
            }
        }
        #expect(accepted > 2_000)
    }
}

/// Where the two descriptions part.
private func difference(_ left: SIPMessage, _ right: SIPMessage) -> String {
    let left = Array(String(describing: left))
    let right = Array(String(describing: right))
    let start = max(0, zip(left, right).prefix { $0 == $1 }.count - 200)
    return "\(String(left.dropFirst(start).prefix(400)))\n— other reader: \(String(right.dropFirst(start).prefix(400)))"
}
