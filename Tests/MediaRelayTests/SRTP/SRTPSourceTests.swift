import MediaRelay
import Testing

@Suite("How many sources a key serves")
struct SRTPSourceTests {
    @Test("A source that nobody vouches for leaves no stream behind", arguments: SRTPProfile.allCases)
    func streamsAfterAuthentication(profile: SRTPProfile) throws {
        let pair = try SRTPPair(profile)
        for ssrc in UInt32(0)..<100 {
            let forged = SRTPPacket.rtp(sequence: 1, ssrc: ssrc)
            #expect(pair.far.unprotected(forged) == .failure(.notAuthentic))
            #expect(!pair.far.hearsFrom(ssrc))
        }
        let true1 = try pair.near.protected(SRTPPacket.rtp(sequence: 1, ssrc: 1)).get()
        #expect(throws: Never.self) { try pair.far.unprotected(true1).get() }
        #expect(pair.far.hearsFrom(1))
    }

    @Test("10,000 invented sources take nobody's place", arguments: SRTPProfile.allCases)
    func flood(profile: SRTPProfile) throws {
        let pair = try SRTPPair(profile)
        for ssrc in UInt32(1)...16 {
            let srtp = try pair.near.protected(SRTPPacket.rtp(sequence: 1, ssrc: ssrc)).get()
            #expect(throws: Never.self) { try pair.far.unprotected(srtp).get() }
        }
        var refusals: [Result<[UInt8], SRTPError>: Int] = [:]
        for ssrc in UInt32(1_000)..<11_000 {
            refusals[pair.far.unprotected(SRTPPacket.rtp(sequence: 1, ssrc: ssrc)), default: 0] += 1
            var report = SRTPPacket.rtcp(ssrc: ssrc) + [0x80, 0, 0, 1]
            report += Array(repeating: 0x80, count: profile.controlTrailerLength)
            refusals[pair.far.unprotectedControl(report), default: 0] += 1
        }
        #expect(refusals == [.failure(.notAuthentic): 20_000])
        for ssrc in UInt32(1)...16 {
            let rtp = SRTPPacket.rtp(sequence: 2, ssrc: ssrc)
            #expect(pair.far.unprotected(try pair.near.protected(rtp).get()) == .success(rtp))
        }
    }

    @Test("The seventeenth source takes the place of the one silent for longest, which never comes back")
    func eviction() throws {
        let pair = try SRTPPair(.aes128GCM)
        var first: [UInt8] = []
        for ssrc in UInt32(1)...16 {
            let srtp = try pair.near.protected(SRTPPacket.rtp(sequence: 1, ssrc: ssrc)).get()
            if ssrc == 1 { first = srtp }
            #expect(throws: Never.self) { try pair.far.unprotected(srtp).get() }
        }
        // The first one speaks again, so that the second is the one silent for longest.
        for packet in [SRTPPacket.rtp(sequence: 2, ssrc: 1), SRTPPacket.rtp(sequence: 1, ssrc: 17)] {
            #expect(pair.far.unprotected(try pair.near.protected(packet).get()) == .success(packet))
        }
        #expect((1...17).filter { pair.far.hearsFrom($0) } == [1] + Array(3...17))
        #expect(pair.near.protected(SRTPPacket.rtp(sequence: 2, ssrc: 2)) == .failure(.tooManySources))
        #expect(pair.far.unprotected(SRTPPacket.rtp(sequence: 2, ssrc: 2)) == .failure(.tooManySources))
        #expect(pair.far.unprotected(first) == .failure(.replayed))
    }

    @Test("A key serves 272 sources in all, and the last sixteen stay")
    func limit() throws {
        let pair = try SRTPPair(.aes128GCM)
        for ssrc in UInt32(1)...272 {
            let rtp = SRTPPacket.rtp(sequence: 1, ssrc: ssrc, payload: 4)
            #expect(pair.far.unprotected(try pair.near.protected(rtp).get()) == .success(rtp))
        }
        #expect(pair.near.protected(SRTPPacket.rtp(sequence: 1, ssrc: 273)) == .failure(.tooManySources))
        #expect(pair.far.unprotected(SRTPPacket.rtp(sequence: 1, ssrc: 273)) == .failure(.tooManySources))
        let last = SRTPPacket.rtp(sequence: 2, ssrc: 257)
        #expect(pair.far.unprotected(try pair.near.protected(last).get()) == .success(last))
    }
}
