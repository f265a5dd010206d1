import MediaRelay
import SIPCore
import Testing

@Suite("The stream that goes out") struct RTPStreamOutTests {
    private static func stream(sequence: UInt16 = 100, timestamp: UInt32 = 1000) -> RTPStreamOut {
        RTPStreamOut(ssrc: 0xFEED, sequence: sequence, timestamp: timestamp, clockRate: 8000)
    }

    private static func header(
        _ sequence: UInt16,
        _ timestamp: UInt32,
        marker: Bool = false,
        payloadType: UInt8 = 8
    ) -> RTPHeader {
        RTPHeader(
            payloadType: payloadType,
            marker: marker,
            sequence: sequence,
            timestamp: timestamp,
            ssrc: 0xFEED
        )
    }

    private static func forward(
        _ stream: inout RTPStreamOut,
        _ packet: RTPPacket,
        _ milliseconds: UInt64,
        clockRate: UInt32 = 8000
    ) -> RTPHeader? {
        stream.forward(packet, as: 8, clockRate: clockRate, now: RTPFixture.at(milliseconds))
    }

    @Test("The first packet has the stream's own numbers and the marker") func first() {
        var stream = Self.stream()
        #expect(Self.forward(&stream, RTPFixture.sound(9, 77), 0) == Self.header(100, 1000, marker: true))
        #expect(Self.forward(&stream, RTPFixture.sound(10, 237), 20) == Self.header(101, 1160))
        #expect(stream.packets == 2)
        #expect(stream.octets == 320)
    }

