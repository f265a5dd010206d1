internal import CallCore
internal import CallRuntime
internal import SIPCore

// What the side of registrations gets of the configuration.

extension GatewayConfiguration {
    /// What phones log in to; their secrets are made for it.
    var realm: String { self.sip.domains.first ?? "switchhook" }

    /// The phones of the file; they go before those of the storage.
    var phoneAccounts: [PhoneAccount] {
        self.phones.map { phone in
            let credentials = DigestCredentials(username: phone.number, password: phone.password.reveal())
            return PhoneAccount(
                name: phone.number,
                displayName: phone.displayName,
                secrets: DigestSecrets(credentials, realm: self.realm)
            )
        }
    }

    func phoneRegistry(unixTimeAtOrigin: UInt64) -> PhoneRegistry.Configuration {
        PhoneRegistry.Configuration(
            domains: self.sip.domains,
            digest: DigestServer.Configuration(
                realm: self.realm,
                lifetime: self.sip.registrar.nonceLifetime.span,
                algorithms: self.sip.registrar.algorithms.map(\.digest)
            ),
            limits: RegistrarLimits(
                minimumExpires: UInt32(self.sip.registrar.minimumExpires.components.seconds),
                maximumExpires: UInt32(self.sip.registrar.maximumExpires.components.seconds)
            ),
            guesses: GuessLimits(
                wrong: self.sip.registrar.wrongPasswords.count,
                period: .seconds(UInt64(self.sip.registrar.wrongPasswords.period.rawValue)),
                ban: self.sip.registrar.ban.span
            ),
            unixTimeAtOrigin: unixTimeAtOrigin
        )
    }

    /// The registrations that we keep at trunks: of trunks by their names, of users by `user` and the id.
    var registrations: [String: RegistrationPlan] {
        var plans: [String: RegistrationPlan] = [:]
        for trunk in self.trunks where trunk.registers {
            guard let username = trunk.username, let password = trunk.password else { continue }
            let credentials = DigestCredentials(username: username, password: password.reveal())
            // A peer calls us by it: so it has to be what the trunk is to reach.
            let order = trunk.registration(credentials, contactUser: trunk.fromUser ?? username)
            plans[trunk.name] = RegistrationPlan(order: order, trunk: trunk.name)
        }
        for user in self.users {
            guard let registration = user.registration,
                let trunk = self.trunks.first(where: { $0.name == registration.trunk })
            else { continue }
            let credentials = DigestCredentials(
                username: registration.username,
                password: registration.password.reveal()
            )
            let order = trunk.registration(credentials, contactUser: user.id.text)
            plans["user \(user.id.text)"] = RegistrationPlan(
                order: order,
                user: registration.when == .connected ? user.id.text : nil,
                trunk: trunk.name
            )
        }
        return plans
    }
}

extension GatewayConfiguration.Algorithm {
    fileprivate var digest: DigestAlgorithm {
        switch self {
        case .sha256: .sha256
        case .md5: .md5
        }
    }
}

extension GatewayConfiguration.Trunk {
    fileprivate func registration(_ credentials: DigestCredentials, contactUser: String) -> RegistrationOrder {
        let servers = self.callServers.sorted { $0.priority < $1.priority }
        guard let first = servers.first else { preconditionFailure("A trunk has a server") }
        // A domain, so without the transport (RFC 3261 §10.2).
        var domain = first.uri
        domain.parameters = SIPParameters()
        var address = domain
        address.user = SIPURI.escapedUser(credentials.username)
        return RegistrationOrder(
            registrar: domain,
            targets: self.outboundProxy == nil ? servers.map(\.target) : [first.target],
            route: self.route,
            address: NameAddress(uri: address),
            contactUser: SIPURI.escapedUser(contactUser),
            credentials: credentials,
            timing: RegistrationOrder.Timing(tryTimeout: self.tryTimeout.span)
        )
    }
}
