/// Where a trunk is reached: `sip:HOST[:PORT][;transport=udp|tcp|tls]`, or `sips:HOST[:PORT]`.
package struct TrunkURI: Hashable, Sendable, CustomStringConvertible {
    /// A host name, or an IP address without brackets.
    package var host: String
    /// nil: what SRV tells, else 5060, with TLS 5061.
    package var port: UInt16?
    /// nil: what NAPTR or SRV tells, else UDP, with `sips` TLS.
    package var transport: SIPListenAddress.Transport?
    /// Whether it is a `sips` URI, which asks for TLS on the whole way (RFC 3261 §26.2.2).
    package var isSecure: Bool

    package init(
        host: String,
        port: UInt16? = nil,
        transport: SIPListenAddress.Transport? = nil,
        isSecure: Bool = false
    ) {
        self.host = host
        self.port = port
        self.transport = transport
        self.isSecure = isSecure
    }

    /// Why a text is no trunk URI, in words for the person who wrote it.
    package struct ParseError: Error, Hashable, Sendable {
        package var text: String
    }

    package init(text: String) throws(ParseError) {
        let expected = "write sip:HOST[:PORT][;transport=udp|tcp|tls] or sips:HOST[:PORT]"
        let lower = text.lowercased()
        let isSecure = lower.hasPrefix("sips:")
        guard isSecure || lower.hasPrefix("sip:") else {
            throw ParseError(text: "\"\(text)\" is no SIP URI; \(expected)")
        }
        let parts = text.dropFirst(isSecure ? 5 : 4).split(separator: ";", omittingEmptySubsequences: false)
        guard let address = parts.first, !address.contains("@"), !text.contains("?") else {
            throw ParseError(text: "a trunk's URI has no user part and no headers; \(expected)")
        }
        var transport: SIPListenAddress.Transport?
        for parameter in parts.dropFirst() {
            switch parameter.lowercased() {
            case "transport=udp" where !isSecure: transport = .udp
            case "transport=tcp" where !isSecure: transport = .tcp
            case "transport=tls": transport = .tls
            default: throw ParseError(text: "\"\(parameter)\" is no parameter of a trunk's URI; \(expected)")
            }
        }
        guard let (host, port) = Self.readAddress(String(address)) else {
            throw ParseError(text: "\"\(address)\" is no host and port; \(expected)")
        }
        self.init(host: host, port: port, transport: transport, isSecure: isSecure)
    }

    private static func readAddress(_ text: String) -> (host: String, port: UInt16?)? {
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { return nil }
            let host = String(text[text.index(after: text.startIndex)..<end])
            let rest = text[text.index(after: end)...]
            guard let address = IPAddressText(host), address.isIPv6 else { return nil }
            if rest.isEmpty { return (address.description, nil) }
            return Self.readPort(rest).map { (address.description, $0) }
        }
        let end = text.firstIndex(of: ":") ?? text.endIndex
        let host = String(text[..<end])
        guard HostName.isValid(host) else { return nil }
        if end == text.endIndex { return (host, nil) }
        return Self.readPort(text[end...]).map { (host, $0) }
    }

    /// Reads `:5060`; 0 is no port to send to.
    private static func readPort(_ text: Substring) -> UInt16? {
        guard text.hasPrefix(":"), (2...6).contains(text.utf8.count),
            text.utf8.dropFirst().allSatisfy({ (0x30...0x39).contains($0) }), let port = UInt16(text.dropFirst()),
            port > 0
        else { return nil }
        return port
    }

    /// Whether nothing but TLS leads there.
    package var needsTLS: Bool { self.isSecure || self.transport == .tls }

    package var description: String {
        let host = self.host.utf8.contains(UInt8(ascii: ":")) ? "[\(self.host)]" : self.host
        let port = self.port.map { ":\($0)" } ?? ""
        let transport = self.transport.map { ";transport=\($0.rawValue)" } ?? ""
        return self.isSecure ? "sips:\(host)\(port)" : "sip:\(host)\(port)\(transport)"
    }
}
