internal import CallCore
internal import CallRuntime
internal import ClientProtocol
internal import ClientServer
internal import Foundation
internal import MediaCore
internal import NIOCore
internal import SIPCore
internal import SIPTransport

// What each room gets of the configuration, in its own words.

extension Duration {
    /// The same length as SIPCore has it; zero where it is negative.
    var span: SIPCore.Span {
        let (seconds, attoseconds) = self.components
        return Span(nanoseconds: UInt64(max(0, seconds)) * 1_000_000_000 + UInt64(max(0, attoseconds)) / 1_000_000_000)
    }
}

extension UserKey {
    var partyID: PartyID { PartyID(text: self.text, isNumber: self.isNumber) }
}

extension SIPListenAddress.Transport {
    var kind: SIPTransportKind {
        switch self {
        case .udp: .udp
        case .tcp: .tcp
        case .tls: .tls
        }
    }
}

extension GatewayConfiguration {
    /// What may be replaced while calls run; `stored` are users beside those of the file, who go before them.
    func callTable(_ stored: [Directory.User]) -> CallTable.Configuration {
        CallTable.Configuration(
            router: Router(
                directory: Directory(users: stored + self.users.map(\.entry), groups: self.groups.map(\.entry)),
                dialPlan: DialPlan(self.dialplan, normalize: self.normalize),
                trunks: self.trunks.map { $0.entry(self.media) },
                domains: self.sip.domains,
                phoneRelay: self.media.policy
            ),
            timers: CallTimers(
                ring: self.timers.ring.span,
                turn: self.timers.turn.span,
                negotiation: self.timers.negotiation.span,
                candidates: self.timers.candidates.span,
                call: self.timers.call == .zero ? nil : self.timers.call.span
            ),
            limits: CallLimits(
                callsPerUser: self.limits.callsPerUser,
                callRatePerUser: self.limits.callRatePerUser.count,
                callRatePeriod: .seconds(UInt64(self.limits.callRatePerUser.period.rawValue)),
                calls: self.limits.calls
            ),
            iceServers: { [servers = self.client.iceServers] user, now in
                JSONFragment(utf8: servers.json(for: user.text, now: now))
            }
        )
    }

    var transport: SIPTransport.Configuration {
        var configuration = self.transportOfListeners
        // A phone that registered by its connection is reached by no other: it is kept until the phone is due again.
        configuration.idleTimeout = max(
            configuration.idleTimeout,
            .seconds(UInt64(self.sip.registrar.maximumExpires.components.seconds) + 60)
        )
        return configuration
    }

    private var transportOfListeners: SIPTransport.Configuration {
        var configuration = SIPTransport.Configuration(
            listeners: self.sip.listen.map {
                .init(transport: $0.transport.kind, host: $0.address.host, port: $0.address.port)
            }
        )
        configuration.tls = self.sip.tls?.settings
        configuration.nameServers = self.sip.nameServers.map(\.description)
        return configuration
    }

    /// The user agent's part, with the listeners as the transport has bound them.
    func userAgent(_ bound: [SIPListener]) -> SIPUserAgent.Configuration {
        let listeners = bound.map { listener in
            var listener = listener
            if let advertise = self.sip.advertise { listener.address.host = advertise }
            return listener
        }
        return SIPUserAgent.Configuration(
            listeners: listeners,
            product: "Switchhook/\(GatewayVersion.current)",
            timers: SIPCore.SIPTimers(
                t1: self.sip.timers.t1.span,
                t2: self.sip.timers.t2.span,
                t4: self.sip.timers.t4.span
            ),
            sessionTimers: self.sip.timers.sessionTimers
        )
    }

    var clientServer: ClientServerConfiguration {
        var limits = ClientServerConfiguration.Limits()
        limits.messageBytes = self.limits.messageBytes
        limits.socketsPerUser = self.limits.socketsPerUser
        return ClientServerConfiguration(
            host: self.client.listen.host,
            port: Int(self.client.listen.port),
            tls: self.client.tls.map { .init(certificatePath: $0.certificate, keyPath: $0.key) },
            allowedOrigins: self.client.allowedOrigins,
            limits: limits
        )
    }
}

extension GatewayConfiguration.TLS {
    var settings: TLSSettings {
        TLSSettings(
            certificatePath: self.files.certificate,
            keyPath: self.files.key,
            authoritiesPath: self.authorities,
            asksClients: self.asksClients
        )
    }
}

extension GatewayConfiguration.User {
    fileprivate var entry: Directory.User {
        Directory.User(
            id: self.id.partyID,
            username: self.username,
            aliases: self.aliases,
            phones: self.phones,
            account: self.registration.map {
                Directory.Account(
                    trunk: $0.trunk,
                    credentials: DigestCredentials(username: $0.username, password: $0.password.reveal())
                )
            },
            callerID: self.callerID,
            mayCall: self.mayCall,
            maxDuration: self.maxDuration?.span
        )
    }
}

extension GatewayConfiguration.Group {
    fileprivate var entry: CallCore.Group {
        let order: CallCore.Group.Order =
            switch self.ring {
            case .all: .all
            case .inTurn: .inTurn
            }
        return CallCore.Group(
            name: self.name,
            numbers: self.numbers,
            members: self.members.map(\.partyID),
            ring: order,
            ringTime: self.ringTime.span
        )
    }
}

