/// Makes the tags, branches and Call-IDs of a user agent from random numbers that are given to it.
///
/// Every token has 15 characters, which Swift holds without an allocation.
package final class TokenSource {
    private var generator: any RandomNumberGenerator

    /// - Parameter generator: has to be unguessable where the peers are not to be trusted, as the system's own is.
    package init(_ generator: any RandomNumberGenerator) {
        self.generator = generator
    }

    /// A tag for From or To (RFC 3261 §19.3), of 90 random bits.
    package func tag() -> String {
        self.token()
    }

    /// A Call-ID (RFC 3261 §8.1.1.4), of 90 random bits.
    package func callID() -> String {
        self.token()
    }

    /// The cnonce of a digest response (RFC 7616 §3.4), of 90 random bits.
    package func clientNonce() -> String {
        self.token()
    }

    /// A branch with the magic cookie (RFC 3261 §8.1.1.7) and 48 random bits.
    ///
    /// A branch has to be unique; it keeps no secret.
    package func branch() -> String {
        let bits = self.generator.next()
        return String(unsafeUninitializedCapacity: 15) { buffer in
            for (index, byte) in "z9hG4bK".utf8.enumerated() { buffer[index] = byte }
            Self.write(bits, count: 8, to: buffer, from: 7)
            return 15
        }
    }

    /// A number from 0 to `limit`, as good as evenly spread.
    package func number(upTo limit: UInt64) -> UInt64 {
        limit == .max ? self.generator.next() : self.generator.next() % (limit + 1)
    }

    private func token() -> String {
        let first = self.generator.next()
        let second = self.generator.next()
        return String(unsafeUninitializedCapacity: 15) { buffer in
            Self.write(first, count: 10, to: buffer, from: 0)
            Self.write(second, count: 5, to: buffer, from: 10)
            return 15
        }
    }

    /// Writes `count` characters of six bits each, ten at most.
    private static func write(_ bits: UInt64, count: Int, to buffer: UnsafeMutableBufferPointer<UInt8>, from start: Int)
    {
        var bits = bits
        for index in start..<start + count {
            let value = UInt8(truncatingIfNeeded: bits & 63)
            bits >>= 6
            buffer[index] =
                switch value {
                case 0..<10: UInt8(ascii: "0") + value
                case 10..<36: UInt8(ascii: "a") + (value - 10)
                case 36..<62: UInt8(ascii: "A") + (value - 36)
                case 62: UInt8(ascii: "-")
                default: UInt8(ascii: "_")
                }
        }
    }
}
