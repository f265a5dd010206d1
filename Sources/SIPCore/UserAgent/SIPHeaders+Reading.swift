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

extension SIPHeaders {
    /// Whether a field of that long name lists that token, without regard to case.
    func lists(_ token: String, in name: String) -> Bool {
        self.fields.contains { $0.name.equalsIgnoringCase(name) && $0.value.lists(token) }
    }

    /// Whether Allow names that method; nil without Allow.
    func allows(_ method: SIPMethod) -> Bool? {
        var isThere = false
        for field in self.fields where field.name.equalsIgnoringCase("Allow") {
            isThere = true
            if field.value.lists(method.name) { return true }
        }
        return isThere ? false : nil
    }

    /// The first number of a field; nil without it, or where it holds none below 2^32.
    ///
    /// `name` is its long name.
    func number(_ name: String) -> UInt32? {
        guard let value = self[name] else { return nil }
        var scanner = TextScanner(value)
        scanner.skipSpace()
        return scanner.takeDecimal(maximum: UInt64(UInt32.max)).map { UInt32($0) }
    }

    /// nil where there is none or a malformed one.
    var sessionExpires: SessionExpires? { self["Session-Expires"].flatMap { SessionExpires($0) } }
}

extension String {
    /// Calls for each element of a list with commas in which nothing is quoted, spaces aside, until it says no.
    func eachListed(_ isWanted: (Substring) -> Bool) {
        var rest = self.utf8[...]
        while !rest.isEmpty {
            let end = rest.firstIndex(of: UInt8(ascii: ",")) ?? rest.endIndex
            let element = Substring(rest[..<end]).trimmedOfSpace
            if !element.isEmpty, !isWanted(element) { return }
            rest = end < rest.endIndex ? rest[rest.index(after: end)...] : rest[rest.endIndex...]
        }
    }

    func lists(_ token: String) -> Bool {
        var isListed = false
        self.eachListed { element in
            isListed = element.equalsIgnoringCase(token)
            return !isListed
        }
        return isListed
    }
}
