import MediaCore
import MediaRelay
import SIPCore
import Testing

@Suite("The relay between phones") struct RelayPhoneTests {
    @Test("Sound goes both ways, with the payload types of each leg and one stream toward each peer")
    func bothWays() throws {
        let bench = try RelayBench()
        let pcma = AudioFormat(.pcma, sends: 8, receives: 8)
        let left = try bench.phone([AudioFormat(.opus, sends: 96, receives: 111), pcma])
        let right = try bench.phone([AudioFormat(.opus, sends: 120, receives: 101), pcma])
        try bench.settle([.join(left.id, right.id)])

        try left.speak(10, payloadType: 111)
        let first = try #require(right.socket.receiveRTP())
        try left.speak(11, payloadType: 111)
        let second = try #require(right.socket.receiveRTP())
        #expect([first.payloadType, second.payloadType] == [120, 120])
        #expect(second.sequence == first.sequence &+ 1)
        #expect(second.timestamp == first.timestamp &+ 160)
        #expect(second.ssrc == first.ssrc)
        #expect(first.ssrc != 0xA)

        try right.speak(500, payloadType: 8, ssrc: 0xB)
        let answer = try #require(left.socket.receive(.rtp))
        #expect(answer.source == (try left.target))
        #expect(answer.bytes.suffix(160) == Sound.packet(500).suffix(160))
        #expect(RTPFixture.packet(answer.bytes)?.payloadType == 8)
    }

    @Test("A phone that told a wrong port of its host gets its sound where it sends from") func latching() throws {
        let bench = try RelayBench()
        let left = try bench.phone()
        let behindNAT = try TestSocket()
        let right = try bench.phone()
        try bench.settle([.join(left.id, right.id)])
        try right.speak(1, ssrc: 0xB, from: behindNAT)
        #expect(left.socket.receiveRTP() != nil)
        try left.speak(1)
        #expect(behindNAT.receiveRTP() != nil)
    }

    @Test("A leg without an address waits for the peer's first packet") func noAddress() throws {
        let bench = try RelayBench()
        let left = try bench.phone { $0.address = nil }
        let right = try bench.phone()
        try bench.settle([.join(left.id, right.id)])
        try right.speak(1, ssrc: 0xB)
        try left.speak(1)
        #expect(right.socket.receiveRTP() != nil)
        try right.speak(2, ssrc: 0xB)
        #expect(left.socket.receiveRTP()?.payload.count == 160)
        #expect(bench.engine.counters.dropped.unconnected == 1)
    }

    @Test("A stranger's packets are neither heard nor do they draw the sound away") func stranger() throws {
        let bench = try RelayBench()
        let (left, right) = (try bench.phone(), try bench.phone())
        let stranger = try TestSocket("127.0.0.2")
        try bench.settle([.join(left.id, right.id)])
        try left.speak(1)
        #expect(right.socket.receiveRTP() != nil)
        for sequence in UInt16(100)..<110 { try left.speak(sequence, ssrc: 0xBAD, from: stranger) }
        try left.speak(2)
        #expect(try #require(right.socket.receive(.rtp)).bytes.last == 2)
        try right.speak(1, ssrc: 0xB)
        #expect(left.socket.receiveRTP() != nil)
        #expect(bench.engine.counters.dropped.strangers >= 9)
    }

    @Test("Nothing is sent to a peer on hold, and its stream goes on afterwards as if nothing was missed")
    func hold() throws {
        let bench = try RelayBench()
        let (left, right) = (try bench.phone(), try bench.phone())
        try bench.settle([.join(left.id, right.id)])
        try left.speak(1)
        let before = try #require(right.socket.receiveRTP())
        right.peer.sends = false
        try bench.settle([.update(right.id, right.peer)])
        try left.speak(2)
        try right.speak(1, ssrc: 0xB)
        #expect(left.socket.receiveRTP() != nil)
        right.peer.sends = true
        try bench.settle([.update(right.id, right.peer)])
        try left.speak(3)
        let after = try #require(right.socket.receive(.rtp))
        let packet = try #require(RTPFixture.packet(after.bytes))
        #expect(after.bytes.last == 3)
        #expect(packet.sequence == before.sequence &+ 1)
        #expect(packet.ssrc == before.ssrc)
        #expect(packet.marker)
    }

