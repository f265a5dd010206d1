/// The value of Session-Expires (RFC 4028 §4): how long a session lasts unless it is refreshed, and who does that.
package struct SessionExpires: Hashable, Sendable {
    /// A role in the transaction that the field is part of, and not one of the whole session.
    package enum Refresher: String, Hashable, Sendable {
        case uac
        case uas
    }

    /// The session interval.
    package var seconds: UInt32
    /// nil: it is the server's choice, in a request.
    package var refresher: Refresher?

    package init(seconds: UInt32, refresher: Refresher?) {
        self.seconds = seconds
        self.refresher = refresher
    }

    /// Reads the value; nil where it begins with no number below 2^32.
    ///
    /// A refresher that is none of the two is taken as none.
    package init?(_ headerValue: String) {
        guard headerValue.utf8.count <= SIPTextLimits.bytes else { return nil }
        var scanner = TextScanner(headerValue)
        scanner.skipSpace()
        guard let seconds = scanner.takeDecimal(maximum: UInt64(UInt32.max)),
            let parameters = SIPParameters(readingFrom: &scanner)
        else { return nil }
        self.seconds = UInt32(seconds)
        self.refresher = parameters["refresher"].flatMap { value in
            if value.equalsIgnoringCase("uac") { return .uac }
            return value.equalsIgnoringCase("uas") ? .uas : nil
        }
    }

    /// The value as it goes out: `1800;refresher=uac`.
    package var headerValue: String {
        guard let refresher = self.refresher else { return String(self.seconds) }
        return "\(self.seconds);refresher=\(refresher.rawValue)"
    }
}
