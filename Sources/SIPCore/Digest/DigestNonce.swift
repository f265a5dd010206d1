import Crypto

/// A nonce that a server need not remember: when it was made, a number of its own, and a code that only we can make.
///
/// 64 hexadecimal digits: 8 bytes of time, 8 of the number, and 16 of an HMAC-SHA256 over both and the context: the
/// realm, and whom it was made for.
struct DigestNonce {
    /// When it was made, on the clock of the process that made it.
    let issued: Instant
    /// Random: tells the nonces of one moment apart.
    let number: UInt64

    /// - Parameters:
    ///   - issued: now.
    ///   - number: unguessable.
    init(issued: Instant, number: UInt64) {
        self.issued = issued
        self.number = number
    }

    /// Reads a nonce that `text` made with the same key and context; nil for any other text.
    init?(_ text: String, key: SymmetricKey, context: String) {
        guard text.utf8.count == 64 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(32)
        var digits = text.utf8.makeIterator()
        while let high = digits.next(), let low = digits.next() {
            guard let high = high.hexadecimalValue, let low = low.hexadecimalValue else { return nil }
            bytes.append(high << 4 | low)
        }
        guard bytes.count == 32 else { return nil }
        let subject = Array(bytes[..<16])
        let code = Self.code(of: subject, key: key, context: context)
        guard zip(code, bytes[16...]).reduce(0, { $0 | ($1.0 ^ $1.1) }) == 0 else { return nil }
        self.issued = Instant(nanoseconds: Self.number(subject[..<8]))
        self.number = Self.number(subject[8...])
    }

    /// As it stands in a challenge.
    func text(key: SymmetricKey, context: String) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(32)
        for number in [self.issued.nanoseconds, self.number] {
            for shift in stride(from: UInt64(56), through: 0, by: -8) {
                bytes.append(UInt8(truncatingIfNeeded: number >> shift))
            }
        }
        bytes += Self.code(of: bytes, key: key, context: context)
        let digits = Array("0123456789abcdef".utf8)
        return String(unsafeUninitializedCapacity: 64) { buffer in
            for (index, byte) in bytes.enumerated() {
                buffer[2 * index] = digits[Int(byte >> 4)]
                buffer[2 * index + 1] = digits[Int(byte & 15)]
            }
            return 64
        }
    }

    private static func code(of subject: [UInt8], key: SymmetricKey, context: String) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: subject + Array(context.utf8), using: key).prefix(16))
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.reduce(0) { $0 << 8 | UInt64($1) }
    }
}