extension GatewayConfiguration.Trunk {
    fileprivate func entry(_ media: GatewayConfiguration.Media) -> CallCore.Trunk {
        var credentials: DigestCredentials?
        if let username = self.username, let password = self.password {
            credentials = DigestCredentials(username: username, password: password.reveal())
        }
        var trunk = CallCore.Trunk(
            name: self.name,
            servers: self.callServers,
            route: self.route,
            credentials: credentials,
            acceptFrom: self.acceptFrom.compactMap { AddressPrefix($0.description) },
            fromUser: self.fromUser,
            isTrusted: self.isTrusted,
            tryTimeout: self.tryTimeout.span,
            sessionTimer: self.sessionTimer,
            reliability: self.reliability.policy,
            relay: self.relay(media),
            probe: self.probe == .zero ? nil : self.probe.span,
            calls: self.calls
        )
        trunk.callerIDs = NumberRules(self.callerIDs)
        trunk.inbound = self.inbound.map { NumberRules($0) }
        return trunk
    }

    private var sessionTimer: InviteOrder.SessionTimer {
        guard let wanted = self.sessionExpires else { return .usual }
        return wanted == .zero ? .off : .interval(wanted.wholeSeconds)
    }

    /// How media of calls with it is anchored; nil: it passes through.
    private func relay(_ media: GatewayConfiguration.Media) -> RelayPolicy? {
        switch self.mediaMode ?? media.mode {
        case .passthrough:
            nil
        case .relay, .rtpengine:
            RelayPolicy(
                codecs: media.codecs.map(\.audioCodec),
                answering: self.answer.policy,
                offersSDES: self.offersSRTP ?? media.offersSRTP,
                transcodes: media.transcodes
            )
        }
    }
}

extension GatewayConfiguration.Reliability {
    fileprivate var policy: InviteOrder.Reliability {
        switch self {
        case .supported: .usual
        case .required: .required
        case .never: .off
        }
    }
}

extension GatewayConfiguration.SIPTimers {
    fileprivate var sessionTimers: SessionTimers {
        let minimum = self.minimumSessionExpires.wholeSeconds
        guard self.sessionExpires != .zero else { return SessionTimers(isOn: false, minimum: minimum) }
        return SessionTimers(interval: self.sessionExpires.wholeSeconds, minimum: minimum)
    }
}

extension Duration {
    /// Of a length that the configuration has checked.
    fileprivate var wholeSeconds: UInt32 { UInt32(clamping: self.components.seconds) }
}

extension GatewayConfiguration.Media {
    /// How media of calls with phones that register here is anchored; nil: it passes through.
    fileprivate var policy: RelayPolicy? {
        switch self.mode {
        case .passthrough:
            nil
        case .relay, .rtpengine:
            RelayPolicy(
                codecs: self.codecs.map(\.audioCodec),
                offersSDES: self.offersSRTP,
                transcodes: self.transcodes
            )
        }
    }
}

extension GatewayConfiguration.Codec {
    fileprivate var audioCodec: AudioCodec {
        switch self {
        case .opus: .opus
        case .g722: .g722
        case .pcmu: .pcmu
        case .pcma: .pcma
        }
    }
}

extension GatewayConfiguration.Answering {
    fileprivate var policy: RelayPolicy.Answering {
        switch self {
        case .safe: .safe
        case .fast: .fast
        }
    }
}

extension GatewayConfiguration.Tokens {
    /// Reads the key where it is in a file.
    ///
    /// - Throws: `GatewayError` where the file can't be read.
    func verifierConfiguration() throws(GatewayError) -> TokenConfiguration {
        let key: TokenKey
        switch self.key {
        case .secret(let secret): key = .secret(secret.reveal())
        case .publicKey(let file): key = .publicKey(pem: try Self.read(file))
        case .keySet(let file): key = .keySet(json: try Self.read(file))
        }
        return TokenConfiguration(
            algorithm: self.algorithm.tokenAlgorithm,
            key: key,
            userClaim: self.userClaim,
            usernameClaim: self.usernameClaim,
            required: self.required.mapValues(\.text),
            issuer: self.issuer,
            audience: self.audience,
            allowNoExpiry: self.allowNoExpiry
        )
    }

    private static func read(_ file: String) throws(GatewayError) -> String {
        guard let data = FileManager.default.contents(atPath: file), let text = String(data: data, encoding: .utf8)
        else { throw GatewayError(.unusableKey, "tokens: the file \(file) can't be read") }
        return text
    }
}

extension GatewayConfiguration.Tokens.Algorithm {
    fileprivate var tokenAlgorithm: TokenAlgorithm {
        switch self {
        case .hs256: .hs256
        case .hs384: .hs384
        case .hs512: .hs512
        case .rs256: .rs256
        case .es256: .es256
        case .edDSA: .edDSA
        }
    }
}

extension GatewayConfiguration.ClaimValue {
    /// The value as JSON writes it, a string without its quotes.
    fileprivate var text: String {
        switch self {
        case .string(let text): text
        case .integer(let number): String(number)
        case .boolean(let flag): flag ? "true" : "false"
        }
    }
}
