/// The keys of a session, as they follow from a master key and its salt (RFC 3711 §4.3, with a key derivation rate of
/// zero; RFC 7714 §11).
package struct SRTPKeyDerivation: ~Copyable {
    /// What a key is for (RFC 3711 §4.3.1, §4.3.2).
    package enum Label: UInt8, Sendable {
        case rtpCipher = 0
        case rtpAuthentication = 1
        case rtpSalt = 2
        case rtcpCipher = 3
        case rtcpAuthentication = 4
        case rtcpSalt = 5
    }

    private let cipher: AESCounterMode
    private let salt: UInt128

    /// - Parameter master: a master key of 16 bytes, then its salt: 14 bytes, or 12 with zeros behind them meant.
    /// - Throws: `SRTPError.badKey`, or `.library` where OpenSSL fails.
    package init(master: borrowing SecretBytes) throws(SRTPError) {
        guard (28...30).contains(master.count) else { throw .badKey }
        let key = SecretBytes(count: AESCounterMode.keyLength)
        unsafe key.unsafeBytes.copyMemory(from: UnsafeRawBufferPointer(rebasing: master.unsafeBytes[..<key.count]))
        self.cipher = try AESCounterMode(key: key)
        self.salt = master.number(from: AESCounterMode.keyLength)
    }

    /// The key for `label`.
    ///
    /// - Parameters:
    ///   - label: what it is for.
    ///   - count: its length in bytes.
    /// - Returns: the key.
    /// - Throws: `SRTPError.library` where OpenSSL fails.
    package func key(_ label: Label, count: Int) throws(SRTPError) -> SecretBytes {
        let key = SecretBytes(count: count)
        let counter = self.salt ^ UInt128(label.rawValue) << 64
        try unsafe self.cipher.apply(to: key.unsafeBytes, counter: counter)
        return key
    }
}
