package import MediaCore

/// One of our own user name fragments as a number, to look it up by without making a string.
///
/// Ours have 8 characters each; a peer's may have 4 to 256 and is none of these.
package struct ICEUfragKey: Hashable, Sendable {
    /// Characters of our user name fragments.
    package static let length = 8

    private var bits: UInt64

    /// Nil where the text has not 8 bytes.
    package init?(_ ufrag: String) {
        guard ufrag.utf8.count == Self.length else { return nil }
        self.bits = ufrag.utf8.reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// That of our own credentials, as `ICECredentials(random:)` makes them.
    package init(ours credentials: ICECredentials) {
        guard let key = ICEUfragKey(credentials.ufrag) else {
            preconditionFailure("Our own ICE user name fragments have 8 bytes")
        }
        self = key
    }

    /// Reads 8 bytes; there have to be as many from `offset` on.
    init(_ bytes: Swift.Span<UInt8>, at offset: Int) {
        var bits: UInt64 = 0
        for index in 0..<Self.length {
            bits = bits << 8 | UInt64(bytes[offset + index])
        }
        self.bits = bits
    }
}
