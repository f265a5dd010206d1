import MediaRelay
import SIPCore
import Testing

@Suite("The stream that comes in") struct RTPStreamInTests {
    private static func receive(
        _ stream: inout RTPStreamIn,
        _ sequences: some Sequence<UInt16>,
        ssrc: UInt32 = 0xA
    ) -> [RTPStreamIn.Verdict] {
        sequences.map {
            stream.received(
                RTPFixture.sound($0, UInt32($0) * 160, ssrc: ssrc),
                clockRate: 8000,
                now: RTPFixture.at(UInt64($0) * 20)
            )
        }
    }

    @Test("The first packet is heard at once") func first() {
        var stream = RTPStreamIn()
        #expect(stream.reportBlock() == nil)
        #expect(Self.receive(&stream, 1...3) == [.switched, .accepted, .accepted])
        #expect(stream.ssrc == 0xA)
    }

    @Test("A report tells the loss since the last report and since the beginning") func loss() {
        var stream = RTPStreamIn()
        _ = Self.receive(&stream, [10, 11, 13, 14])
        #expect(
            stream.reportBlock()
                == RTCPReportBlock(ssrc: 0xA, fractionLost: 51, lost: 1, highest: 14, jitter: 0)
        )
        _ = Self.receive(&stream, [15, 16])
        #expect(
            stream.reportBlock() == RTCPReportBlock(ssrc: 0xA, fractionLost: 0, lost: 1, highest: 16, jitter: 0)
        )
        #expect(stream.totals == RTPTotals(expected: 7, received: 6))
    }

    @Test("A late packet makes up for a loss; duplicates make the loss negative") func lateAndDuplicates() {
        var stream = RTPStreamIn()
        #expect(Self.receive(&stream, [1, 3, 2]) == [.switched, .accepted, .accepted])
        #expect(stream.reportBlock()?.lost == 0)
        _ = Self.receive(&stream, [3, 3])
        #expect(
            stream.reportBlock() == RTCPReportBlock(ssrc: 0xA, fractionLost: 0, lost: -2, highest: 3, jitter: 0)
        )
    }

    @Test("A sequence number that wraps is counted above the 16 bits") func cycles() {
        var stream = RTPStreamIn()
        _ = Self.receive(&stream, [0xFFFE, 0xFFFF, 0, 1])
        #expect(
            stream.reportBlock()
                == RTCPReportBlock(ssrc: 0xA, fractionLost: 0, lost: 0, highest: 0x1_0001, jitter: 0)
        )
        #expect(Self.receive(&stream, [0xFFFF]) == [.accepted])
        #expect(stream.reportBlock()?.highest == 0x1_0001)
    }

    @Test("All is lost but one: the fraction stays within its byte") func almostAllLost() {
        var stream = RTPStreamIn()
        _ = Self.receive(&stream, [1])
        _ = stream.reportBlock()
        _ = Self.receive(&stream, [3000])
        #expect(stream.reportBlock()?.fractionLost == 255)
    }

    @Test("A jump has to be confirmed by the next packet, and keeps the totals") func jump() {
        var stream = RTPStreamIn()
        _ = Self.receive(&stream, [1, 2, 4])
        #expect(Self.receive(&stream, [30_000, 5, 40_000, 40_001]) == [.refused, .accepted, .refused, .switched])
        #expect(
            stream.reportBlock() == RTCPReportBlock(ssrc: 0xA, fractionLost: 0, lost: 0, highest: 40_001, jitter: 0)
        )
        #expect(stream.totals == RTPTotals(expected: 6, received: 5))
    }

    @Test("Another SSRC takes over after three packets in sequence without one of the present") func takeOver() {
        var stream = RTPStreamIn()
        _ = Self.receive(&stream, [1])
        #expect(Self.receive(&stream, [70, 71, 73, 74], ssrc: 0xB) == [.refused, .refused, .refused, .refused])
        #expect(Self.receive(&stream, [2]) == [.accepted])
        #expect(Self.receive(&stream, [75, 76], ssrc: 0xB) == [.refused, .refused])
        #expect(Self.receive(&stream, [90], ssrc: 0xC) == [.refused])
        #expect(
            Self.receive(&stream, [77, 78, 79, 80], ssrc: 0xB) == [.refused, .refused, .switched, .accepted]
        )
        #expect(stream.ssrc == 0xB)
    }

    @Test("An announced change is taken at once, within 3 s") func announced() {
        var stream = RTPStreamIn()
        _ = stream.received(RTPFixture.sound(1, 0), clockRate: 8000, now: RTPFixture.at(0))
        stream.expectSwitch(now: RTPFixture.at(0))
        #expect(
            stream.received(RTPFixture.sound(2, 0), clockRate: 8000, now: RTPFixture.at(20)) == .accepted
        )
        #expect(
            stream.received(RTPFixture.sound(9, 0, ssrc: 0xB), clockRate: 8000, now: RTPFixture.at(40)) == .switched
        )
        #expect(
            stream.received(RTPFixture.sound(3, 0), clockRate: 8000, now: RTPFixture.at(41)) == .refused
        )
        stream.expectSwitch(now: RTPFixture.at(50))
        #expect(
            stream.received(RTPFixture.sound(9, 0, ssrc: 0xC), clockRate: 8000, now: RTPFixture.at(3050)) == .refused
        )
    }

    @Test("Jitter is the smoothed deviation of spacing, in clock units") func jitter() {
        var stream = RTPStreamIn()
        _ = stream.received(RTPFixture.sound(1, 0), clockRate: 8000, now: RTPFixture.at(0))
        // 10 ms late: 80 units, a 16th of which counts.
        _ = stream.received(RTPFixture.sound(2, 160), clockRate: 8000, now: RTPFixture.at(30))
        #expect(stream.reportBlock()?.jitter == 5)
        // And 10 ms early against that one: 5 + (80 - 5) / 16.
        _ = stream.received(RTPFixture.sound(3, 320), clockRate: 8000, now: RTPFixture.at(40))
        #expect(stream.reportBlock()?.jitter == 9)
        #expect(stream.jitter == SIPCore.Span(nanoseconds: 1_125_000))
    }

    @Test("Timestamps that begin anew, and those of events, are no jitter") func noJitter() {
        var stream = RTPStreamIn()
        _ = stream.received(RTPFixture.sound(1, 0), clockRate: 8000, now: RTPFixture.at(0))
        _ = stream.received(RTPFixture.sound(2, 0x8000_0000), clockRate: 8000, now: RTPFixture.at(20))
        _ = stream.received(RTPFixture.sound(3, 0x8000_0000), clockRate: nil, now: RTPFixture.at(1000))
        _ = stream.received(RTPFixture.sound(4, 0x8000_0140), clockRate: 8000, now: RTPFixture.at(60))
        #expect(stream.jitter == .zero)
    }

    @Test("Jitter outlives a change of the clock, in time") func otherClock() {
        var stream = RTPStreamIn()
        _ = stream.received(RTPFixture.sound(1, 0), clockRate: 8000, now: RTPFixture.at(0))
        _ = stream.received(RTPFixture.sound(2, 160), clockRate: 8000, now: RTPFixture.at(36))
        #expect(stream.jitter == .milliseconds(1))
        _ = stream.received(RTPFixture.sound(3, 200_000_792), clockRate: 48_000, now: RTPFixture.at(40))
        #expect(stream.jitter == .milliseconds(1))
        #expect(stream.reportBlock()?.jitter == 48)
    }
}
