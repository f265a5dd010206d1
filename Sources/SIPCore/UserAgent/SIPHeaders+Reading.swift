extension SIPHeaders {
    /// Whether Content-Type is `application/sdp`, parameters aside.
    var holdsSDP: Bool {
        guard let type = self.contentType?.utf8 else { return false }
        let name = "application/sdp".utf8
        guard type.count >= name.count, zip(type, name).allSatisfy({ $0.asciiLowercased == $1 }) else { return false }
        return type.dropFirst(name.count).first { $0 != 0x20 && $0 != 0x09 }.map { $0 == UInt8(ascii: ";") } ?? true
    }

    /// The first value of Reason (RFC 3326); nil where it has none or a malformed one.
    var reason: SIPReason? {
        self["Reason"].flatMap { SIPReason($0) }
    }
}

extension SIPRequest {
    /// The body, where it is SDP.
    var sdp: [UInt8]? { !self.body.isEmpty && self.headers.holdsSDP ? self.body : nil }
}

extension SIPResponse {
    /// Whether it asks for credentials (RFC 3261 §22).
    var isChallenge: Bool { self.status == 401 || self.status == 407 }

    /// The body, where it is SDP.
    var sdp: [UInt8]? { !self.body.isEmpty && self.headers.holdsSDP ? self.body : nil }
}
