import SIPCore
import Testing

@Suite("Session descriptions") struct SessionDescriptionTests {
    private static let head = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\n"

    @Test(
        "What was only read is written as it came, to the byte",
        arguments: [SampleOffers.chromeAudio, SampleOffers.bundle, SampleOffers.phone]
    )
    func roundTrip(text: String) throws {
        #expect(String(decoding: try SampleOffers.read(text).bytes, as: UTF8.self) == text)
        #expect(try SessionDescription(text) == SampleOffers.read(text))
    }

    @Test("Lone LF, a missing last line end, empty lines at the end and odd order are taken") func lenient() throws {
        let lines = "o=- 1 1 IN IP4 h\nv=0\nm=audio 9 RTP/AVP 0\na=x"
        let expected = "o=- 1 1 IN IP4 h\r\nv=0\r\nm=audio 9 RTP/AVP 0\r\na=x\r\n"
        for text in [lines, lines + "\n", lines + "\r\n", lines + "\r", lines + "\n\n\r\n"] {
            #expect(String(decoding: try SampleOffers.read(text).bytes, as: UTF8.self) == expected)
        }
    }

    @Test("Bytes that are no UTF-8 are mended, and nothing is cut at the wrong place") func invalidUTF8() throws {
        let bytes = Array("v=0\r\no=- 1 1 IN IP4 h\r\ns=J".utf8) + [0xFC, 0xE2, 0x82] + Array("rgen\r\na=x:1\r\n".utf8)
        let description = try SessionDescription(bytes)
        #expect(description.lines.map(\.value) == ["0", "- 1 1 IN IP4 h", "J\u{FFFD}\u{FFFD}rgen", "x:1"])
    }

    @Test("A phone's offer is understood") func phone() throws {
        let description = try SampleOffers.read(SampleOffers.phone)
        let origin = try #require(description.origin)
        #expect(origin.username == "bob")
        #expect(origin.sessionID == "2890844526")
        #expect(origin.version == 2_890_844_527)
        #expect(origin.address == "192.0.2.10")
        let audio = description.media[0]
        #expect(audio.kind == "audio")
        #expect(audio.port == 49170)
        #expect(audio.portCount == 2)
        #expect(audio.transportProtocol == "RTP/AVP")
        #expect(audio.formats == ["101", "0", "8"])
        #expect(audio.encoding(of: "101") == "telephone-event/8000")
        #expect(audio.encoding(of: "10") == nil)
        #expect(audio.formatParameters(of: "101") == "0-15")
        #expect(audio.attribute("ptime") == "20")
        #expect(audio.attribute("ptim") == nil)
        #expect(audio.attribute("PTIME") == nil)
        #expect(audio.mid == nil)
        #expect(description.connection(of: audio)?.address == "192.0.2.10")
        #expect(description.direction(of: audio) == .sendonly)
        let video = description.media[1]
        #expect(description.connection(of: video) == SDPConnection(address: "2001:db8::10"))
        #expect(description.direction(of: video) == .inactive)
        #expect(description.media[2].port == 0)
        #expect(description.iceUfrags == [])
        #expect(description.bundles == [])
    }

    @Test("A browser's offer is understood") func browser() throws {
        let description = try SampleOffers.read(SampleOffers.bundle)
        #expect(description.iceUfrags == ["one", "two"])
        #expect(description.bundles == [["a", "v", "d", "b"]])
        #expect(description.media.map(\.mid) == ["a", "v", "d", "b"])
        #expect(description.media[0].attributes("rtpmap").count == 3)
        #expect(description.media[0].connection?.isUnspecified == true)
        #expect(description.attribute("ice-ufrag", of: description.media[3]) == "two")
        #expect(description.attribute("ice-options", of: description.media[3]) == "trickle renomination")
        #expect(description.direction(of: description.media[0]) == .sendrecv)
    }

