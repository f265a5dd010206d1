package import MediaCore

extension ICECredentials {
    /// How many random bytes `init(random:)` uses up: one for each of 8 and 24 characters.
    package static let randomByteCount = 32

    /// Credentials of our side: 48 random bits of user name fragment, 144 of password (RFC 8445 §5.3 asks for 24 and 128).
    ///
    /// - Parameter bytes: `randomByteCount` bytes from a generator fit for keys.
    package init(random bytes: [UInt8]) {
        precondition(bytes.count == Self.randomByteCount, "ICE credentials are made of 32 random bytes")
        // ice-char (RFC 8839 §5.1) has just 64 members, so six bits of each byte choose one evenly.
        let characters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        let text = bytes.map { characters[Int($0 & 63)] }
        self.init(
            ufrag: String(decoding: text[..<ICEUfragKey.length], as: UTF8.self),
            password: String(decoding: text[ICEUfragKey.length...], as: UTF8.self)
        )
    }
}
