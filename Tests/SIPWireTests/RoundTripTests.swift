import SIPCore
import SIPWire
import Testing

@Suite("Writing and reading") struct RoundTripTests {
    @Test("What the writer makes of a message is read as that message", arguments: Samples.all)
    func samples(_ text: String) throws {
        var parser = SIPWireParser()
        let message = try #require(parser.parse(Array(text.utf8)).message)
        var bytes: [UInt8] = []
        SIPWriter.write(message, into: &bytes)
        #expect(parser.parse(bytes).message == message)
        #expect(parser.plainReads == 0)
    }

    /// The core's reader, which reads unkscm and its like, makes scheme names lower-case; nothing else changes.
    @Test("So is each torture message that we accept", arguments: TortureMessage.all.filter { $0.isAccepted })
    func torture(_ row: TortureMessage) throws {
        var parser = SIPWireParser()
        let message = try #require(parser.parse(try row.bytes).message)
        var bytes: [UInt8] = []
        SIPWriter.write(message, into: &bytes)
        #expect(parser.parse(bytes).message == message)
    }

    @Test("So is a refusal", arguments: TortureMessage.all.filter { $0.answer != nil && !$0.isAccepted })
    func refusals(_ row: TortureMessage) throws {
        var parser = SIPWireParser()
        let response = try #require(parser.parse(try row.bytes).response)
        var bytes: [UInt8] = []
        SIPWriter.write(response, into: &bytes)
        #expect(parser.parse(bytes).message == .response(response))
    }
}
