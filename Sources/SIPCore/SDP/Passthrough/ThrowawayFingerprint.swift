import Crypto

/// A certificate fingerprint behind which no certificate is, for an answer that no media follows.
package struct ThrowawayFingerprint: Hashable, Sendable {
    /// 32 bytes in hexadecimal, colons between them: what a SHA-256 fingerprint looks like (RFC 8122 §5).
    package var text: String

    package init(text: String) {
        self.text = text
    }

    /// Derives it from random bytes; 16 of them are enough.
    package init(random bytes: [UInt8]) {
        var hash = SHA256()
        bytes.withUnsafeBytes { hash.update(bufferPointer: $0) }
        self.text = hash.finalize().withUnsafeBytes { digest in
            String(unsafeUninitializedCapacity: 3 * digest.count - 1) { text in
                for (index, byte) in digest.enumerated() {
                    if index > 0 { text[3 * index - 1] = UInt8(ascii: ":") }
                    text[3 * index] = Self.digit(byte >> 4)
                    text[3 * index + 1] = Self.digit(byte & 15)
                }
                return text.count
            }
        }
    }

    private static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "A") + (value - 10)
    }
}
