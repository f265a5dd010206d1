import SIPCore

/// The first line of a message, taken apart by our own rules: libosip2 takes any version and status codes that wrap.
enum StartLine {
    case request(SIPMethod, uri: Range<Int>)
    case response(UInt16, reason: String)

    /// Exactly one space between the three parts, none elsewhere (RFC 3261 §7.1, §7.2).
    init(_ range: Range<Int>, of bytes: Swift.Span<UInt8>) throws(SIPWireFault) {
        if Self.isResponse(range, of: bytes) {
            self = try Self.response(range, of: bytes)
        } else {
            self = try Self.request(range, of: bytes)
        }
    }

    static func isResponse(_ range: Range<Int>, of bytes: Swift.Span<UInt8>) -> Bool {
        range.count >= 4 && bytes.equals(range.lowerBound..<range.lowerBound + 4, ignoringCase: Self.sip)
    }

    /// The first word of a request line as a method; nil where it is no token.
    static func method(_ range: Range<Int>, of bytes: Swift.Span<UInt8>) -> SIPMethod? {
        var end = range.lowerBound
        while end < range.upperBound, bytes[end].isToken { end += 1 }
        guard end > range.lowerBound, end < range.upperBound, bytes[end] == .space else { return nil }
        return SIPMethod(bytes.text(range.lowerBound..<end))
    }

    private static func request(_ range: Range<Int>, of bytes: Swift.Span<UInt8>) throws(SIPWireFault) -> StartLine {
        var spaces: (Int, Int) = (0, 0)
        var count = 0
        for index in range where bytes[index] == .space {
            count += 1
            if count == 1 { spaces.0 = index }
            if count == 2 { spaces.1 = index }
        }
        guard count == 2, let method = self.method(range, of: bytes) else { throw .badStartLine }
        let version = spaces.1 + 1..<range.upperBound
        guard version.count >= 4, bytes.equals(version.lowerBound..<version.lowerBound + 4, ignoringCase: Self.sip)
        else { throw .badStartLine }
        guard bytes.equals(version, ignoringCase: Self.version) else { throw .badVersion }
        let uri = spaces.0 + 1..<spaces.1
        guard !uri.isEmpty else { throw .badRequestURI }
        for index in uri {
            switch bytes[index] {
            case .tab, UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "\""): throw .badRequestURI
            default: break
            }
        }
        return .request(method, uri: uri)
    }

    private static func response(_ range: Range<Int>, of bytes: Swift.Span<UInt8>) throws(SIPWireFault) -> StartLine {
        let versionEnd = range.lowerBound + Self.version.count
        guard versionEnd < range.upperBound, bytes[versionEnd] == .space else { throw .badStartLine }
        guard bytes.equals(range.lowerBound..<versionEnd, ignoringCase: Self.version) else { throw .badVersion }
        let codeEnd = versionEnd + 4
        guard codeEnd <= range.upperBound, let code = bytes.decimal(versionEnd + 1..<codeEnd, maximum: 699), code >= 100
        else { throw .badStatusCode }
        // The space is due even where there is no phrase; some peers leave both away.
        guard codeEnd < range.upperBound else { return .response(UInt16(code), reason: "") }
        guard bytes[codeEnd] == .space else { throw .badStatusCode }
        return .response(UInt16(code), reason: bytes.text(codeEnd + 1..<range.upperBound))
    }

    private static let sip = Array("sip/".utf8)
    private static let version = Array("sip/2.0".utf8)
}
