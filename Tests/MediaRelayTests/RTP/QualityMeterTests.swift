import MediaCore
import MediaRelay
import SIPCore
import Testing

@Suite("The quality of a leg") struct QualityMeterTests {
    @Test("Each interval tells its own loss, and nothing where nothing came") func intervals() {
        var meter = QualityMeter(now: RTPFixture.at(0))
        var reception = RTPStreamIn()
        var session = RTCPSession(
            ssrc: 1,
            cname: "a",
            timeline: NTPTimeline(unixNanoseconds: 0, at: RTPFixture.at(0)),
            now: RTPFixture.at(0),
            random: 0
        )
        for sequence in [1, 2, 3, 5] as [UInt16] {
            _ = reception.received(
                RTPFixture.sound(sequence, UInt32(sequence) * 160),
                clockRate: 8000,
                now: RTPFixture.at(UInt64(sequence) * 20)
            )
        }
        session.received(
            RTCPCompound(
                report: RTCPReportBlock(ssrc: 1, fractionLost: 64, lost: 9, highest: 0, jitter: 0)
            ),
            now: RTPFixture.at(100)
        )
        #expect(meter.deadline == RTPFixture.at(5000))
        #expect(meter.timeoutReached(reception, &session, now: RTPFixture.at(4999)) == nil)
        #expect(
            meter.timeoutReached(reception, &session, now: RTPFixture.at(5000))
                == MediaQuality(lossPerMille: 200, peerLossPerMille: 250, jitter: .zero, roundTrip: nil)
        )
        #expect(meter.timeoutReached(reception, &session, now: RTPFixture.at(10_000)) == nil)
        _ = reception.received(RTPFixture.sound(6, 960), clockRate: 8000, now: RTPFixture.at(120))
        #expect(
            meter.timeoutReached(reception, &session, now: RTPFixture.at(15_000))
                == MediaQuality(lossPerMille: 0, peerLossPerMille: nil, jitter: .zero, roundTrip: nil)
        )
    }

    @Test("A change of the source is no loss") func otherSource() {
        var meter = QualityMeter(now: RTPFixture.at(0))
        var reception = RTPStreamIn()
        var session = RTCPSession(
            ssrc: 1,
            cname: "a",
            timeline: NTPTimeline(unixNanoseconds: 0, at: RTPFixture.at(0)),
            now: RTPFixture.at(0),
            random: 0
        )
        for (index, sequence) in ([1, 2, 60_000, 60_001, 60_002, 60_003] as [UInt16]).enumerated() {
            _ = reception.received(
                RTPFixture.sound(sequence, 0, ssrc: index < 2 ? 0xA : 0xB),
                clockRate: nil,
                now: RTPFixture.at(0)
            )
        }
        #expect(
            meter.timeoutReached(reception, &session, now: RTPFixture.at(5000))
                == MediaQuality(lossPerMille: 0, peerLossPerMille: nil, jitter: .zero, roundTrip: nil)
        )
    }
}
