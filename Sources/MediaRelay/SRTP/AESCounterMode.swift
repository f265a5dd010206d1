internal import COpenSSL

/// AES-128 in counter mode under one key (RFC 3711 §4.1.1).
///
/// The context is made once; a packet sets only the counter, which allocates nothing.
@safe
package struct AESCounterMode: ~Copyable {
    /// In bytes.
    package static let keyLength = 16

    private let context: OpaquePointer

    /// - Parameter key: of `keyLength` bytes.
    /// - Throws: `SRTPError.badKey`, or `.library` where OpenSSL fails.
    package init(key: borrowing SecretBytes) throws(SRTPError) {
        guard key.count == Self.keyLength else { throw .badKey }
        guard let context = unsafe EVP_CIPHER_CTX_new() else { throw .library(OpenSSLErrors.drain()) }
        let bytes = unsafe key.unsafeBytes.assumingMemoryBound(to: UInt8.self)
        guard unsafe EVP_EncryptInit_ex2(context, SRTPCiphers.counterMode, bytes.baseAddress, nil, nil) == 1 else {
            unsafe EVP_CIPHER_CTX_free(context)
            throw .library(OpenSSLErrors.drain())
        }
        unsafe self.context = context
    }

    deinit {
        unsafe EVP_CIPHER_CTX_free(self.context)
    }

    /// Adds the keystream to `bytes`, which encrypts and decrypts.
    ///
    /// - Parameters:
    ///   - bytes: at most 2^20, where they lie.
    ///   - counter: of the first block.
    /// - Throws: `SRTPError.library` where OpenSSL fails.
    package func apply(to bytes: UnsafeMutableRawBufferPointer, counter: UInt128) throws(SRTPError) {
        guard let base = bytes.baseAddress, unsafe !bytes.isEmpty else { return }
        let data = unsafe base.assumingMemoryBound(to: UInt8.self)
        let isDone = unsafe withUnsafeBytes(of: counter.bigEndian) { block in
            let block = unsafe block.assumingMemoryBound(to: UInt8.self)
            var written: Int32 = 0
            let length = Int32(truncatingIfNeeded: bytes.count)
            return unsafe EVP_EncryptInit_ex2(self.context, nil, nil, block.baseAddress, nil) == 1
                && EVP_EncryptUpdate(self.context, data, &written, data, length) == 1
                && written == length
        }
        if !isDone { throw .library(OpenSSLErrors.drain()) }
    }
}
