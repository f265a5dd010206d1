extension SIPURI {
    /// Where a request for this URI goes, as far as it says by itself (RFC 3263 §4.1, §4.2); nil where we can't go there.
    ///
    /// `transport` decides, and without it UDP, with `sips` TLS; what is left out of it NAPTR and SRV may tell. `maddr` stands in for the host. Nil for tel and other
    /// schemes, for a transport other than UDP, TCP and TLS, and for `sips` over UDP.
    package var target: SIPTarget? {
        let named = self.parameters["transport"].map { SIPTransportKind($0) }
        let transport: SIPTransportKind
        switch (self.scheme, named) {
        case (.sip, nil): transport = .udp
        case (.sip, .udp?), (.sip, .tcp?), (.sip, .tls?): transport = named ?? .udp
        case (.sips, nil), (.sips, .tcp?), (.sips, .tls?): transport = .tls
        case (.sips, .udp?), (.sip, .other?), (.sips, .other?), (.tel, _), (.other, _): return nil
        }
        var host = self.parameters["maddr"] ?? self.host
        if host.utf8.first == UInt8(ascii: "["), host.utf8.last == UInt8(ascii: "]") {
            host = String(host.dropFirst().dropLast())
        }
        guard !host.isEmpty else { return nil }
        var target = SIPTarget(transport: transport, host: host, port: self.port ?? transport.defaultPort)
        if self.port == nil, target.isNamed { target.search = named == nil ? .transport : .service }
        return target
    }
}
