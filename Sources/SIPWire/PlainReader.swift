import SIPCore

/// Reads the request line and the Via and address fields by the grammar, without libosip2.
///
/// It reads what libosip2 refuses or loses although it is valid (two messages of RFC 4475, IPv6, URI headers), and its
/// word is the last: what it refuses is malformed.
enum PlainReader {
    static func read(
        _ scanner: borrowing HeadScanner,
        uri: Range<Int>?,
        of bytes: Swift.Span<UInt8>
    ) throws(SIPWireFault) -> MessageAddresses {
        var requestURI: SIPURI?
        if let uri {
            guard let read = SIPURI(bytes.text(uri)) else { throw .badRequestURI }
            requestURI = read
        }
        var via: ShortList<Via> = []
        var from: NameAddress?
        var to: NameAddress?
        var contact: ShortList<Contact> = []
        var route: [NameAddress] = []
        var recordRoute: [NameAddress] = []
        for line in scanner.lines {
            switch line.header {
            case .via:
                guard let list = ViaReader.list(scanner.text(line, of: bytes)) else { throw .malformed("Via") }
                via += list
            case .from:
                from = NameAddress(scanner.text(line, of: bytes))
                guard from != nil else { throw .malformed("From") }
            case .to:
                to = NameAddress(scanner.text(line, of: bytes))
                guard to != nil else { throw .malformed("To") }
            case .contact:
                let text = scanner.text(line, of: bytes)
                if text == "*" { continue }
                contact += try self.list(text, "Contact").map { .address($0) }
            case .route:
                route += try self.list(scanner.text(line, of: bytes), "Route")
            case .recordRoute:
                recordRoute += try self.list(scanner.text(line, of: bytes), "Record-Route")
            case .callID, .cSeq, .maxForwards, .contentType, .contentLength, .other:
                break
            }
        }
        guard let from else { throw .missing("From") }
        guard let to else { throw .missing("To") }
        return MessageAddresses(
            uri: requestURI,
            via: via,
            from: from,
            to: to,
            contact: contact,
            route: route,
            recordRoute: recordRoute
        )
    }

    private static func list(_ text: String, _ name: String) throws(SIPWireFault) -> [NameAddress] {
        guard !text.isEmpty else { return [] }
        guard let list = NameAddress.list(text) else { throw .malformed(name) }
        return list
    }
}
