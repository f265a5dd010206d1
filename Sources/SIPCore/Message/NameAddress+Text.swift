extension NameAddress {
    /// Appends the value as it goes out: the display name always quoted, the URI always in `<>`, so that no parameter
    /// can change sides (RFC 3261 §20.10).
    func write(into output: inout [UInt8]) {
        if let displayName = self.displayName, !displayName.isEmpty {
            output.append(quoting: displayName)
            output.append(UInt8(ascii: " "))
        }
        output.append(UInt8(ascii: "<"))
        self.uri.write(into: &output)
        output.append(UInt8(ascii: ">"))
        self.parameters.write(into: &output)
    }

    /// An upper bound of what `write` appends.
    var writtenSizeBound: Int {
        var size = 2 + self.uri.writtenSizeBound + self.parameters.writtenSizeBound
        if let displayName = self.displayName, !displayName.isEmpty {
            size += 3 + displayName.utf8.count + displayName.countBytes { $0.needsQuoting }
        }
        return size
    }

    /// The value as it goes out.
    package var text: String {
        var bytes: [UInt8] = []
        self.write(into: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Reads one value: `"Bob" <sip:bob@example.org>;tag=1`, `Bob <sip:…>`, `<sip:…>` or `sip:bob@example.org;tag=1`.
    ///
    /// Without `<>`, what follows the URI's first semicolon belongs to the header (RFC 3261 §20.10). An empty display
    /// name is none.
    ///
    /// - Returns: nil where it is malformed, holds more than one value, or passes `SIPTextLimits`.
    package init?(_ text: String) {
        guard text.utf8.count <= SIPTextLimits.bytes else { return nil }
        var scanner = TextScanner(text)
        self.init(readingFrom: &scanner)
        guard scanner.isAtEnd else { return nil }
    }

    /// Reads a list of values, comma between them, as in P-Asserted-Identity or Contact.
    ///
    /// - Returns: nil where one is malformed, there is none, or the text passes `SIPTextLimits`.
    package static func list(_ text: String) -> [NameAddress]? {
        guard text.utf8.count <= SIPTextLimits.bytes else { return nil }
        var scanner = TextScanner(text)
        var list: [NameAddress] = []
        repeat {
            guard list.count < SIPTextLimits.values, let value = NameAddress(readingFrom: &scanner) else { return nil }
            list.append(value)
        } while scanner.skip(UInt8(ascii: ","))
        return scanner.isAtEnd ? list : nil
    }

    private init?(readingFrom scanner: inout TextScanner) {
        scanner.skipSpace()
        var displayName: String?
        var uriText: Substring
        if scanner.next == UInt8(ascii: "\"") {
            guard let quoted = scanner.takeQuoted(), let name = TextScanner.unquoted(quoted) else { return nil }
            displayName = name
            scanner.skipSpace()
            guard scanner.next == UInt8(ascii: "<") else { return nil }
        }
        if displayName == nil {
            // A display name without quotes is made of tokens; a plain URI has a colon, which no token has.
            var ahead = scanner
            while !ahead.take(while: .displayToken).isEmpty { ahead.skipSpace() }
            if ahead.next == UInt8(ascii: "<") {
                displayName = scanner.take(upTo: UInt8(ascii: "<")).map { String($0.trimmedOfSpace) }
            }
        }
        if scanner.skip(UInt8(ascii: "<")) {
            guard let inner = scanner.take(upTo: UInt8(ascii: ">")) else { return nil }
            uriText = inner
            _ = scanner.skip(UInt8(ascii: ">"))
        } else {
            uriText = scanner.take(while: .plainAddress)
        }
        guard let uri = SIPURI(reading: uriText), let parameters = SIPParameters(readingFrom: &scanner) else {
            return nil
        }
        scanner.skipSpace()
        self.init(displayName: displayName == "" ? nil : displayName, uri: uri, parameters: parameters)
    }
}

extension ByteSet {
    /// Tokens of a display name without quotes; peers put UTF-8 there too.
    fileprivate static let displayToken = ByteSet("-.!%*_+`'~", alphanumeric: true, beyondASCII: true)
    /// A URI without `<>`: it holds no `;`, `,` or `?` (RFC 3261 §20.10).
    fileprivate static let plainAddress = ByteSet(visibleExcept: ";,?<>\"")
}
