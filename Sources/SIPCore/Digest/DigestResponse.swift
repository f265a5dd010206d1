/// The answer to a challenge: the value of Authorization or Proxy-Authorization (RFC 7616 §3.4).
package struct DigestResponse: Hashable, Sendable {
    package var username: String
    package var realm: String
    package var nonce: String
    /// The digest-uri: the Request-URI as it stands in the request.
    package var uri: String
    /// The digest in lower-case hexadecimal.
    package var response: String
    package var algorithm: DigestAlgorithm
    package var cnonce: String?
    package var opaque: String?
    /// nil: as RFC 2069 has it, without cnonce and count.
    package var protection: DigestProtection?
    /// `nc`: how often this nonce has been used, this time included.
    package var nonceCount: UInt32?

    /// Answers a challenge.
    ///
    /// - Parameters:
    ///   - challenge: `auth` is preferred to `auth-int`: proxies on the way may change a body.
    ///   - credentials: of this realm.
    ///   - method: the request's method.
    ///   - uri: the Request-URI, as the request has it.
    ///   - body: the request's body; counts with `auth-int` alone.
    ///   - cnonce: a fresh random text.
    ///   - nonceCount: from 1.
    package init(
        to challenge: DigestChallenge,
        credentials: DigestCredentials,
        method: String,
        uri: String,
        body: [UInt8] = [],
        cnonce: String,
        nonceCount: UInt32
    ) {
        self.username = credentials.username
        self.realm = challenge.realm
        self.nonce = challenge.nonce
        self.uri = uri
        self.response = ""
        self.algorithm = challenge.algorithm
        self.opaque = challenge.opaque
        self.protection = challenge.protections.contains(.auth) ? .auth : challenge.protections.first
        if self.protection != nil || self.algorithm.isSession { self.cnonce = cnonce }
        if self.protection != nil { self.nonceCount = nonceCount }
        let secret = DigestSecrets.secret(of: credentials, realm: challenge.realm, self.algorithm)
        self.response = self.digest(secret: secret, method: method, body: body)
    }

    /// Reads the first digest of a field value; nil where there is none, or a part is missing or malformed.
    package init?(_ fieldValue: String) {
        guard let item = AuthenticationField(fieldValue).items.first(where: { $0.isDigest }),
            let username = item["username"], let realm = item["realm"], let nonce = item["nonce"],
            let uri = item["uri"], let response = item["response"],
            let algorithm = DigestAlgorithm(item["algorithm"] ?? "MD5")
        else { return nil }
        self.username = username
        self.realm = realm
        self.nonce = nonce
        self.uri = uri
        self.response = response
        self.algorithm = algorithm
        self.cnonce = item["cnonce"]
        self.opaque = item["opaque"]
        if let name = item["qop"] {
            guard let protection = DigestProtection(rawValue: name.lowercased()), self.cnonce != nil,
                let count = item["nc"], count.utf8.count == 8, let nonceCount = UInt32(count, radix: 16)
            else { return nil }
            self.protection = protection
            self.nonceCount = nonceCount
        }
        if self.algorithm.isSession, self.cnonce == nil { return nil }
    }

    /// Whether it was made with that password, for a server to ask; takes the same time wherever it differs.
    ///
    /// Nonce, count, realm and URI are the server's to check.
    package func isValid(password: String, method: String, body: [UInt8] = []) -> Bool {
        let credentials = DigestCredentials(username: self.username, password: password)
        let secret = DigestSecrets.secret(of: credentials, realm: self.realm, self.algorithm)
        return self.isValid(secret: secret, method: method, body: body)
    }

    /// As `isValid(password:)`, for a server that keeps no password.
    ///
    /// `secret` is that of `DigestSecrets`, for this user, realm and algorithm.
    package func isValid(secret: String, method: String, body: [UInt8] = []) -> Bool {
        let expected = self.digest(secret: secret, method: method, body: body).utf8
        guard expected.count == self.response.utf8.count else { return false }
        return zip(expected, self.response.utf8).reduce(0) { $0 | ($1.0 ^ $1.1.asciiLowercased) } == 0
    }

    /// The digest of RFC 7616 §3.4.1, over these values.
    private func digest(secret: String, method: String, body: [UInt8]) -> String {
        let algorithm = self.algorithm
        var secret = Array(secret.utf8)
        if algorithm.isSession {
            secret = algorithm.hash(Self.joined([secret, Array(self.nonce.utf8), Array((self.cnonce ?? "").utf8)]))
        }
        var subject = [Array(method.utf8), Array(self.uri.utf8)]
        if self.protection == .authInt { subject.append(algorithm.hash(body)) }
        var parts = [secret, Array(self.nonce.utf8)]
        if let protection = self.protection {
            parts.append(Array(Self.text(self.nonceCount ?? 0).utf8))
            parts.append(Array((self.cnonce ?? "").utf8))
            parts.append(Array(protection.rawValue.utf8))
        }
        parts.append(algorithm.hash(Self.joined(subject)))
        return String(decoding: algorithm.hash(Self.joined(parts)), as: UTF8.self)
    }

    /// The parts with colons between them.
    private static func joined(_ parts: [[UInt8]]) -> [UInt8] {
        Array(parts.joined(separator: CollectionOfOne(UInt8(ascii: ":"))))
    }

    /// `nc`: eight hexadecimal digits.
    private static func text(_ count: UInt32) -> String {
        let digits = String(count, radix: 16)
        return String(repeating: "0", count: 8 - digits.utf8.count) + digits
    }

    /// The answer as it goes out.
    package var fieldValue: String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(384)
        bytes.append(literal: "Digest username=")
        bytes.append(quoting: self.username)
        bytes.append(parameter: "realm", quoting: self.realm)
        bytes.append(parameter: "nonce", quoting: self.nonce)
        bytes.append(parameter: "uri", quoting: self.uri)
        bytes.append(parameter: "response", quoting: self.response)
        bytes.append(parameter: "algorithm", token: self.algorithm.rawValue)
        if let cnonce = self.cnonce { bytes.append(parameter: "cnonce", quoting: cnonce) }
        if let opaque = self.opaque { bytes.append(parameter: "opaque", quoting: opaque) }
        if let protection = self.protection { bytes.append(parameter: "qop", token: protection.rawValue) }
        if let nonceCount = self.nonceCount { bytes.append(parameter: "nc", token: Self.text(nonceCount)) }
        return String(decoding: bytes, as: UTF8.self)
    }
}
