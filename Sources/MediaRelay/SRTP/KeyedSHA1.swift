internal import COpenSSL

/// HMAC-SHA1 under one key (RFC 2104), which allocates nothing for a value.
@safe
struct KeyedSHA1: ~Copyable {
    /// Bytes of a value.
    static let length = 20

    /// The hashes as the key begins them.
    private let states: UnsafeMutablePointer<switchhook_hmac_sha1>

    /// - Parameter key: of one block, 64 bytes, at most.
    /// - Throws: `SRTPError.badKey`.
    init(key: borrowing SecretBytes) throws(SRTPError) {
        let bytes = unsafe key.unsafeBytes
        let states = UnsafeMutablePointer<switchhook_hmac_sha1>.allocate(capacity: 1)
        unsafe states.initialize(to: switchhook_hmac_sha1())
        guard unsafe switchhook_openssl_hmac_sha1_key(states, bytes.baseAddress, bytes.count) == 1 else {
            unsafe states.deallocate()
            throw .badKey
        }
        unsafe self.states = states
    }

    deinit {
        unsafe OPENSSL_cleanse(self.states, MemoryLayout<switchhook_hmac_sha1>.size)
        unsafe self.states.deallocate()
    }

    /// The value over `bytes`, and the four bytes of `word` after them.
    func value(over bytes: UnsafeMutableRawBufferPointer, word: UInt32) throws(SRTPError) -> InlineArray<20, UInt8> {
        var value = InlineArray<20, UInt8>(repeating: 0)
        var target = value.mutableSpan
        let isDone = unsafe target.withUnsafeMutableBytes { value in
            unsafe withUnsafeBytes(of: word.bigEndian) { word in
                unsafe switchhook_openssl_hmac_sha1(
                    self.states,
                    bytes.baseAddress,
                    bytes.count,
                    word.baseAddress,
                    value.baseAddress
                ) == 1
            }
        }
        guard isDone else { throw .library(OpenSSLErrors.drain()) }
        return value
    }
}
