import COpenSSL
import MediaCore
import MediaRelay
import Testing

@Suite("Protecting a leg's packets")
struct SRTPSessionTests {
    @Test("Packets go both ways and grow by the tag", arguments: SRTPProfile.allCases)
    func bothWays(profile: SRTPProfile) throws {
        let pair = try SRTPPair(profile)
        for (from, to) in [(pair.near, pair.far), (pair.far, pair.near)] {
            let rtp = SRTPPacket.rtp(sequence: 7)
            let srtp = try from.protected(rtp).get()
            #expect(srtp.count == rtp.count + profile.tagLength)
            #expect(srtp.prefix(12) == rtp.prefix(12))
            #expect(srtp.dropFirst(12).prefix(160) != rtp.dropFirst(12))
            #expect(to.unprotected(srtp) == .success(rtp))

            let rtcp = SRTPPacket.rtcp()
            let srtcp = try from.protectedControl(rtcp).get()
            #expect(srtcp.count == rtcp.count + profile.controlTrailerLength)
            #expect(to.unprotectedControl(srtcp) == .success(rtcp))
        }
    }

    @Test("The same packet is taken once", arguments: SRTPProfile.allCases)
    func replay(profile: SRTPProfile) throws {
        let pair = try SRTPPair(profile)
        let srtp = try pair.near.protected(SRTPPacket.rtp(sequence: 7)).get()
        let srtcp = try pair.near.protectedControl(SRTPPacket.rtcp()).get()
        #expect(throws: Never.self) { try pair.far.unprotected(srtp).get() }
        #expect(throws: Never.self) { try pair.far.unprotectedControl(srtcp).get() }
        #expect(pair.far.unprotected(srtp) == .failure(.replayed))
        #expect(pair.far.unprotectedControl(srtcp) == .failure(.replayed))
    }

    @Test("A sequence number is protected once, even with another payload", arguments: SRTPProfile.allCases)
    func repeatedSequenceNumber(profile: SRTPProfile) throws {
        let pair = try SRTPPair(profile)
        #expect(throws: Never.self) { try pair.near.protected(SRTPPacket.rtp(sequence: 7)).get() }
        #expect(pair.near.protected(SRTPPacket.rtp(sequence: 7, payload: 20)) == .failure(.replayed))
    }

    @Test("A changed bit anywhere is found out, and the true packet is taken after it", arguments: SRTPProfile.allCases)
    func forged(profile: SRTPProfile) throws {
        let pair = try SRTPPair(profile)
        let rtp = SRTPPacket.rtp(sequence: 7, payload: 16)
        let srtp = try pair.near.protected(rtp).get()
        // Sequence number, time, SSRC, payload and tag.
        for index in 2..<srtp.count {
            var forged = srtp
            forged[index] ^= 0x10
            #expect(pair.far.unprotected(forged) == .failure(.notAuthentic), "byte \(index)")
        }
        #expect(pair.far.unprotected(srtp) == .success(rtp))

        let rtcp = SRTPPacket.rtcp()
        let srtcp = try pair.near.protectedControl(rtcp).get()
        for index in 4..<srtcp.count {
            var forged = srtcp
            forged[index] ^= 0x10
            #expect(pair.far.unprotectedControl(forged) == .failure(.notAuthentic), "byte \(index)")
        }
        #expect(pair.far.unprotectedControl(srtcp) == .success(rtcp))
    }

    @Test("A forged packet does not move the window or count a rollover", arguments: SRTPProfile.allCases)
    func forgedSequence(profile: SRTPProfile) throws {
        let pair = try SRTPPair(profile)
        let early = try pair.near.protected(SRTPPacket.rtp(sequence: 39_999)).get()
        let first = try pair.near.protected(SRTPPacket.rtp(sequence: 40_000)).get()
        #expect(throws: Never.self) { try pair.far.unprotected(first).get() }
        for sequence: UInt16 in [41_999, 65_535, 0, 3] {
            let forged = SRTPPacket.rtp(sequence: sequence) + Array(repeating: 9, count: profile.tagLength)
            #expect(pair.far.unprotected(forged) == .failure(.notAuthentic))
        }
        #expect(pair.far.unprotected(early) == .success(SRTPPacket.rtp(sequence: 39_999)))
        let next = SRTPPacket.rtp(sequence: 40_001)
        #expect(pair.far.unprotected(try pair.near.protected(next).get()) == .success(next))
    }

    @Test("What OpenSSL refuses leaves no error behind for others to read", arguments: SRTPProfile.allCases)
    func errors(profile: SRTPProfile) throws {
        let pair = try SRTPPair(profile)
        ERR_clear_error()
        let forged = SRTPPacket.rtp(sequence: 1)
        #expect(pair.far.unprotected(forged) == .failure(.notAuthentic))
        #expect(ERR_peek_error() == 0)
    }

    @Test("RTCP that is authentic but not encrypted is refused", arguments: SRTPProfile.allCases)
    func clearControl(profile: SRTPProfile) throws {
        let pair = try SRTPPair(profile)
        let key = SRTPPair.key(profile, seed: 0)
        let oracle = try SRTPOracle(key, .outbound, encryptsControl: false)
        let srtcp = try #require(oracle.protectedControl(SRTPPacket.rtcp()))
        #expect(srtcp.starts(with: SRTPPacket.rtcp()))
        #expect(pair.far.unprotectedControl(srtcp) == .failure(.malformed))
    }

