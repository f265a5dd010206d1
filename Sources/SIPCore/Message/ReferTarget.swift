/// What a Refer-To asks for (RFC 3515 §2.1): an INVITE to that URI, perhaps in the place of a dialog that its party has.
package struct ReferTarget: Hashable, Sendable {
    /// Why a Refer-To is of no use.
    package enum Fault: Error, Hashable, Sendable {
        case malformed
        /// Not an INVITE, or a scheme that nobody can call.
        case unsupported
    }

    /// Without what stood behind its `?`.
    package var uri: SIPURI
    package var replaces: Replaces?

    package init(uri: SIPURI, replaces: Replaces? = nil) {
        self.uri = uri
        self.replaces = replaces
    }

    /// Reads the value of Refer-To.
    ///
    /// Of the header fields in the URI, Replaces alone is heeded: no peer shall put others into a request of ours.
    package init(_ text: String) throws(Fault) {
        guard let address = NameAddress(text) else { throw .malformed }
        var uri = address.uri
        switch uri.scheme {
        case .sip, .sips, .tel: break
        case .other: throw .unsupported
        }
        if let method = uri.parameters["method"], method != SIPMethod.invite.name { throw .unsupported }
        uri.parameters.set("method", to: nil)
        let headers = uri.headers
        uri.headers = nil
        self.init(uri: uri)
        for header in headers?.split(separator: "&", maxSplits: SIPTextLimits.values) ?? [] {
            guard let split = header.firstIndex(of: "="), header[..<split].equalsIgnoringCase("Replaces") else {
                continue
            }
            guard self.replaces == nil, let value = Self.unescaped(header[header.index(after: split)...]),
                let replaces = Replaces(value)
            else { throw .malformed }
            self.replaces = replaces
        }
    }

    /// The value of Refer-To.
    package var headerValue: String {
        var uri = self.uri
        uri.headers = self.replaces?.uriHeader
        return NameAddress(uri: uri).text
    }

    /// A header field's value in a URI, its escapes undone; nil where one is malformed or stands for a control character.
    private static func unescaped(_ text: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = text.utf8
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let escaped = rest.escapedByte, escaped >= 0x20, escaped != 0x7F else { return nil }
            bytes.append(escaped)
            rest.removeFirst(2)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}
