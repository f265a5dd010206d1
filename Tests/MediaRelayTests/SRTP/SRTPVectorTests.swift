import MediaRelay
import Testing

/// The packets that libsrtp itself is checked with.
@Suite("SRTP against known packets")
struct SRTPVectorTests {
    struct Vector: Sendable {
        var profile: SRTPProfile
        var key: String
        var rtp: String
        var rtcp: String
    }

    static let plainRTP = SRTPPacket.hex("800f1234decafbadcafebabe abababababababababababababababab")
    static let plainRTCP = SRTPPacket.hex("81c8000bcafebabe abababababababababababababababab")
    static let vectors = [
        Vector(
            profile: .aes128SHA1Tag80,
            key: "e1f97a0d3e018be0d64fa32c06de4139 0ec675ad498afeebb6960b3aabe6",
            rtp: "800f1234decafbadcafebabe 4e55dc4ce79978d88ca4d215949d2402 b78d6acc99ea179b8dbb",
            rtcp: "81c8000bcafebabe 7128035be487b9bdbef89041f977a5a8 80000001 993e08cd54d6c1230798"
        ),
        Vector(
            profile: .aes128GCM,
            key: "000102030405060708090a0b0c0d0e0f a0a1a2a3a4a5a6a7a8a9aaab",
            rtp: "800f1234decafbadcafebabe c5002ede04cfdd2eb91159e0880aa06e d2976826f796b201df3131a127e8a392",
            rtcp: "81c8000bcafebabe c98b8b5df0392a55852b6c21ac8e7025 c52c6fbea2b3b446ea31123ba88ce61e 80000001"
        ),
    ]

    @Test("What we protect is what others protect", arguments: vectors)
    func protects(vector: Vector) throws {
        let key = SRTPKey(profile: vector.profile, bytes: SRTPPacket.hex(vector.key))
        let session = try SRTPSession(SRTPKeys(ours: key, theirs: key))
        #expect(session.protected(Self.plainRTP) == .success(SRTPPacket.hex(vector.rtp)))
        #expect(session.protectedControl(Self.plainRTCP) == .success(SRTPPacket.hex(vector.rtcp)))
    }

    @Test("What others protected is what they meant", arguments: vectors)
    func unprotects(vector: Vector) throws {
        let key = SRTPKey(profile: vector.profile, bytes: SRTPPacket.hex(vector.key))
        let session = try SRTPSession(SRTPKeys(ours: key, theirs: key))
        #expect(session.unprotected(SRTPPacket.hex(vector.rtp)) == .success(Self.plainRTP))
        #expect(session.unprotectedControl(SRTPPacket.hex(vector.rtcp)) == .success(Self.plainRTCP))
    }
}