    @Test("A packet may be 1,000 late, but not 1,100", arguments: SRTPProfile.allCases)
    func window(profile: SRTPProfile) throws {
        let pair = try SRTPPair(profile)
        let packets = try (0..<1_200).map {
            try pair.near.protected(SRTPPacket.rtp(sequence: UInt16($0), payload: 4)).get()
        }
        #expect(throws: Never.self) { try pair.far.unprotected(packets[1_199]).get() }
        #expect(throws: Never.self) { try pair.far.unprotected(packets[199]).get() }
        #expect(pair.far.unprotected(packets[99]) == .failure(.replayed))
    }

    @Test("Sequence numbers that begin anew after 65,535 are told apart", arguments: SRTPProfile.allCases)
    func rollover(profile: SRTPProfile) throws {
        let pair = try SRTPPair(profile)
        for sequence: UInt16 in [65_534, 65_535, 0, 1] {
            let rtp = SRTPPacket.rtp(sequence: sequence)
            #expect(pair.far.unprotected(try pair.near.protected(rtp).get()) == .success(rtp))
        }
    }

    @Test("What is too short or of another version is refused", arguments: SRTPProfile.allCases)
    func malformed(profile: SRTPProfile) throws {
        let session = try SRTPPair(profile).near
        for count in 0..<12 {
            let bytes = Array(SRTPPacket.rtp(sequence: 1).prefix(count))
            #expect(session.protected(bytes) == .failure(.malformed))
            #expect(session.unprotected(bytes) == .failure(.malformed))
        }
        for count in 0..<8 {
            #expect(session.protectedControl(Array(SRTPPacket.rtcp().prefix(count))) == .failure(.malformed))
        }
        let shortest = 12 + profile.tagLength - 1
        #expect(session.unprotected(Array(SRTPPacket.rtp(sequence: 1).prefix(shortest))) == .failure(.malformed))
        let control = Array(SRTPPacket.rtcp().prefix(8 + profile.controlTrailerLength - 1))
        #expect(session.unprotectedControl(control) == .failure(.malformed))

        var version1 = SRTPPacket.rtp(sequence: 1)
        version1[0] = 0x40
        #expect(session.protected(version1) == .failure(.malformed))
        // Fifteen CSRCs that are not there, and an extension that ends behind the packet.
        var contributors = SRTPPacket.rtp(sequence: 1, payload: 20)
        contributors[0] = 0x8F
        #expect(session.protected(contributors) == .failure(.malformed))
        var extended = SRTPPacket.rtp(sequence: 1, payload: 20)
        extended[0] = 0x90
        extended.replaceSubrange(12..<16, with: [0xBE, 0xDE, 0xFF, 0xFF])
        #expect(session.protected(extended) == .failure(.malformed))
    }

    @Test("Without room for the trailer nothing is written", arguments: SRTPProfile.allCases)
    func noRoom(profile: SRTPProfile) throws {
        let session = try SRTPPair(profile).near
        let rtp = SRTPPacket.rtp(sequence: 1)
        #expect(session.protected(rtp, room: profile.tagLength - 1) == .failure(.noRoom))
        #expect(throws: Never.self) { try session.protected(rtp, room: profile.tagLength).get() }
        let rtcp = SRTPPacket.rtcp()
        #expect(session.protectedControl(rtcp, room: profile.controlTrailerLength - 1) == .failure(.noRoom))
        #expect(throws: Never.self) { try session.protectedControl(rtcp, room: profile.controlTrailerLength).get() }
        #expect(profile.controlTrailerLength <= SRTPSession.trailerLimit)
        #expect(profile.tagLength <= SRTPSession.trailerLimit)
    }

    @Test("A key of the wrong length is refused", arguments: SRTPProfile.allCases)
    func badKey(profile: SRTPProfile) {
        let length = profile.keyLength + profile.saltLength
        for count in [0, length - 1, length + 1] {
            let key = SRTPKey(profile: profile, bytes: Array(repeating: 1, count: count))
            #expect(throws: SRTPError.badKey) { try SRTPSession(SRTPKeys(ours: key, theirs: key)) }
        }
    }

    @Test("Keys of SDES protect, and do not show themselves")
    func sdes() throws {
        for suite in SDESSuite.allCases {
            let ours = try #require(SDESKey(suite: suite, tag: 1, random: Array(repeating: 7, count: 30)))
            let theirs = try #require(SDESKey(suite: suite, tag: 1, random: Array(repeating: 8, count: 30)))
            let near = try SRTPSession(SRTPKeys(ours: ours, theirs: theirs))
            let far = try SRTPSession(SRTPKeys(ours: theirs, theirs: ours))
            let rtp = SRTPPacket.rtp(sequence: 9)
            #expect(far.unprotected(try near.protected(rtp).get()) == .success(rtp))
            #expect("\(SRTPKey(ours))".hasSuffix(" ***"))
        }
    }
}
