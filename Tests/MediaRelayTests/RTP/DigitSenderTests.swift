import MediaCore
import MediaRelay
import SIPCore
import Testing

@Suite("Digits that go out") struct DigitSenderTests {
    /// A packet as the tests compare it.
    private struct Sent: Equatable {
        var at: UInt64
        var sequence: UInt16
        var timestamp: UInt32
        var marker = false
        var code: UInt8
        var duration: UInt16
        var isEnd = false
    }

    private static let format = DigitFormat(sends: 101, receives: 101, clockRate: 8000)

    private static func stream(clockRate: UInt32 = 8000) -> RTPStreamOut {
        var stream = RTPStreamOut(ssrc: 1, sequence: 1, timestamp: 0, clockRate: clockRate)
        _ = stream.forward(RTPFixture.sound(1, 0), as: 0, clockRate: clockRate, now: RTPFixture.at(0))
        return stream
    }

    /// Runs the sender by its deadlines.
    private static func run(
        _ sender: inout DigitSender,
        _ stream: inout RTPStreamOut,
        _ milliseconds: Range<UInt64>
    ) -> [Sent] {
        var sent: [Sent] = []
        for moment in milliseconds {
            while let deadline = sender.deadline, deadline <= RTPFixture.at(moment) {
                guard let packet = sender.next(&stream, now: RTPFixture.at(moment)) else {
                    Issue.record("A deadline without a packet")
                    return sent
                }
                #expect(packet.header.payloadType == 101)
                sent.append(
                    Sent(
                        at: moment,
                        sequence: packet.header.sequence,
                        timestamp: packet.header.timestamp,
                        marker: packet.header.marker,
                        code: packet.event.code,
                        duration: packet.event.duration,
                        isEnd: packet.event.isEnd
                    )
                )
            }
        }
        return sent
    }

