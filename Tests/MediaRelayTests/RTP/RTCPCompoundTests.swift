import MediaRelay
import Testing

@Suite("RTCP datagrams") struct RTCPCompoundTests {
    private static let block: [UInt8] = [
        1, 2, 3, 4, 0x40, 0xFF, 0xFF, 0xFE, 0, 1, 0, 7, 0, 0, 0, 9, 0xAA, 0xBB, 0xCC, 0xDD, 0, 1, 0, 0,
    ]
    private static let otherBlock: [UInt8] = [9, 9, 9, 9] + block.dropFirst(4)
    private static let senderReport: [UInt8] =
        [0x82, 200, 0, 18, 0, 0, 0, 5, 0x83, 0xAA, 0x7E, 0x80, 0x80, 0, 0, 0, 0, 0, 0, 6, 0, 0, 0, 7, 0, 0, 0, 8]
        + otherBlock + block
    private static let receiverReport: [UInt8] = [0x81, 201, 0, 7, 0, 0, 0, 5] + block
    private static let emptyReport: [UInt8] = [0x80, 201, 0, 1, 0, 0, 0, 5]
    private static let description: [UInt8] = [0x81, 202, 0, 2, 0, 0, 0, 5, 1, 1, 0x61, 0]
    private static let goodbye: [UInt8] = [0x82, 203, 0, 2, 0, 0, 0, 5, 0, 0, 0, 6]
    private static let application: [UInt8] = [0x80, 204, 0, 2, 0, 0, 0, 5, 0x61, 0x62, 0x63, 0x64]
    private static let lossIndication: [UInt8] = [0x81, 206, 0, 2, 0, 0, 0, 5, 0, 0, 0, 6]
    private static let retransmissionRequest: [UInt8] = [0x81, 205, 0, 3, 0, 0, 0, 5, 0, 0, 0, 6, 0, 1, 0, 0]

    private static let parsedBlock = RTCPReportBlock(
        ssrc: 0x0102_0304,
        fractionLost: 64,
        lost: -2,
        highest: 0x1_0007,
        jitter: 9,
        lastReport: 0xAABB_CCDD,
        delay: 0x1_0000
    )

    @Test("A sender report tells of the sender, and of us by our SSRC") func sender() {
        #expect(
            RTPFixture.compound(
                Self.senderReport + Self.description + Self.goodbye + [0x81, 203, 0, 1, 0, 0, 0, 7]
            )
                == RTCPCompound(
                    senderInfo: RTCPSenderInfo(
                        ssrc: 5,
                        ntp: 0x83AA_7E80_8000_0000,
                        timestamp: 6,
                        packets: 7,
                        octets: 8
                    ),
                    report: Self.parsedBlock,
                    goodbye: 5
                )
        )
    }

    @Test("A receiver report tells of us; application data and feedback are stepped over") func receiver() {
        #expect(
            RTPFixture.compound(
                Self.receiverReport + Self.description + Self.application + Self.lossIndication
                    + Self.retransmissionRequest
            ) == RTCPCompound(report: Self.parsedBlock)
        )
        #expect(RTPFixture.compound(Self.emptyReport) == RTCPCompound())
        #expect(RTPFixture.compound(Self.receiverReport, about: 7) == RTCPCompound())
    }

    @Test("Feedback may come alone") func feedbackAlone() {
        #expect(RTPFixture.compound(Self.lossIndication) == RTCPCompound())
    }

    @Test("The last packet may be padded") func padding() {
        #expect(
            RTPFixture.compound(Self.emptyReport + [0xA0, 204, 0, 3, 0, 0, 0, 5, 0x61, 0x62, 0x63, 0x64, 0, 0, 0, 4])
                == RTCPCompound()
        )
    }

    @Test(
        "What contradicts itself is no RTCP",
        arguments: [
            [],
            [0x80],
            [0x80, 201, 0],
            // Cut off, and with bytes behind.
            Array(receiverReport.dropLast()),
            receiverReport + [0],
            Array(senderReport.dropLast(4)),
            // Another version; another type; RTP.
            [0x41] + receiverReport.dropFirst(),
            receiverReport + [0xC0, 204, 0, 2, 0, 0, 0, 5, 0x61, 0x62, 0x63, 0x64],
            [0x80, 191, 0, 1, 0, 0, 0, 5],
            [0x80, 8, 0, 1, 0, 0, 0, 5],
            // More blocks, or sources, than there is room for.
            [0x82] + receiverReport.dropFirst(),
            [0x83] + senderReport.dropFirst(),
            emptyReport + [0x83] + goodbye.dropFirst(),
            [0x80, 201, 0, 0],
            [0x81, 206, 0, 1, 0, 0, 0, 5],
            // A beginning that is neither report nor feedback.
            description,
            goodbye,
            application,
            // Padding of no bytes, of half a word, of more than there is, and before the last packet.
            [0xA0, 201, 0, 2, 0, 0, 0, 5, 0, 0, 0, 0],
            [0xA0, 201, 0, 2, 0, 0, 0, 5, 0, 0, 0, 3],
            [0xA0, 201, 0, 2, 0, 0, 0, 5, 0, 0, 0, 12],
            [0xA0, 201, 0, 2, 0, 0, 0, 5, 0, 0, 0, 8],
            [0xA0, 201, 0, 2, 0, 0, 0, 5, 0, 0, 0, 4] + emptyReport,
            [0xA0, 201, 0, 0],
        ] as [[UInt8]]
    ) func malformed(_ bytes: [UInt8]) {
        #expect(RTPFixture.compound(bytes) == nil)
    }

    @Test("A datagram has no more than 32 packets") func tooMany() {
        let packets = [[UInt8]](repeating: Self.emptyReport, count: RTCPCompound.packetLimit)
        #expect(RTPFixture.compound(packets.flatMap { $0 }) == RTCPCompound())
        #expect(RTPFixture.compound(packets.flatMap { $0 } + Self.emptyReport) == nil)
    }
}
