internal import COpenSSL

/// AES-128 in Galois/counter mode under one key, with a nonce of 12 bytes and a tag of 16 (RFC 7714 §8).
///
/// The context is made once; a packet sets only the nonce, which allocates nothing.
@safe
struct AESGaloisMode: ~Copyable {
    static let keyLength = 16
    static let tagLength = 16

    private let context: OpaquePointer

    /// - Parameters:
    ///   - key: of `keyLength` bytes.
    ///   - encrypts: whether it is for `seal`; for `open` otherwise.
    /// - Throws: `SRTPError.badKey`, or `.library` where OpenSSL fails.
    init(key: borrowing SecretBytes, encrypts: Bool) throws(SRTPError) {
        guard key.count == Self.keyLength else { throw .badKey }
        guard let context = unsafe EVP_CIPHER_CTX_new() else { throw .library(OpenSSLErrors.drain()) }
        let bytes = unsafe key.unsafeBytes.assumingMemoryBound(to: UInt8.self)
        let cipher = unsafe SRTPCiphers.galoisMode
        guard unsafe EVP_CipherInit_ex2(context, cipher, bytes.baseAddress, nil, encrypts ? 1 : 0, nil) == 1 else {
            unsafe EVP_CIPHER_CTX_free(context)
            throw .library(OpenSSLErrors.drain())
        }
        unsafe self.context = context
    }

    deinit {
        unsafe EVP_CIPHER_CTX_free(self.context)
    }

    /// Encrypts `bytes` where they lie.
    ///
    /// - Parameters:
    ///   - bytes: what is encrypted.
    ///   - nonce: in the upper 96 bits; never twice with one key.
    ///   - associated: what is authenticated besides.
    ///   - word: what is authenticated after `associated`, if anything.
    ///   - tag: where the tag goes, of `tagLength` bytes.
    /// - Throws: `SRTPError.library` where OpenSSL fails.
    func seal(
        _ bytes: UnsafeMutableRawBufferPointer,
        nonce: UInt128,
        associated: UnsafeMutableRawBufferPointer,
        word: UInt32?,
        tag: UnsafeMutableRawBufferPointer
    ) throws(SRTPError) {
        var written: Int32 = 0
        guard unsafe self.start(nonce: nonce, associated: associated, word: word),
            unsafe self.update(bytes),
            let end = tag.baseAddress,
            // It writes nothing: the mode has no last block to fill.
            unsafe EVP_EncryptFinal_ex(self.context, end.assumingMemoryBound(to: UInt8.self), &written) == 1,
            unsafe EVP_CIPHER_CTX_ctrl(self.context, EVP_CTRL_AEAD_GET_TAG, Int32(Self.tagLength), end) == 1
        else { throw .library(OpenSSLErrors.drain()) }
    }

    /// Decrypts `bytes` where they lie; they are of no use where the tag is wrong.
    ///
    /// - Parameters: as `seal`, with the tag that came.
    /// - Throws: `SRTPError.notAuthentic`, or `.library` where OpenSSL fails.
    func open(
        _ bytes: UnsafeMutableRawBufferPointer,
        nonce: UInt128,
        associated: UnsafeMutableRawBufferPointer,
        word: UInt32?,
        tag: UnsafeMutableRawBufferPointer
    ) throws(SRTPError) {
        guard let end = tag.baseAddress,
            unsafe self.start(nonce: nonce, associated: associated, word: word),
            unsafe self.update(bytes),
            unsafe EVP_CIPHER_CTX_ctrl(self.context, EVP_CTRL_AEAD_SET_TAG, Int32(Self.tagLength), end) == 1
        else { throw .library(OpenSSLErrors.drain()) }
        var written: Int32 = 0
        // It compares in constant time, and writes nothing.
        guard unsafe EVP_DecryptFinal_ex(self.context, end.assumingMemoryBound(to: UInt8.self), &written) == 1 else {
            throw .notAuthentic
        }
    }

    private func start(nonce: UInt128, associated: UnsafeMutableRawBufferPointer, word: UInt32?) -> Bool {
        let isStarted = unsafe withUnsafeBytes(of: nonce.bigEndian) { nonce in
            let nonce = unsafe nonce.assumingMemoryBound(to: UInt8.self)
            return unsafe EVP_CipherInit_ex2(self.context, nil, nil, nonce.baseAddress, -1, nil) == 1
        }
        guard isStarted, unsafe self.authenticate(UnsafeRawBufferPointer(associated)) else { return false }
        guard let word else { return true }
        return unsafe withUnsafeBytes(of: word.bigEndian) { unsafe self.authenticate($0) }
    }

    private func authenticate(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var written: Int32 = 0
        let data = unsafe bytes.assumingMemoryBound(to: UInt8.self)
        let length = Int32(truncatingIfNeeded: bytes.count)
        return unsafe EVP_CipherUpdate(self.context, nil, &written, data.baseAddress, length) == 1
    }

    private func update(_ bytes: UnsafeMutableRawBufferPointer) -> Bool {
        // Without bytes OpenSSL would take it for the end.
        guard let base = bytes.baseAddress, unsafe !bytes.isEmpty else { return true }
        let data = unsafe base.assumingMemoryBound(to: UInt8.self)
        var written: Int32 = 0
        let length = Int32(truncatingIfNeeded: bytes.count)
        return unsafe EVP_CipherUpdate(self.context, data, &written, data, length) == 1 && written == length
    }
}