    @Test("A digit has the marker first, grows by 20 ms, and ends three times") func oneDigit() {
        var stream = Self.stream()
        var sender = DigitSender(format: Self.format)
        #expect(sender.deadline == nil)
        sender.send("5", duration: .milliseconds(70))
        #expect(sender.isSending == false)
        let sent = Self.run(&sender, &stream, 100..<150)
        #expect(sender.isSending == true)
        #expect(
            sent + Self.run(&sender, &stream, 150..<1000) == [
                Sent(at: 100, sequence: 2, timestamp: 800, marker: true, code: 5, duration: 160),
                Sent(at: 120, sequence: 3, timestamp: 800, code: 5, duration: 320),
                Sent(at: 140, sequence: 4, timestamp: 800, code: 5, duration: 480),
                Sent(at: 160, sequence: 5, timestamp: 800, code: 5, duration: 560, isEnd: true),
                Sent(at: 180, sequence: 6, timestamp: 800, code: 5, duration: 560, isEnd: true),
                Sent(at: 200, sequence: 7, timestamp: 800, code: 5, duration: 560, isEnd: true),
            ]
        )
        #expect(sender.isSending == false)
        #expect(sender.deadline == nil)
    }

    @Test("A digit is no shorter than 40 ms, and the next one begins after a gap") func twoDigits() {
        var stream = Self.stream()
        var sender = DigitSender(format: Self.format)
        sender.send("1x2", duration: .milliseconds(1))
        let sent = Self.run(&sender, &stream, 20..<1000)
        #expect(
            sent == [
                Sent(at: 20, sequence: 2, timestamp: 160, marker: true, code: 1, duration: 160),
                Sent(at: 40, sequence: 3, timestamp: 160, code: 1, duration: 320, isEnd: true),
                Sent(at: 60, sequence: 4, timestamp: 160, code: 1, duration: 320, isEnd: true),
                Sent(at: 80, sequence: 5, timestamp: 160, code: 1, duration: 320, isEnd: true),
                Sent(at: 130, sequence: 6, timestamp: 1040, marker: true, code: 2, duration: 160),
                Sent(at: 150, sequence: 7, timestamp: 1040, code: 2, duration: 320, isEnd: true),
                Sent(at: 170, sequence: 8, timestamp: 1040, code: 2, duration: 320, isEnd: true),
                Sent(at: 190, sequence: 9, timestamp: 1040, code: 2, duration: 320, isEnd: true),
            ]
        )
    }

    @Test("A loop that was held up sends what is due now, not all that was due") func lateLoop() {
        var stream = Self.stream()
        var sender = DigitSender(format: Self.format)
        sender.send("1", duration: .milliseconds(200))
        let sent = Self.run(&sender, &stream, 20..<21) + Self.run(&sender, &stream, 133..<141)
        #expect(
            sent == [
                Sent(at: 20, sequence: 2, timestamp: 160, marker: true, code: 1, duration: 160),
                Sent(at: 133, sequence: 3, timestamp: 160, code: 1, duration: 960),
                Sent(at: 140, sequence: 4, timestamp: 160, code: 1, duration: 1120),
            ]
        )
    }

    @Test("Timestamps are of the stream's clock, durations of the event's own") func twoClocks() {
        var stream = Self.stream(clockRate: 48_000)
        var sender = DigitSender(format: Self.format)
        sender.send("1", duration: .milliseconds(40))
        #expect(
            Self.run(&sender, &stream, 100..<130) == [
                Sent(at: 100, sequence: 2, timestamp: 4800, marker: true, code: 1, duration: 160),
                Sent(at: 120, sequence: 3, timestamp: 4800, code: 1, duration: 320, isEnd: true),
            ]
        )
    }

    @Test("A digit that is longer than its field goes on in segments, and is one digit at the other end")
    func segments() {
        let format = DigitFormat(sends: 101, receives: 101, clockRate: 48_000)
        var stream = Self.stream(clockRate: 48_000)
        var sender = DigitSender(format: format)
        sender.send("7", duration: .milliseconds(3000))
        let sent = Self.run(&sender, &stream, 20..<4000)
        let timestamps: Set<UInt32> = [960, 960 + 65_535, 960 + 2 * 65_535]
        #expect(Set(sent.map(\.timestamp)) == timestamps)
        #expect(sent.filter(\.marker).count == 1)
        var receiver = DigitReceiver()
        let news = sent.map {
            receiver.received(
                TelephoneEvent(code: $0.code, isEnd: $0.isEnd, duration: $0.duration),
                in: RTPPacket(
                    payloadType: 101,
                    marker: $0.marker,
                    sequence: $0.sequence,
                    timestamp: $0.timestamp,
                    ssrc: 1
                ),
                clockRate: 48_000,
                now: RTPFixture.at($0.at)
            )
        }
        #expect(news.compactMap(\.missed) == [])
        #expect(news.compactMap(\.ended) == [Digit("7", duration: .milliseconds(3000))])
    }

    @Test("A digit that ends just behind a full segment has its end in the next one") func endBehindSegment() {
        let format = DigitFormat(sends: 101, receives: 101, clockRate: 48_000)
        var stream = Self.stream(clockRate: 48_000)
        var sender = DigitSender(format: format)
        sender.send("7", duration: .milliseconds(1366))
        #expect(
            Self.run(&sender, &stream, 20..<2000).suffix(4) == [
                Sent(at: 1380, sequence: 70, timestamp: 960, code: 7, duration: 65_535),
                Sent(at: 1400, sequence: 71, timestamp: 66_495, code: 7, duration: 33, isEnd: true),
                Sent(at: 1420, sequence: 72, timestamp: 66_495, code: 7, duration: 33, isEnd: true),
                Sent(at: 1440, sequence: 73, timestamp: 66_495, code: 7, duration: 33, isEnd: true),
            ]
        )
    }

    @Test("No more than 64 digits wait") func limit() {
        var stream = Self.stream()
        var sender = DigitSender(format: Self.format)
        sender.send(String(repeating: "1", count: 1000), duration: .milliseconds(40))
        #expect(Self.run(&sender, &stream, 20..<20_000).filter(\.marker).count == DigitSender.limit)
    }

    @Test("A peer that takes no events gets none, and no digit waits for it") func noFormat() {
        var stream = Self.stream()
        var sender = DigitSender(format: nil)
        sender.send("1", duration: .milliseconds(40))
        #expect(sender.deadline == nil)
        sender.update(format: Self.format, now: RTPFixture.at(10))
        #expect(Self.run(&sender, &stream, 20..<500) == [])
        sender.send("12", duration: .milliseconds(40))
        _ = Self.run(&sender, &stream, 500..<510)
        sender.update(format: nil, now: RTPFixture.at(510))
        #expect(sender.isSending == false)
        sender.update(format: Self.format, now: RTPFixture.at(520))
        #expect(Self.run(&sender, &stream, 520..<1000) == [])
    }

    @Test("A change of the format amid a digit waits for the next one") func formatChange() {
        var stream = Self.stream()
        var sender = DigitSender(format: Self.format)
        sender.send("12", duration: .milliseconds(40))
        _ = Self.run(&sender, &stream, 20..<30)
        sender.update(format: DigitFormat(sends: 110, receives: 110, clockRate: 48_000), now: RTPFixture.at(30))
        #expect(
            Self.run(&sender, &stream, 30..<100).map(\.duration) == [320, 320, 320]
        )
        let next = sender.next(&stream, now: RTPFixture.at(200))
        #expect(next?.header.payloadType == 110)
        #expect(next?.event == TelephoneEvent(code: 2, isEnd: false, duration: 960))
    }
}
