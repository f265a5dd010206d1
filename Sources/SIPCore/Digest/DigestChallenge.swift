/// A digest challenge: a value of WWW-Authenticate or Proxy-Authenticate (RFC 7616 §3.3, RFC 3261 §22.4).
package struct DigestChallenge: Hashable, Sendable {
    package var realm: String
    package var nonce: String
    /// Goes back as it came.
    package var opaque: String?
    /// The URIs it is good for, with spaces between them; SIP pays no heed to it.
    package var domain: String?
    package var algorithm: DigestAlgorithm
    /// What we know of `qop`; empty where there is none, for servers of RFC 2069.
    package var protections: [DigestProtection]
    /// Only the nonce was too old; the credentials may be right.
    package var isStale: Bool

    package init(
        realm: String,
        nonce: String,
        opaque: String? = nil,
        domain: String? = nil,
        algorithm: DigestAlgorithm = .md5,
        protections: [DigestProtection] = [.auth],
        isStale: Bool = false
    ) {
        self.realm = realm
        self.nonce = nonce
        self.opaque = opaque
        self.domain = domain
        self.algorithm = algorithm
        self.protections = protections
        self.isStale = isStale
    }

    /// Reads the challenges of a field value that we can answer, in order.
    ///
    /// Left out: other schemes, algorithms we don't have, a `qop` of which we know nothing, challenges without realm or
    /// nonce, and all that follows something malformed or passes `SIPTextLimits`.
    package static func list(_ fieldValue: String) -> [DigestChallenge] {
        AuthenticationField(fieldValue).items.compactMap { DigestChallenge($0) }
    }

    /// The strongest, of equals the first, nil of none (RFC 7616 §3.7).
    package static func strongest(of challenges: [DigestChallenge]) -> DigestChallenge? {
        var best: DigestChallenge?
        for challenge in challenges {
            if let best, best.algorithm.strength >= challenge.algorithm.strength { continue }
            best = challenge
        }
        return best
    }

    private init?(_ item: AuthenticationField.Item) {
        guard item.isDigest, let realm = item["realm"], let nonce = item["nonce"],
            let algorithm = DigestAlgorithm(item["algorithm"] ?? "MD5")
        else { return nil }
        var protections: [DigestProtection] = []
        if let names = item["qop"] {
            for name in names.split(whereSeparator: { $0 == "," || $0 == " " || $0 == "\t" }) {
                guard let protection = DigestProtection(rawValue: name.lowercased()) else { continue }
                if !protections.contains(protection) { protections.append(protection) }
            }
            guard !protections.isEmpty else { return nil }
        }
        self.init(
            realm: realm,
            nonce: nonce,
            opaque: item["opaque"],
            domain: item["domain"],
            algorithm: algorithm,
            protections: protections,
            isStale: item["stale"]?.equalsIgnoringCase("true") ?? false
        )
    }

    /// The challenge as it goes out.
    package var fieldValue: String {
        var bytes: [UInt8] = []
        bytes.append(literal: "Digest realm=")
        bytes.append(quoting: self.realm)
        bytes.append(parameter: "nonce", quoting: self.nonce)
        if let domain = self.domain { bytes.append(parameter: "domain", quoting: domain) }
        if let opaque = self.opaque { bytes.append(parameter: "opaque", quoting: opaque) }
        if self.isStale { bytes.append(literal: ", stale=true") }
        bytes.append(parameter: "algorithm", token: self.algorithm.rawValue)
        if !self.protections.isEmpty {
            bytes.append(parameter: "qop", quoting: self.protections.map(\.rawValue).joined(separator: ","))
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
