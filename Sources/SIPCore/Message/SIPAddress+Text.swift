extension SIPAddress {
    /// Reads `192.0.2.1:5060` or `[2001:db8::1]:5060`; nil where the address is no IP literal, or there is no port from
    /// 1 to 65535.
    package init?(_ text: String) {
        var scanner = TextScanner(text)
        let host: Substring
        if scanner.skip(UInt8(ascii: "[")) {
            guard let inner = scanner.take(upTo: UInt8(ascii: "]")), inner.isIPv6Literal else { return nil }
            host = inner
            _ = scanner.skip(UInt8(ascii: "]"))
        } else {
            guard let plain = scanner.take(upTo: UInt8(ascii: ":")), plain.isIPv4Literal else { return nil }
            host = plain
        }
        guard scanner.skip(UInt8(ascii: ":")), let port = scanner.takeDecimal(maximum: 65_535), port > 0,
            scanner.isAtEnd
        else { return nil }
        self.init(host: String(host), port: UInt16(port))
    }

    /// As `init(_:)` reads it: an IPv6 address in brackets.
    package var text: String {
        self.isIPv6 ? "[\(self.host)]:\(self.port)" : "\(self.host):\(self.port)"
    }
}
