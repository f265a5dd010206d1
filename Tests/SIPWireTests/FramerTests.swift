import SIPCore
import SIPWire
import Testing

@Suite("Framing of a stream") struct FramerTests {
    /// Feeds the bytes in pieces of `size`, and takes whatever is ready after each.
    private func elements(
        _ bytes: [UInt8],
        inPiecesOf size: Int
    ) throws(SIPFramingError) -> [SIPStreamFramer.Element] {
        var framer = SIPStreamFramer()
        var elements: [SIPStreamFramer.Element] = []
        var index = 0
        while index < bytes.count {
            framer.append(bytes[index..<min(bytes.count, index + size)])
            while let element = try framer.next() { elements.append(element) }
            index += size
        }
        #expect(framer.pending == 0)
        return elements
    }

    @Test("Messages and pings are found whatever the pieces", arguments: [1, 2, 3, 7, 64, 1000, 100_000])
    func pieces(_ size: Int) throws {
        let messages = Samples.all.map { Array($0.utf8) }
        let stream = messages[0] + messages[1] + Array("\r\n\r\n".utf8) + messages[2] + Array("\r\n".utf8) + messages[3]
        #expect(
            try self.elements(stream, inPiecesOf: size) == [
                .message(messages[0]), .message(messages[1]), .ping, .message(messages[2]), .message(messages[3]),
            ]
        )
    }

    @Test("One CRLF is no ping, two are one, five are two") func pings() throws {
        #expect(try self.elements(Array("\r\n".utf8), inPiecesOf: 1) == [])
        #expect(try self.elements(Array("\r\n\r\n".utf8), inPiecesOf: 1) == [.ping])
        #expect(try self.elements(Array("\r\n\r\n\r\n\r\n\r\n".utf8), inPiecesOf: 3) == [.ping, .ping])
    }

    @Test("Line ends within a body do not end it") func bodies() throws {
        let message = Samples.options(body: "\r\n\r\nINVITE sip:a SIP/2.0\r\n\r\n")
        #expect(try self.elements(message + message, inPiecesOf: 5) == [.message(message), .message(message)])
    }

    @Test("Ten thousand messages leave nothing behind") func long() throws {
        let message = Array(Samples.invite.utf8)
        var framer = SIPStreamFramer()
        var count = 0
        for _ in 0..<100 {
            framer.append(Array(repeatElement(message, count: 100).joined()))
            while let element = try framer.next() {
                #expect(element == .message(message))
                count += 1
            }
        }
        #expect(count == 10_000)
        #expect(framer.pending == 0)
    }

    @Test("A length that is missing, double, malformed or too large ends the stream, then and for good")
    func badLengths() {
        for (bytes, fault) in [
            (Samples.options(without: "Content-Length"), SIPWireFault.missing("Content-Length")),
            (Samples.options(adding: ["l: 0"]), .repeated("Content-Length")),
            (Samples.options(replacing: ["Content-Length": "-1"]), .malformed("Content-Length")),
            (Samples.options(replacing: ["Content-Length": "99999999999999999999"]), .malformed("Content-Length")),
            (Samples.options(replacing: ["Content-Length": "100000"]), .tooLarge),
        ] {
            var framer = SIPStreamFramer()
            framer.append(bytes)
            #expect(throws: SIPFramingError(fault, head: bytes)) { try framer.next() }
            framer.append(Samples.options())
            #expect(throws: SIPFramingError(fault)) { try framer.next() }
            var parser = SIPWireParser()
            #expect(parser.refusal(of: bytes, for: fault)?.status == fault.status)
        }
    }

    @Test("What does not begin as SIP ends the stream at once") func foreign() {
        for bytes: [UInt8] in [[0x16, 3, 1, 2, 0], [0], [0x0D, 0x41], [0x0A], [0x20]] {
            var framer = SIPStreamFramer()
            framer.append(bytes)
            #expect(throws: SIPFramingError(.badStartLine)) { try framer.next() }
        }
    }

    @Test("A head without end ends the stream at 8 KB, however slowly it comes") func endlessHead() {
        var framer = SIPStreamFramer()
        var fault: SIPWireFault?
        var count = 0
        while fault == nil, count < 20_000 {
            framer.append(CollectionOfOne(UInt8(ascii: "a")))
            count += 1
            do throws(SIPFramingError) {
                #expect(try framer.next() == nil)
            } catch {
                fault = error.fault
            }
        }
        #expect(fault == .tooLarge)
        #expect(count == 8_193)
    }

    @Test("Framed messages are read as datagrams are") func parsed() throws {
        var parser = SIPWireParser()
        for element in try self.elements(Samples.all.flatMap { Array($0.utf8) }, inPiecesOf: 11) {
            guard case .message(let bytes) = element else { continue }
            #expect(parser.parse(bytes).message != nil)
        }
    }
}
