import MediaRelay

/// The two ends of one leg, with keys that suit each other.
struct SRTPPair {
    let near: SRTPSession
    let far: SRTPSession

    init(_ profile: SRTPProfile) throws {
        let first = Self.key(profile, seed: 0)
        let second = Self.key(profile, seed: 100)
        self.near = try SRTPSession(SRTPKeys(ours: first, theirs: second))
        self.far = try SRTPSession(SRTPKeys(ours: second, theirs: first))
    }

    /// A key whose bytes count up from `seed`; `near` writes with that of 0.
    static func key(_ profile: SRTPProfile, seed: UInt8) -> SRTPKey {
        let length = profile.keyLength + profile.saltLength
        return SRTPKey(profile: profile, bytes: (0..<length).map { seed + UInt8($0) })
    }
}
