internal import COpenSSL

/// The ciphers that SRTP is made of, looked up once: each look-up by name costs a lock and memory.
///
/// OpenSSL counts their users, from any thread; nothing else of them ever changes.
enum SRTPCiphers {
    nonisolated(unsafe) static let counterMode = unsafe EVP_CIPHER_fetch(nil, "AES-128-CTR", nil)
    nonisolated(unsafe) static let galoisMode = unsafe EVP_CIPHER_fetch(nil, "AES-128-GCM", nil)

    /// Whether OpenSSL has them all, as its policy may have it otherwise.
    static let areThere = unsafe Self.counterMode != nil && Self.galoisMode != nil
}
