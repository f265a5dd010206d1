/// The value of RAck (RFC 3262 §7.2): which reliable provisional response a PRACK is about.
package struct RAck: Hashable, Sendable {
    /// The response's RSeq.
    package var rSeq: UInt32
    /// The response's CSeq.
    package var cSeq: CSeq

    package init(rSeq: UInt32, cSeq: CSeq) {
        self.rSeq = rSeq
        self.cSeq = cSeq
    }

    /// Reads the value; nil where it is malformed.
    package init?(_ headerValue: String) {
        var scanner = TextScanner(headerValue)
        scanner.skipSpace()
        guard let rSeq = scanner.takeDecimal(maximum: UInt64(UInt32.max)) else { return nil }
        scanner.skipSpace()
        guard let number = scanner.takeDecimal(maximum: UInt64(UInt32.max)) else { return nil }
        scanner.skipSpace()
        let method = scanner.take(while: .token)
        scanner.skipSpace()
        guard !method.isEmpty, scanner.isAtEnd else { return nil }
        self.rSeq = UInt32(rSeq)
        self.cSeq = CSeq(UInt32(number), SIPMethod(String(method)))
    }

    /// The value as it goes out: `776656 1 INVITE`.
    package var headerValue: String { "\(self.rSeq) \(self.cSeq.number) \(self.cSeq.method.name)" }
}
