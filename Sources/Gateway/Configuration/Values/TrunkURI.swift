/// Where a trunk is reached: `sip:HOST[:PORT][;transport=udp|tcp]`.
package struct TrunkURI: Hashable, Sendable, CustomStringConvertible {
    /// A host name, or an IP address without brackets.
    package var host: String
    /// Default 5060.
    package var port: UInt16
    /// Default UDP.
    package var transport: SIPListenAddress.Transport

    package init(host: String, port: UInt16 = 5_060, transport: SIPListenAddress.Transport = .udp) {
        self.host = host
        self.port = port
        self.transport = transport
    }

    /// Why a text is no trunk URI, in words for the person who wrote it.
    package struct ParseError: Error, Hashable, Sendable {
        package var text: String
    }

    package init(text: String) throws(ParseError) {
        let expected = "write sip:HOST[:PORT][;transport=udp|tcp]"
        let lower = text.lowercased()
        if lower.hasPrefix("sips:") {
            throw ParseError(text: "TLS (sips:) is planned for a later release; \(expected)")
        }
        guard lower.hasPrefix("sip:") else { throw ParseError(text: "\"\(text)\" is no SIP URI; \(expected)") }
        let parts = text.dropFirst(4).split(separator: ";", omittingEmptySubsequences: false)
        guard let address = parts.first, !address.contains("@"), !text.contains("?") else {
            throw ParseError(text: "a trunk's URI has no user part and no headers; \(expected)")
        }
        var transport = SIPListenAddress.Transport.udp
        for parameter in parts.dropFirst() {
            switch parameter.lowercased() {
            case "transport=udp": transport = .udp
            case "transport=tcp": transport = .tcp
            case "transport=tls", "transport=ws", "transport=wss":
                throw ParseError(text: "\"\(parameter)\" is planned for a later release; \(expected)")
            default: throw ParseError(text: "\"\(parameter)\" is no parameter of a trunk's URI; \(expected)")
            }
        }
        guard let (host, port) = Self.readAddress(String(address)) else {
            throw ParseError(text: "\"\(address)\" is no host and port; \(expected)")
        }
        self.init(host: host, port: port, transport: transport)
    }

    private static func readAddress(_ text: String) -> (host: String, port: UInt16)? {
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { return nil }
            let host = String(text[text.index(after: text.startIndex)..<end])
            let rest = text[text.index(after: end)...]
            guard let address = IPAddressText(host), address.isIPv6 else { return nil }
            guard let port = rest.isEmpty ? 5_060 : Self.readPort(rest) else { return nil }
            return (address.description, port)
        }
        let end = text.firstIndex(of: ":") ?? text.endIndex
        guard let port = end == text.endIndex ? 5_060 : Self.readPort(text[end...]) else { return nil }
        let host = String(text[..<end])
        return HostName.isValid(host) ? (host, port) : nil
    }

    /// Reads `:5060`; 0 is no port to send to.
    private static func readPort(_ text: Substring) -> UInt16? {
        guard text.hasPrefix(":"), (2...6).contains(text.utf8.count),
            text.utf8.dropFirst().allSatisfy({ (0x30...0x39).contains($0) }), let port = UInt16(text.dropFirst()),
            port > 0
        else { return nil }
        return port
    }

    package var description: String {
        let host = self.host.utf8.contains(UInt8(ascii: ":")) ? "[\(self.host)]" : self.host
        return "sip:\(host):\(self.port);transport=\(self.transport.rawValue)"
    }
}
