extension GatewayConfiguration {
    /// One of `trunks`: a SIP peer that calls go to and come from.
    ///
    /// - `name`: unique; has no default.
    /// - `uri`: `sip:HOST[:PORT][;transport=udp|tcp|tls]` or `sips:HOST[:PORT]`; has no default. In its place `uris`, a list of
    ///   them, tried in their order; each may be a mapping of `uri`, `priority` (the lowest first; default, its place from 0
    ///   on) and `weight` (its part of the calls among those of one priority; default 0).
    /// - `outbound_proxy`: a URI of the same form, which requests for the trunk are sent to, with a Route that names it
    ///   (RFC 3261 §8.1.2); default none.
    /// - `username`, `password`: for digest, where the peer asks for it; default none.
    /// - `register`: whether a registration is kept there, with `username`; calls for it from there are this trunk's; default
    ///   false.
    /// - `accept_from`: address ranges whose requests are this trunk's and need no digest; default none.
    /// - `from_user`: our identity toward it, where the app's own is not wanted; default none.
    /// - `caller_id`: rows of `match` and `rewrite` that make the caller's number toward it from the caller's own; the first that
    ///   matches decides, and goes before `from_user`; default none.
    /// - `inbound`: rows of `match` and `to` that tell who is called by its numbers, as `normalize` has left them: what `to` says
    ///   is dialled here. The first that matches decides, a number that none matches is nobody's; default, each number is dialled
    ///   as it is.
    /// - `trusted`: whether P-Asserted-Identity, Diversion and History-Info from there are believed, and who calls is asserted
    ///   toward it, even of a caller who withholds that from others (RFC 3325); default false.
    /// - `calls`: how many it may have at once, in both directions together; default, any number.
    /// - `probe`: how often each server is asked by OPTIONS whether it is alive, from 1 s; default 0, never.
    /// - `try_timeout`: how long no response at all is waited for, default 3 s.
    /// - `session_expires`: how long a call with it lasts that is not refreshed (RFC 4028), 0 for ever; default that of
    ///   `sip.timers`.
    /// - `reliable`: provisional responses with PRACK (RFC 3262): `supported`, which is the default; `required` of the peer, and
    ///   sent to it wherever it can take them; `never`, but to a peer that insists.
    /// - `answer`: when a caller from there gets its 200, where media is relayed: `safe`, once the app's media is up, 1.5 s at
    ///   most, which is the default; `fast`, at once.
    /// - `media`: `mode` and `srtp`, default those of the gateway.
    package struct Trunk: Hashable, Sendable {
        package var name: String
        /// Never empty.
        package var servers: [TrunkServer]
        package var outboundProxy: TrunkURI?
        package var username: String?
        package var password: Secret?
        package var registers: Bool
        package var acceptFrom: [CIDR]
        package var fromUser: String?
        package var callerIDs: [DialPattern]
        /// nil: every number reaches whom it reaches here.
        package var inbound: [DialPattern]?
        package var isTrusted: Bool
        /// nil: any number.
        package var calls: Int?
        /// Zero: never.
        package var probe: Duration
        package var tryTimeout: Duration
        /// nil: as `sip.timers` has it.
        package var sessionExpires: Duration?
        package var reliability: Reliability
        package var answer: Answering
        /// nil: as the gateway.
        package var mediaMode: MediaMode?
        /// nil: as the gateway.
        package var offersSRTP: Bool?
    }

    /// Whether provisional responses go and come with PRACK.
    package enum Reliability: String, CaseIterable, Hashable, Sendable {
        case supported
        case required
        case never
    }

    /// When a calling phone gets its 200.
    package enum Answering: String, CaseIterable, Hashable, Sendable {
        case safe
        case fast
    }
}

extension GatewayConfiguration.Trunk {
    static func readAll(_ value: ValueReader?) -> [Self] {
        var names: [String: String] = [:]
        return value?.list { element -> Self? in
            guard let reader = element.mapping() else { return nil }
            defer { reader.finish() }
            let name = reader.required("name").flatMap { value -> String? in
                guard let name = value.nonEmptyText() else { return nil }
                if let path = names[name] {
                    value.fail("\(path) has the name \"\(name)\" already")
                } else {
                    names[name] = element.path
                }
                return name
            }
            let trunk = self.read(reader, name: name ?? "")
            return name == nil ? nil : trunk
        } ?? []
    }

