internal import SIPTransport

extension GatewayConfiguration {
    /// `sip`: the side of phones and trunks.
    ///
    /// - `listen`: default `["udp:127.0.0.1:5060", "tcp:127.0.0.1:5060"]`.
    /// - `domains`: our own, a request for another one is refused; default, the hosts of `listen` and `advertise`.
    /// - `advertise`: the address or host name that peers see, where it isn't the bound one; default none.
    /// - `dns`: `servers`, IP addresses, each with a port where it isn't 53; default, the system's.
    /// - `registrar`: see `Registrar`.
    /// - `tls`: `TLS`, needed for `tls:` listeners; default none.
    /// - `timers`: `t1` 500 ms, `t2` 4 s, `t4` 5 s (RFC 3261 §17.1.1.1); `session_expires` 1800 s, how long a call lasts
    ///   whose phone is not heard of, 0 for ever; `min_se` 90 s, the least that is taken of others (RFC 4028).
    package struct SIP: Hashable, Sendable {
        package var listen: [SIPListenAddress]
        package var domains: [String]
        package var advertise: String?
        package var tls: TLS?
        /// None: the system's.
        package var nameServers: [HostPort]
        package var registrar: Registrar
        package var timers: SIPTimers
    }

    /// `sip.tls`: what TLS connections with phones and trunks prove, and ask for.
    ///
    /// - `certificate`, `key`: PEM files, ours toward whoever connects and toward those whom we connect to.
    /// - `authorities`: a PEM file with those who must have signed a peer's certificate; default, the system's.
    /// - `client_certificates`: whether whoever connects has to have such a certificate, default false.
    package struct TLS: Hashable, Sendable {
        package var files: TLSFiles
        package var authorities: String?
        package var asksClients: Bool
    }

    /// The base values of SIP's retransmission timers, and of session timers.
    package struct SIPTimers: Hashable, Sendable {
        package var t1: Duration
        package var t2: Duration
        package var t4: Duration
        /// Zero: there are no session timers.
        package var sessionExpires: Duration
        package var minimumSessionExpires: Duration
    }
}

extension GatewayConfiguration.SIP {
    static func read(_ reader: MappingReader) -> Self {
        defer { reader.finish() }
        let advertise = reader.value("advertise")?.converted(expected: "an IP address or a host name") { text in
            IPAddressText(text)?.description ?? (HostName.isValid(text) ? text : nil)
        }
        let listen = self.readListeners(reader, advertise: advertise)
        let domains = reader.value("domains").flatMap { value in
            if value.isList, !value.hasElements { value.fail("must name at least one domain") }
            return value.list(Self.readDomain)
        }
        return Self(
            listen: listen,
            domains: domains ?? self.defaultDomains(listen, advertise),
            advertise: advertise,
            tls: self.readTLS(reader, listen),
            nameServers: self.readNameServers(reader.section("dns")),
            registrar: .read(reader.section("registrar")),
            timers: .read(reader.section("timers"))
        )
    }

    private static func readTLS(
        _ reader: MappingReader,
        _ listen: [SIPListenAddress]
    ) -> GatewayConfiguration.TLS? {
        guard let value = reader.value("tls") else {
            if let listener = listen.first(where: { $0.transport == .tls }) {
                reader.fail("\(listener) needs tls, with a certificate and its key")
            }
            return nil
        }
        return value.mapping().flatMap(GatewayConfiguration.TLS.read)
    }

    private static func readListeners(_ reader: MappingReader, advertise: String?) -> [SIPListenAddress] {
        let standard = HostPort(host: "127.0.0.1", port: 5_060)
        guard let value = reader.value("listen") else {
            return [
                SIPListenAddress(transport: .udp, address: standard),
                SIPListenAddress(transport: .tcp, address: standard),
            ]
        }
        var seen: [SIPListenAddress] = []
        let isAdvertised = reader.value("advertise") != nil
        let listeners = value.list { element -> SIPListenAddress? in
            guard let address = Self.readListener(element) else { return nil }
            let twin = seen.first {
                $0.transport.shares(address.transport) && $0.address.collides(with: address.address)
            }
            if let twin { element.fail("\(address) can't be bound beside \(twin)") }
            if address.address.isWildcard, !isAdvertised {
                element.fail("\(address) listens on every address, so sip.advertise must say which one peers see")
            }
            seen.append(address)
            return address
        }
        if value.isList, !value.hasElements { value.fail("must name at least one listener") }
        return listeners ?? []
    }

