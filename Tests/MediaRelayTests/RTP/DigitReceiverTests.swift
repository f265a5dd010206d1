import MediaRelay
import SIPCore
import Testing

@Suite("Digits that come in") struct DigitReceiverTests {
    private static func receive(
        _ receiver: inout DigitReceiver,
        _ code: UInt8,
        _ duration: UInt16,
        at milliseconds: UInt64,
        timestamp: UInt32 = 1000,
        isEnd: Bool = false,
        marker: Bool = false,
        ssrc: UInt32 = 0xA,
        clockRate: UInt32 = 8000
    ) -> DigitNews {
        receiver.received(
            TelephoneEvent(code: code, isEnd: isEnd, duration: duration),
            in: RTPPacket(payloadType: 101, marker: marker, sequence: 1, timestamp: timestamp, ssrc: ssrc),
            clockRate: clockRate,
            now: RTPFixture.at(milliseconds)
        )
    }

    private static func digit(_ character: Character, _ milliseconds: UInt64) -> Digit? {
        Digit(character, duration: .milliseconds(milliseconds))
    }

    private static func news(
        missed: Digit? = nil,
        _ progress: (Digit) -> DigitNews.Progress,
        _ character: Character,
        _ milliseconds: UInt64
    ) -> DigitNews? {
        self.digit(character, milliseconds).map { DigitNews(missed: missed, progress($0)) }
    }

    @Test("Every digit has its code, and nothing else has one") func characters() {
        let characters: [Character] = [
            "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "#", "A", "B", "C", "D",
        ]
        #expect(characters.map { Digit($0, duration: .zero)?.code } == (0...15 as ClosedRange<UInt8>).map { $0 })
        #expect((0...15 as ClosedRange<UInt8>).map { Digit(code: $0, duration: .zero)?.character } == characters)
        #expect(Digit("d", duration: .zero)?.code == 15)
        for other in ["E", "@", "`", "+", " ", "é", "٣"] as [Character] {
            #expect(Digit(other, duration: .zero) == nil)
        }
        #expect(Digit(code: 16, duration: .zero) == nil)
    }

    @Test("A payload is read and written to the bit") func payload() {
        var bytes: [UInt8] = [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]
        let event = TelephoneEvent(code: 11, isEnd: true, volume: 63, duration: 0x1234)
        #expect(RTPFixture.edit(&bytes) { event.write(into: &$0, at: 3) } == false)
        #expect(RTPFixture.edit(&bytes) { event.write(into: &$0, at: 2) } == true)
        #expect(bytes == [0xFF, 0xFF, 11, 0xBF, 0x12, 0x34])
        #expect(TelephoneEvent(unsafe bytes.span.bytes, at: 2..<6) == event)
        #expect(TelephoneEvent(unsafe bytes.span.bytes, at: 3..<6) == nil)
        #expect(TelephoneEvent(unsafe bytes.span.bytes, at: 3..<7) == nil)
    }

    @Test("A digit begins, lasts and ends once, whatever is retransmitted") func wholeDigit() {
        var receiver = DigitReceiver()
        #expect(Self.receive(&receiver, 5, 160, at: 0, marker: true) == Self.news(DigitNews.Progress.began, "5", 20))
        #expect(Self.receive(&receiver, 5, 320, at: 20) == Self.news(DigitNews.Progress.lasts, "5", 40))
        #expect(Self.receive(&receiver, 5, 160, at: 21) == DigitNews())
        #expect(Self.receive(&receiver, 5, 480, at: 40, isEnd: true) == Self.news(DigitNews.Progress.ended, "5", 60))
        #expect(Self.receive(&receiver, 5, 480, at: 60, isEnd: true) == DigitNews())
        #expect(Self.receive(&receiver, 5, 480, at: 900, isEnd: true) == DigitNews())
        #expect(Self.receive(&receiver, 5, 320, at: 901) == DigitNews())
        #expect(receiver.deadline == nil)
    }

