internal import COpenSSL

/// AES in counter mode with HMAC-SHA1 (RFC 3711 §4.1.1, §4.2.1).
///
/// Behind an RTP packet stands the tag; behind an RTCP packet the word with the index, then the tag.
struct SRTPCounterTransform: ~Copyable {
    private let cipher: AESCounterMode
    private let authenticator: KeyedSHA1
    private let salt: UInt128
    private let tagLength: Int

    /// - Parameters:
    ///   - key: of the cipher, 16 bytes.
    ///   - salt: of the session, 14 bytes.
    ///   - authentication: the key of the HMAC, 20 bytes.
    ///   - tagLength: how many bytes of the HMAC are sent, 1 to 20.
    /// - Throws: `SRTPError.badKey`, or `.library` where OpenSSL fails.
    init(
        key: borrowing SecretBytes,
        salt: borrowing SecretBytes,
        authentication: borrowing SecretBytes,
        tagLength: Int
    ) throws(SRTPError) {
        let cipher = try AESCounterMode(key: key)
        let authenticator = try KeyedSHA1(key: authentication)
        self.cipher = cipher
        self.authenticator = authenticator
        self.salt = salt.number(from: 0)
        self.tagLength = tagLength
    }

    /// Encrypts a packet and writes what belongs behind it, for which there must be room.
    ///
    /// - Throws: `SRTPError.library` where OpenSSL fails.
    func protect(_ packet: UnsafeMutableRawBufferPointer, _ part: SRTPPart) throws(SRTPError) {
        try unsafe self.cipher.apply(to: Self.payload(packet, part), counter: self.counter(part))
        if part.kind == .rtcp {
            unsafe packet.storeBytes(of: part.word.bigEndian, toByteOffset: part.end, as: UInt32.self)
        }
        let tag = try unsafe self.tag(packet, part)
        unsafe withUnsafeBytes(of: tag) { tag in
            unsafe self.sent(packet, part).copyMemory(from: UnsafeRawBufferPointer(rebasing: tag[..<self.tagLength]))
        }
    }

    /// Decrypts a packet that is authentic, and leaves another as it is.
    ///
    /// - Throws: `SRTPError.notAuthentic`, or `.library` where OpenSSL fails.
    func unprotect(_ packet: UnsafeMutableRawBufferPointer, _ part: SRTPPart) throws(SRTPError) {
        let tag = try unsafe self.tag(packet, part)
        let isAuthentic = unsafe withUnsafeBytes(of: tag) { tag in
            unsafe CRYPTO_memcmp(tag.baseAddress, self.sent(packet, part).baseAddress, self.tagLength) == 0
        }
        guard isAuthentic else { throw .notAuthentic }
        try unsafe self.cipher.apply(to: Self.payload(packet, part), counter: self.counter(part))
    }

    private func tag(
        _ packet: UnsafeMutableRawBufferPointer,
        _ part: SRTPPart
    ) throws(SRTPError) -> InlineArray<20, UInt8> {
        let bytes = unsafe UnsafeMutableRawBufferPointer(rebasing: packet[..<part.end])
        return try unsafe self.authenticator.value(over: bytes, word: part.word)
    }

    private func counter(_ part: SRTPPart) -> UInt128 {
        self.salt ^ UInt128(part.ssrc) << 64 ^ UInt128(part.index) << 16
    }

    private static func payload(
        _ packet: UnsafeMutableRawBufferPointer,
        _ part: SRTPPart
    ) -> UnsafeMutableRawBufferPointer {
        unsafe UnsafeMutableRawBufferPointer(rebasing: packet[part.clear..<part.end])
    }

    /// Where the tag stands that is sent.
    private func sent(
        _ packet: UnsafeMutableRawBufferPointer,
        _ part: SRTPPart
    ) -> UnsafeMutableRawBufferPointer {
        let start = part.kind == .rtcp ? part.end + 4 : part.end
        return unsafe UnsafeMutableRawBufferPointer(rebasing: packet[start..<start + self.tagLength])
    }
}
