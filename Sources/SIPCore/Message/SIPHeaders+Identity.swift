extension SIPHeaders {
    /// The first SIP address of P-Asserted-Identity, else its first other one (RFC 3325 §9.1); nil where there is none.
    package var assertedIdentity: NameAddress? {
        let asserted = self.all("P-Asserted-Identity").prefix(2).flatMap { NameAddress.list($0) ?? [] }
        let known = asserted.filter { $0.uri.scheme.isKnown && $0.uri.user?.isEmpty == false }
        return known.first { $0.uri.scheme != .tel } ?? known.first
    }

    /// How the request came here: its Diversion (RFC 5806) and History-Info (RFC 7044), the first ten of them.
    package var history: [Field] {
        Array(
            self.fields.lazy.filter {
                $0.name.equalsIgnoringCase("Diversion") || $0.name.equalsIgnoringCase("History-Info")
            }.prefix(10)
        )
    }
}

extension NameAddress {
    /// An address that tells nobody who it is (RFC 3323 §4.1.1.3).
    package static let anonymous = NameAddress(
        displayName: "Anonymous",
        uri: SIPURI(user: "anonymous", host: "anonymous.invalid")
    )

    /// Whether it tells nobody who it is.
    package var isAnonymous: Bool { self.uri.host.equalsIgnoringCase("anonymous.invalid") }

    /// The `q` of a Contact in thousandths; 1000 where there is none that can be read (RFC 3261 §20.10).
    package var preference: UInt16 {
        self.parameters["q"].flatMap { RegistrationRequest.thousandths($0) } ?? 1_000
    }
}

extension SIPURI.Scheme {
    fileprivate var isKnown: Bool {
        switch self {
        case .sip, .sips, .tel: true
        case .other: false
        }
    }
}
