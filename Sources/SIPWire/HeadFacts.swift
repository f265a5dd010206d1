import SIPCore

/// The header fields that are numbers, words or passed as text, checked; addresses and Vias are read elsewhere.
struct HeadFacts {
    private(set) var callID = ""
    private(set) var cSeq = CSeq(0, .options)
    private(set) var maxForwards: UInt8?
    private(set) var contentLength: Int?
    private(set) var contentType: String?
    private(set) var fields: [SIPHeaders.Field] = []

    init(_ scanner: borrowing HeadScanner, of bytes: Swift.Span<UInt8>) throws(SIPWireFault) {
        var seen: Set = []
        var others = 0
        for line in scanner.lines {
            switch line.header {
            case .callID, .cSeq, .from, .to, .maxForwards, .contentLength, .contentType:
                guard seen.insert(line.header) else { throw .repeated(scanner.name(line, of: bytes)) }
            case .via:
                _ = seen.insert(.via)
            case .other:
                others += 1
            case .route, .recordRoute, .contact:
                break
            }
        }
        for (header, name) in Self.mandatory where !seen.contains(header) { throw .missing(name) }
        self.fields.reserveCapacity(others)
        for line in scanner.lines {
            switch line.header {
            case .callID:
                self.callID = try Self.callID(line, of: bytes)
            case .cSeq:
                guard let cSeq = Self.cSeq(line, of: bytes) else { throw .malformed("CSeq") }
                self.cSeq = cSeq
            case .maxForwards:
                guard let number = bytes.decimal(line.value, maximum: 255) else { throw .malformed("Max-Forwards") }
                self.maxForwards = UInt8(number)
            case .contentLength:
                // Anything above is too large whatever it is; what fits an Int cannot trap.
                guard let number = bytes.decimal(line.value, maximum: 1 << 40) else {
                    throw .malformed("Content-Length")
                }
                self.contentLength = Int(number)
            case .contentType:
                let value = scanner.text(line, of: bytes)
                guard !value.isEmpty else { throw .malformed("Content-Type") }
                self.contentType = value
            case .other:
                self.fields.append(
                    SIPHeaders.Field(scanner.name(line, of: bytes), scanner.text(line, of: bytes))
                )
            case .via, .from, .to, .route, .recordRoute, .contact:
                break
            }
        }
    }

    /// One word without spaces (RFC 3261 §20.8).
    static func callID(_ line: HeadScanner.Line, of bytes: Swift.Span<UInt8>) throws(SIPWireFault) -> String {
        guard !line.value.isEmpty else { throw .malformed("Call-ID") }
        for index in line.value where !bytes[index].isVisibleASCII { throw .malformed("Call-ID") }
        return bytes.text(line.value)
    }

    /// A number below 2^31 and a method, with spaces or a fold between them (RFC 3261 §8.1.1.5).
    static func cSeq(_ line: HeadScanner.Line, of bytes: Swift.Span<UInt8>) -> CSeq? {
        var digitsEnd = line.value.lowerBound
        while digitsEnd < line.value.upperBound, bytes[digitsEnd].isDigit { digitsEnd += 1 }
        guard let number = bytes.decimal(line.value.lowerBound..<digitsEnd, maximum: 0x7FFF_FFFF) else { return nil }
        let method = bytes.trimmed(digitsEnd..<line.value.upperBound)
        guard method.lowerBound > digitsEnd, !method.isEmpty else { return nil }
        for index in method where !bytes[index].isToken { return nil }
        return CSeq(UInt32(number), SIPMethod(bytes.text(method)))
    }

    private static let mandatory: [(KnownHeader, String)] = [
        (.via, "Via"), (.from, "From"), (.to, "To"), (.callID, "Call-ID"), (.cSeq, "CSeq"),
    ]

    /// Which header fields were there; a set that needs no heap.
    private struct Set: ExpressibleByArrayLiteral {
        private var bits: UInt16 = 0

        init(arrayLiteral elements: KnownHeader...) {
            for element in elements { self.bits |= 1 << UInt16(element.rawValue) }
        }

        func contains(_ header: KnownHeader) -> Bool { self.bits & (1 << UInt16(header.rawValue)) != 0 }

        /// Whether it was not there before.
        mutating func insert(_ header: KnownHeader) -> Bool {
            let isNew = !self.contains(header)
            self.bits |= 1 << UInt16(header.rawValue)
            return isNew
        }
    }
}
