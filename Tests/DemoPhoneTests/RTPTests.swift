import DemoPhone
import MediaCore
import NIOCore
import SIPCore
import Testing

@Suite struct RTPTests {
    /// PCMU and telephone-event, both ways.
    private let agreed: AgreedAudio
    private static let origin = RTPOrigin(source: 1, sequence: 100, timestamp: 1_000)

    init() throws {
        let offer = try SessionDescription(
            "v=0\no=- 1 1 IN IP4 127.0.0.1\ns=-\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 4000 RTP/AVP 0"
        )
        self.agreed = try #require(AgreedAudio(offer, .firstOffered, isIPv6: false))
    }

    private static func packet(
        _ sequence: UInt16,
        _ timestamp: UInt32,
        source: UInt32 = 9,
        payloadType: UInt8 = 0
    ) -> RTPPacket {
        RTPPacket(
            isMarked: false,
            payloadType: payloadType,
            sequence: sequence,
            timestamp: timestamp,
            source: source,
            payload: ByteBuffer(bytes: [1])
        )
    }

    // MARK: Packets

    @Test("A packet is read without extension, contributing sources and padding") func reading() {
        let head: [UInt8] = [0xB1, 0x88, 0, 7, 0, 0, 0, 160, 0, 0, 0, 9]
        let source: [UInt8] = [1, 1, 1, 1]
        let `extension`: [UInt8] = [0xBE, 0xDE, 0, 1, 2, 2, 2, 2]
        let bytes = [head, source, `extension`, [42, 43], [0, 0, 3]].flatMap { $0 }
        #expect(
            RTPPacket(ByteBuffer(bytes: bytes))
                == RTPPacket(
                    isMarked: true,
                    payloadType: 8,
                    sequence: 7,
                    timestamp: 160,
                    source: 9,
                    payload: ByteBuffer(bytes: [42, 43])
                )
        )
    }

    @Test("What was written is read again") func writing() {
        let packet = Self.packet(65_535, .max)
        #expect(RTPPacket(packet.datagram(ByteBufferAllocator())) == packet)
    }

    @Test(
        "What is cut short, too long or no RTP is no packet",
        arguments: [
            [],
            [0x80],
            [0x80, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0],
            // Version 0, as STUN has it.
            [0x00, 1, 0, 0, 0x21, 0x12, 0xA4, 0x42, 0, 0, 0, 0],
            // RTCP.
            [0x80, 200, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0],
            // A contributing source that is not there.
            [0x81, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0],
            // An extension without its head, and one longer than the packet.
            [0x90, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0],
            [0x90, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF],
            // Padding of nothing, none, and too much.
            [0xA0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0],
            [0xA0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            [0xA0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 2],
            [0x80, 0] + [UInt8](repeating: 0, count: RTPPacket.longest),
        ] as [[UInt8]]
    )
    func garbage(_ bytes: [UInt8]) {
        #expect(RTPPacket(ByteBuffer(bytes: bytes)) == nil)
    }

    // MARK: Echo

    @Test("An echo keeps gaps and disorder, and is one stream though its source changes") func continuity() {
        var echo = RTPEcho(Self.origin)
        var numbers: [[UInt32]] = []
        for packet in [
            Self.packet(65_535, 0), Self.packet(1, 320), Self.packet(0, 160),
            Self.packet(500, 77, source: 10), Self.packet(501, 237, source: 10),
        ] {
            let back = echo.echo(packet, self.agreed, now: .init(nanoseconds: 0))
            numbers.append(back.map { [UInt32($0.sequence), $0.timestamp, $0.source] } ?? [])
        }
        #expect(
            numbers == [[100, 1_000, 1], [102, 1_320, 1], [101, 1_160, 1], [103, 1_480, 1], [104, 1_640, 1]]
        )
    }

    @Test("An echo writes the numbers that the peer gave, and sends nothing of unknown ones") func payloadTypes() {
        var agreed = self.agreed
        agreed.digits = DigitFormat(sends: 96, receives: 101, clockRate: 8_000)
        var echo = RTPEcho(Self.origin)
        let back = [101, 0, 96, 8].map {
            echo.echo(Self.packet(1, 0, payloadType: $0), agreed, now: .init(nanoseconds: 0))?.payloadType
        }
        #expect(back == [96, 0, nil, nil])
    }

    @Test("An echo of an echo dies down") func bounded() {
        var echo = RTPEcho(Self.origin)
        let count = UInt16(RTPEcho.packetsPerSecond)
        func back(_ sequence: UInt16, _ milliseconds: UInt64) -> Bool {
            echo.echo(
                Self.packet(sequence, 0),
                self.agreed,
                now: Instant(nanoseconds: milliseconds * 1_000_000)
            ) != nil
        }
        let first = (0..<count).count { back($0, 5_000) }
        let late = [back(count, 5_999), back(count, 6_000)]
        #expect(first == Int(count))
        #expect(late == [false, true])
    }

    // MARK: Tone

    @Test("A tone's time passes while nobody listens, and its sequence does not") func silence() throws {
        var tone = RTPTone(Self.origin)
        let format = AudioFormat(.pcma, sends: 8, receives: 8)
        let firstPacket = tone.next(format)
        tone.skip()
        let thirdPacket = tone.next(format)
        let fourthPacket = tone.next(format)
        let first = try #require(firstPacket)
        let third = try #require(thirdPacket)
        let fourth = try #require(fourthPacket)
        #expect([first.sequence, third.sequence, fourth.sequence] == [100, 101, 102])
        #expect([first.timestamp, third.timestamp, fourth.timestamp] == [1_000, 1_320, 1_480])
        #expect([first.isMarked, third.isMarked, fourth.isMarked] == [true, true, false])
        let fifthPacket = tone.next(AudioFormat(.opus, sends: 111, receives: 111))
        #expect(fifthPacket == nil)
    }

    @Test("A tone has 440 turns a second") func frequency() throws {
        var tone = RTPTone(Self.origin)
        var samples: [UInt8] = []
        for _ in 0..<50 {
            let packet = tone.next(AudioFormat(.pcmu, sends: 0, receives: 0))
            samples += try #require(packet).payload.readableBytesView
        }
        // In mu-law the high bit is set for what is not negative.
        let rises = zip(samples, samples.dropFirst()).count { $0 & 0x80 == 0 && $1 & 0x80 != 0 }
        #expect(samples.count == 8_000)
        // The first turn begins risen.
        #expect(rises == 439)
    }

    @Test(
        "The laws are those of G.711",
        arguments: [
            (0, 0xFF, 0xD5), (-8, 0x7E, 0x55), (8, 0xFE, 0xD5), (100, 0xF2, 0xD3), (-100, 0x72, 0x53),
            (1_000, 0xCE, 0xFA), (-1_000, 0x4E, 0x7A), (8_000, 0xA0, 0x8A), (-8_000, 0x20, 0x0A),
            (32_767, 0x80, 0xAA), (-32_768, 0x00, 0x2A),
        ] as [(Int16, UInt8, UInt8)]
    )
    func laws(_ sample: Int16, _ muLaw: UInt8, _ aLaw: UInt8) {
        #expect(G711.muLaw.encoded(sample) == muLaw)
        #expect(G711.aLaw.encoded(sample) == aLaw)
    }
}