    @Test("A transfer joins one peer with another, whose stream goes on") func transfer() throws {
        let bench = try RelayBench()
        let (first, second, third) = (try bench.phone(), try bench.phone(), try bench.phone())
        try bench.settle([.join(first.id, second.id)])
        try second.speak(1, ssrc: 0xB)
        let before = try #require(first.socket.receiveRTP())
        try bench.settle([.join(first.id, third.id)])
        try second.speak(2, ssrc: 0xB)
        try third.speak(9, ssrc: 0xC)
        let after = try #require(first.socket.receiveRTP())
        #expect(after.ssrc == before.ssrc)
        #expect(after.sequence == before.sequence &+ 1)
        try first.speak(1)
        #expect(third.socket.receiveRTP() != nil)
        try bench.settle([])
        #expect(bench.engine.counters.dropped.unjoined == 1)
    }

    @Test("A format that the other peer doesn't take goes nowhere") func unmapped() throws {
        let bench = try RelayBench()
        let pcmu = AudioFormat(.pcmu, sends: 0, receives: 0)
        let left = try bench.phone([AudioFormat(.g722, sends: 9, receives: 9), pcmu])
        let right = try bench.phone()
        try bench.settle([.join(left.id, right.id)])
        try left.speak(1, payloadType: 9)
        try left.speak(2, payloadType: 77)
        try left.speak(3)
        #expect(try #require(right.socket.receive(.rtp)).bytes.last == 3)
        try bench.settle([])
        #expect(bench.engine.counters.dropped.unmapped == 1)
    }

    @Test("A digit is told once, and goes on at the clock and payload type of the other leg") func digits() throws {
        let bench = try RelayBench()
        let left = try bench.phone(
            [AudioFormat(.pcmu, sends: 0, receives: 0)],
            digits: [DigitFormat(sends: 101, receives: 101, clockRate: 8000)]
        )
        let right = try bench.phone(
            [AudioFormat(.opus, sends: 111, receives: 111), AudioFormat(.pcmu, sends: 0, receives: 0)],
            digits: [DigitFormat(sends: 110, receives: 110, clockRate: 48_000)]
        )
        try bench.settle([.join(left.id, right.id)])
        let stream = RTPHeader(payloadType: 101, marker: true, sequence: 1, timestamp: 8000, ssrc: 0xA)
        for (index, event) in [
            TelephoneEvent(code: 5, isEnd: false, duration: 160), TelephoneEvent(code: 5, isEnd: true, duration: 800),
            TelephoneEvent(code: 5, isEnd: true, duration: 800),
        ].enumerated() {
            var bytes = [UInt8](repeating: 0, count: DigitPacket.length)
            var header = stream
            header.sequence += UInt16(index)
            _ = RTPFixture.edit(&bytes) { DigitPacket(header: header, event: event).write(into: &$0) }
            left.socket.send(bytes, to: try left.target)
        }
        #expect(bench.log.comes(.digit(left.id, "5", duration: .milliseconds(100))))
        var last: TelephoneEvent?
        while last?.isEnd != true, let datagram = right.socket.receive(.rtp) {
            #expect(RTPFixture.packet(datagram.bytes)?.payloadType == 110)
            last = unsafe TelephoneEvent(datagram.bytes.span.bytes, at: 12..<16)
        }
        #expect(last == TelephoneEvent(code: 5, isEnd: true, duration: 4800))
        #expect(!bench.log.left.contains { if case .digit = $0 { true } else { false } })
    }

    @Test("Digits of an order are sent to the peer") func sendDigits() throws {
        let bench = try RelayBench()
        let phone = try bench.phone(digits: [DigitFormat(sends: 101, receives: 101, clockRate: 8000)])
        bench.engine.perform([.sendDigits(phone.id, "1#", duration: .milliseconds(60))])
        var ended: Set<UInt8> = []
        while ended.count < 2, let datagram = phone.socket.receive(.rtp) {
            let event = unsafe TelephoneEvent(datagram.bytes.span.bytes, at: 12..<16)
            if let event, event.isEnd { ended.insert(event.code) }
        }
        #expect(ended == [1, 11])
    }

    @Test("RTCP ends at the leg: reports come from us, to the port of RTCP, and BYE at the end") func control() throws {
        let bench = try RelayBench()
        let (left, right) = (try bench.phone(), try bench.phone())
        try bench.settle([.join(left.id, right.id)])
        try left.speak(1)
        let sound = try #require(right.socket.receiveRTP())
        let report = try #require(right.controlSocket.receive(.rtcp))
        #expect(report.source.port == right.endpoint.rtcpPort)
        #expect(RTPFixture.compound(report.bytes)?.senderInfo?.ssrc == sound.ssrc)
        bench.engine.perform([.close(right.id)])
        var goodbye: UInt32?
        while goodbye == nil, let datagram = right.controlSocket.receive(.rtcp) {
            goodbye = RTPFixture.compound(datagram.bytes)?.goodbye
        }
        #expect(goodbye == sound.ssrc)
    }
}