    private static func readListener(_ element: ValueReader) -> SIPListenAddress? {
        guard let text = element.text() else { return nil }
        do throws(SIPListenAddress.ParseError) {
            return try SIPListenAddress(text: text)
        } catch {
            switch error {
            case .malformed:
                element.fail(
                    "\"\(text)\" is not a listener; write udp:127.0.0.1:5060, tcp:[::1]:5060 or tls:127.0.0.1:5061"
                )
            }
        }
        return nil
    }

    private static func readNameServers(_ reader: MappingReader) -> [HostPort] {
        defer { reader.finish() }
        return reader.value("servers")?.list { element in
            element.converted(expected: "an IP address, or one with a port, as 192.0.2.1:53") { text in
                let address = IPAddressText(text).map { HostPort(host: $0.description, port: 53) }
                return (address ?? HostPort(text: text)).flatMap { $0.port > 0 && !$0.isWildcard ? $0 : nil }
            }
        } ?? []
    }

    private static func readDomain(_ reader: ValueReader) -> String? {
        reader.converted(expected: "a domain name or an IP address") { text in
            IPAddressText(text)?.description ?? (HostName.isValid(text) ? text.lowercased() : nil)
        }
    }

    private static func defaultDomains(_ listen: [SIPListenAddress], _ advertise: String?) -> [String] {
        var domains: [String] = []
        let hosts = listen.map(\.address).filter { !$0.isWildcard }.map(\.host)
        for host in hosts + [advertise].compactMap({ $0?.lowercased() }) where !domains.contains(host) {
            domains.append(host)
        }
        return domains
    }
}

extension GatewayConfiguration.TLS {
    static func read(_ reader: MappingReader) -> Self? {
        let authorities = reader.value("authorities")?.readableFile()
        let asksClients = reader.value("client_certificates")?.boolean() ?? false
        guard let files = GatewayConfiguration.TLSFiles.read(reader) else { return nil }
        let tls = Self(files: files, authorities: authorities, asksClients: asksClients)
        do throws(TLSSettings.Fault) {
            try tls.settings.check()
        } catch {
            reader.value(error.file.rawValue)?.fail(error.reason)
        }
        return tls
    }
}

extension GatewayConfiguration.SIPTimers {
    static func read(_ reader: MappingReader) -> Self {
        defer { reader.finish() }
        let range = Duration.milliseconds(1)...Duration.seconds(60)
        let timers = Self(
            t1: reader.value("t1")?.duration(in: range) ?? .milliseconds(500),
            t2: reader.value("t2")?.duration(in: range) ?? .seconds(4),
            t4: reader.value("t4")?.duration(in: range) ?? .seconds(5),
            sessionExpires: reader.value("session_expires")?.duration(in: self.sessionRange) ?? .seconds(1_800),
            minimumSessionExpires: reader.value("min_se")?.duration(in: .seconds(1)...(.seconds(3_600))) ?? .seconds(90)
        )
        if timers.t2 < timers.t1 { reader.fail("t2 must not be shorter than t1") }
        if !timers.allows(timers.sessionExpires) { reader.fail("session_expires must not be shorter than min_se") }
        if timers.minimumSessionExpires < .seconds(90) {
            reader.value("min_se")?.warn("less than 90 s, the least that RFC 4028 allows, is for tests")
        }
        return timers
    }

    /// Of `session_expires`, here and of a trunk.
    static let sessionRange = Duration.zero...Duration.seconds(86_400)

    /// Whether a session may last so long; zero is for ever.
    func allows(_ sessionExpires: Duration) -> Bool {
        sessionExpires == .zero || sessionExpires >= self.minimumSessionExpires
    }
}
