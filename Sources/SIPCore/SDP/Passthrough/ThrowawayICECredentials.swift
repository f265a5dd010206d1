import Crypto

/// ICE credentials and a certificate fingerprint behind which nobody is, for an answer that no media follows.
package struct ThrowawayICECredentials: Hashable, Sendable {
    /// At least 4 ICE characters (RFC 8839 §5.4).
    package var ufrag: String
    /// At least 22 ICE characters (RFC 8839 §5.4).
    package var password: String
    /// 32 bytes in hexadecimal, colons between them: what a SHA-256 fingerprint looks like (RFC 8122 §5).
    package var fingerprint: String

    package init(ufrag: String, password: String, fingerprint: String) {
        self.ufrag = ufrag
        self.password = password
        self.fingerprint = fingerprint
    }

    /// Derives all three from random bytes; 16 of them are enough.
    package init(random bytes: [UInt8]) {
        let names = Self.digest(bytes, purpose: 1)
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        let letters = names.map { alphabet[Int($0 & 63)] }
        self.ufrag = String(decoding: letters[..<8], as: UTF8.self)
        self.password = String(decoding: letters[8...], as: UTF8.self)
        let hexadecimal = Array("0123456789ABCDEF".utf8)
        var fingerprint: [UInt8] = []
        for byte in Self.digest(bytes, purpose: 2) {
            if !fingerprint.isEmpty { fingerprint.append(UInt8(ascii: ":")) }
            fingerprint += [hexadecimal[Int(byte >> 4)], hexadecimal[Int(byte & 15)]]
        }
        self.fingerprint = String(decoding: fingerprint, as: UTF8.self)
    }

    private static func digest(_ bytes: [UInt8], purpose: UInt8) -> [UInt8] {
        var hash = SHA256()
        (bytes + [purpose]).withUnsafeBytes { hash.update(bufferPointer: $0) }
        return Array(hash.finalize())
    }
}
