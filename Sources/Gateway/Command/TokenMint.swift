internal import Foundation
internal import JWTKit

/// Makes tokens for development, with the secret of the configuration.
package enum TokenMint {
    /// Makes a token.
    ///
    /// - Parameters:
    ///   - tokens: Which tokens the gateway takes.
    ///   - user: The user's id.
    ///   - asString: Whether an id that looks like a number is written as a string; else it is a JSON number.
    ///   - username: The name that callees see; nil leaves the claim out.
    ///   - lifetime: From `now` to the token's `exp`.
    ///   - now: In seconds since 1970.
    /// - Returns: The token that the gateway with this configuration takes.
    /// - Throws: `GatewayError` where the configuration has no HS256 secret.
    package static func mint(
        _ tokens: GatewayConfiguration.Tokens,
        user: String,
        asString: Bool = false,
        username: String? = nil,
        lifetime: Duration,
        now: Int64 = Int64(Date().timeIntervalSince1970)
    ) async throws(GatewayError) -> String {
        guard tokens.algorithm == .hs256, case .secret(let secret) = tokens.key else {
            throw GatewayError(
                .notAllowed,
                "tokens.algorithm is \(tokens.algorithm.rawValue); tokens are made for HS256 only"
            )
        }
        var claims = tokens.required.mapValues(TokenClaims.Value.init)
        if let issuer = tokens.issuer { claims["iss"] = .string(issuer) }
        if let audience = tokens.audience { claims["aud"] = .string(audience) }
        if let username { claims[tokens.usernameClaim] = .string(username) }
        let number = asString || !UserKey.looksLikeNumber(user) ? nil : Int64(user)
        claims[tokens.userClaim] = number.map(TokenClaims.Value.integer) ?? .string(user)
        claims["iat"] = .integer(now)
        claims["exp"] = .integer(now + lifetime.components.seconds)
        do {
            let keys = JWTKeyCollection()
            await keys.add(hmac: HMACKey(from: secret.reveal()), digestAlgorithm: .sha256)
            return try await keys.sign(TokenClaims(claims: claims))
        } catch {
            throw GatewayError(.unusableKey, "tokens.secret can't sign: \(error)")
        }
    }
}

/// The claims of a token, under names that the configuration chooses.
private struct TokenClaims: JWTPayload {
    enum Value: Hashable, Sendable, Codable {
        case string(String)
        case integer(Int64)
        case boolean(Bool)

        init(_ value: GatewayConfiguration.ClaimValue) {
            switch value {
            case .string(let text): self = .string(text)
            case .integer(let number): self = .integer(Int64(number))
            case .boolean(let flag): self = .boolean(flag)
            }
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let flag = try? container.decode(Bool.self) {
                self = .boolean(flag)
            } else if let number = try? container.decode(Int64.self) {
                self = .integer(number)
            } else {
                self = .string(try container.decode(String.self))
            }
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            switch self {
            case .string(let text): try container.encode(text)
            case .integer(let number): try container.encode(number)
            case .boolean(let flag): try container.encode(flag)
            }
        }
    }

    var claims: [String: Value]

    init(claims: [String: Value]) {
        self.claims = claims
    }

    init(from decoder: any Decoder) throws {
        self.claims = try decoder.singleValueContainer().decode([String: Value].self)
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(self.claims)
    }

    func verify(using algorithm: some JWTAlgorithm) async throws {}
}
