/// AES-GCM (RFC 7714 §8, §9).
///
/// Behind a packet stands the tag; behind that of an RTCP packet the word with the index.
package struct SRTPGaloisTransform: ~Copyable {
    private let cipher: AESGaloisMode
    private let salt: UInt128

    /// - Parameters:
    ///   - key: of the cipher, 16 bytes.
    ///   - salt: of the session, 12 bytes.
    ///   - encrypts: whether it is for `protect`; for `unprotect` otherwise.
    /// - Throws: `SRTPError.badKey`, or `.library` where OpenSSL fails.
    package init(
        key: borrowing SecretBytes,
        salt: borrowing SecretBytes,
        encrypts: Bool
    ) throws(SRTPError) {
        self.cipher = try AESGaloisMode(key: key, encrypts: encrypts)
        self.salt = salt.number(from: 0)
    }

    /// Encrypts a packet and writes what belongs behind it, for which there must be room.
    ///
    /// - Throws: `SRTPError.library` where OpenSSL fails.
    package func protect(_ packet: UnsafeMutableRawBufferPointer, _ part: SRTPPart) throws(SRTPError) {
        try unsafe self.cipher.seal(
            UnsafeMutableRawBufferPointer(rebasing: packet[part.clear..<part.end]),
            nonce: self.nonce(part),
            associated: UnsafeMutableRawBufferPointer(rebasing: packet[..<part.clear]),
            word: Self.associatedWord(part),
            tag: Self.tag(packet, part)
        )
        if part.kind == .rtcp {
            let offset = part.end + AESGaloisMode.tagLength
            unsafe packet.storeBytes(of: part.word.bigEndian, toByteOffset: offset, as: UInt32.self)
        }
    }

    /// Decrypts a packet; what it held is lost where it is not authentic.
    ///
    /// - Throws: `SRTPError.notAuthentic`, or `.library` where OpenSSL fails.
    package func unprotect(_ packet: UnsafeMutableRawBufferPointer, _ part: SRTPPart) throws(SRTPError) {
        try unsafe self.cipher.open(
            UnsafeMutableRawBufferPointer(rebasing: packet[part.clear..<part.end]),
            nonce: self.nonce(part),
            associated: UnsafeMutableRawBufferPointer(rebasing: packet[..<part.clear]),
            word: Self.associatedWord(part),
            tag: Self.tag(packet, part)
        )
    }

    /// The rollovers of RTP are in the nonce only (§8.1); the word of RTCP is authenticated too (§9.2).
    private static func associatedWord(_ part: SRTPPart) -> UInt32? {
        part.kind == .rtcp ? part.word : nil
    }

    private func nonce(_ part: SRTPPart) -> UInt128 {
        self.salt ^ UInt128(part.ssrc) << 80 ^ UInt128(part.index) << 32
    }

    private static func tag(
        _ packet: UnsafeMutableRawBufferPointer,
        _ part: SRTPPart
    ) -> UnsafeMutableRawBufferPointer {
        unsafe UnsafeMutableRawBufferPointer(rebasing: packet[part.end..<part.end + AESGaloisMode.tagLength])
    }
}