    @Test("Sequence numbers and timestamps wrap on both sides") func wrapping() {
        var stream = Self.stream(sequence: 0xFFFF, timestamp: 0xFFFF_FFFF)
        #expect(
            Self.forward(&stream, RTPFixture.sound(0xFFFE, 0xFFFF_FF80), 0)
                == Self.header(0xFFFF, 0xFFFF_FFFF, marker: true)
        )
        #expect(Self.forward(&stream, RTPFixture.sound(0xFFFF, 0x20), 20) == Self.header(0, 0x9F))
        #expect(Self.forward(&stream, RTPFixture.sound(0, 0xC0), 40) == Self.header(1, 0x13F))
    }

    @Test("A loss stays a gap, a late packet goes out late, a duplicate does not go out") func lossAndOrder() {
        var stream = Self.stream()
        _ = Self.forward(&stream, RTPFixture.sound(1, 0), 0)
        #expect(Self.forward(&stream, RTPFixture.sound(4, 480), 60) == Self.header(103, 1480))
        #expect(Self.forward(&stream, RTPFixture.sound(3, 320), 61) == Self.header(102, 1320))
        #expect(Self.forward(&stream, RTPFixture.sound(3, 320), 62) == nil)
        #expect(Self.forward(&stream, RTPFixture.sound(4, 480), 62) == nil)
        #expect(Self.forward(&stream, RTPFixture.sound(5, 640), 80) == Self.header(104, 1640))
    }

    @Test("A packet from before the first one does not go out") func beforeFirst() {
        var stream = Self.stream()
        _ = Self.forward(&stream, RTPFixture.sound(5, 800), 0)
        #expect(Self.forward(&stream, RTPFixture.sound(4, 640), 1) == nil)
    }

    @Test("Another SSRC goes on with the next number, a timestamp by the time that passed, and the marker")
    func otherSource() {
        var stream = Self.stream()
        _ = Self.forward(&stream, RTPFixture.sound(1, 0), 0)
        _ = Self.forward(&stream, RTPFixture.sound(2, 160), 20)
        #expect(
            Self.forward(&stream, RTPFixture.sound(40_000, 9_999_999, ssrc: 0xB), 1020)
                == Self.header(102, 1160 + 8000, marker: true)
        )
        #expect(Self.forward(&stream, RTPFixture.sound(40_001, 10_000_159, ssrc: 0xB), 1040) == Self.header(103, 9320))
    }

    @Test("After a switch within a packet's time the timestamp still goes on by a packet") func quickSwitch() {
        var stream = Self.stream()
        _ = Self.forward(&stream, RTPFixture.sound(1, 0), 0)
        #expect(
            Self.forward(&stream, RTPFixture.sound(9, 5, ssrc: 0xB), 3) == Self.header(101, 1160, marker: true)
        )
    }

    @Test("After signalling ended the source, the same SSRC is a switch too, and its late packets stay away")
    func endedSource() {
        var stream = Self.stream()
        _ = Self.forward(&stream, RTPFixture.sound(1, 0), 0)
        stream.endSource()
        #expect(
            Self.forward(&stream, RTPFixture.sound(900, 7), 5000) == Self.header(101, 41_000, marker: true)
        )
        #expect(Self.forward(&stream, RTPFixture.sound(899, 7), 5001) == nil)
    }

    @Test("A jump of the sequence number is a switch", arguments: [3001 as UInt16, 60_000])
    func sequenceJump(_ sequence: UInt16) {
        var stream = Self.stream()
        _ = Self.forward(&stream, RTPFixture.sound(1, 0), 0)
        #expect(
            Self.forward(&stream, RTPFixture.sound(sequence, 160), 100) == Self.header(101, 1800, marker: true)
        )
    }

    @Test("The longest loss is a gap") func longestLoss() {
        var stream = Self.stream()
        _ = Self.forward(&stream, RTPFixture.sound(1, 0), 0)
        #expect(
            Self.forward(&stream, RTPFixture.sound(3000, 2999 * 160), 2999 * 20)
                == Self.header(3099, 1000 + 2999 * 160, marker: false)
        )
    }

    @Test("A jump of the timestamp is moved to the time", arguments: [5_000_000 as UInt32, 0xF000_0000])
    func timestampJump(_ timestamp: UInt32) {
        var stream = Self.stream()
        _ = Self.forward(&stream, RTPFixture.sound(1, 160), 0)
        #expect(
            Self.forward(&stream, RTPFixture.sound(2, timestamp), 20) == Self.header(101, 1160, marker: true)
        )
        #expect(Self.forward(&stream, RTPFixture.sound(3, timestamp &+ 160), 40) == Self.header(102, 1320))
    }

    @Test("A source that counted no time on hold is moved to the time") func holdWithoutTime() {
        var stream = Self.stream()
        _ = Self.forward(&stream, RTPFixture.sound(1, 0), 0)
        #expect(
            Self.forward(&stream, RTPFixture.sound(2, 160), 10_000) == Self.header(101, 81_000, marker: true)
        )
    }

    @Test("What comes late from before such a move does not go out") func lateBeforeMove() {
        var stream = Self.stream()
        _ = Self.forward(&stream, RTPFixture.sound(1, 0), 0)
        #expect(
            Self.forward(&stream, RTPFixture.sound(3, 320), 10_000) == Self.header(102, 81_000, marker: true)
        )
        #expect(Self.forward(&stream, RTPFixture.sound(2, 160), 10_001) == nil)
    }

    @Test("A loss amid a burst is a gap in time too") func lossInBurst() {
        var stream = Self.stream()
        _ = Self.forward(&stream, RTPFixture.sound(1, 0), 0)
        #expect(
            Self.forward(&stream, RTPFixture.sound(61, 60 * 160), 100) == Self.header(160, 1000 + 60 * 160)
        )
    }

    @Test("A source that counted its time in silence keeps its timestamps, and gets the marker") func silence() {
        var stream = Self.stream()
        _ = Self.forward(&stream, RTPFixture.sound(1, 0), 0)
        #expect(
            Self.forward(&stream, RTPFixture.sound(2, 80_160), 10_005) == Self.header(101, 81_160, marker: true)
        )
    }

    @Test("A burst after a stall of the network keeps its spacing") func burst() {
        var stream = Self.stream()
        _ = Self.forward(&stream, RTPFixture.sound(1, 0), 0)
        for index in 1..<40 as Range<UInt16> {
            #expect(
                Self.forward(&stream, RTPFixture.sound(index + 1, UInt32(index) * 160), 800)
                    == Self.header(100 + index, 1000 + UInt32(index) * 160)
            )
        }
    }

    @Test("Another clock goes on with the same SSRC by that clock") func otherClock() {
        var stream = Self.stream()
        _ = Self.forward(&stream, RTPFixture.sound(1, 0), 0)
        #expect(
            Self.forward(&stream, RTPFixture.sound(2, 160), 100, clockRate: 48_000)
                == Self.header(101, 1000 + 4800, marker: true)
        )
        #expect(stream.clockRate == 48_000)
        #expect(Self.forward(&stream, RTPFixture.sound(3, 1120), 120, clockRate: 48_000) == Self.header(102, 6760))
        #expect(
            Self.forward(&stream, RTPFixture.sound(4, 1280), 140) == Self.header(103, 6920, marker: true)
        )
    }

    @Test("What is absorbed is no gap, but a loss before it is one") func absorbing() {
        var stream = Self.stream()
        _ = Self.forward(&stream, RTPFixture.sound(1, 0), 0)
        // 2 is lost; 3 to 6 are events, of which 5 is lost.
        for sequence in [3, 4, 6] as [UInt16] { stream.absorb(RTPFixture.sound(sequence, 320)) }
        #expect(
            Self.forward(&stream, RTPFixture.sound(7, 960), 120) == Self.header(102, 1960, marker: true)
        )
        #expect(Self.forward(&stream, RTPFixture.sound(2, 160), 121) == nil)
        #expect(Self.forward(&stream, RTPFixture.sound(8, 1120), 140) == Self.header(103, 2120))
    }

    @Test("What is late or doubled from before an absorbed packet does not go out") func lateBeforeAbsorbed() {
        var stream = Self.stream()
        _ = Self.forward(&stream, RTPFixture.sound(1, 0), 0)
        _ = Self.forward(&stream, RTPFixture.sound(3, 320), 40)
        stream.absorb(RTPFixture.sound(4, 480))
        for sequence in [2, 3, 4] as [UInt16] {
            #expect(Self.forward(&stream, RTPFixture.sound(sequence, 320), 61) == nil)
        }
        #expect(Self.forward(&stream, RTPFixture.sound(5, 640), 80) == Self.header(103, 1640, marker: true))
    }

    @Test("What is absorbed of a stranger changes nothing") func absorbingStranger() {
        var stream = Self.stream()
        stream.absorb(RTPFixture.sound(7, 0))
        _ = Self.forward(&stream, RTPFixture.sound(1, 0), 0)
        stream.absorb(RTPFixture.sound(2, 160, ssrc: 0xB))
        #expect(Self.forward(&stream, RTPFixture.sound(2, 160), 20) == Self.header(101, 1160))
    }

    @Test("What is inserted takes the next numbers, and no number comes twice") func inserting() {
        var stream = Self.stream()
        _ = Self.forward(&stream, RTPFixture.sound(1, 0), 0)
        _ = Self.forward(&stream, RTPFixture.sound(3, 320), 40)
        let timestamp = stream.timestamp(at: RTPFixture.at(50))
        #expect(timestamp == 1320 + 160)
        #expect(
            stream.insert(
                payloadType: 101,
                timestamp: timestamp,
                marker: true,
                payloadBytes: 4,
                now: RTPFixture.at(50)
            ) == Self.header(103, 1480, marker: true, payloadType: 101)
        )
        #expect(Self.forward(&stream, RTPFixture.sound(2, 160), 51) == nil)
        #expect(Self.forward(&stream, RTPFixture.sound(4, 480), 60) == Self.header(104, 1480))
        #expect(stream.packets == 4)
        #expect(stream.octets == 484)
    }

    @Test("Sound after an event never stands before it") func soundAfterEvent() {
        var stream = Self.stream()
        _ = Self.forward(&stream, RTPFixture.sound(1, 0), 0)
        _ = stream.insert(
            payloadType: 101,
            timestamp: stream.timestamp(at: RTPFixture.at(200)),
            marker: true,
            payloadBytes: 4,
            now: RTPFixture.at(200)
        )
        // Held up by 200 ms on its way.
        #expect(
            Self.forward(&stream, RTPFixture.sound(2, 160), 220) == Self.header(102, 2760, marker: true)
        )
    }

    @Test("The clock's reading goes on with the time") func reading() {
        var stream = Self.stream()
        #expect(stream.reading(at: RTPFixture.at(9)) == 1000)
        _ = Self.forward(&stream, RTPFixture.sound(1, 0), 10)
        #expect(stream.reading(at: RTPFixture.at(15)) == 1040)
    }

    @Test("Frames of our own go on with the time by their own clock, and never overlap with what went before")
    func frames() {
        var stream = Self.stream()
        _ = Self.forward(&stream, RTPFixture.sound(1, 0), 0)
        stream.beginFrames(clockRate: 48_000, now: RTPFixture.at(100))
        #expect(stream.reading(at: RTPFixture.at(100)) == 1800)
        func frame(_ milliseconds: UInt64) -> RTPHeader? {
            stream.insertFrame(payloadType: 8, payloadBytes: 60, due: RTPFixture.at(milliseconds))
        }
        #expect(frame(140) == Self.header(101, 1800 + 1920, marker: true))
        #expect(frame(150) == nil)
        #expect(frame(160) == Self.header(102, 1800 + 2880))
        #expect(frame(180) == Self.header(103, 1800 + 3840))
        #expect(frame(380) == Self.header(104, 1800 + 13_440, marker: true))
        #expect(stream.reading(at: RTPFixture.at(390)) == 1800 + 13_920)
        #expect(Self.forward(&stream, RTPFixture.sound(2, 160), 400) == Self.header(105, 15_400, marker: true))
    }
}
