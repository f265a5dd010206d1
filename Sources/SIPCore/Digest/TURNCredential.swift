import Crypto

/// A user name and password for a TURN server that both of us share a secret with, good until a moment.
///
/// coturn's scheme (`use-auth-secret`, draft-uberti-behave-turn-rest-00 §2.2): the user name holds the expiry, and the
/// password proves that who shares the secret wrote it. Nobody need tell the TURN server of a user.
package struct TURNCredential: Hashable, Sendable {
    /// `<seconds since 1970>:<user>`.
    package let username: String
    /// The user name's HMAC-SHA1 under the secret, in base64: 28 characters.
    package let password: String

    /// - Parameters:
    ///   - user: Tells the TURN server's log whose it is; any text.
    ///   - expiry: In seconds since 1970. An allocation that is there by then goes on.
    ///   - secret: coturn's `static-auth-secret`.
    package init(user: String, expiry: UInt64, secret: String) {
        self.username = "\(expiry):\(user)"
        let code = HMAC<Insecure.SHA1>.authenticationCode(
            for: Array(self.username.utf8),
            using: SymmetricKey(data: Array(secret.utf8))
        )
        self.password = Self.base64(Array(code))
    }

    /// RFC 4648 §4, padded.
    private static func base64(_ bytes: [UInt8]) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count + 2) / 3 * 4)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            var bits: UInt32 = 0
            for byte in group { bits = bits << 8 | UInt32(byte) }
            bits <<= UInt32(3 - group.count) * 8
            for digit in 0...group.count { text.append(alphabet[Int(bits >> UInt32(18 - 6 * digit) & 63)]) }
            for _ in group.count..<3 { text.append(UInt8(ascii: "=")) }
        }
        return String(decoding: text, as: UTF8.self)
    }
}
