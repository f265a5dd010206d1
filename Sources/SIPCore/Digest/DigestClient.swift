/// Answers the challenges that one dialog or registration meets, and knows when to give up (RFC 3261 §22, RFC 7616).
///
/// Feed it each 401 and 407 by `receivedChallenge`; if that says so, send the request once more, with a new CSeq and the
/// fields of `authorization`. Later requests take these fields without being asked. Feed `accepted` when any other final
/// response comes.
package struct DigestClient: Hashable, Sendable {
    /// Who asks: the two kinds are kept apart, even in one realm.
    private enum Asker: Hashable, Sendable {
        case server
        case proxy

        var field: String {
            switch self {
            case .server: "Authorization"
            case .proxy: "Proxy-Authorization"
            }
        }
    }

    /// A realm that has asked.
    private struct Protected: Hashable, Sendable {
        var asker: Asker
        var challenge: DigestChallenge
        /// How often the nonce has been used.
        var count: UInt32 = 0
        /// Whether this nonce has been taken at least once.
        var isAccepted = false
        /// Stale challenges in a row.
        var staleCount = 0
    }

    /// Realms that may ask in one dialog, proxies on the way included.
    package static let maximumRealms = 4
    /// Stale challenges in a row after which it gives up: a server whose nonces never live ends no loop by itself.
    package static let maximumStale = 3

    private let credentials: DigestCredentials
    private var realms: [Protected] = []

    package init(credentials: DigestCredentials) {
        self.credentials = credentials
    }

    /// A 401 or a 407 came.
    ///
    /// It gives up where nothing in the response can be answered, where the same nonce is refused again and not stale, and
    /// where credentials that never were accepted are refused with a new nonce: the password is wrong, and a lock-out
    /// may be near.
    ///
    /// - Returns: whether the request shall be sent again.
    package mutating func receivedChallenge(_ response: SIPResponse) -> Bool {
        var isAnswerable = false
        let fields: [(name: String, asker: Asker)] = [("WWW-Authenticate", .server), ("Proxy-Authenticate", .proxy)]
        for (name, asker) in fields {
            let challenges = response.headers.all(name).prefix(SIPTextLimits.values).flatMap {
                DigestChallenge.list($0)
            }
            var seen: [String] = []
            for realm in challenges.map(\.realm) where !seen.contains(realm) {
                seen.append(realm)
                let strongest = DigestChallenge.strongest(of: challenges.filter { $0.realm == realm })
                guard let strongest, self.took(strongest, from: asker) else { return false }
                isAnswerable = true
            }
        }
        return isAnswerable
    }

    /// The request passed: any final response but 401 and 407.
    package mutating func accepted() {
        for index in self.realms.indices where self.realms[index].count > 0 {
            self.realms[index].isAccepted = true
            self.realms[index].staleCount = 0
        }
    }

    /// Whether it can be answered.
    private mutating func took(_ challenge: DigestChallenge, from asker: Asker) -> Bool {
        let known = self.realms.firstIndex { $0.asker == asker && $0.challenge.realm == challenge.realm }
        guard let known else {
            guard self.realms.count < Self.maximumRealms else { return false }
            self.realms.append(Protected(asker: asker, challenge: challenge))
            return true
        }
        let old = self.realms[known]
        guard old.count > 0 else {
            // Asked again before we answered: a fork, or a retransmission.
            self.realms[known].challenge = challenge
            return true
        }
        var new = Protected(asker: asker, challenge: challenge)
        if challenge.isStale {
            new.staleCount = old.staleCount + 1
            guard new.staleCount <= Self.maximumStale else { return false }
        } else {
            // Some servers forget to say stale: a nonce that worked and is now replaced has had its time.
            guard old.isAccepted, old.challenge.nonce != challenge.nonce else { return false }
        }
        if old.challenge.nonce == challenge.nonce { new.count = old.count }
        self.realms[known] = new
        return true
    }

    /// The fields for the next request, one for each realm that has asked; none as long as nobody has.
    ///
    /// Each call counts as one use of the nonce; a retransmission repeats its fields.
    ///
    /// - Parameters:
    ///   - method: its method.
    ///   - uri: its Request-URI.
    ///   - body: its body.
    ///   - cnonce: a fresh random text.
    /// - Returns: Authorization and Proxy-Authorization fields.
    package mutating func authorization(
        method: SIPMethod,
        uri: SIPURI,
        body: [UInt8] = [],
        cnonce: String
    ) -> [SIPHeaders.Field] {
        let uriText = self.realms.isEmpty ? "" : uri.text
        var fields: [SIPHeaders.Field] = []
        for index in self.realms.indices {
            self.realms[index].count &+= 1
            let response = DigestResponse(
                to: self.realms[index].challenge,
                credentials: self.credentials,
                method: method.name,
                uri: uriText,
                body: body,
                cnonce: cnonce,
                nonceCount: self.realms[index].count
            )
            fields.append(SIPHeaders.Field(self.realms[index].asker.field, response.fieldValue))
        }
        return fields
    }
}
