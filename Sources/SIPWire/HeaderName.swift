/// The header fields that the parser itself reads; all others pass as text.
enum KnownHeader: UInt8 {
    case via
    case from
    case to
    case callID
    case cSeq
    case maxForwards
    case route
    case recordRoute
    case contact
    case contentType
    case contentLength
    case other
}

/// A spelling of a header field's name that we know.
struct HeaderName {
    /// The long form, as we write it.
    let name: String
    let header: KnownHeader
    /// In lower case.
    private let spelling: [UInt8]

    /// The place in `all` of the name that these bytes spell, without regard to case.
    static func find(_ range: Range<Int>, of bytes: Swift.Span<UInt8>) -> Int? {
        guard range.count < self.byLength.count else { return nil }
        var hash = Hash()
        for index in range { hash.add(bytes[index].lowercasedLetter) }
        for (known, place) in self.byLength[range.count] where known == hash.value {
            // A hash can be forged.
            return bytes.equals(range, ignoringCase: self.all[place].spelling) ? place : nil
        }
        return nil
    }

    static let all: [HeaderName] =
        read.map { HeaderName($0.0, $0.0, $0.1) } + passed.map { HeaderName($0, $0, .other) }
        + compact.map { letter, name in HeaderName(letter, name, read.first { $0.0 == name }?.1 ?? .other) }

    /// Hashes and places in `all`, by the length of the spelling; numbers alone, so that a look-up touches no reference
    /// count until it has found something.
    private static let byLength: [[(UInt64, Int)]] = {
        var table = [[(UInt64, Int)]](repeating: [], count: 32)
        for (place, name) in all.enumerated() {
            var hash = Hash()
            for byte in name.spelling { hash.add(byte) }
            table[name.spelling.count].append((hash.value, place))
        }
        return table
    }()

    private init(_ spelling: String, _ name: String, _ header: KnownHeader) {
        self.spelling = spelling.utf8.map { $0.lowercasedLetter }
        self.name = name
        self.header = header
    }

    /// FNV-1a.
    private struct Hash {
        private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325

        mutating func add(_ byte: UInt8) {
            self.value = (self.value ^ UInt64(byte)) &* 0x0000_0100_0000_01B3
        }
    }

    private static let read: [(String, KnownHeader)] = [
        ("Via", .via), ("From", .from), ("To", .to), ("Call-ID", .callID), ("CSeq", .cSeq),
        ("Max-Forwards", .maxForwards), ("Route", .route), ("Record-Route", .recordRoute), ("Contact", .contact),
        ("Content-Type", .contentType), ("Content-Length", .contentLength),
    ]

    /// The IANA registry of SIP header fields, as far as we meet them; any other name passes as it was spelled.
    private static let passed = [
        "Accept", "Accept-Contact", "Accept-Encoding", "Accept-Language", "Alert-Info", "Allow", "Allow-Events",
        "Authentication-Info", "Authorization", "Call-Info", "Content-Disposition", "Content-Encoding",
        "Content-Language", "Date", "Diversion", "Error-Info", "Event", "Expires", "History-Info", "Identity",
        "Identity-Info", "In-Reply-To", "Info-Package", "Join", "MIME-Version", "Min-Expires", "Min-SE", "Organization",
        "P-Access-Network-Info", "P-Asserted-Identity", "P-Called-Party-ID", "P-Charging-Vector",
        "P-Preferred-Identity", "Path", "Priority", "Privacy", "Proxy-Authenticate", "Proxy-Authorization",
        "Proxy-Require", "RAck", "RSeq", "Reason", "Recv-Info", "Refer-Sub", "Refer-To", "Referred-By",
        "Reject-Contact", "Remote-Party-ID", "Replaces", "Reply-To", "Request-Disposition", "Require", "Retry-After",
        "SIP-ETag", "SIP-If-Match", "Server", "Service-Route", "Session-Expires", "Subject", "Subscription-State",
        "Supported", "Target-Dialog", "Timestamp", "Unsupported", "User-Agent", "WWW-Authenticate", "Warning",
    ]

    private static let compact = [
        ("i", "Call-ID"), ("m", "Contact"), ("e", "Content-Encoding"), ("l", "Content-Length"), ("c", "Content-Type"),
        ("f", "From"), ("s", "Subject"), ("k", "Supported"), ("t", "To"), ("v", "Via"), ("o", "Event"),
        ("r", "Refer-To"), ("b", "Referred-By"), ("a", "Accept-Contact"), ("u", "Allow-Events"),
        ("d", "Request-Disposition"), ("j", "Reject-Contact"), ("n", "Identity-Info"), ("x", "Session-Expires"),
        ("y", "Identity"),
    ]
}
