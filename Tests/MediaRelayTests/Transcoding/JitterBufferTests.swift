import MediaRelay
import SIPCore
import Testing

@Suite("The jitter buffer") struct JitterBufferTests {
    private func insert(
        _ buffer: inout JitterBuffer,
        _ sequence: UInt16,
        at milliseconds: UInt64,
        timestamp: UInt32? = nil,
        bytes: [UInt8] = [1],
        due: UInt64? = nil
    ) -> JitterBuffer.Verdict {
        buffer.insert(
            RTPFixture.sound(sequence, timestamp ?? UInt32(sequence) &* 160),
            unsafe bytes.span.bytes,
            clockRate: 8000,
            isPlaying: false,
            due: RTPFixture.at(due ?? milliseconds),
            now: RTPFixture.at(milliseconds)
        )
    }

    @Test("Packets come out in order, and what is missing between them is told") func order() {
        var buffer = JitterBuffer()
        #expect(self.insert(&buffer, 10, at: 0) == .restarted)
        #expect(self.insert(&buffer, 13, at: 1) == .kept)
        #expect(self.insert(&buffer, 11, at: 2, bytes: [7, 8]) == .kept)
        #expect(self.insert(&buffer, 11, at: 3) == .duplicate)
        #expect(buffer.next() == .packet(over: 0))
        buffer.removeFirst(ticks: 160)
        #expect(buffer.withFirst { $0.byteCount } == 2)
        buffer.removeFirst(ticks: 160)
        #expect(buffer.next() == .missing(160, isLost: true))
        buffer.skip(ticks: 160)
        #expect(self.insert(&buffer, 12, at: 4) == .late)
        #expect(buffer.next() == .packet(over: 0))
        buffer.removeFirst(ticks: 160)
        #expect(buffer.next() == .empty)
        #expect(self.insert(&buffer, 13, at: 5) == .late)
    }

    @Test("A talker's pause is no loss") func pause() {
        var buffer = JitterBuffer()
        #expect(self.insert(&buffer, 10, at: 0) == .restarted)
        buffer.removeFirst(ticks: 160)
        #expect(self.insert(&buffer, 11, at: 100, timestamp: 1600 + 800) == .kept)
        #expect(buffer.next() == .missing(640, isLost: false))
    }

    @Test("A jump, a wrapped number and a payload of no length: begun anew, kept, refused") func jumps() {
        var buffer = JitterBuffer()
        #expect(self.insert(&buffer, .max, at: 0, timestamp: .max) == .restarted)
        #expect(self.insert(&buffer, 0, at: 20, timestamp: 159) == .kept)
        #expect(self.insert(&buffer, 1, at: 40, timestamp: 319, bytes: []) == .refused)
        #expect(self.insert(&buffer, 1, at: 40, bytes: [UInt8](repeating: 0, count: 1281)) == .refused)
        #expect(self.insert(&buffer, 32, at: 60, timestamp: 500) == .restarted)
        #expect(buffer.count == 1)
        #expect(self.insert(&buffer, 33, at: 80, timestamp: 500 + 5000) == .restarted)
    }

    @Test("The delay that is aimed at follows the jitter, within its bounds") func target() {
        var buffer = JitterBuffer()
        for number in UInt16(0)..<50 { _ = self.insert(&buffer, number, at: UInt64(number) * 20) }
        #expect(buffer.target == .milliseconds(40))
        for number in UInt16(50)..<100 {
            _ = self.insert(&buffer, number, at: UInt64(number) * 20 + UInt64(number % 2) * 400)
        }
        #expect(buffer.target == .milliseconds(200))
    }
}
