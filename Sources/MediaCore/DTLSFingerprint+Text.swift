extension DTLSFingerprint {
    /// The most bytes of a digest that are read: those of SHA-512.
    private static let lengthLimit = 64

    /// Reads the value of `a=fingerprint` (RFC 8122 §5), as in `sha-256 4A:AD:…`; the digits may be in either case.
    ///
    /// Nil where it is malformed, or a digest of a known algorithm has not its length.
    ///
    /// - Parameter attribute: what follows `a=fingerprint:`.
    package init?(attribute: some StringProtocol) {
        let text = Substring(attribute).utf8
        // A name, and up to 64 bytes at three characters each.
        guard text.count <= 256 else { return nil }
        let fields = text.split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        guard fields.count == 2, let bytes = Self.bytes(fields[1]) else { return nil }
        let algorithm = String(Substring(fields[0])).lowercased()
        guard algorithm.utf8.allSatisfy(Self.isTokenByte),
            Self.digestLength(of: algorithm) ?? bytes.count == bytes.count
        else { return nil }
        self.init(algorithm: algorithm, bytes: bytes)
    }

    /// The value of `a=fingerprint`, the digits in upper case as the RFC has them.
    package var attribute: String {
        let digits = Array("0123456789ABCDEF".utf8)
        var text = Array(self.algorithm.utf8)
        text.reserveCapacity(text.count + 3 * self.bytes.count)
        var separator = UInt8(ascii: " ")
        for byte in self.bytes {
            text.append(separator)
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 0x0F)])
            separator = UInt8(ascii: ":")
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// The bytes of a digest by an algorithm that a certificate may be checked by; nil for all others, among them
    /// MD2 and MD5, which must not be used (RFC 8122 §5).
    package static func digestLength(of algorithm: String) -> Int? {
        switch algorithm {
        case "sha-1": 20
        case "sha-224": 28
        case "sha-256": 32
        case "sha-384": 48
        case "sha-512": 64
        default: nil
        }
    }

    private static func bytes(_ text: Substring.UTF8View) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity((text.count + 1) / 3)
        for pair in text.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false) {
            guard pair.count == 2, bytes.count < Self.lengthLimit, let high = pair.first.flatMap(Self.value),
                let low = pair.last.flatMap(Self.value)
            else { return nil }
            bytes.append(high << 4 | low)
        }
        return bytes
    }

    private static func value(of digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        default: nil
        }
    }

    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): true
        default: false
        }
    }
}
