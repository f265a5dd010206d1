internal import Yams

extension GatewayConfiguration.Client {
    var effectiveNode: Node {
        EffectiveNode.mapping([
            ("listen", EffectiveNode.text(self.listen.description)),
            ("tls", self.tls?.effectiveNode ?? EffectiveNode.plain("null")),
            ("allowed_origins", EffectiveNode.inlineList(self.allowedOrigins.map(EffectiveNode.text))),
            ("ice_servers", EffectiveNode.list(self.iceServers.map(\.effectiveNode))),
        ])
    }
}

extension GatewayConfiguration.TLSFiles {
    var effectiveNode: Node {
        EffectiveNode.mapping([
            ("certificate", EffectiveNode.text(self.certificate)),
            ("key", EffectiveNode.text(self.key)),
        ])
    }
}

extension GatewayConfiguration.TLS {
    var effectiveNode: Node {
        EffectiveNode.mapping([
            ("certificate", EffectiveNode.text(self.files.certificate)),
            ("key", EffectiveNode.text(self.files.key)),
            ("authorities", EffectiveNode.text(self.authorities)),
            ("client_certificates", EffectiveNode.plain(self.asksClients)),
        ])
    }
}

extension GatewayConfiguration.ICEServer {
    var effectiveNode: Node {
        let access: [(String, Node)] =
            switch self.access {
            case .none: []
            case .credential(let username, let credential):
                [("username", EffectiveNode.text(username)), ("credential", EffectiveNode.secret(credential))]
            case .secret(let secret, let ttl):
                [("secret", EffectiveNode.secret(secret)), ("ttl", EffectiveNode.duration(ttl))]
            }
        return EffectiveNode.mapping(
            [("urls", EffectiveNode.inlineList(self.urls.map(EffectiveNode.text)))] + access
        )
    }
}

extension GatewayConfiguration.Tokens {
    var effectiveNode: Node {
        let key: (String, Node) =
            switch self.key {
            case .secret(let secret): ("secret", EffectiveNode.secret(secret))
            case .publicKey(let file): ("public_key", EffectiveNode.text(file))
            case .keySet(let file): ("jwks", EffectiveNode.text(file))
            }
        return EffectiveNode.mapping([
            ("algorithm", EffectiveNode.plain(self.algorithm.rawValue)),
            key,
            ("user_claim", EffectiveNode.text(self.userClaim)),
            ("username_claim", EffectiveNode.text(self.usernameClaim)),
            (
                "required",
                EffectiveNode.inline(
                    self.required.sorted { $0.key < $1.key }.map { ($0, $1.effectiveNode) }
                )
            ),
            ("issuer", EffectiveNode.text(self.issuer)),
            ("audience", EffectiveNode.text(self.audience)),
            ("allow_no_expiry", EffectiveNode.plain(self.allowNoExpiry)),
        ])
    }
}

extension GatewayConfiguration.ClaimValue {
    var effectiveNode: Node {
        switch self {
        case .string(let text): EffectiveNode.text(text)
        case .integer(let number): EffectiveNode.plain(number)
        case .boolean(let flag): EffectiveNode.plain(flag)
        }
    }
}

extension GatewayConfiguration.Admin {
    var effectiveNode: Node {
        EffectiveNode.mapping([
            ("listen", EffectiveNode.text(self.listen.description)),
            ("token", EffectiveNode.secret(self.token)),
        ])
    }
}

extension GatewayConfiguration.SIP {
    var effectiveNode: Node {
        EffectiveNode.mapping([
            ("listen", EffectiveNode.inlineList(self.listen.map { EffectiveNode.text($0.description) })),
            ("domains", EffectiveNode.inlineList(self.domains.map(EffectiveNode.text))),
            ("advertise", EffectiveNode.text(self.advertise)),
            ("tls", self.tls?.effectiveNode ?? EffectiveNode.plain("null")),
            (
                "dns",
                EffectiveNode.inline([
                    (
                        "servers",
                        EffectiveNode.inlineList(self.nameServers.map { EffectiveNode.text($0.description) })
                    )
                ])
            ),
            (
                "registrar",
                EffectiveNode.inline([
                    ("min_expires", EffectiveNode.duration(self.registrar.minimumExpires)),
                    ("max_expires", EffectiveNode.duration(self.registrar.maximumExpires)),
                    (
                        "algorithms",
                        EffectiveNode.inlineList(self.registrar.algorithms.map { EffectiveNode.plain($0.rawValue) })
                    ),
                    ("nonce_lifetime", EffectiveNode.duration(self.registrar.nonceLifetime)),
                    ("wrong_passwords", EffectiveNode.text(self.registrar.wrongPasswords.description)),
                    ("ban", EffectiveNode.duration(self.registrar.ban)),
                ])
            ),
            (
                "timers",
                EffectiveNode.inline([
                    ("t1", EffectiveNode.duration(self.timers.t1)),
                    ("t2", EffectiveNode.duration(self.timers.t2)),
                    ("t4", EffectiveNode.duration(self.timers.t4)),
                    ("session_expires", EffectiveNode.duration(self.timers.sessionExpires)),
                    ("min_se", EffectiveNode.duration(self.timers.minimumSessionExpires)),
                ])
            ),
        ])
    }
}

