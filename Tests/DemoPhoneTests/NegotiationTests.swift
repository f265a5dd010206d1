import DemoPhone
import MediaCore
import SIPCore
import Testing

@Suite struct NegotiationTests {
    private static let address = MediaAddress(ipv4: 0x7F00_0001, port: 40_000)
    private static let head = "v=0\r\no=- 7 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"

    private static func negotiation(_ number: DemoNumber) -> CallNegotiation {
        CallNegotiation(
            number == .tone ? .best([.pcmu, .pcma]) : .firstOffered,
            at: Self.address,
            sessionID: 7
        )
    }

    private static func offer(_ text: String, address: String = "127.0.0.1") throws -> SessionDescription {
        try SessionDescription("v=0\no=- 1 1 IN IP4 127.0.0.1\ns=-\nc=IN IP4 \(address)\nt=0 0\n\(text)")
    }

    private static func text(_ bytes: [UInt8]?) -> String? {
        bytes.map { String(decoding: $0, as: UTF8.self) }
    }

    @Test("An echo takes the first format with a name, whatever it is, with the peer's own terms") func echo() throws {
        var negotiation = Self.negotiation(.echo)
        let offer = try Self.offer(
            """
            m=audio 5000 RTP/AVP 18 111 0 101 110
            a=rtpmap:111 OPUS/48000/2
            a=fmtp:111 minptime=10;useinbandfec=1
            a=rtpmap:101 telephone-event/8000
            a=rtpmap:110 telephone-event/48000
            a=fmtp:110 0-16
            a=ptime:20
            a=rtcp-mux
            """
        )
        let answer = negotiation.answer(to: offer)
        #expect(
            Self.text(answer) == Self.head
                + """
                m=audio 40000 RTP/AVP 111 110\r
                a=rtpmap:111 opus/48000/2\r
                a=fmtp:111 minptime=10;useinbandfec=1\r
                a=rtpmap:110 telephone-event/48000\r
                a=fmtp:110 0-16\r
                a=ptime:20\r
                a=rtcp-mux\r
                a=sendrecv\r

                """
        )
        #expect(negotiation.agreed?.remote == MediaAddress(ipv4: 0x7F00_0001, port: 5_000))
        #expect(negotiation.agreed?.audio == AudioFormat(.opus, sends: 111, receives: 111))
    }

    @Test("Telephone-event of another clock rate is better than none") func digits() throws {
        var negotiation = Self.negotiation(.echo)
        let offer = "m=audio 5000 RTP/AVP 111 101\na=rtpmap:111 opus/48000/2\na=rtpmap:101 telephone-event/8000"
        _ = negotiation.answer(to: try Self.offer(offer))
        #expect(negotiation.agreed?.digits == DigitFormat(sends: 101, receives: 101, clockRate: 8_000))
    }

    @Test("A tone takes PCMU before PCMA, and a dynamic number as well as the known one") func tone() throws {
        var negotiation = Self.negotiation(.tone)
        _ = negotiation.answer(to: try Self.offer("m=audio 5000 RTP/AVP 9 8 0"))
        #expect(negotiation.agreed?.audio == AudioFormat(.pcmu, sends: 0, receives: 0))
        _ = negotiation.answer(to: try Self.offer("m=audio 5000 RTP/AVP 9 97\na=rtpmap:97 pcma/8000/1"))
        #expect(negotiation.agreed?.audio == AudioFormat(.pcma, sends: 97, receives: 97))
    }

    @Test("Every other stream is refused in its place") func otherStreams() throws {
        var negotiation = Self.negotiation(.echo)
        let offer = try Self.offer(
            "m=video 6000 RTP/AVP 96\nm=audio 0 RTP/AVP 0\nm=audio 5000 RTP/AVP 8\nm=audio 5002 RTP/AVP 0"
        )
        let answer = negotiation.answer(to: offer)
        #expect(
            Self.text(answer) == Self.head
                + """
                m=video 0 RTP/AVP 96\r
                m=audio 0 RTP/AVP 0\r
                m=audio 40000 RTP/AVP 8\r
                a=rtpmap:8 PCMA/8000\r
                a=sendrecv\r
                m=audio 0 RTP/AVP 0\r

                """
        )
    }

    @Test(
        "What we can't take part in has no answer",
        arguments: [
            "", "m=video 5000 RTP/AVP 96", "m=audio 0 RTP/AVP 0", "m=audio 5000 RTP/AVP 3 18",
            "m=audio 5000 RTP/AVP 200", "m=audio 5000 UDP/TLS/RTP/SAVPF 0", "m=audio 5000 RTP/SAVP 0",
            "m=audio 5000 RTP/AVP 0\nc=IN IP4 example.org", "m=audio 5000 RTP/AVP 0\nc=IN IP6 ::1",
            "m=audio 5000 RTP/AVP 0\na=rtpmap:0 SPEEX/8000",
        ]
    )
    func refused(_ text: String) throws {
        var negotiation = Self.negotiation(.echo)
        let answer = negotiation.answer(to: try Self.offer(text))
        #expect(answer == nil)
        #expect(negotiation.agreed == nil)
    }

    @Test(
        "A direction is answered by RFC 3264, and an address of zeros is a hold",
        arguments: [
            ("a=sendrecv", "127.0.0.1", SDPDirection.sendrecv), ("a=sendonly", "127.0.0.1", .recvonly),
            ("a=recvonly", "127.0.0.1", .sendonly), ("a=inactive", "127.0.0.1", .inactive),
            ("a=sendrecv", "0.0.0.0", .recvonly),
        ]
    )
    func direction(_ line: String, _ address: String, _ expected: SDPDirection) throws {
        var negotiation = Self.negotiation(.echo)
        let offer = try Self.offer("m=audio 5000 RTP/AVP 0\n\(line)", address: address)
        let answer = negotiation.answer(to: offer)
        #expect(try #require(Self.text(answer)).hasSuffix("a=\(expected.rawValue)\r\n"))
        #expect(negotiation.agreed?.direction == expected)
    }

    @Test("The version goes up with what changes, and with nothing else") func version() throws {
        var negotiation = Self.negotiation(.echo)
        let offers = ["a=sendrecv", "a=sendrecv", "a=sendonly", "a=sendrecv"]
        let versions = try offers.map { line in
            let answer = negotiation.answer(to: try Self.offer("m=audio 5000 RTP/AVP 0\n\(line)"))
            return try SessionDescription(try #require(answer)).origin?.version
        }
        #expect(versions == [1, 1, 2, 3])
    }

    @Test("Our own offer is PCMU, and its answer's numbers are the peer's") func offer() throws {
        var negotiation = Self.negotiation(.tone)
        let offer = negotiation.offer()
        #expect(
            Self.text(offer) == Self.head
                + """
                m=audio 40000 RTP/AVP 0 101\r
                a=rtpmap:0 PCMU/8000\r
                a=rtpmap:101 telephone-event/8000\r
                a=fmtp:101 0-15\r
                a=sendrecv\r

                """
        )
        #expect(negotiation.awaitsAnswer)
        let answer = try Self.offer("m=audio 5000 RTP/AVP 0 96\na=rtpmap:96 telephone-event/8000")
        let isTaken = negotiation.received(answer: answer)
        #expect(isTaken)
        #expect(!negotiation.awaitsAnswer)
        #expect(negotiation.agreed?.audio == AudioFormat(.pcmu, sends: 0, receives: 0))
        #expect(negotiation.agreed?.digits == DigitFormat(sends: 96, receives: 101, clockRate: 8_000))
    }

    @Test("A later offer of ours is what is agreed, every stream in its place, and asks for both ways")
    func laterOffer() throws {
        var negotiation = Self.negotiation(.echo)
        _ = negotiation.answer(
            to: try Self.offer(
                "m=video 6000 RTP/AVP 96\nm=audio 5000 RTP/AVP 101\na=rtpmap:101 opus/48000/2\na=inactive"
            )
        )
        let offer = negotiation.offer()
        #expect(
            try #require(Self.text(offer)).hasSuffix(
                """
                m=video 0 RTP/AVP 96\r
                m=audio 40000 RTP/AVP 101\r
                a=rtpmap:101 opus/48000/2\r
                a=sendrecv\r

                """
            )
        )
    }

    @Test(
        "An answer that refuses our offer, or answers something else, is none",
        arguments: ["m=audio 0 RTP/AVP 0", "m=audio 5000 RTP/AVP 8", "", "m=video 0 X 1\nm=audio 5000 RTP/AVP 0"]
    )
    func refusedOffer(_ text: String) throws {
        var negotiation = Self.negotiation(.echo)
        let answer = try Self.offer(text)
        let unasked = negotiation.received(answer: answer)
        _ = negotiation.offer()
        let isTaken = negotiation.received(answer: answer)
        #expect(!unasked && !isTaken)
        #expect(!negotiation.awaitsAnswer)
    }
}
