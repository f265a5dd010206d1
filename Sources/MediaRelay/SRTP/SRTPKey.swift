package import MediaCore

/// The key that one side writes with.
package struct SRTPKey: Hashable, Sendable, CustomStringConvertible {
    package var profile: SRTPProfile
    /// Master key, then master salt.
    package var bytes: [UInt8]

    package init(profile: SRTPProfile, bytes: [UInt8]) {
        self.profile = profile
        self.bytes = bytes
    }

    /// The key of an `a=crypto` line.
    package init(_ key: SDESKey) {
        self.init(profile: SRTPProfile(key.suite), bytes: key.bytes)
    }

    /// Without the secret.
    package var description: String { "\(self.profile) ***" }
}
