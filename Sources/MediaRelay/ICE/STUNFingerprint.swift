/// The value of FINGERPRINT (RFC 8489 §14.7): the CRC-32 of ITU V.42, changed so that it is not that of another protocol.
enum STUNFingerprint {
    private static let table: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 1 ? 0xEDB8_8320 ^ (value >> 1) : value >> 1 }
    }

    /// Over the first `end` bytes of a message whose header counts FINGERPRINT in.
    static func value(over bytes: Swift.Span<UInt8>, upTo end: Int) -> UInt32 {
        let table = Self.table.span
        var remainder = UInt32.max
        for index in 0..<end {
            remainder = table[Int((remainder ^ UInt32(bytes[index])) & 0xFF)] ^ (remainder >> 8)
        }
        return ~remainder ^ 0x5354_554E
    }
}
