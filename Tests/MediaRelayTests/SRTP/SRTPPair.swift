import MediaRelay

/// The two ends of one leg, with keys that suit each other.
struct SRTPPair {
    let near: SRTPSession
    let far: SRTPSession

    init(_ profile: SRTPProfile) throws {
        let length = profile.keyLength + profile.saltLength
        let first = SRTPKey(profile: profile, bytes: (0..<length).map { UInt8($0) })
        let second = SRTPKey(profile: profile, bytes: (0..<length).map { UInt8(255 - $0) })
        self.near = try SRTPSession(SRTPKeys(ours: first, theirs: second))
        self.far = try SRTPSession(SRTPKeys(ours: second, theirs: first))
    }
}
