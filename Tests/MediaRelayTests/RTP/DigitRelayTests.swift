import MediaCore
import MediaRelay
import SIPCore
import Testing

@Suite("Digits from leg to leg") struct DigitRelayTests {
    private static func event(
        _ relay: inout DigitRelay,
        _ sender: inout DigitSender,
        _ duration: UInt16,
        at milliseconds: UInt64,
        isEnd: Bool = false
    ) -> DigitNews {
        relay.received(
            TelephoneEvent(code: 1, isEnd: isEnd, duration: duration),
            in: RTPPacket(payloadType: 110, sequence: 1, timestamp: 77, ssrc: 0xA),
            clockRate: 48_000,
            to: &sender,
            now: RTPFixture.at(milliseconds)
        )
    }

    private static func stream() -> RTPStreamOut {
        RTPStreamOut(ssrc: 1, sequence: 1, timestamp: 0, clockRate: 8000)
    }

    private static func sender() -> DigitSender {
        DigitSender(format: DigitFormat(sends: 101, receives: 101, clockRate: 8000))
    }

    /// The durations and ends that are due at this moment, and those of each 20 ms after it.
    private static func packets(
        _ sender: inout DigitSender,
        _ stream: inout RTPStreamOut,
        _ milliseconds: UInt64
    ) -> [TelephoneEvent] {
        var events: [TelephoneEvent] = []
        while let deadline = sender.deadline, deadline <= RTPFixture.at(milliseconds),
            let packet = sender.next(&stream, now: RTPFixture.at(milliseconds))
        {
            events.append(packet.event)
        }
        return events
    }

    @Test("A digit goes out while it comes in, by the other clock, and ends once it has ended") func realTime() {
        var relay = DigitRelay()
        var sender = Self.sender()
        var stream = Self.stream()
        var told: [Digit] = []
        var sent: [TelephoneEvent] = []
        for index in 0..<5 as Range<UInt64> {
            let news = Self.event(&relay, &sender, UInt16(index + 1) * 960, at: index * 20, isEnd: index == 4)
            if let digit = news.ended { told.append(digit) }
            sent += Self.packets(&sender, &stream, index * 20)
        }
        #expect(
            sent == [
                TelephoneEvent(code: 1, isEnd: false, duration: 160),
                TelephoneEvent(code: 1, isEnd: false, duration: 320),
                TelephoneEvent(code: 1, isEnd: false, duration: 480),
                TelephoneEvent(code: 1, isEnd: false, duration: 640),
                TelephoneEvent(code: 1, isEnd: true, duration: 800),
            ]
        )
        for index in 5..<50 as Range<UInt64> {
            _ = Self.event(&relay, &sender, 4800, at: index * 20, isEnd: true)
            sent += Self.packets(&sender, &stream, index * 20)
        }
        #expect(sent.suffix(3) == [TelephoneEvent](repeating: .init(code: 1, isEnd: true, duration: 800), count: 3))
        #expect(sent.count == 7)
        #expect(told == [Digit("1", duration: .milliseconds(100))])
        #expect(sender.isSending == false)
    }

    @Test("A digit whose ends are lost does not run far ahead, and ends by itself") func lostEnds() {
        var relay = DigitRelay()
        var sender = Self.sender()
        var stream = Self.stream()
        _ = Self.event(&relay, &sender, 960, at: 0)
        var sent: [TelephoneEvent] = []
        for index in 0...9 as ClosedRange<UInt64> { sent += Self.packets(&sender, &stream, index * 20) }
        #expect(sent.map(\.duration) == [160, 320, 480, 640, 800, 960, 960, 960, 960, 960])
        #expect(
            relay.timeoutReached(to: &sender, now: RTPFixture.at(200)).ended
                == Digit("1", duration: .milliseconds(20))
        )
        #expect(Self.packets(&sender, &stream, 200) == [TelephoneEvent(code: 1, isEnd: true, duration: 960)])
    }

    @Test("A digit that is over before it can go out is 40 ms long") func shortDigit() {
        var relay = DigitRelay()
        var sender = Self.sender()
        var stream = Self.stream()
        _ = Self.event(&relay, &sender, 48, at: 0, isEnd: true)
        let sent = (0...5 as ClosedRange<UInt64>).flatMap { Self.packets(&sender, &stream, $0 * 20) }
        #expect(
            sent == [
                TelephoneEvent(code: 1, isEnd: false, duration: 160),
                TelephoneEvent(code: 1, isEnd: true, duration: 320),
                TelephoneEvent(code: 1, isEnd: true, duration: 320),
                TelephoneEvent(code: 1, isEnd: true, duration: 320),
            ]
        )
    }

    @Test("A digit that comes amid one of our own waits, and keeps its length") func waiting() {
        var relay = DigitRelay()
        var sender = Self.sender()
        var stream = Self.stream()
        sender.send("9", duration: .milliseconds(400))
        var sent = Self.packets(&sender, &stream, 0)
        _ = Self.event(&relay, &sender, 960, at: 10)
        _ = Self.event(&relay, &sender, 2880, at: 50)
        _ = Self.event(&relay, &sender, 5760, at: 100, isEnd: true)
        for moment in 101..<1000 as Range<UInt64> { sent += Self.packets(&sender, &stream, moment) }
        let ends = sent.filter(\.isEnd)
        #expect(
            ends == [TelephoneEvent](repeating: .init(code: 9, isEnd: true, duration: 3200), count: 3)
                + [TelephoneEvent](repeating: .init(code: 1, isEnd: true, duration: 960), count: 3)
        )
    }

    @Test("The digit of a leg that goes away ends, and is told where the other leg takes no events") func noEvents() {
        var relay = DigitRelay()
        var sender = DigitSender(format: nil)
        _ = Self.event(&relay, &sender, 4800, at: 0)
        #expect(sender.deadline == nil)
        #expect(relay.endSource(to: &sender).ended == Digit("1", duration: .milliseconds(100)))
        #expect(relay.deadline == nil)
    }
}
