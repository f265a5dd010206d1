internal import COpenSSL

/// Bytes that are overwritten before their memory is given back.
@safe
package struct SecretBytes: ~Copyable {
    private let storage: UnsafeMutableRawBufferPointer

    /// Bytes that are all zero.
    package init(count: Int) {
        let storage = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 8)
        unsafe storage.initializeMemory(as: UInt8.self, repeating: 0)
        unsafe self.storage = unsafe storage
    }

    package init(_ bytes: [UInt8]) {
        self.init(count: bytes.count)
        unsafe self.storage.copyBytes(from: bytes)
    }

    deinit {
        unsafe OPENSSL_cleanse(self.storage.baseAddress, self.storage.count)
        unsafe self.storage.deallocate()
    }

    package var count: Int { unsafe self.storage.count }

    /// The bytes, as long as the secret lives.
    package var unsafeBytes: UnsafeMutableRawBufferPointer {
        @unsafe get { unsafe self.storage }
    }

    /// The bytes from `offset` on as the upper ones of a number, which ends in zeros; at most sixteen.
    package func number(from offset: Int) -> UInt128 {
        var number: UInt128 = 0
        for index in 0..<16 {
            let position = offset + index
            number = number << 8 | UInt128(unsafe position < self.storage.count ? self.storage[position] : 0)
        }
        return number
    }
}
