import MediaRelay
import Testing

@Suite("RTP packets") struct RTPPacketTests {
    private static let plain: [UInt8] = [
        0x80, 0x88, 0x12, 0x34, 0x01, 0x02, 0x03, 0x04, 0x0A, 0x0B, 0x0C, 0x0D, 0xF1, 0xF2,
    ]
    /// One CSRC, a one-byte header extension of one word, three payload bytes, four of padding.
    private static let adorned: [UInt8] = [
        0xB1, 0x6F, 0xFF, 0xFF, 0, 0, 0, 1, 0, 0, 0, 2,
        0, 0, 0, 9,
        0xBE, 0xDE, 0, 1, 0x10, 0x7F, 0, 0,
        0xE1, 0xE2, 0xE3,
        0, 0, 0, 4,
    ]

    @Test("A plain packet is read") func plainPacket() {
        #expect(
            RTPFixture.packet(Self.plain)
                == RTPPacket(
                    payloadType: 8,
                    marker: true,
                    sequence: 0x1234,
                    timestamp: 0x0102_0304,
                    ssrc: 0x0A0B_0C0D,
                    payload: 12..<14
                )
        )
    }

    @Test("CSRCs, header extension and padding are stepped over") func adornedPacket() {
        #expect(
            RTPFixture.packet(Self.adorned)
                == RTPPacket(
                    payloadType: 111,
                    marker: false,
                    sequence: 0xFFFF,
                    timestamp: 1,
                    ssrc: 2,
                    payload: 24..<27
                )
        )
    }

    @Test("A packet may hold nothing") func emptyPacket() {
        #expect(RTPFixture.packet(Array(Self.plain.prefix(12)))?.payload == 12..<12)
    }

    @Test(
        "What contradicts itself is no packet",
        arguments: [
            [],
            [0x80],
            Array(plain.prefix(11)),
            [0x40] + plain.dropFirst(),
            [0xC0] + plain.dropFirst(),
            // More CSRCs than there are bytes.
            [0x81] + plain.dropFirst(),
            // An extension without its length, and one that is longer than the packet.
            [0x90] + plain.dropFirst(),
            [0x90] + plain.dropFirst().prefix(11) + [0xBE, 0xDE, 0x00, 0x01, 0x00, 0x00, 0x00],
            [0x90] + plain.dropFirst().prefix(11) + [0xBE, 0xDE, 0xFF, 0xFF],
            // Padding of no bytes, of more than there are, and in an empty packet.
            [0xA0] + plain.dropFirst().dropLast() + [0x00],
            [0xA0] + plain.dropFirst().dropLast() + [0x03],
            [0xA0] + plain.dropFirst().prefix(11),
            // RTCP: a receiver report.
            [0x80, 0xC9] + plain.dropFirst(2),
        ] as [[UInt8]]
    ) func malformed(_ bytes: [UInt8]) {
        #expect(RTPFixture.packet(bytes) == nil)
    }

    @Test("A packet gets its new header in place, and is bare then") func rewriting() throws {
        var bytes = Self.adorned
        let packet = try #require(RTPFixture.packet(bytes))
        let header = RTPHeader(payloadType: 96, marker: true, sequence: 7, timestamp: 0xAABB_CCDD, ssrc: 0x1122_3344)
        let range = RTPFixture.edit(&bytes) { packet.rewrite(header, in: &$0) }
        #expect(range == 12..<27)
        #expect(
            Array(bytes[12..<27]) == [
                0x80, 0xE0, 0, 7, 0xAA, 0xBB, 0xCC, 0xDD, 0x11, 0x22, 0x33, 0x44, 0xE1, 0xE2, 0xE3,
            ]
        )
    }

    @Test("A packet is copied with its new header, where there is room") func copying() throws {
        let packet = try #require(RTPFixture.packet(Self.adorned))
        let header = RTPHeader(payloadType: 0, marker: false, sequence: 1, timestamp: 2, ssrc: 3)
        var output = [UInt8](repeating: 0xFF, count: 16)
        let length = RTPFixture.edit(&output) {
            packet.copy(header, from: unsafe Self.adorned.span.bytes, into: &$0)
        }
        #expect(length == 15)
        #expect(output == [0x80, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0xE1, 0xE2, 0xE3, 0xFF])
        var small = [UInt8](repeating: 0xFF, count: 14)
        #expect(
            RTPFixture.edit(&small) { packet.copy(header, from: unsafe Self.adorned.span.bytes, into: &$0) } == nil
        )
        #expect(small == [UInt8](repeating: 0xFF, count: 14))
    }

    @Test("A packet that was read from another datagram changes nothing") func foreignDatagram() throws {
        let packet = try #require(RTPFixture.packet(Self.adorned))
        let header = RTPHeader(payloadType: 0, marker: false, sequence: 1, timestamp: 2, ssrc: 3)
        var bytes = Self.plain
        #expect(RTPFixture.edit(&bytes) { packet.rewrite(header, in: &$0) } == nil)
        #expect(bytes == Self.plain)
    }
}
