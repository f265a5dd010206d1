import Crypto

/// The hash algorithms of digest authentication that we have (RFC 7616 §3.3).
package enum DigestAlgorithm: String, Hashable, Sendable, CaseIterable {
    case md5 = "MD5"
    case md5Session = "MD5-sess"
    case sha256 = "SHA-256"
    case sha256Session = "SHA-256-sess"

    /// From its name in a challenge, without regard to case; nil where we have no such algorithm.
    package init?(_ name: String) {
        guard let algorithm = Self.allCases.first(where: { $0.rawValue.equalsIgnoringCase(name) }) else { return nil }
        self = algorithm
    }

    /// Whether the key is bound to the nonce and the client's nonce.
    package var isSession: Bool { self == .md5Session || self == .sha256Session }

    /// Higher is stronger.
    package var strength: Int {
        switch self {
        case .md5, .md5Session: 0
        case .sha256, .sha256Session: 1
        }
    }

    /// The hash in lower-case hexadecimal.
    func hash(_ bytes: [UInt8]) -> [UInt8] {
        bytes.withUnsafeBytes { buffer in
            switch self {
            case .md5, .md5Session:
                var hash = Insecure.MD5()
                hash.update(bufferPointer: buffer)
                return Self.hexadecimal(hash.finalize())
            case .sha256, .sha256Session:
                var hash = SHA256()
                hash.update(bufferPointer: buffer)
                return Self.hexadecimal(hash.finalize())
            }
        }
    }

    static func hexadecimalText(_ bytes: some Sequence<UInt8>) -> String {
        String(decoding: self.hexadecimal(bytes), as: UTF8.self)
    }

    private static func hexadecimal(_ digest: some Sequence<UInt8>) -> [UInt8] {
        var digits: [UInt8] = []
        digits.reserveCapacity(64)
        for byte in digest {
            for half in [byte >> 4, byte & 15] {
                digits.append(half < 10 ? UInt8(ascii: "0") + half : UInt8(ascii: "a") + half - 10)
            }
        }
        return digits
    }
}