    private static func read(_ reader: MappingReader, name: String) -> Self? {
        let servers = self.readServers(reader)
        let proxy = reader.value("outbound_proxy").flatMap { value -> TrunkURI? in
            let proxy = self.readURI(value)
            if servers?.contains(where: \.uri.isSecure) == true, let proxy, !proxy.needsTLS {
                value.fail("\(proxy) is reached without TLS, which a sips: trunk asks for on the whole way")
            }
            return proxy
        }
        let username = reader.value("username")?.nonEmptyText()
        let password = reader.value("password")?.secret()
        if reader.value("password") == nil, let value = reader.value("username") {
            value.fail("a username needs its password")
        }
        if reader.value("username") == nil, let value = reader.value("password") {
            value.fail("a password needs its username")
        }
        let registers = reader.value("register").flatMap { value -> Bool? in
            let registers = value.boolean()
            if registers == true, username == nil { value.fail("a registration needs a username and its password") }
            return registers
        }
        let acceptFrom = reader.value("accept_from")?.list(self.readRange)
        let fromUser = reader.value("from_user")?.nonEmptyText()
        let callerIDs = DialPattern.readRows(reader.value("caller_id"), rewrite: "rewrite")
        let inbound = DialPattern.readRows(reader.value("inbound"), rewrite: "to")
        let isTrusted = reader.value("trusted")?.boolean()
        let calls = reader.value("calls")?.integer(in: 1...1_000_000)
        let probe = self.readProbe(reader)
        let tryTimeout = reader.value("try_timeout")?.duration(in: .milliseconds(100)...(.seconds(32)))
        let sessionExpires = reader.value("session_expires")?
            .duration(in: GatewayConfiguration.SIPTimers.sessionRange)
        let media = reader.value("media")?.mapping().map(GatewayConfiguration.Media.readOfTrunk)
        return servers.map {
            Self(
                name: name,
                servers: $0,
                outboundProxy: proxy,
                username: username,
                password: password,
                registers: registers ?? false,
                acceptFrom: acceptFrom ?? [],
                fromUser: fromUser,
                callerIDs: callerIDs ?? [],
                inbound: inbound,
                isTrusted: isTrusted ?? false,
                calls: calls,
                probe: probe,
                tryTimeout: tryTimeout ?? .seconds(3),
                sessionExpires: sessionExpires,
                reliability: reader.value("reliable")?.word(GatewayConfiguration.Reliability.self) ?? .supported,
                answer: reader.value("answer")?.word(GatewayConfiguration.Answering.self) ?? .safe,
                mediaMode: media?.mode,
                offersSRTP: media?.offersSRTP
            )
        }
    }

    private static func readProbe(_ reader: MappingReader) -> Duration {
        guard let value = reader.value("probe"), let probe = value.duration(in: .zero...DurationText.longest) else {
            return .zero
        }
        if probe != .zero, probe < .seconds(1) { value.fail("must be 0, which is never, or 1s or longer") }
        return probe
    }

    private static func readServers(_ reader: MappingReader) -> [TrunkServer]? {
        guard let list = reader.value("uris") else {
            return reader.required("uri").flatMap(self.readURI).map { [TrunkServer(uri: $0)] }
        }
        if let value = reader.value("uri") { value.fail("can't stand beside uris") }
        if list.isList, !list.hasElements { list.fail("must name at least one URI") }
        var place: UInt16 = 0
        var seen: Set<TrunkURI> = []
        let servers = list.list { element -> TrunkServer? in
            defer { place &+= 1 }
            guard let server = self.readServer(element, place: place) else { return nil }
            if !seen.insert(server.uri).inserted { element.fail("\(server.uri) is in the list already") }
            return server
        }
        return servers.flatMap { $0.isEmpty ? nil : $0 }
    }

    private static func readServer(_ element: ValueReader, place: UInt16) -> TrunkServer? {
        guard element.isMapping else { return self.readURI(element).map { TrunkServer(uri: $0, priority: place) } }
        guard let reader = element.mapping() else { return nil }
        defer { reader.finish() }
        let uri = reader.required("uri").flatMap(self.readURI)
        let priority = reader.value("priority")?.integer(in: 0...65_535).map { UInt16($0) }
        let weight = reader.value("weight")?.integer(in: 0...65_535).map { UInt16($0) }
        return uri.map { TrunkServer(uri: $0, priority: priority ?? place, weight: weight ?? 0) }
    }

    private static func readURI(_ value: ValueReader) -> TrunkURI? {
        guard let text = value.nonEmptyText() else { return nil }
        do throws(TrunkURI.ParseError) {
            return try TrunkURI(text: text)
        } catch {
            value.fail(error.text)
            return nil
        }
    }

    private static func readRange(_ value: ValueReader) -> CIDR? {
        guard let text = value.text() else { return nil }
        do throws(CIDR.ParseError) {
            return try CIDR(text: text)
        } catch {
            switch error {
            case .malformed:
                value.fail("\"\(text)\" is not a range of addresses; write 192.0.2.0/24, 2001:db8::/32 or one address")
            case .hostBits(let range):
                value.fail("\"\(text)\" has bits beyond its prefix; write \(range) or one address alone")
            }
        }
        return nil
    }
}
