import MediaRelay
import Testing

@Suite("Bencode") struct BencodeTests {
    private static func read(_ text: String) -> Bencode? {
        NGMessage(Array("c \(text)".utf8))?.body
    }

    @Test("A message is written as rtpengine takes it, and read back the same") func roundTrip() {
        let body = Bencode.dictionary([
            .init("command", .text("offer")), .init("n", .integer(-5)), .init("flags", .texts(["a", "", "é"])),
            .init("more", .dictionary([.init("big", .integer(.max)), .init("small", .integer(.min))])),
        ])
        let message = NGMessage(cookie: "k_1", body: body)
        let text =
            "k_1 d7:command5:offer1:ni-5e5:flagsl1:a0:2:ée4:mored3:bigi9223372036854775807e5:small"
            + "i-9223372036854775808eee"
        #expect(String(decoding: message.bytes, as: UTF8.self) == text)
        #expect(NGMessage(message.bytes) == message)
    }

    @Test("Keys may come in any order, as rtpengine writes them") func unsortedKeys() {
        #expect(Self.read("d1:b1:x1:a1:ye") == .dictionary([.init("b", .text("x")), .init("a", .text("y"))]))
    }

    @Test(
        "What is malformed is refused",
        arguments: [
            "", "d", "de ", "dee", "i1e", "l1:ae", "d1:a", "d1:ae", "d1:ai1ee1", "d1:ai01ee", "d1:ai-0ee", "d1:aiee",
            "d1:ai-ee", "d1:ai+1ee", "d1:ai9223372036854775808ee", "d1:ai99999999999999999999ee", "d1:a01:xe",
            "d1:a2:xe", "d1:a99999:xe", "d1:a999999999999999999999:xe", "d1:a-1:xe", "d1:a:xe", "di1e1:ae",
            "d1:a1:x1:a1:ye", "d1:al1:xe", "x",
        ]
    )
    func malformed(_ text: String) {
        #expect(Self.read(text) == nil)
    }

    @Test("A cookie is printable and ended by a space", arguments: ["de", " de", "c\u{7}x de", "c\tde", "c"])
    func badCookie(_ text: String) {
        #expect(NGMessage(Array(text.utf8)) == nil)
    }

    @Test("A cookie has 128 bytes at most") func longCookie() {
        let longest = String(repeating: "c", count: 128)
        #expect(NGMessage(Array("\(longest) de".utf8))?.cookie == longest)
        #expect(NGMessage(Array("c\(longest) de".utf8)) == nil)
    }

    @Test("Depth and number of values are bounded") func bounds() {
        func nested(_ depth: Int) -> String {
            "d1:a" + String(repeating: "l", count: depth) + String(repeating: "e", count: depth) + "e"
        }
        #expect(Self.read(nested(15)) != nil)
        #expect(Self.read(nested(16)) == nil)
        #expect(Self.read(nested(30_000)) == nil)
        #expect(Self.read("d1:al" + String(repeating: "0:", count: 8_190) + "ee") != nil)
        #expect(Self.read("d1:al" + String(repeating: "0:", count: 8_191) + "ee") == nil)
    }

    @Test("Changed at random, a message is read to itself or refused, and never stops the process") func fuzz() {
        let seeds = [
            "k_1 d6:result2:ok3:sdp5:v=0\r\n4:tagsd3:outd6:mediasld7:streamsld5:statsd7:packetsi5eeeeeeeee",
            "k_1 d6:result5:error12:error-reason15:Unknown call-ide", "k_1 d6:result4:ponge",
        ].map { Array($0.utf8) }
        var random = SeededRandom(seed: 7)
        var readable = 0
        for round in 0..<60_000 {
            guard let message = NGMessage(random.mutated(seeds[round % seeds.count])) else { continue }
            readable += 1
            // A key that is no UTF-8 is written otherwise than it came; from then on it stays.
            let again = NGMessage(message.bytes)
            #expect(again == message)
        }
        #expect(readable > 100)
    }
}
