import MediaCore
import MediaRelay
import SIPCore
import Testing

@Suite("Our own RTCP") struct RTCPSessionTests {
    /// `at(0)` is the beginning of 1970.
    private static let timeline = NTPTimeline(unixNanoseconds: 0, at: RTPFixture.at(0))

    private static func session(random: UInt16 = 0x8000) -> RTCPSession {
        RTCPSession(ssrc: 0x0102_0304, cname: "ab", timeline: Self.timeline, now: RTPFixture.at(0), random: random)
    }

    private static func stream() -> RTPStreamOut {
        RTPStreamOut(ssrc: 0x0102_0304, sequence: 1, timestamp: 1000, clockRate: 8000)
    }

    private static func report(
        _ session: inout RTCPSession,
        _ stream: borrowing RTPStreamOut,
        _ reception: inout RTPStreamIn,
        _ milliseconds: UInt64,
        isLast: Bool = false,
        room: Int = RTCPSession.longestDatagram
    ) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: room)
        let now = RTPFixture.at(milliseconds)
        var elements = bytes.mutableSpan
        var raw = unsafe elements.mutableBytes
        let length =
            isLast
            ? session.goodbye(on: stream, and: &reception, into: &raw, now: now)
            : session.report(on: stream, and: &reception, into: &raw, now: now, random: 0x8000)
        return length.map { Array(bytes.prefix($0)) }
    }

    private static let description: [UInt8] = [
        0x81, 202, 0, 3, 1, 2, 3, 4, 1, 2, 0x61, 0x62, 0, 0, 0, 0,
    ]

    @Test("NTP time counts from 1900, and the middle of it has both halves") func timelineOrigin() {
        let now = RTPFixture.at(1500)
        #expect(Self.timeline.ntp(at: now) == 0x83AA_7E81_8000_0000)
        #expect(Self.timeline.compact(at: now) == 0x7E81_8000)
    }

    @Test("The first report is due in about a second, the next ones in about five") func intervals() {
        #expect(Self.session(random: 0).deadline == RTPFixture.at(500))
        #expect(Self.session().deadline >= RTPFixture.at(999))
        #expect(Self.session().deadline <= RTPFixture.at(1000))
        #expect(Self.session(random: 0xFFFF).deadline < RTPFixture.at(1500))
        var session = Self.session()
        var reception = RTPStreamIn()
        _ = Self.report(&session, Self.stream(), &reception, 1000)
        #expect(session.deadline > RTPFixture.at(5999))
        #expect(session.deadline <= RTPFixture.at(6000))
    }

    @Test("Who has neither sent nor heard tells its name") func emptyReport() {
        var session = Self.session()
        var reception = RTPStreamIn()
        #expect(
            Self.report(&session, Self.stream(), &reception, 0)
                == [0x80, 201, 0, 1, 1, 2, 3, 4] + Self.description
        )
    }

    @Test("Who sends and hears tells of both, to the byte") func senderReport() {
        var session = Self.session()
        var stream = Self.stream()
        var reception = RTPStreamIn()
        _ = stream.forward(RTPFixture.sound(1, 0), as: 0, clockRate: 8000, now: RTPFixture.at(1000))
        for sequence in [1, 2, 4] as [UInt16] {
            _ = reception.received(RTPFixture.sound(sequence, 0, ssrc: 0xB), clockRate: nil, now: RTPFixture.at(0))
        }
        session.received(
            RTCPCompound(
                senderInfo: RTCPSenderInfo(ssrc: 0xB, ntp: 0x1111_2222_3333_4444, timestamp: 0, packets: 0, octets: 0)
            ),
            now: RTPFixture.at(500)
        )
        #expect(
            Self.report(&session, stream, &reception, 1500)
                == [
                    0x81, 200, 0, 12, 1, 2, 3, 4, 0x83, 0xAA, 0x7E, 0x81, 0x80, 0, 0, 0,
                    // 1000 and half a second.
                    0, 0, 0x13, 0x88, 0, 0, 0, 1, 0, 0, 0, 160,
                    0, 0, 0, 0xB, 64, 0, 0, 1, 0, 0, 0, 4, 0, 0, 0, 0, 0x22, 0x22, 0x33, 0x33, 0, 1, 0, 0,
                ] + Self.description
        )
    }

    @Test("After two intervals without a packet the report is a receiver's") func senderNoMore() {
        var session = Self.session()
        var stream = Self.stream()
        var reception = RTPStreamIn()
        _ = stream.forward(RTPFixture.sound(1, 0), as: 0, clockRate: 8000, now: RTPFixture.at(0))
        let types = (1...4).map { Self.report(&session, stream, &reception, $0 * 5000)?[1] }
        #expect(types == [200, 200, 201, 201])
    }

    @Test("A sender report of another source is not answered") func foreignSenderReport() throws {
        var session = Self.session()
        var reception = RTPStreamIn()
        _ = reception.received(RTPFixture.sound(1, 0), clockRate: nil, now: RTPFixture.at(0))
        session.received(
            RTCPCompound(senderInfo: RTCPSenderInfo(ssrc: 7, ntp: .max, timestamp: 0, packets: 0, octets: 0)),
            now: RTPFixture.at(500)
        )
        let bytes = try #require(Self.report(&session, Self.stream(), &reception, 1500))
        #expect(
            RTPFixture.compound(bytes, about: 0xA)?.report
                == RTCPReportBlock(ssrc: 0xA, fractionLost: 0, lost: 0, highest: 1, jitter: 0)
        )
    }

    @Test("The last report says BYE, unless the peer never heard of us") func goodbye() {
        var session = Self.session()
        var reception = RTPStreamIn()
        #expect(Self.report(&session, Self.stream(), &reception, 0, isLast: true) == nil)
        _ = Self.report(&session, Self.stream(), &reception, 0)
        #expect(
            Self.report(&session, Self.stream(), &reception, 10, isLast: true)
                == [0x80, 201, 0, 1, 1, 2, 3, 4] + Self.description + [0x81, 203, 0, 1, 1, 2, 3, 4]
        )
    }

    @Test("Nothing is written where there may be no room") func noRoom() {
        var session = Self.session()
        var reception = RTPStreamIn()
        #expect(Self.report(&session, Self.stream(), &reception, 0, room: 52 + 15) == nil)
        #expect(Self.report(&session, Self.stream(), &reception, 0, room: 52 + 16) != nil)
    }

    @Test("The longest name fits the longest datagram") func longestName() throws {
        var session = RTCPSession(
            ssrc: 0x0102_0304,
            cname: String(repeating: "x", count: 300),
            timeline: Self.timeline,
            now: RTPFixture.at(0),
            random: 0
        )
        var stream = Self.stream()
        var reception = RTPStreamIn()
        _ = stream.forward(RTPFixture.sound(1, 0), as: 0, clockRate: 8000, now: RTPFixture.at(0))
        _ = reception.received(RTPFixture.sound(1, 0), clockRate: nil, now: RTPFixture.at(0))
        let bytes = try #require(Self.report(&session, stream, &reception, 0, isLast: true))
        #expect(bytes.count == RTCPSession.longestDatagram)
        #expect(RTPFixture.compound(bytes, about: 0xA)?.goodbye == 0x0102_0304)
    }

    @Test("Two sessions measure the way between them") func roundTrip() throws {
        var here = Self.session()
        var there = RTCPSession(
            ssrc: 0xB,
            cname: "b",
            timeline: NTPTimeline(unixNanoseconds: 77_777_777_777, at: RTPFixture.at(0)),
            now: RTPFixture.at(0),
            random: 0
        )
        var streamHere = Self.stream()
        let streamThere = RTPStreamOut(ssrc: 0xB, sequence: 1, timestamp: 1, clockRate: 8000)
        var receptionHere = RTPStreamIn()
        var receptionThere = RTPStreamIn()
        let header = streamHere.forward(RTPFixture.sound(1, 0), as: 0, clockRate: 8000, now: RTPFixture.at(0))
        let sent = try #require(header)
        _ = receptionThere.received(
            RTPFixture.sound(sent.sequence, sent.timestamp, ssrc: sent.ssrc),
            clockRate: 8000,
            now: RTPFixture.at(30)
        )
        let forth = try #require(Self.report(&here, streamHere, &receptionHere, 1000))
        there.received(try #require(RTPFixture.compound(forth, about: 0xB)), now: RTPFixture.at(1030))
        #expect(there.roundTrip == nil)
        let back = try #require(Self.report(&there, streamThere, &receptionThere, 3000))
        here.received(try #require(RTPFixture.compound(back)), now: RTPFixture.at(3050))
        let roundTrip = here.roundTrip
        let measured = try #require(roundTrip)
        #expect(measured > .milliseconds(79))
        #expect(measured < .milliseconds(81))
        #expect(here.takePeerLoss() == 0)
        #expect(here.takePeerLoss() == nil)
    }

    @Test("A round trip that cannot be is none") func impossibleRoundTrip() {
        var session = Self.session()
        let compact = Self.timeline.compact(at: RTPFixture.at(0))
        func report(_ lastReport: UInt32, _ delay: UInt32) -> RTCPCompound {
            RTCPCompound(
                report: RTCPReportBlock(
                    ssrc: 0x0102_0304,
                    fractionLost: 128,
                    lost: 0,
                    highest: 0,
                    jitter: 0,
                    lastReport: lastReport,
                    delay: delay
                )
            )
        }
        session.received(report(compact &- 31 << 16, 0), now: RTPFixture.at(0))
        session.received(report(compact &+ 0x1_0000, 0), now: RTPFixture.at(0))
        session.received(report(0, 0), now: RTPFixture.at(0))
        #expect(session.roundTrip == nil)
        #expect(session.takePeerLoss() == 500)
        session.received(report(compact, 100), now: RTPFixture.at(0))
        #expect(session.roundTrip == .zero)
    }
}
