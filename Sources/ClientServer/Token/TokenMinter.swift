package import ClientProtocol
import JWTKit

/// Makes tokens that a ``TokenVerifier`` of the same configuration takes; for development, with a shared secret.
package struct TokenMinter: Sendable {
    private let configuration: TokenConfiguration
    private let signer: any JWTAlgorithm

    /// - Throws: ``TokenConfigurationError`` where the configuration has no secret.
    package init(_ configuration: TokenConfiguration) async throws {
        guard configuration.algorithm.isSymmetric, case .secret(let secret) = configuration.key, !secret.isEmpty else {
            throw TokenConfigurationError("Tokens can be minted only with a secret (HS256, HS384, HS512).")
        }
        self.configuration = configuration
        self.signer = try await TokenKeyRing.symmetric(configuration.algorithm, secret: secret)
    }

    /// Signs a token.
    ///
    /// - Parameters:
    ///   - userID: Becomes the user claim, with its JSON type.
    ///   - username: Becomes the user name claim.
    ///   - now: The time of issue, in seconds since 1970.
    ///   - ttl: Seconds of validity; nil for no `exp` at all.
    /// - Returns: The token in its compact form (RFC 7515 §3.1).
    /// - Throws: An error of the cryptography, which is not expected.
    package func mint(userID: PartyID, username: String?, now: UInt64, ttl: UInt64?) throws -> String {
        var claims: [UInt8] = []
        Self.append(name: self.configuration.userClaim, to: &claims)
        if userID.isNumber {
            claims.append(contentsOf: userID.text.utf8)
        } else {
            JSONOutput.append(string: userID.text, to: &claims)
        }
        var texts = self.configuration.required
        texts["iss"] = self.configuration.issuer
        texts["aud"] = self.configuration.audience
        if let username { texts[self.configuration.usernameClaim] = username }
        for (name, value) in texts.sorted(by: { $0.key < $1.key }) where name != self.configuration.userClaim {
            Self.append(name: name, to: &claims)
            JSONOutput.append(string: value, to: &claims)
        }
        Self.append(name: "iat", to: &claims)
        JSONOutput.append(number: now, to: &claims)
        if let ttl {
            Self.append(name: "exp", to: &claims)
            let (expiry, overflow) = now.addingReportingOverflow(ttl)
            JSONOutput.append(number: overflow ? .max : expiry, to: &claims)
        }
        claims.append(UInt8(ascii: "}"))

        let header = #"{"alg":""# + self.configuration.algorithm.rawValue + #"","typ":"JWT"}"#
        let signed = Base64URL.encode(Array(header.utf8)) + "." + Base64URL.encode(claims)
        return signed + "." + Base64URL.encode(try self.signer.sign(Array(signed.utf8)))
    }

    private static func append(name: String, to claims: inout [UInt8]) {
        claims.append(claims.isEmpty ? UInt8(ascii: "{") : UInt8(ascii: ","))
        JSONOutput.append(string: name, to: &claims)
        claims.append(UInt8(ascii: ":"))
    }
}
