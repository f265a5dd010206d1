internal import CallCore
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
            digest: DigestServer.Configuration(realm: self.realm),
            limits: RegistrarLimits(
                minimumExpires: UInt32(self.sip.registrar.minimumExpires.components.seconds),
                maximumExpires: UInt32(self.sip.registrar.maximumExpires.components.seconds)
            ),
            unixTimeAtOrigin: unixTimeAtOrigin
        )
    }

    /// The registrations that we keep at trunks, by the trunk's name.
    var registrations: [String: RegistrationOrder] {
        var orders: [String: RegistrationOrder] = [:]
        for trunk in self.trunks where trunk.registers {
            guard let username = trunk.username, let password = trunk.password else { continue }
            let user = SIPURI.escapedUser(username)
            let port = trunk.uri.port == 5_060 ? nil : trunk.uri.port
            orders[trunk.name] = RegistrationOrder(
                registrar: SIPURI(host: trunk.uri.host, port: port),
                targets: [
                    SIPTarget(transport: trunk.uri.transport.kind, host: trunk.uri.host, port: trunk.uri.port)
                ],
                address: NameAddress(uri: SIPURI(user: user, host: trunk.uri.host, port: port)),
                // A peer calls us by it: so it has to be what the trunk is to reach.
                contactUser: SIPURI.escapedUser(trunk.fromUser ?? username),
                credentials: DigestCredentials(username: username, password: password.reveal()),
                timing: RegistrationOrder.Timing(tryTimeout: trunk.tryTimeout.span)
            )
        }
        return orders
    }
}