extension GatewayConfiguration.User {
    var effectiveNode: Node {
        EffectiveNode.mapping([
            ("id", EffectiveNode.user(self.id)),
            ("username", EffectiveNode.text(self.username)),
            ("aliases", EffectiveNode.inlineList(self.aliases.map(EffectiveNode.text))),
            ("phones", EffectiveNode.inlineList(self.phones.map(EffectiveNode.text))),
            ("register", self.registration?.effectiveNode ?? EffectiveNode.plain("null")),
            ("caller_id", EffectiveNode.text(self.callerID)),
            (
                "may_call",
                self.mayCall.map { EffectiveNode.inlineList($0.map(EffectiveNode.text)) } ?? EffectiveNode.plain("null")
            ),
            ("max_duration", self.maxDuration.map(EffectiveNode.duration) ?? EffectiveNode.plain("null")),
        ])
    }
}

extension GatewayConfiguration.Registration {
    fileprivate var effectiveNode: Node {
        EffectiveNode.mapping([
            ("trunk", EffectiveNode.text(self.trunk)),
            ("username", EffectiveNode.text(self.username)),
            ("password", EffectiveNode.secret(self.password)),
            ("when", EffectiveNode.plain(self.when.rawValue)),
        ])
    }
}

extension GatewayConfiguration.Phone {
    var effectiveNode: Node {
        EffectiveNode.mapping([
            ("extension", EffectiveNode.text(self.number)),
            ("password", EffectiveNode.secret(self.password)),
            ("display_name", EffectiveNode.text(self.displayName)),
        ])
    }
}

extension GatewayConfiguration.Group {
    var effectiveNode: Node {
        EffectiveNode.mapping([
            ("name", EffectiveNode.text(self.name)),
            ("numbers", EffectiveNode.inlineList(self.numbers.map(EffectiveNode.text))),
            ("members", EffectiveNode.inlineList(self.members.map(EffectiveNode.user))),
            ("ring", EffectiveNode.plain(self.ring.rawValue)),
            ("ring_time", EffectiveNode.duration(self.ringTime)),
        ])
    }
}

extension GatewayConfiguration.Trunk {
    var effectiveNode: Node {
        EffectiveNode.mapping([
            ("name", EffectiveNode.text(self.name)),
            self.serversEntry,
            ("outbound_proxy", EffectiveNode.text(self.outboundProxy?.description)),
            ("username", EffectiveNode.text(self.username)),
            ("password", EffectiveNode.secret(self.password)),
            ("register", EffectiveNode.plain(self.registers)),
            ("accept_from", EffectiveNode.inlineList(self.acceptFrom.map { EffectiveNode.text($0.description) })),
            ("from_user", EffectiveNode.text(self.fromUser)),
            ("caller_id", EffectiveNode.list(self.callerIDs.map { $0.effectiveNode(rewrite: "rewrite") })),
            (
                "inbound",
                self.inbound.map { EffectiveNode.list($0.map { $0.effectiveNode(rewrite: "to") }) }
                    ?? EffectiveNode.plain("null")
            ),
            ("trusted", EffectiveNode.plain(self.isTrusted)),
            ("calls", EffectiveNode.plain(self.calls.map { "\($0)" } ?? "null")),
            ("probe", self.probe == .zero ? EffectiveNode.plain("0") : EffectiveNode.duration(self.probe)),
            ("try_timeout", EffectiveNode.duration(self.tryTimeout)),
            ("session_expires", self.sessionExpires.map(EffectiveNode.duration) ?? EffectiveNode.plain("null")),
            ("reliable", EffectiveNode.plain(self.reliability.rawValue)),
            ("answer", EffectiveNode.plain(self.answer.rawValue)),
            (
                "media",
                EffectiveNode.inline([
                    ("mode", EffectiveNode.plain(self.mediaMode?.rawValue ?? "null")),
                    ("srtp", EffectiveNode.plain(self.offersSRTP.map { $0 ? "true" : "false" } ?? "null")),
                ])
            ),
        ])
    }
}

