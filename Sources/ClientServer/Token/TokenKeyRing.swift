import FoundationEssentials
import JWTKit

/// The keys that verify tokens, all of one algorithm, so that a token can't choose how it is checked.
struct TokenKeyRing: Sendable {
    /// Keys of a set tried for a token that names none.
    private static let maximumTries = 16

    private var byID: [String: any JWTAlgorithm] = [:]
    private var anonymous: [any JWTAlgorithm] = []
    private var needsID = false

    /// Reads the key of a configuration.
    ///
    /// - Throws: ``TokenConfigurationError`` where the key is unreadable or does not suit the algorithm.
    init(algorithm: TokenAlgorithm, key: TokenKey) async throws {
        switch key {
        case .secret(let secret):
            guard algorithm.isSymmetric else {
                throw TokenConfigurationError("\(algorithm.rawValue) needs a public key or a key set, not a secret.")
            }
            guard !secret.isEmpty else { throw TokenConfigurationError("The token secret is empty.") }
            self.anonymous = [try await Self.symmetric(algorithm, secret: secret)]
        case .publicKey(let pem):
            self.anonymous = [try await Self.asymmetric(algorithm, pem: pem)]
        case .keySet(let json):
            guard !algorithm.isSymmetric else {
                throw TokenConfigurationError("\(algorithm.rawValue) needs a secret, not a key set.")
            }
            try await self.add(keySet: json, algorithm: algorithm)
        }
    }

    /// The keys to try for a token whose header names `keyID`; none where it names one that is not there.
    func keys(for keyID: String?) -> [any JWTAlgorithm] {
        // A lone secret or PEM has no name of its own: the header's `kid` means nothing to it.
        guard self.needsID, let keyID else { return self.anonymous }
        return self.byID[keyID].map { [$0] } ?? []
    }

    private mutating func add(keySet json: String, algorithm: TokenAlgorithm) async throws {
        let set: TokenKeySet
        do {
            set = try DefaultJWTParser().jsonDecoder.decode(TokenKeySet.self, from: Data(json.utf8))
        } catch {
            throw TokenConfigurationError("The key set is not a JSON Web Key Set.")
        }
        self.needsID = true
        for var key in set.keys where Self.suits(key, algorithm) {
            let keyID = key.keyIdentifier?.string
            key.keyIdentifier = JWKIdentifier(string: keyID ?? "")
            guard let ring = try? await JWTKeyCollection().add(jwk: key),
                let verifier = try? await ring.getKey(for: key.keyIdentifier, alg: algorithm.rawValue),
                verifier.name == algorithm.rawValue
            else { continue }
            if let keyID { self.byID[keyID] = verifier }
            if self.anonymous.count < Self.maximumTries { self.anonymous.append(verifier) }
        }
        guard !self.anonymous.isEmpty else {
            throw TokenConfigurationError("The key set has no key for \(algorithm.rawValue).")
        }
    }

    private static func suits(_ key: JWK, _ algorithm: TokenAlgorithm) -> Bool {
        guard key.algorithm == nil || key.algorithm?.rawValue == algorithm.rawValue else { return false }
        switch algorithm {
        case .hs256, .hs384, .hs512: return false
        case .rs256: return key.keyType == .rsa
        case .es256: return key.keyType == .ecdsa
        case .edDSA: return key.keyType == .octetKeyPair
        }
    }

    /// The HMAC of an HS algorithm.
    static func symmetric(_ algorithm: TokenAlgorithm, secret: String) async throws -> any JWTAlgorithm {
        let digest: DigestAlgorithm
        switch algorithm {
        case .hs256: digest = .sha256
        case .hs384: digest = .sha384
        case .hs512: digest = .sha512
        case .rs256, .es256, .edDSA: throw TokenConfigurationError("\(algorithm.rawValue) has no secret.")
        }
        // JWTKit stops the process at a key below the length that RFC 7518 §3.2 asks for. HMAC itself fills a key up with
        // zeros (RFC 2104 §2), so these change nothing.
        let key = Array(secret.utf8)
        let filling = [UInt8](repeating: 0, count: max(0, algorithm.minimumSecretBytes - key.count))
        return try await JWTKeyCollection().add(hmac: HMACKey(from: key + filling), digestAlgorithm: digest).getKey()
    }

    private static func asymmetric(_ algorithm: TokenAlgorithm, pem: String) async throws -> any JWTAlgorithm {
        let isCertificate = pem.contains("BEGIN CERTIFICATE")
        let keys = JWTKeyCollection()
        do {
            switch algorithm {
            case .hs256, .hs384, .hs512:
                throw TokenConfigurationError("\(algorithm.rawValue) needs a secret, not a public key.")
            case .rs256:
                let key =
                    try isCertificate
                    ? Insecure.RSA.PublicKey(certificatePEM: pem) : Insecure.RSA.PublicKey(pem: pem)
                await keys.add(rsa: key, digestAlgorithm: .sha256)
            case .es256:
                let key = try isCertificate ? ES256PublicKey(certificate: pem) : ES256PublicKey(pem: pem)
                await keys.add(ecdsa: key)
            case .edDSA:
                await keys.add(eddsa: try EdDSA.PublicKey(pem: pem))
            }
            return try await keys.getKey()
        } catch let error as TokenConfigurationError {
            throw error
        } catch {
            throw TokenConfigurationError("The PEM holds no usable public key for \(algorithm.rawValue).")
        }
    }
}

/// A key set, of which keys of kinds that are not understood are left out.
private struct TokenKeySet: Decodable {
    private struct Member: Decodable {
        var key: JWK?

        init(from decoder: any Decoder) {
            self.key = try? JWK(from: decoder)
        }
    }

    private enum CodingKeys: String, CodingKey {
        case keys
    }

    var keys: [JWK]

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.keys = try container.decode([Member].self, forKey: .keys).compactMap(\.key)
    }
}
