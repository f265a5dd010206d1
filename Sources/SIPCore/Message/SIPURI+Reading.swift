extension SIPURI {
    /// Reads a URI of configuration, a dial string, or a header that SIPWire leaves as text (RFC 3261 §19.1, RFC 3966).
    ///
    /// Stricter than the grammar: no `%00`, a port from 1 to 65535, a host that is an IPv4 address, an IPv6 address in
    /// brackets or a host name; laxer: `#` in the user part, empty parameters, a local tel number without context.
    /// Another scheme is taken as far as its characters are those of a URI.
    ///
    /// - Returns: nil where it is malformed or passes `SIPTextLimits`.
    package init?(_ text: String) {
        self.init(reading: Substring(text))
    }

    /// As `init(_:)`, from a piece of a text.
    init?(reading text: Substring) {
        guard text.utf8.count <= SIPTextLimits.bytes, text.utf8.hasSoundEscapes else { return nil }
        var scanner = TextScanner(text)
        let scheme = scanner.take(while: .readScheme)
        guard let letter = scheme.utf8.first, letter.isASCIILetter, scanner.skip(UInt8(ascii: ":")) else { return nil }
        if scheme.equalsIgnoringCase("sip") {
            self.init(scheme: .sip, readingFrom: &scanner)
        } else if scheme.equalsIgnoringCase("sips") {
            self.init(scheme: .sips, readingFrom: &scanner)
        } else if scheme.equalsIgnoringCase("tel") {
            self.init(numberFrom: &scanner)
        } else {
            let opaque = scanner.take(while: .readOpaque)
            guard !opaque.isEmpty else { return nil }
            self.init(scheme: .other(scheme.lowercased()), host: String(opaque))
        }
        guard scanner.isAtEnd else { return nil }
    }

    private init?(scheme: Scheme, readingFrom scanner: inout TextScanner) {
        self.init(scheme: scheme, host: "")
        // The first `@` ends the user part, since it may hold `;` and `?`, but no `@`. One that follows a `?` of a URI
        // without a user part is not told apart: RFC 3261 asks for its escape.
        var ahead = scanner
        if var user = ahead.take(upTo: UInt8(ascii: "@")).map({ TextScanner($0) }) {
            let name = user.take(while: .readUser)
            guard !name.isEmpty else { return nil }
            self.user = String(name)
            if user.skip(UInt8(ascii: ":")) { self.password = String(user.take(while: .readPassword)) }
            guard user.isAtEnd, ahead.skip(UInt8(ascii: "@")) else { return nil }
            scanner = ahead
        }
        if scanner.skip(UInt8(ascii: "[")) {
            guard let address = scanner.take(upTo: UInt8(ascii: "]")), address.isIPv6Literal else { return nil }
            self.host = String(address)
            _ = scanner.skip(UInt8(ascii: "]"))
        } else {
            let name = scanner.take(while: .hostName)
            guard name.isIPv4Literal || name.isHostName else { return nil }
            self.host = String(name)
        }
        if scanner.skip(UInt8(ascii: ":")) {
            guard let port = scanner.takeDecimal(maximum: 65_535), port > 0 else { return nil }
            self.port = UInt16(port)
        }
        guard self.readParameters(from: &scanner) else { return nil }
        if scanner.skip(UInt8(ascii: "?")) {
            let headers = scanner.take(while: .readURIHeaders)
            guard !headers.isEmpty else { return nil }
            self.headers = String(headers)
        }
    }

    private init?(numberFrom scanner: inout TextScanner) {
        let number = scanner.take(while: .telephone)
        guard number.utf8.contains(where: { $0.hexadecimalValue != nil || $0 == 0x2A || $0 == 0x23 }),
            !number.utf8.dropFirst().contains(UInt8(ascii: "+"))
        else { return nil }
        self.init(scheme: .tel, user: String(number), host: "")
        guard self.readParameters(from: &scanner) else { return nil }
    }

    private mutating func readParameters(from scanner: inout TextScanner) -> Bool {
        while scanner.skip(UInt8(ascii: ";")) {
            let name = scanner.take(while: .readURIParameter)
            guard !name.isEmpty else {
                guard scanner.next != UInt8(ascii: "=") else { return false }
                continue
            }
            guard self.parameters.list.count < SIPTextLimits.parameters else { return false }
            var value: String?
            if scanner.skip(UInt8(ascii: "=")) {
                let plain = scanner.take(while: .readURIParameter)
                guard !plain.isEmpty else { return false }
                value = String(plain)
            }
            self.parameters.list.append(SIPParameters.Parameter(String(name), value))
        }
        return true
    }
}

extension ByteSet {
    fileprivate static let hostName = ByteSet("-._", alphanumeric: true)
}

extension Collection where Element == UInt8 {
    /// Whether each `%` begins an escape, and none stands for NUL: C programs end their strings there, so that two
    /// different URIs become one.
    fileprivate var hasSoundEscapes: Bool {
        var due = 0
        var value: UInt8 = 0
        for byte in self {
            if due > 0 {
                guard let digit = byte.hexadecimalValue else { return false }
                value = value << 4 | digit
                due -= 1
                if due == 0, value == 0 { return false }
            } else if byte == UInt8(ascii: "%") {
                due = 2
                value = 0
            }
        }
        return due == 0
    }
}
