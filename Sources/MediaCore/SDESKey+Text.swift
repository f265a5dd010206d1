extension SDESKey {
    /// The most bytes of an `a=crypto` value that are read.
    private static let lengthLimit = 512

    /// Reads the value of `a=crypto` (RFC 4568 §9.1), as in
    /// `1 AES_CM_128_HMAC_SHA1_80 inline:PS1uQCVeeCFCanVmcjkpPywjNWhcYDN0eXBlZDEj|2^20`.
    ///
    /// Nil where the line is malformed, or asks for what the gateway does not do, so that another line must be taken:
    /// an unknown suite, several keys, a master key identifier, or a session parameter that changes how packets look
    /// (§6.3). `WSH`, which is a hint, and parameters that begin with `-`, which may be passed over (§6.3.7), change
    /// nothing; nor does the key's lifetime, which is a promise of its writer.
    ///
    /// - Parameter attribute: what follows `a=crypto:`.
    package init?(attribute: some StringProtocol) {
        let text = Substring(attribute)
        guard text.utf8.count <= Self.lengthLimit else { return nil }
        let fields = text.utf8.split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        guard fields.count >= 3, let tag = Self.number(fields[0], digits: 1...9), let suite = Self.suite(fields[1]),
            let key = Self.keyAndSalt(fields[2]), key.count == suite.keyLength,
            fields[3...].allSatisfy(Self.isHarmless)
        else { return nil }
        self.init(suite: suite, tag: tag, bytes: key)
    }

    /// A key of our own.
    ///
    /// - Parameters:
    ///   - suite: what it is for.
    ///   - tag: the attribute's tag: 1, 2, … in an offer, that of the chosen line in an answer.
    ///   - random: bytes from a cryptographic source, of which the first `suite.keyLength` are taken; nil where there
    ///     are fewer.
    package init?(suite: SDESSuite, tag: UInt32, random: [UInt8]) {
        guard random.count >= suite.keyLength else { return nil }
        self.init(suite: suite, tag: tag, bytes: Array(random.prefix(suite.keyLength)))
    }

    /// The value of `a=crypto`, without lifetime and identifier.
    package var attribute: String {
        "\(self.tag) \(self.suite.rawValue) inline:\(Base64.encode(self.bytes))"
    }

    /// Tags are decimal without leading zeros, at most nine digits (RFC 4568 §9.2).
    private static func number(_ text: Substring.UTF8View, digits: ClosedRange<Int>) -> UInt32? {
        guard digits.contains(text.count), text.first != UInt8(ascii: "0") || text.count == 1,
            text.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
        else { return nil }
        return UInt32(Substring(text))
    }

    private static func suite(_ text: Substring.UTF8View) -> SDESSuite? {
        SDESSuite.allCases.first { Self.equalsIgnoringCase(text, $0.rawValue) }
    }

    /// The bytes of `inline:<base64>[|<lifetime>]`; nil for everything else, a key identifier (`|1:4`) included.
    private static func keyAndSalt(_ text: Substring.UTF8View) -> [UInt8]? {
        // Two keys, which `;` parts, go with identifiers only.
        guard let colon = text.firstIndex(of: UInt8(ascii: ":")), Self.equalsIgnoringCase(text[..<colon], "inline"),
            !text.contains(UInt8(ascii: ";"))
        else { return nil }
        let parts = text[text.index(after: colon)...].split(
            separator: UInt8(ascii: "|"),
            omittingEmptySubsequences: false
        )
        guard parts.count == 1 || parts.count == 2 && Self.isLifetime(parts[1]) else { return nil }
        return Base64.decode(parts[0])
    }

    /// A count of packets, as `2^31` or in decimal; never zero.
    private static func isLifetime(_ text: Substring.UTF8View) -> Bool {
        guard text.starts(with: "2^".utf8) else {
            return text.count <= 15 && text.first != UInt8(ascii: "0") && UInt64(Substring(text)) != nil
        }
        return Self.number(text.dropFirst(2), digits: 1...2) != nil
    }

    /// Whether a session parameter may be there without our heeding it.
    private static func isHarmless(_ parameter: Substring.UTF8View) -> Bool {
        parameter.first == UInt8(ascii: "-") || Self.equalsIgnoringCase(parameter.prefix(4), "WSH=")
    }

    private static func equalsIgnoringCase(_ text: Substring.UTF8View, _ word: String) -> Bool {
        text.count == word.utf8.count
            && zip(text, word.utf8).allSatisfy { left, right in
                left == right
                    || left ^ right == 0x20 && (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(left | 0x20)
            }
    }
}
