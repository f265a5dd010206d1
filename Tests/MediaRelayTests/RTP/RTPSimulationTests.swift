import MediaCore
import MediaRelay
import SIPCore
import Testing

@Suite("RTP through a bad network") struct RTPSimulationTests {
    private struct Arrival {
        var at: UInt64
        var packet: RTPPacket
        /// Which stretch of an unbroken source it is from.
        var stretch: Int
    }

    /// A source that changes its SSRC, is on hold with and without counting the time, and jumps; over a network that
    /// loses, doubles and delays.
    private static func arrivals(seed: UInt64, count: Int) -> [Arrival] {
        var random = RTPRandom(seed: seed)
        var arrivals: [Arrival] = []
        var now: UInt64 = 1_000_000
        var stretch = 0
        var ssrc = UInt32(truncatingIfNeeded: random.next())
        var sequence = UInt16(truncatingIfNeeded: random.next())
        var timestamp = UInt32(truncatingIfNeeded: random.next())
        for _ in 0..<count {
            now += 20_000
            sequence &+= 1
            timestamp &+= 160
            if random.happens(4) {
                stretch += 1
                let pause = UInt64(random.below(6_000_000))
                now += pause
                switch random.below(4) {
                case 0:
                    ssrc = UInt32(truncatingIfNeeded: random.next())
                    sequence = UInt16(truncatingIfNeeded: random.next())
                    timestamp = UInt32(truncatingIfNeeded: random.next())
                case 1:
                    timestamp &+= UInt32(pause / 125)
                case 2:
                    timestamp = UInt32(truncatingIfNeeded: random.next())
                default:
                    sequence &+= 5000
                }
            }
            guard !random.happens(20) else { continue }
            let packet = RTPFixture.sound(sequence, timestamp, ssrc: ssrc)
            for _ in 0..<(random.happens(10) ? 2 : 1) {
                let delay = random.happens(50) ? random.below(70_000) : random.below(5000)
                arrivals.append(Arrival(at: now + UInt64(delay), packet: packet, stretch: stretch))
            }
        }
        return arrivals.sorted { $0.at < $1.at }
    }

    @Test(
        "No number comes twice, time never goes back, and each gap is the source's own",
        arguments: 1...20 as ClosedRange<UInt64>
    ) func invariants(seed: UInt64) throws {
        var reception = RTPStreamIn()
        var stream = RTPStreamOut(ssrc: 0xFEED, sequence: 65_000, timestamp: 0xFFFF_0000, clockRate: 8000)
        var used: Set<Int> = []
        var highest = 65_000
        var newest: UInt32 = 0xFFFF_0000
        var offsets: [Int: [UInt32: (sequence: UInt16, timestamp: UInt32)]] = [:]
        var delivered: Set<RTPPacket> = []
        var refused = 0
        let arrivals = Self.arrivals(seed: seed, count: 5000)
        for arrival in arrivals {
            let now = Instant(nanoseconds: arrival.at * 1000)
            delivered.insert(arrival.packet)
            guard reception.received(arrival.packet, clockRate: 8000, now: now) != .refused else {
                refused += 1
                continue
            }
            guard let header = stream.forward(arrival.packet, as: 8, clockRate: 8000, now: now) else { continue }
            #expect(header.ssrc == 0xFEED)

            let place = highest + Int(Int16(bitPattern: header.sequence &- UInt16(truncatingIfNeeded: highest)))
            try #require(used.insert(place).inserted, "the number \(header.sequence) came twice")
            if place > highest {
                try #require(Int32(bitPattern: header.timestamp &- newest) >= 0, "time went back")
                highest = place
                newest = header.timestamp
            }
            let offset = (header.sequence &- arrival.packet.sequence, header.timestamp &- arrival.packet.timestamp)
            if let known = offsets[arrival.stretch]?[arrival.packet.ssrc] {
                try #require(offset == known, "a gap is not the source's own")
            } else {
                offsets[arrival.stretch, default: [:]][arrival.packet.ssrc] = offset
            }
        }
        // What doesn't go out: some packets around each change of the source, and no other.
        let changes = offsets.count
        #expect(changes > 5)
        #expect(delivered.count - used.count <= refused + 3 * changes)
        #expect(refused <= 5 * changes)
        #expect(stream.packets == UInt32(used.count))
    }

    @Test(
        "A digit of which anything comes is told once, in order, at both ends",
        arguments: 1...20 as ClosedRange<UInt64>
    )
    func digits(seed: UInt64) {
        var random = RTPRandom(seed: seed)
        let digits = (0..<40).compactMap { _ in
            Digit(code: UInt8(random.below(16)), duration: .zero)?.character
        }
        var source = DigitSender(format: DigitFormat(sends: 110, receives: 110, clockRate: 48_000))
        var sourceStream = RTPStreamOut(ssrc: 1, sequence: 65_000, timestamp: 0xFFFF_FF00, clockRate: 48_000)
        var relay = DigitRelay()
        var sender = DigitSender(format: DigitFormat(sends: 101, receives: 101, clockRate: 8000))
        var stream = RTPStreamOut(ssrc: 2, sequence: 65_500, timestamp: 0xFFFF_FFFF, clockRate: 8000)
        var receiver = DigitReceiver()
        source.send(String(digits), duration: .milliseconds(60 + UInt64(random.below(200))))

        var link: [(at: UInt64, packet: DigitPacket)] = []
        var told: [Character] = []
        var heard: [Character] = []
        func note(_ news: DigitNews, in list: inout [Character]) {
            if let missed = news.missed { list.append(missed.character) }
            if let ended = news.ended { list.append(ended.character) }
        }
        for moment in 0..<30_000 as Range<UInt64> {
            let now = RTPFixture.at(moment)
            while let deadline = source.deadline, deadline <= now, let packet = source.next(&sourceStream, now: now) {
                // A third is lost, but never a whole digit: its first packet always comes.
                guard packet.header.marker || !random.happens(330) else { continue }
                for _ in 0..<(random.happens(100) ? 2 : 1) {
                    link.append((moment + UInt64(random.below(15)), packet))
                }
            }
            for index in link.indices.reversed() where link[index].at <= moment {
                let packet = link.remove(at: index).packet
                let news = relay.received(
                    packet.event,
                    in: RTPPacket(
                        payloadType: 110,
                        marker: packet.header.marker,
                        sequence: packet.header.sequence,
                        timestamp: packet.header.timestamp,
                        ssrc: packet.header.ssrc
                    ),
                    clockRate: 48_000,
                    to: &sender,
                    now: now
                )
                note(news, in: &told)
            }
            note(relay.timeoutReached(to: &sender, now: now), in: &told)
            while let deadline = sender.deadline, deadline <= now, let packet = sender.next(&stream, now: now) {
                let news = receiver.received(
                    packet.event,
                    in: RTPPacket(
                        payloadType: 101,
                        marker: packet.header.marker,
                        sequence: packet.header.sequence,
                        timestamp: packet.header.timestamp,
                        ssrc: 2
                    ),
                    clockRate: 8000,
                    now: now
                )
                note(news, in: &heard)
            }
        }
        #expect(told == digits)
        #expect(heard == digits)
    }
}
