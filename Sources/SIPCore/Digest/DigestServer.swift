import Crypto

/// Asks for credentials and judges them, as the server of a realm (RFC 7616, RFC 3261 §22.3).
///
/// It keeps no nonce that it hands out: each tells by itself when it was made, and that it was made here. Only of nonces
/// that right credentials came with the counts are kept, so that no request is taken twice.
package struct DigestServer: Sendable {
    package struct Configuration: Sendable {
        /// What users log in to; part of every secret.
        package var realm: String
        /// How long a nonce is good; 300 s by default.
        package var lifetime: Span
        /// What we ask for, the best first (RFC 8760 §2.4); SHA-256 and MD5 by default.
        ///
        /// The session kinds are left out: they save a server here no work.
        package var algorithms: [DigestAlgorithm]
        /// How many nonces in use are kept; beyond it the oldest die early.
        ///
        /// 65,536 by default.
        package var nonces: Int

        package init(
            realm: String,
            lifetime: Span = .seconds(300),
            algorithms: [DigestAlgorithm] = [.sha256, .md5],
            nonces: Int = 65_536
        ) {
            self.realm = realm
            self.lifetime = lifetime
            self.algorithms = algorithms.filter { !$0.isSession }
            self.nonces = nonces
        }
    }

    /// What credentials are worth.
    package enum Verdict: Hashable, Sendable {
        /// They are right, and this request is new.
        case accepted(username: String)
        /// There are none for this realm that we can judge: ask for them.
        case required
        /// They are of no user, or not the right ones.
        case wrong(username: String)
        /// The nonce is dead or another peer's, or has been used with this count: ask once more, with `stale`.
        ///
        /// Of the password that says nothing: with a dead nonce nobody can try passwords at no risk.
        case stale
    }

    /// Credentials that are looked at in one request; the rest of a flood is not.
    private static let most = 8
    /// Goes into every challenge, and has to come back as it was.
    private let opaque: String
    package let configuration: Configuration
    private let key: SymmetricKey
    private var uses: NonceUses

    /// - Parameters:
    ///   - configuration: the realm and its rules.
    ///   - key: 32 random bytes; nonces made with another key are dead.
    package init(configuration: Configuration, key: [UInt8]) {
        self.configuration = configuration
        self.key = SymmetricKey(data: key)
        self.uses = NonceUses(lifetime: configuration.lifetime, limit: configuration.nonces)
        let code = HMAC<SHA256>.authenticationCode(for: Array("opaque".utf8), using: self.key)
        self.opaque = DigestAlgorithm.hexadecimalText(code.prefix(8))
    }

    /// The WWW-Authenticate fields of a 401: one for each algorithm, each with a nonce of its own.
    ///
    /// - Parameters:
    ///   - isStale: only the nonce was at fault.
    ///   - number: a random number that nobody can guess.
    ///   - peer: the address that they go to, from which alone they are good.
    ///   - now: from now on the nonces live.
    /// - Returns: the fields, to be sent in this order.
    package func challenges(
        isStale: Bool,
        number: UInt64,
        toward peer: String,
        now: Instant
    ) -> [SIPHeaders.Field] {
        self.configuration.algorithms.enumerated().map { index, algorithm in
            let nonce = DigestNonce(issued: now, number: number &+ UInt64(index))
            let challenge = DigestChallenge(
                realm: self.configuration.realm,
                nonce: nonce.text(key: self.key, context: self.context(peer)),
                opaque: self.opaque,
                algorithm: algorithm,
                isStale: isStale
            )
            return SIPHeaders.Field("WWW-Authenticate", challenge.fieldValue)
        }
    }

    /// What a nonce is made for.
    private func context(_ peer: String) -> String { "\(self.configuration.realm) \(peer)" }

    /// The user that the credentials of a request are of, whatever they are worth; nil where there are none for us.
    package func username(of request: SIPRequest) -> String? {
        self.response(of: request)?.username
    }

    private func response(of request: SIPRequest) -> DigestResponse? {
        for field in request.headers.fields.lazy.filter({ $0.name.equalsIgnoringCase("Authorization") })
            .prefix(Self.most)
        {
            if let response = DigestResponse(field.value), response.realm == self.configuration.realm {
                return response
            }
        }
        return nil
    }

    /// Judges the credentials of a request.
    ///
    /// `peer` is the address that it came from; `secrets` gives those of a user of this realm, nil where there is no such
    /// user, which takes as long.
    package mutating func judge(
        _ request: SIPRequest,
        from peer: String,
        secrets: (_ username: String) -> DigestSecrets?,
        now: Instant
    ) -> Verdict {
        guard let response = self.response(of: request) else { return .required }
        // Without `qop` there is no count, and a replay could not be told; the body is the transport's to protect.
        guard self.configuration.algorithms.contains(response.algorithm), response.protection == .auth,
            let count = response.nonceCount, Self.names(response.uri, request.uri)
        else { return .required }
        guard let nonce = DigestNonce(response.nonce, key: self.key, context: self.context(peer)),
            nonce.issued <= now, now < nonce.issued + self.configuration.lifetime,
            self.uses.validFrom <= nonce.issued
        else { return .stale }
        guard response.opaque ?? self.opaque == self.opaque else { return .required }
        let secret = secrets(response.username)?.secret(response.algorithm)
        // Whoever is unknown costs as much as who is known.
        let isValid = response.isValid(secret: secret ?? self.opaque, method: request.method.name)
        guard let secret, !secret.isEmpty, isValid else { return .wrong(username: response.username) }
        return self.uses.take(count, of: nonce.number, now: now) ? .accepted(username: response.username) : .stale
    }

    /// Whether a digest-uri is the Request-URI, as far as proxies leave it alone (RFC 3261 §22.4): its user and host.
    private static func names(_ digestURI: String, _ uri: SIPURI) -> Bool {
        guard let other = SIPURI(digestURI) else { return false }
        return other.unescapedUser == uri.unescapedUser && other.host.equalsIgnoringCase(uri.host)
    }
}
