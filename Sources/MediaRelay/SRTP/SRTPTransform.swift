/// The session keys of one direction for RTP or for RTCP, and what is done with them.
enum SRTPTransform: ~Copyable {
    case counter(SRTPCounterTransform)
    case galois(SRTPGaloisTransform)

    /// - Parameters:
    ///   - profile: whose keys they are.
    ///   - kind: of the packets.
    ///   - keys: where they come from.
    ///   - encrypts: whether it is for `protect`; for `unprotect` otherwise.
    /// - Throws: `SRTPError.badKey`, or `.library` where OpenSSL fails.
    init(
        _ profile: SRTPProfile,
        kind: SRTPPart.Kind,
        keys: borrowing SRTPKeyDerivation,
        encrypts: Bool
    ) throws(SRTPError) {
        let isControl = kind == .rtcp
        let key = try keys.key(isControl ? .rtcpCipher : .rtpCipher, count: profile.keyLength)
        let salt = try keys.key(isControl ? .rtcpSalt : .rtpSalt, count: profile.saltLength)
        switch profile {
        case .aes128GCM:
            self = .galois(try SRTPGaloisTransform(key: key, salt: salt, encrypts: encrypts))
        case .aes128SHA1Tag80, .aes128SHA1Tag32:
            let label = isControl ? SRTPKeyDerivation.Label.rtcpAuthentication : .rtpAuthentication
            let authentication = try keys.key(label, count: KeyedSHA1.length)
            let tagLength = isControl ? profile.controlTrailerLength - 4 : profile.tagLength
            self = .counter(
                try SRTPCounterTransform(key: key, salt: salt, authentication: authentication, tagLength: tagLength)
            )
        }
    }

    /// Encrypts a packet and writes what belongs behind it, for which there must be room.
    func protect(_ packet: UnsafeMutableRawBufferPointer, _ part: SRTPPart) throws(SRTPError) {
        switch self {
        case .counter(let transform): try unsafe transform.protect(packet, part)
        case .galois(let transform): try unsafe transform.protect(packet, part)
        }
    }

    /// Decrypts a packet that is authentic; `.notAuthentic` where it is not.
    func unprotect(_ packet: UnsafeMutableRawBufferPointer, _ part: SRTPPart) throws(SRTPError) {
        switch self {
        case .counter(let transform): try unsafe transform.unprotect(packet, part)
        case .galois(let transform): try unsafe transform.unprotect(packet, part)
        }
    }
}
