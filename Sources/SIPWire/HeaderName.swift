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

/// One spelling of a header field's name: its lower-case bytes, and the long form as we write it.
struct HeaderName {
    let spelling: [UInt8]
    let name: String
    let header: KnownHeader

    /// The names we know that are `length` bytes long.
    static func known(ofLength length: Int) -> [HeaderName] {
        length < self.byLength.count ? self.byLength[length] : []
    }

    private init(_ spelling: String, _ name: String, _ header: KnownHeader) {
        self.spelling = spelling.utf8.map { $0.lowercasedLetter }
        self.name = name
        self.header = header
    }

    private static let byLength: [[HeaderName]] = {
        var table = [[HeaderName]](repeating: [], count: 32)
        for (name, header) in read {
            table[name.utf8.count].append(HeaderName(name, name, header))
        }
        for name in passed {
            table[name.utf8.count].append(HeaderName(name, name, .other))
        }
        for (letter, name) in compact {
            let header = read.first { $0.0 == name }?.1 ?? .other
            table[1].append(HeaderName(letter, name, header))
        }
        return table
    }()

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
