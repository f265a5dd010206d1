import MediaCore
import MediaRelay
import SIPCore
import Testing

@Suite("RTP machines and garbage") struct RTPFuzzTests {
    private static let packets: [[UInt8]] = [
        [0x80, 0x88, 0x12, 0x34, 1, 2, 3, 4, 10, 11, 12, 13] + [UInt8](repeating: 0xD5, count: 20),
        [0xB1, 0x6F, 0xFF, 0xFF, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 9, 0xBE, 0xDE, 0, 1, 0x10, 0x7F, 0, 0, 1, 0, 0, 2],
        [0x80, 0xE5, 0, 1, 0, 0, 0, 1, 0, 0, 0, 2, 5, 0x8A, 3, 0x20],
    ]
    private static let reports: [[UInt8]] = [
        [0x81, 200, 0, 12, 0, 0, 0, 5, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 6, 0, 0, 0, 7, 0, 0, 0, 8]
            + [1, 2, 3, 4, 0x40, 0xFF, 0xFF, 0xFE, 0, 1, 0, 7, 0, 0, 0, 9, 0xAA, 0xBB, 0xCC, 0xDD, 0, 1, 0, 0]
            + [0x81, 202, 0, 2, 0, 0, 0, 5, 1, 1, 0x61, 0] + [0x81, 203, 0, 1, 0, 0, 0, 5],
        [0x80, 201, 0, 1, 0, 0, 0, 5, 0x81, 206, 0, 2, 0, 0, 0, 5, 0, 0, 0, 6],
        [0xA0, 201, 0, 2, 0, 0, 0, 5, 0, 0, 0, 4],
    ]

    /// A few bytes changed, cut off or added.
    private static func mutate(_ bytes: [UInt8], _ random: inout RTPRandom) -> [UInt8] {
        var bytes = bytes
        for _ in 0...random.below(3) {
            switch random.below(6) {
            case 0:
                bytes.removeLast(random.below(bytes.count + 1))
            case 1:
                bytes += (0..<random.below(24)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            case 2 where !bytes.isEmpty:
                bytes[random.below(bytes.count)] = [0, 1, 0x7F, 0x80, 0xFF][random.below(5)]
            case 3 where !bytes.isEmpty:
                bytes[random.below(min(4, bytes.count))] ^= 1 << UInt8(random.below(8))
            default:
                if !bytes.isEmpty { bytes[random.below(bytes.count)] = UInt8(truncatingIfNeeded: random.next()) }
            }
        }
        return bytes
    }

    @Test("Mutated packets go through every machine, and what comes out is a packet") func packets() {
        var random = RTPRandom(seed: FuzzPlan.seed(1))
        let formats = [AudioFormat(.pcma, sends: 8, receives: 8), AudioFormat(.opus, sends: 111, receives: 111)]
        let map = FormatMap(
            from: formats,
            digits: [DigitFormat(sends: 101, receives: 101, clockRate: 8000)],
            to: formats
        )
        var latching = LatchingAddress(described: nil, now: RTPFixture.at(0))
        var reception = RTPStreamIn()
        var stream = RTPStreamOut(ssrc: 1, sequence: 1, timestamp: 1, clockRate: 8000)
        var relay = DigitRelay()
        var sender = DigitSender(format: DigitFormat(sends: 101, receives: 101, clockRate: 48_000))
        var output = [UInt8](repeating: 0, count: 64)
        var read = 0
        var forwarded = 0
        for round in 0..<FuzzPlan.packets {
            let now = Instant(nanoseconds: random.happens(1) ? random.next() : UInt64(round) * 1_000_000)
            var bytes = Self.mutate(Self.packets[random.below(3)], &random)
            guard let packet = RTPFixture.packet(bytes) else { continue }
            read += 1
            #expect(packet.payload.lowerBound >= 12 && packet.payload.upperBound <= bytes.count)
            _ = latching.received(
                packet,
                from: MediaAddress(ipv4: UInt32(random.below(3)), port: UInt16(random.below(3))),
                isAgreed: map.isAgreed(packet.payloadType),
                isAuthenticated: random.happens(100),
                now: now
            )
            let clockRate = map.codec(packet.payloadType)?.clockRate
            _ = reception.received(packet, clockRate: clockRate, now: now)
            if random.happens(10) { _ = reception.reportBlock() }
            if let payload = TelephoneEvent(unsafe bytes.span.bytes, at: packet.payload), random.happens(500) {
                _ = relay.received(
                    payload,
                    in: packet,
                    clockRate: UInt32(truncatingIfNeeded: random.next()),
                    to: &sender,
                    now: now
                )
                stream.absorb(packet)
            }
            _ = relay.timeoutReached(to: &sender, now: now)
            _ = sender.next(&stream, now: now)
            guard let header = stream.forward(packet, as: 8, clockRate: clockRate ?? 8000, now: now) else { continue }
            forwarded += 1
            if let length = RTPFixture.edit(
                &output,
                { packet.copy(header, from: unsafe bytes.span.bytes, into: &$0) }
            ) {
                #expect(RTPFixture.packet(Array(output.prefix(length)))?.sequence == header.sequence)
            }
            let range = RTPFixture.edit(&bytes) { packet.rewrite(header, in: &$0) }
            #expect(range?.upperBound == packet.payload.upperBound)
        }
        #expect(read > FuzzPlan.packets / 10)
        #expect(forwarded > FuzzPlan.packets / 10)
    }

    @Test("Mutated reports are read or refused, and a session takes what was read") func reports() {
        var random = RTPRandom(seed: FuzzPlan.seed(2))
        var session = RTCPSession(
            ssrc: 0x0102_0304,
            cname: "a",
            timeline: NTPTimeline(unixNanoseconds: .max, at: RTPFixture.at(0)),
            now: RTPFixture.at(0),
            random: 0
        )
        var stream = RTPStreamOut(ssrc: 0x0102_0304, sequence: 1, timestamp: 1, clockRate: 8000)
        var reception = RTPStreamIn()
        var output = [UInt8](repeating: 0, count: RTCPSession.longestDatagram)
        var read = 0
        for round in 0..<FuzzPlan.packets {
            let now = Instant(nanoseconds: random.happens(1) ? random.next() : UInt64(round) * 1_000_000)
            guard let compound = RTPFixture.compound(Self.mutate(Self.reports[random.below(3)], &random)) else {
                continue
            }
            read += 1
            session.received(compound, now: now)
            guard random.happens(20) else { continue }
            let packet = RTPFixture.sound(UInt16(truncatingIfNeeded: random.next()), 0, ssrc: UInt32(random.below(6)))
            _ = reception.received(packet, clockRate: 8000, now: now)
            _ = stream.forward(packet, as: 8, clockRate: 8000, now: now)
            var elements = output.mutableSpan
            var raw = unsafe elements.mutableBytes
            let length = session.report(on: stream, and: &reception, into: &raw, now: now, random: .max)
            let report = RTPFixture.compound(Array(output.prefix(length ?? 0)), about: reception.ssrc ?? 0)
            #expect(report?.report?.ssrc == reception.ssrc)
        }
        #expect(read > FuzzPlan.packets / 10)
    }
}