    @Test("A duration is counted by the event's own clock") func clocks() {
        var receiver = DigitReceiver()
        #expect(
            Self.receive(&receiver, 1, 4800, at: 0, isEnd: true, clockRate: 48_000)
                == Self.news(DigitNews.Progress.beganAndEnded, "1", 100)
        )
        #expect(
            Self.receive(&receiver, 1, 800, at: 500, timestamp: 9000, isEnd: true)
                == Self.news(DigitNews.Progress.beganAndEnded, "1", 100)
        )
    }

    @Test("Of a digit nothing but its end comes") func endsOnly() {
        var receiver = DigitReceiver()
        #expect(
            Self.receive(&receiver, 10, 800, at: 0, isEnd: true)
                == Self.news(DigitNews.Progress.beganAndEnded, "*", 100)
        )
        #expect(Self.receive(&receiver, 10, 800, at: 1, isEnd: true) == DigitNews())
    }

    @Test("All ends are lost: the next digit ends the one before, be it the same") func lostEnds() {
        var receiver = DigitReceiver()
        _ = Self.receive(&receiver, 7, 160, at: 0, marker: true)
        _ = Self.receive(&receiver, 7, 800, at: 80)
        #expect(
            Self.receive(&receiver, 7, 160, at: 170, timestamp: 2200, marker: true)
                == Self.news(missed: Self.digit("7", 100), DigitNews.Progress.began, "7", 20)
        )
        #expect(
            Self.receive(&receiver, 8, 160, at: 200, timestamp: 3000, isEnd: true)
                == Self.news(missed: Self.digit("7", 20), DigitNews.Progress.beganAndEnded, "8", 20)
        )
    }

    @Test("All ends are lost and nothing comes: the digit ends by itself, once") func timeout() {
        var receiver = DigitReceiver()
        _ = Self.receive(&receiver, 3, 160, at: 0)
        _ = Self.receive(&receiver, 3, 320, at: 20)
        #expect(receiver.deadline == RTPFixture.at(220))
        #expect(receiver.timeoutReached(now: RTPFixture.at(219)) == DigitNews())
        #expect(receiver.timeoutReached(now: RTPFixture.at(220)) == Self.news(DigitNews.Progress.ended, "3", 40))
        #expect(receiver.timeoutReached(now: RTPFixture.at(221)) == DigitNews())
        #expect(Self.receive(&receiver, 3, 800, at: 230, isEnd: true) == DigitNews())
    }

    @Test("A late packet of the digit before is nothing") func latePacket() {
        var receiver = DigitReceiver()
        _ = Self.receive(&receiver, 1, 480, at: 0, timestamp: 1000, isEnd: true)
        _ = Self.receive(&receiver, 2, 160, at: 100, timestamp: 1800)
        #expect(Self.receive(&receiver, 1, 480, at: 101, timestamp: 1000, isEnd: true) == DigitNews())
        #expect(
            Self.receive(&receiver, 2, 320, at: 120, timestamp: 1800, isEnd: true)
                == Self.news(DigitNews.Progress.ended, "2", 40)
        )
    }

    @Test("A source whose timestamps begin anew is understood") func timestampsAnew() {
        var receiver = DigitReceiver()
        _ = Self.receive(&receiver, 1, 480, at: 0, timestamp: 900_000, isEnd: true)
        #expect(
            Self.receive(&receiver, 1, 160, at: 100, timestamp: 5, marker: true)
                == Self.news(DigitNews.Progress.began, "1", 20)
        )
        _ = Self.receive(&receiver, 1, 480, at: 140, timestamp: 5, isEnd: true)
        #expect(Self.receive(&receiver, 2, 160, at: 3139, timestamp: UInt32.max) == DigitNews())
        #expect(
            Self.receive(&receiver, 2, 160, at: 3140, timestamp: UInt32.max)
                == Self.news(DigitNews.Progress.began, "2", 20)
        )
    }

    @Test("Each packet with its own timestamp is one digit all the same") func movingTimestamps() {
        var receiver = DigitReceiver()
        _ = Self.receive(&receiver, 4, 160, at: 0, timestamp: 1000, marker: true)
        #expect(
            Self.receive(&receiver, 4, 320, at: 20, timestamp: 1160) == Self.news(DigitNews.Progress.lasts, "4", 40)
        )
        #expect(
            Self.receive(&receiver, 4, 480, at: 40, timestamp: 1320, isEnd: true)
                == Self.news(DigitNews.Progress.ended, "4", 60)
        )
        #expect(Self.receive(&receiver, 4, 480, at: 60, timestamp: 1480, isEnd: true) == DigitNews())
        #expect(
            Self.receive(&receiver, 4, 160, at: 300, timestamp: 3400, marker: true)
                == Self.news(DigitNews.Progress.began, "4", 20)
        )
    }

    @Test("A digit that is longer than its field goes on in segments") func segments() {
        var receiver = DigitReceiver()
        _ = Self.receive(&receiver, 9, 64_000, at: 0, timestamp: 1000, clockRate: 48_000)
        #expect(
            Self.receive(&receiver, 9, 0xFFFF, at: 20, timestamp: 1000, clockRate: 48_000).progress
                == Digit(code: 9, duration: SIPCore.Span(nanoseconds: 1_365_312_500)).map { .lasts($0) }
        )
        #expect(
            Self.receive(&receiver, 9, 2400, at: 40, timestamp: 66_535, isEnd: true, clockRate: 48_000).progress
                == Digit(code: 9, duration: SIPCore.Span(nanoseconds: 1_415_312_500)).map { .ended($0) }
        )
    }

    @Test("Another source is another digit, whatever its timestamps are") func otherSource() {
        var receiver = DigitReceiver()
        _ = Self.receive(&receiver, 1, 160, at: 0)
        #expect(
            Self.receive(&receiver, 1, 320, at: 20, ssrc: 0xB)
                == Self.news(missed: Self.digit("1", 20), DigitNews.Progress.began, "1", 40)
        )
        #expect(receiver.endSource() == Self.news(DigitNews.Progress.ended, "1", 40))
        #expect(receiver.endSource() == DigitNews())
    }

    @Test("What is no digit is nothing") func noDigit() {
        var receiver = DigitReceiver()
        #expect(Self.receive(&receiver, 16, 160, at: 0, isEnd: true) == DigitNews())
        #expect(receiver.deadline == nil)
    }
}
