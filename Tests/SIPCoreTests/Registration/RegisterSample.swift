import SIPCore

/// REGISTER requests of the phone 1001, and the registry that they are for.
enum RegisterSample {
    static let domain = "192.0.2.1"
    static let credentials = DigestCredentials(username: "1001", password: "secret")
    static let account = PhoneAccount(
        name: "1001",
        displayName: "Desk",
        secrets: DigestSecrets(Self.credentials, realm: domain)
    )
    static let other = PhoneAccount(
        name: "1002",
        secrets: DigestSecrets(DigestCredentials(username: "1002", password: "other"), realm: domain)
    )
    /// Where the phone stands, as its NAT shows it.
    static let udp = SIPFlow(transport: .udp, remote: SIPAddress(host: "203.0.113.9", port: 33_000), listener: 0)
    static let tcp = SIPFlow(
        transport: .tcp,
        remote: SIPAddress(host: "203.0.113.9", port: 33_001),
        listener: 1,
        connection: 5
    )
    static let contact = NameAddress(uri: SIPURI(user: "1001", host: "10.0.0.9", port: 5062))

    static func registry(limits: RegistrarLimits = .init(), key: UInt8 = 7) -> PhoneRegistry {
        PhoneRegistry(
            configuration: .init(
                domains: [self.domain],
                digest: .init(realm: self.domain),
                limits: limits,
                unixTimeAtOrigin: 1_700_000_000
            ),
            accounts: [self.account, self.other],
            key: Array(repeating: key, count: 32)
        )
    }

    /// A REGISTER as the phone sends it; `expires` is its Expires field.
    static func register(
        _ contacts: [Contact] = [.address(contact)],
        expires: String? = "3600",
        callID: String = "reg",
        cSeq: UInt32 = 1,
        aor: String = "1001",
        rport: Via.ResponsePort = .requested,
        fields: [SIPHeaders.Field] = []
    ) -> SIPRequest {
        let address = SIPURI(user: aor, host: self.domain)
        var from = NameAddress(uri: address)
        from.tag = "phone"
        var headers = SIPHeaders(
            via: [
                Via(transport: .udp, host: "10.0.0.9", port: 5062, branch: "z9hG4bK\(callID)\(cSeq)", rport: rport)
            ],
            from: from,
            to: NameAddress(uri: address),
            callID: callID,
            cSeq: CSeq(cSeq, .register),
            maxForwards: 70,
            fields: fields
        )
        for contact in contacts { headers.contact.append(contact) }
        if let expires { headers.fields.append(.init("Expires", expires)) }
        return SIPRequest(method: .register, uri: SIPURI(host: self.domain), headers: headers)
    }

    /// A Contact with these parameters.
    static func contact(_ host: String, _ parameters: (String, String)...) -> Contact {
        var contact = NameAddress(uri: SIPURI(user: "1001", host: host))
        for (name, value) in parameters { contact.parameters.append(.init(name, value)) }
        return .address(contact)
    }

    /// The request with the answer to a challenge.
    static func authorized(
        _ request: SIPRequest,
        by challenge: SIPHeaders.Field?,
        credentials: DigestCredentials = credentials,
        count: UInt32 = 1
    ) -> SIPRequest {
        guard let challenge = challenge.flatMap({ DigestChallenge.list($0.value).first }) else { return request }
        var request = request
        let response = DigestResponse(
            to: challenge,
            credentials: credentials,
            method: request.method.name,
            uri: request.uri.text,
            cnonce: "client",
            nonceCount: count
        )
        request.headers.fields.append(.init("Authorization", response.fieldValue))
        return request
    }
}

extension RegistrationReply {
    /// The Contacts' hosts, each with its time.
    var bindings: [String] {
        self.contacts.compactMap { $0.address }.map { "\($0.uri.host) \($0.parameters["expires"] ?? "-")" }
    }
}
