import MediaCore
import MediaRelay
import SIPCore
import Testing

@Suite("A call without a common codec") struct RelayTranscodedCallTests {
    private let bench: RelayBench
    /// Takes Opus, and digits at its clock.
    private let left: TestPhone
    /// Takes PCMA, and digits at its clock.
    private let right: TestPhone

    init() throws {
        self.bench = try RelayBench { $0.transcodes = true }
        self.left = try self.bench.phone(
            [AudioFormat(.opus, sends: 96, receives: 111)],
            digits: [DigitFormat(sends: 110, receives: 110, clockRate: 48_000)]
        )
        self.right = try self.bench.phone(
            [AudioFormat(.pcma, sends: 8, receives: 8)],
            digits: [DigitFormat(sends: 101, receives: 101, clockRate: 8000)]
        )
        try self.bench.settle([.join(self.left.id, self.right.id)])
    }

    @Test("A digit amid sound goes on at the other leg's clock, in one stream, and no sound beside it")
    func digitTowardOpus() throws {
        for sequence in UInt16(1)...5 { try self.right.speak(sequence, payloadType: 8, ssrc: 0xB) }
        let first = try #require(self.left.socket.receiveRTP())
        try self.press(self.right, payloadType: 101, after: 5, clock: 160, ssrc: 0xB)
        for sequence in UInt16(9)...18 { try self.right.speak(sequence, payloadType: 8, ssrc: 0xB) }
        #expect(self.bench.log.comes(.digit(self.right.id, "5", duration: .milliseconds(100))))
        let heard = try self.heard(by: self.left, digits: 110, clock: 960, after: first)
        #expect(heard == TelephoneEvent(code: 5, isEnd: true, duration: 4800))
    }

    @Test("The other way round as well") func digitFromOpus() throws {
        for sequence in UInt16(1)...5 { self.left.socket.send(try Sound.opus(sequence), to: try self.left.target) }
        let first = try #require(self.right.socket.receiveRTP())
        try self.press(self.left, payloadType: 110, after: 5, clock: 960, ssrc: 0xA)
        for sequence in UInt16(9)...18 { self.left.socket.send(try Sound.opus(sequence), to: try self.left.target) }
        #expect(self.bench.log.comes(.digit(self.left.id, "5", duration: .milliseconds(100))))
        let heard = try self.heard(by: self.right, digits: 101, clock: 160, after: first)
        #expect(heard == TelephoneEvent(code: 5, isEnd: true, duration: 800))
    }

    @Test("Nothing goes to a peer on hold, and its stream goes on afterwards as if nothing was missed")
    func hold() throws {
        for sequence in UInt16(1)...5 { self.left.socket.send(try Sound.opus(sequence), to: try self.left.target) }
        var last = try #require(self.right.socket.receiveRTP())
        self.right.peer.sends = false
        try self.bench.settle([.update(self.right.id, self.right.peer)])
        while let datagram = self.right.socket.receive(.rtp, milliseconds: 0) {
            last = try #require(RTPFixture.packet(datagram.bytes))
        }
        for sequence in UInt16(6)...10 { self.left.socket.send(try Sound.opus(sequence), to: try self.left.target) }
        // What the one on hold says is heard: it may be music.
        for sequence in UInt16(1)...3 { try self.right.speak(sequence, payloadType: 8, ssrc: 0xB) }
        #expect(self.left.socket.receiveRTP()?.payloadType == 96)
        #expect(self.right.socket.receive(.rtp, milliseconds: 0) == nil)
        #expect(self.bench.engine.counters.dropped.held == 5)

        self.right.peer.sends = true
        try self.bench.settle([.update(self.right.id, self.right.peer)])
        for sequence in UInt16(11)...15 { self.left.socket.send(try Sound.opus(sequence), to: try self.left.target) }
        let resumed = try #require(self.right.socket.receiveRTP())
        #expect(resumed.marker && resumed.ssrc == last.ssrc && resumed.sequence == last.sequence &+ 1)
    }

