import MediaCore
import MediaRelay
import SIPCore
import Testing

@Suite("The relay with SDES") struct RelaySecurePhoneTests {
    @Test("A phone with SDES and one without talk to each other", arguments: SDESSuite.allCases)
    func secureToPlain(suite: SDESSuite) throws {
        let bench = try RelayBench()
        let theirs = SDESKey(suite: suite, tag: 1, bytes: [UInt8](repeating: 3, count: suite.keyLength))
        let secure = try bench.phone()
        let ours = try #require(secure.endpoint.sdes.first { $0.suite == suite })
        let session = try SRTPSession(SRTPKeys(ours: theirs, theirs: ours))
        secure.peer.protection = .sdes(ours: ours, theirs: theirs)
        let plain = try bench.phone()
        try bench.settle([.update(secure.id, secure.peer), .join(secure.id, plain.id)])

        // In the clear it would be easy to be somebody else.
        try secure.speak(1)
        secure.socket.send(try session.protected(Sound.packet(2)).get(), to: try secure.target)
        #expect(try #require(plain.socket.receive(.rtp)).bytes.last == 2)
        try plain.speak(3, ssrc: 0xB)
        let heard = try #require(secure.socket.receive(.rtp))
        #expect(try session.unprotected(heard.bytes).get().suffix(160) == Sound.packet(3).suffix(160))
        try bench.settle([])
        #expect(bench.engine.counters.dropped.unauthenticated == 1)
    }

    @Test("A peer may change its key alone, and is heard with the new one while ours goes on") func newKey() throws {
        let bench = try RelayBench()
        let suite = SDESSuite.aes128SHA1Tag80
        let keys = (1...2).map { SDESKey(suite: suite, tag: 1, bytes: [UInt8](repeating: $0, count: suite.keyLength)) }
        let (secure, plain) = (try bench.phone(), try bench.phone())
        let ours = try #require(secure.endpoint.sdes.first { $0.suite == suite })
        let sessions = try keys.map { try SRTPSession(SRTPKeys(ours: $0, theirs: ours)) }
        for (sequence, (key, session)) in zip(UInt16(1)..., zip(keys, sessions)) {
            secure.peer.protection = .sdes(ours: ours, theirs: key)
            try bench.settle([.update(secure.id, secure.peer), .join(secure.id, plain.id)])
            secure.socket.send(try session.protected(Sound.packet(sequence)).get(), to: try secure.target)
            #expect(plain.socket.receiveRTP() != nil)
        }
        try plain.speak(1)
        let heard = try #require(secure.socket.receive(.rtp))
        #expect(throws: Never.self) { try sessions[0].unprotected(heard.bytes).get() }
        secure.socket.send(try sessions[0].protected(Sound.packet(3)).get(), to: try secure.target)
        try bench.settle([])
        #expect(bench.engine.counters.dropped.unauthenticated == 1)
    }

    @Test("Reports are protected as sound is") func control() throws {
        let bench = try RelayBench()
        let suite = SDESSuite.aes128GCM
        let theirs = SDESKey(suite: suite, tag: 1, bytes: [UInt8](repeating: 3, count: suite.keyLength))
        let phone = try bench.phone()
        let ours = try #require(phone.endpoint.sdes.first { $0.suite == suite })
        phone.peer.protection = .sdes(ours: ours, theirs: theirs)
        try bench.settle([.update(phone.id, phone.peer)])
        let session = try SRTPSession(SRTPKeys(ours: theirs, theirs: ours))
        let report = try #require(phone.controlSocket.receive(.rtcp))
        #expect(RTPFixture.compound(try session.unprotectedControl(report.bytes).get()) != nil)
    }

    @Test("Each suite is offered once, with a key of its length that no other leg has") func keys() throws {
        let bench = try RelayBench()
        let (first, second) = (try bench.open(.rtp).endpoint, try bench.open(.rtp).endpoint)
        #expect(first.sdes.map(\.suite) == SDESSuite.allCases)
        #expect(first.sdes.map(\.tag) == [1, 2, 3])
        #expect(first.sdes.map(\.bytes.count) == SDESSuite.allCases.map(\.keyLength))
        #expect(Set((first.sdes + second.sdes).map(\.bytes)).count == 6)
    }
}
