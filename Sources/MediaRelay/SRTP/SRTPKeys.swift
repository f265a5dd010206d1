package import MediaCore

/// The keys of both sides of a leg.
package struct SRTPKeys: Hashable, Sendable {
    /// What we write with.
    package var ours: SRTPKey
    /// What the peer writes with.
    package var theirs: SRTPKey

    package init(ours: SRTPKey, theirs: SRTPKey) {
        self.ours = ours
        self.theirs = theirs
    }

    /// The keys that SDES agreed on.
    package init(ours: SDESKey, theirs: SDESKey) {
        self.init(ours: SRTPKey(ours), theirs: SRTPKey(theirs))
    }

    /// Parts what the DTLS exporter gave: client key, server key, client salt, server salt (RFC 5764 §4.2).
    ///
    /// Nil where `material` has not `SRTPProfile.dtlsMaterialLength` bytes.
    ///
    /// - Parameters:
    ///   - material: the exporter's output.
    ///   - profile: what the keys are for.
    ///   - role: ours.
    init?(_ material: [UInt8], profile: SRTPProfile, role: DTLSRole) {
        guard material.count == profile.dtlsMaterialLength else { return nil }
        let key = profile.keyLength
        let salts = material.dropFirst(2 * key)
        let client = Array(material.prefix(key)) + Array(salts.prefix(profile.saltLength))
        let server = Array(material.dropFirst(key).prefix(key)) + Array(salts.suffix(profile.saltLength))
        switch role {
        case .client:
            self.ours = SRTPKey(profile: profile, bytes: client)
            self.theirs = SRTPKey(profile: profile, bytes: server)
        case .server:
            self.ours = SRTPKey(profile: profile, bytes: server)
            self.theirs = SRTPKey(profile: profile, bytes: client)
        }
    }
}
