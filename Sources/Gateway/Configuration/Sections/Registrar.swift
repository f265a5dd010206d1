extension GatewayConfiguration {
    /// `sip.registrar`: how phones register here.
    ///
    /// - `min_expires`: phones that ask for less are told; default 60 s, an hour at most.
    /// - `max_expires`: phones that ask for more get this; default 3600 s.
    /// - `algorithms`: the digests that phones are asked for, best first; default `[MD5]`, for there are phones that give up
    ///   where they see another beside it.
    /// - `nonce_lifetime`: for how long a phone may prove itself by one challenge; default 5 min.
    /// - `wrong_passwords`: how many from one address for one phone are borne, and four times as many for all phones; default
    ///   `10/min`.
    /// - `ban`: for how long an address is turned away that sent more; default 5 min.
    package struct Registrar: Hashable, Sendable {
        package var minimumExpires: Duration
        package var maximumExpires: Duration
        package var algorithms: [Algorithm]
        package var nonceLifetime: Duration
        package var wrongPasswords: Rate
        package var ban: Duration
    }

    /// A digest algorithm, as `sip.registrar.algorithms` names it.
    package enum Algorithm: String, CaseIterable, Hashable, Sendable {
        case sha256 = "SHA-256"
        case md5 = "MD5"
    }
}

extension GatewayConfiguration.Registrar {
    static func read(_ reader: MappingReader) -> Self {
        defer { reader.finish() }
        let algorithms = reader.value("algorithms").flatMap { value in
            if value.isList, !value.hasElements { value.fail("must name at least one algorithm") }
            return value.list { $0.word(GatewayConfiguration.Algorithm.self) }
        }
        let registrar = Self(
            minimumExpires: reader.value("min_expires")?.duration(in: .seconds(1)...(.seconds(3_600))) ?? .seconds(60),
            maximumExpires: reader.value("max_expires")?.duration(in: .seconds(1)...(.seconds(86_400)))
                ?? .seconds(3_600),
            algorithms: algorithms ?? [.md5],
            nonceLifetime: reader.value("nonce_lifetime")?.duration(in: .seconds(1)...(.seconds(3_600)))
                ?? .seconds(300),
            wrongPasswords: reader.value("wrong_passwords")?
                .converted(expected: "a rate; write 10/min, 2/s or 100/h", Rate.init(text:))
                ?? Rate(count: 10, period: .minute),
            ban: reader.value("ban")?.duration(in: .seconds(1)...(.seconds(86_400))) ?? .seconds(300)
        )
        if registrar.maximumExpires < registrar.minimumExpires {
            reader.fail("max_expires must not be shorter than min_expires")
        }
        return registrar
    }
}
