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
        let hexadecimal = Array("0123456789ABCDEF".utf8)
        var text: [UInt8] = []
        for byte in hash.finalize() {
            if !text.isEmpty { text.append(UInt8(ascii: ":")) }
            text += [hexadecimal[Int(byte >> 4)], hexadecimal[Int(byte & 15)]]
        }
        self.text = String(decoding: text, as: UTF8.self)
    }
}
