import SIPCore

/// Why bytes are no message that the core may see.
package enum SIPWireFault: Error, Hashable, Sendable {
    /// The message, its head or its body passes `SIPWireLimits`.
    case tooLarge
    case tooManyFields
    case tooManyParameters
    /// The bytes end before the head does.
    case truncatedHead
    case badStartLine
    /// A version other than SIP/2.0.
    case badVersion
    /// A status code that is not three digits from 100 to 699.
    case badStatusCode
    case badRequestURI
    /// A line without a field name, a control character, CR or LF alone.
    case badHeaderLine
    /// No header field of this name, where RFC 3261 §8.1.1 asks for one.
    case missing(String)
    /// Two header fields of this name, or two values, where there must be one.
    case repeated(String)
    /// The value of this header field is malformed or out of range.
    case malformed(String)
    /// CSeq names another method than the request line.
    case methodMismatch
    /// The datagram ends before the body that Content-Length promises.
    case truncatedBody

    /// The status of the response that tells the sender of a request.
    package var status: UInt16 {
        switch self {
        case .tooLarge: 513
        case .badVersion: 505
        case .tooManyFields, .tooManyParameters, .truncatedHead, .badStartLine, .badStatusCode, .badRequestURI,
            .badHeaderLine, .missing, .repeated, .malformed, .methodMismatch, .truncatedBody:
            400
        }
    }

    /// The reason phrase of that response; also what the log says.
    package var reason: String {
        switch self {
        case .tooLarge, .badVersion: SIPStatus.reasonPhrase(for: self.status)
        case .tooManyFields: "Too Many Header Fields"
        case .tooManyParameters: "Too Many Parameters"
        case .truncatedHead: "Incomplete Message"
        case .badStartLine: "Bad Start Line"
        case .badStatusCode: "Bad Status Code"
        case .badRequestURI: "Bad Request-URI"
        case .badHeaderLine: "Bad Header Field"
        case .missing(let name): "Missing \(name)"
        case .repeated(let name): "Repeated \(name)"
        case .malformed(let name): "Bad \(name)"
        case .methodMismatch: "CSeq Method Mismatch"
        case .truncatedBody: "Incomplete Body"
        }
    }
}