    @Test("Lines are changed in their place") func changes() throws {
        var description = try SampleOffers.read(SampleOffers.phone)
        description.media[0].statedDirection = .recvonly
        description.media[1].statedDirection = .sendrecv
        description.media[1].connection = SDPConnection(address: "192.0.2.1")
        description.media[0].connection = SDPConnection(address: "::1")
        description.media[0].setAttribute("ptime", to: "30")
        description.media[0].removeAttributes("fmtp")
        description.statedDirection = nil
        description.connection = nil
        #expect(
            String(decoding: description.bytes, as: UTF8.self)
                == SampleOffers.text([
                    "v=0", "o=bob 2890844526 2890844527 IN IP4 192.0.2.10", "s=call", "i=info", "u=http://example.org",
                    "b=AS:64", "t=0 0", "k=clear:x", "m=audio 49170/2 RTP/AVP 101 0 8", "i=title", "c=IN IP6 ::1",
                    "b=AS:64", "a=rtpmap:101 telephone-event/8000", "a=ptime:30", "a=recvonly",
                    "m=video 51372 RTP/AVP 31", "c=IN IP4 192.0.2.1", "a=sendrecv", "x=unheard of",
                    "m=image 0 udptl t38",
                ])
        )
    }

    private static let malformedTexts: [(String, SDPError)] = [
        ("", SDPError(.badVersion)), ("\r\n\r\n", SDPError(.badVersion)),
        ("o=- 1 1 IN IP4 h\r\n", SDPError(.badVersion)),
        ("v=1\r\no=- 1 1 IN IP4 h\r\n", SDPError(.badVersion)), ("v=0\r\n", SDPError(.badOrigin)),
        ("v=0\r\no=- 1 1 IN IP4\r\n", SDPError(.badOrigin, line: 2)),
        ("v=0\r\no=- 1 1 IN IP4 h x\r\n", SDPError(.badOrigin, line: 2)),
        ("\(head)m=\r\n", SDPError(.badMedia, line: 3)), ("\(head)m=audio\r\n", SDPError(.badMedia, line: 3)),
        ("\(head)m=audio 9", SDPError(.badMedia, line: 3)),
        ("\(head)m=audio 9 RTP/AVP\r\n", SDPError(.badMedia, line: 3)),
        ("\(head)m=audio 9 RTP/AVP ", SDPError(.badMedia, line: 3)),
        ("\(head)m=audio 65536 RTP/AVP 0\r\n", SDPError(.badMedia, line: 3)),
        ("\(head)m=audio -1 RTP/AVP 0\r\n", SDPError(.badMedia, line: 3)),
        ("\(head)m=audio 99999999999999999999 RTP/AVP 0\r\n", SDPError(.badMedia, line: 3)),
        ("\(head)m=audio 9/ RTP/AVP 0\r\n", SDPError(.badMedia, line: 3)),
        ("\(head)m=audio 9/0 RTP/AVP 0\r\n", SDPError(.badMedia, line: 3)),
        ("\(head)m=audio 9/99999 RTP/AVP 0\r\n", SDPError(.badMedia, line: 3)),
        ("\(head)m=audio nine RTP/AVP 0\r\n", SDPError(.badMedia, line: 3)),
        ("\(head)c=IN IP4\r\n", SDPError(.badConnection, line: 3)),
        ("\(head)a\r\n", SDPError(.malformedLine, line: 3)), ("\(head)a", SDPError(.malformedLine, line: 3)),
        ("\(head)=\r\n", SDPError(.malformedLine, line: 3)), ("\(head)1=x\r\n", SDPError(.malformedLine, line: 3)),
        ("\(head) a=x\r\n", SDPError(.malformedLine, line: 3)), ("\(head)a x\r\n", SDPError(.malformedLine, line: 3)),
        ("\(head)a=x\rm=audio 9 RTP/AVP 0\r\n", SDPError(.malformedLine, line: 3)),
        ("\(head)a=\0\r\n", SDPError(.malformedLine, line: 3)),
        ("\(head)\r\na=x\r\n", SDPError(.malformedLine, line: 3)),
        ("\0", SDPError(.malformedLine, line: 1)), ("v=0\r\n\r\r\n", SDPError(.malformedLine, line: 2)),
    ]

    @Test("What is malformed is refused, with its line", arguments: malformedTexts)
    func malformed(text: String, error: SDPError) {
        #expect(throws: error) { try SampleOffers.read(text) }
    }

    @Test("No prefix of an offer stops the process, and each is read or refused") func truncation() throws {
        let bytes = Array(SampleOffers.chromeAudio.utf8)
        var readable = 0
        for count in 0...bytes.count {
            guard let description = try? SessionDescription(Array(bytes[..<count])) else { continue }
            readable += 1
            let again = try SessionDescription(description.bytes)
            #expect(again == description)
        }
        #expect(readable > 800)
    }

    @Test("Bytes, media sections and lines are limited") func limits() throws {
        let media = "m=audio 9 RTP/AVP 0\r\n"
        #expect(try SampleOffers.read(Self.head + String(repeating: media, count: 32)).media.count == 32)
        #expect(throws: SDPError(.tooLarge, line: 35)) {
            try SampleOffers.read(Self.head + String(repeating: media, count: 33))
        }
        let attributes = String(repeating: "a=x\r\n", count: 512)
        #expect(try SampleOffers.read(Self.head + media + attributes).media[0].lines.count == 512)
        #expect(throws: SDPError(.tooLarge, line: 516)) {
            try SampleOffers.read(Self.head + media + attributes + "a=x\r\n")
        }
        #expect(throws: SDPError(.tooLarge, line: 513)) { try SampleOffers.read(Self.head + attributes) }
        let long = Self.head + "a="
        let filled = long + String(repeating: "x", count: 65_536 - long.utf8.count)
        #expect(try SampleOffers.read(filled).lines.count == 3)
        #expect(throws: SDPError(.tooLarge)) { try SampleOffers.read(filled + "x") }
        #expect(throws: SDPError(.tooLarge)) { try SessionDescription(filled + "x") }
    }

    @Test("A value that somebody set can't begin a line") func injection() throws {
        var description = try SampleOffers.read(Self.head + "m=audio 9 RTP/AVP 0\r\n")
        description.setAttribute("x", to: "1\r\nm=video 9 RTP/AVP 0\n\0")
        description.media[0].formatList = "0\r\na=y"
        #expect(
            String(decoding: description.bytes, as: UTF8.self) == Self.head
                + "a=x:1m=video 9 RTP/AVP 0\r\nm=audio 9 RTP/AVP 0a=y\r\n"
        )
    }

    @Test(
        "A direction is answered by RFC 3264 §6.1",
        arguments: [
            (SDPDirection.sendrecv, SDPDirection.sendrecv, SDPDirection.sendrecv),
            (.sendrecv, .sendonly, .sendonly), (.sendrecv, .recvonly, .recvonly), (.sendrecv, .inactive, .inactive),
            (.sendonly, .sendrecv, .recvonly), (.sendonly, .sendonly, .inactive), (.sendonly, .recvonly, .recvonly),
            (.recvonly, .sendrecv, .sendonly), (.recvonly, .recvonly, .inactive), (.recvonly, .sendonly, .sendonly),
            (.inactive, .sendrecv, .inactive), (.inactive, .inactive, .inactive),
        ]
    )
    func directions(offered: SDPDirection, local: SDPDirection, answer: SDPDirection) {
        #expect(offered.answered(by: local) == answer)
        #expect(offered.reversed.reversed == offered)
    }

    @Test("The unspecified address is known in each spelling") func unspecified() {
        for (address, isUnspecified) in [
            ("0.0.0.0", true), ("::", true), ("0:0::0", true), ("::1", false), ("127.0.0.1", false), ("h", false),
        ] {
            #expect(SDPConnection(address: address).isUnspecified == isUnspecified)
        }
    }

    @Test("An error says what and where") func errorText() {
        #expect(SDPError(.badMedia, line: 7).description == "SDP line 7: bad m= line")
        #expect(SDPError(.tooLarge).description == "SDP: too large")
    }
}
