extension SIPReason {
    /// Reads the first value of a Reason header field (RFC 3326 §2); nil where it is malformed.
    ///
    /// A cause that is no number below 65536 is taken as none.
    package init?(_ headerValue: String) {
        guard let first = Self.list(headerValue, maximum: 1).first else { return nil }
        self = first
    }

    /// Reads every value of a Reason header field, up to the first that is malformed.
    package static func list(_ headerValue: String) -> [SIPReason] {
        self.list(headerValue, maximum: SIPTextLimits.values)
    }

    private static func list(_ headerValue: String, maximum: Int) -> [SIPReason] {
        guard headerValue.utf8.count <= SIPTextLimits.bytes else { return [] }
        var scanner = TextScanner(headerValue)
        var list: [SIPReason] = []
        repeat {
            scanner.skipSpace()
            let name = scanner.take(while: .token)
            guard !name.isEmpty, let parameters = SIPParameters(readingFrom: &scanner) else { break }
            scanner.skipSpace()
            guard scanner.isAtEnd || scanner.next == UInt8(ascii: ",") else { break }
            let text = parameters["text"].map { TextScanner.unquoted(Substring($0)) ?? $0 }
            list.append(
                SIPReason(protocol: String(name), cause: parameters["cause"].flatMap { UInt16($0) }, text: text)
            )
        } while list.count < maximum && scanner.skip(UInt8(ascii: ","))
        return list
    }

    /// The value as it goes out: `SIP;cause=200;text="Call completed elsewhere"`.
    package var headerValue: String {
        var bytes: [UInt8] = []
        bytes.append(self.protocol, keeping: .token)
        if let cause = self.cause {
            bytes.append(literal: ";cause=")
            bytes.append(decimal: UInt64(cause))
        }
        if let text = self.text {
            bytes.append(literal: ";text=")
            bytes.append(quoting: text)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