    @Test("A peer that changes to another codec, or to a common one, hears one stream") func change() throws {
        for sequence in UInt16(1)...5 { self.left.socket.send(try Sound.opus(sequence), to: try self.left.target) }
        var last = try #require(self.right.socket.receiveRTP())
        #expect(last.payloadType == 8)
        for (format, sequences) in [
            (AudioFormat(.pcmu, sends: 0, receives: 0), UInt16(6)...10),
            (AudioFormat(.opus, sends: 120, receives: 120), UInt16(11)...15),
            (AudioFormat(.pcma, sends: 8, receives: 8), UInt16(16)...20),
        ] {
            self.right.peer.formats = [format]
            try self.bench.settle([.update(self.right.id, self.right.peer)])
            while let datagram = self.right.socket.receive(.rtp, milliseconds: 0) {
                last = try #require(RTPFixture.packet(datagram.bytes))
            }
            for sequence in sequences { self.left.socket.send(try Sound.opus(sequence), to: try self.left.target) }
            let next = try #require(self.right.socket.receiveRTP())
            #expect(next.payloadType == format.sends && next.ssrc == last.ssrc)
            #expect(next.marker && next.sequence == last.sequence &+ 1)
            last = next
        }
    }

    @Test("Reports count the frames that went out, and tell the time by their clock") func control() throws {
        for sequence in UInt16(1)...5 { try self.right.speak(sequence, payloadType: 8, ssrc: 0xB) }
        let first = try #require(self.left.socket.receiveRTP())
        let report = try #require(self.left.controlSocket.receive(.rtcp))
        let sender = try #require(RTPFixture.compound(report.bytes)?.senderInfo)
        #expect(sender.ssrc == first.ssrc && sender.packets > 0)
        var (last, next) = (first, self.left.socket.receive(.rtp, milliseconds: 0))
        var count: UInt32 = 1
        while let datagram = next {
            last = try #require(RTPFixture.packet(datagram.bytes))
            next = self.left.socket.receive(.rtp, milliseconds: 0)
            count += 1
        }
        #expect(sender.packets <= count)
        // At most the five seconds that the report was waited for, and never behind the last frame before it.
        let sinceFirst = sender.timestamp &- first.timestamp
        #expect(sinceFirst < 5 * 48_000 && sinceFirst >= (sender.packets - 1) * 960)
        #expect(last.timestamp &- first.timestamp == (count - 1) * 960)
    }

    /// 100 ms of the key 5, as three packets.
    private func press(
        _ phone: TestPhone,
        payloadType: UInt8,
        after sequence: UInt16,
        clock: UInt32,
        ssrc: UInt32
    ) throws {
        for (index, periods) in [UInt32(1), 5, 5].enumerated() {
            var bytes = [UInt8](repeating: 0, count: DigitPacket.length)
            let header = RTPHeader(
                payloadType: payloadType,
                marker: index == 0,
                sequence: sequence + 1 + UInt16(index),
                timestamp: UInt32(sequence + 1) * clock,
                ssrc: ssrc
            )
            let event = TelephoneEvent(code: 5, isEnd: index > 0, duration: UInt16(periods * clock))
            _ = RTPFixture.edit(&bytes) { DigitPacket(header: header, event: event).write(into: &$0) }
            phone.socket.send(bytes, to: try phone.target)
        }
    }

    /// Checks what is heard until sound comes after a digit; gives the digit's end.
    private func heard(
        by phone: TestPhone,
        digits: UInt8,
        clock: UInt32,
        after first: RTPPacket
    ) throws -> TelephoneEvent? {
        var last = first
        var end: TelephoneEvent?
        var (began, ends) = (false, 0)
        while ends < 3 || last.payloadType == digits {
            let datagram = try #require(phone.socket.receive(.rtp))
            let packet = try #require(RTPFixture.packet(datagram.bytes))
            #expect(packet.ssrc == first.ssrc && packet.sequence == last.sequence &+ 1)
            let step = Int32(bitPattern: packet.timestamp &- last.timestamp)
            if packet.payloadType == digits {
                // One timestamp for all of the event; sound before it is over.
                #expect(began ? step == 0 : step >= Int32(clock))
                began = true
                end = unsafe TelephoneEvent(datagram.bytes.span.bytes, at: packet.payload)
                if end?.isEnd == true { ends += 1 }
            } else {
                #expect(began == (ends == 3), "sound beside the digit")
                #expect(step >= Int32(clock))
            }
            last = packet
        }
        #expect(last.marker, "the first sound after the digit begins a spurt")
        return end
    }
}