extension GatewayConfiguration.Trunk {
    /// `uri`, or `uris` where there are several.
    private var serversEntry: (String, Node) {
        if let only = self.servers.first, self.servers.count == 1 {
            return ("uri", EffectiveNode.text(only.uri.description))
        }
        let servers = self.servers.map { server in
            EffectiveNode.inline([
                ("uri", EffectiveNode.text(server.uri.description)),
                ("priority", EffectiveNode.plain(server.priority)),
                ("weight", EffectiveNode.plain(server.weight)),
            ])
        }
        return ("uris", EffectiveNode.list(servers))
    }
}

extension GatewayConfiguration.Media {
    var effectiveNode: Node {
        EffectiveNode.mapping([
            ("mode", EffectiveNode.plain(self.mode.rawValue)),
            ("codecs", EffectiveNode.inlineList(self.codecs.map { EffectiveNode.plain($0.rawValue) })),
            ("srtp", EffectiveNode.plain(self.offersSRTP)),
            ("transcode", EffectiveNode.plain(self.transcodes)),
            (
                "relay",
                EffectiveNode.mapping([
                    ("address", EffectiveNode.inlineList(self.relay.addresses.map(EffectiveNode.text))),
                    ("advertise", EffectiveNode.inlineList(self.relay.advertise.map(EffectiveNode.text))),
                    ("webrtc_port", EffectiveNode.plain(self.relay.webRTCPort)),
                    ("ports", EffectiveNode.plain("\(self.relay.ports.lowerBound)-\(self.relay.ports.upperBound)")),
                    ("timeout", EffectiveNode.duration(self.relay.timeout)),
                ])
            ),
            (
                "rtpengine",
                EffectiveNode.mapping([
                    (
                        "control",
                        EffectiveNode.inlineList(self.rtpengine.control.map { EffectiveNode.text($0.description) })
                    ),
                    ("dtmf_listen", EffectiveNode.text(self.rtpengine.digitListener?.description)),
                    ("timeout", EffectiveNode.duration(self.rtpengine.timeout)),
                ])
            ),
        ])
    }
}

extension DialPattern {
    /// A row of `match` and of what takes its place, under that key.
    func effectiveNode(rewrite key: String) -> Node {
        EffectiveNode.inline([
            ("match", EffectiveNode.text(self.source)), (key, EffectiveNode.text(self.rewrite)),
        ])
    }
}

extension GatewayConfiguration.DialRow {
    var effectiveNode: Node {
        EffectiveNode.mapping([
            ("name", EffectiveNode.text(self.name)),
            ("match", EffectiveNode.text(self.pattern.source)),
            (
                "trunk",
                self.trunks.count == 1
                    ? EffectiveNode.text(self.trunks[0]) : EffectiveNode.inlineList(self.trunks.map(EffectiveNode.text))
            ),
            ("rewrite", EffectiveNode.text(self.pattern.rewrite)),
            (
                "allow",
                self.allow.map { EffectiveNode.inlineList($0.map(EffectiveNode.user)) } ?? EffectiveNode.plain("null")
            ),
            ("allow_trunks", EffectiveNode.inlineList(self.allowTrunks.map(EffectiveNode.text))),
            ("max_duration", self.maxDuration.map(EffectiveNode.duration) ?? EffectiveNode.plain("null")),
        ])
    }
}

extension GatewayConfiguration.Log {
    var effectiveNode: Node {
        EffectiveNode.inline([
            ("level", EffectiveNode.plain(self.level.rawValue)),
            ("format", EffectiveNode.plain(self.format.rawValue)),
        ])
    }
}

extension GatewayConfiguration.Timers {
    var effectiveNode: Node {
        EffectiveNode.inline([
            ("ring", EffectiveNode.duration(self.ring)),
            ("turn", EffectiveNode.duration(self.turn)),
            ("negotiation", EffectiveNode.duration(self.negotiation)),
            ("candidates", EffectiveNode.duration(self.candidates)),
            ("call", EffectiveNode.duration(self.call)),
            ("resume_grace", EffectiveNode.plain("0")),
            ("drain", EffectiveNode.duration(self.drain)),
        ])
    }
}

extension GatewayConfiguration.Limits {
    var effectiveNode: Node {
        EffectiveNode.mapping([
            ("calls_per_user", EffectiveNode.plain(self.callsPerUser)),
            ("call_rate_per_user", EffectiveNode.text(self.callRatePerUser.description)),
            ("sockets_per_user", EffectiveNode.plain(self.socketsPerUser)),
            ("message_bytes", EffectiveNode.plain(self.messageBytes)),
            ("calls", EffectiveNode.plain(self.calls)),
        ])
    }
}
