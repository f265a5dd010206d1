import COpenSSL

/// The value of MESSAGE-INTEGRITY with short-term credentials (RFC 8489 §14.5): HMAC-SHA1 with the password as its key.
enum MessageIntegrity {
    /// Bytes of the value.
    static let length = 20

    /// The value over the first `end` bytes of a message, as if the header's length ended with MESSAGE-INTEGRITY.
    ///
    /// The bytes, 20 to `STUNMessage.maximumLength`, are copied onto the stack, since the length of a message with
    /// FINGERPRINT is another one.
    ///
    /// - Returns: Nil where the library refuses, as it does where its policy forbids SHA-1.
    static func value(over bytes: Swift.Span<UInt8>, upTo end: Int, password: [UInt8]) -> InlineArray<20, UInt8>? {
        var value = InlineArray<20, UInt8>(repeating: 0)
        // Less the header of 20 bytes, and with the attribute of 24.
        let length = UInt16(truncatingIfNeeded: end + 4)
        let isDone = unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: end) { copy in
            for index in 0..<end {
                unsafe copy.initializeElement(at: index, to: bytes[index])
            }
            unsafe copy[2] = UInt8(truncatingIfNeeded: length >> 8)
            unsafe copy[3] = UInt8(truncatingIfNeeded: length)
            var written: UInt32 = 0
            var target = value.mutableSpan
            let result = unsafe target.withUnsafeMutableBufferPointer { target in
                unsafe password.withUnsafeBufferPointer { key in
                    unsafe HMAC(
                        EVP_sha1(),
                        key.baseAddress,
                        Int32(truncatingIfNeeded: key.count),
                        copy.baseAddress,
                        end,
                        target.baseAddress,
                        &written
                    )
                }
            }
            return unsafe result != nil && written == Self.length
        }
        return isDone ? value : nil
    }
}
