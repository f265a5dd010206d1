package import ClientProtocol
import FoundationEssentials
import JWTKit

/// Decides whether a token is good, and who its bearer is (RFC 7519, RFC 8725).
///
/// The signature is JWTKit's; header and claims are read by the strict scanner of ClientProtocol, so that ids keep their
/// JSON type and all their digits. Verification is synchronous and takes microseconds.
package struct TokenVerifier: Sendable {
    /// Bytes of a token; a longer one is not looked at.
    package static let maximumBytes = 8192

    private let configuration: TokenConfiguration
    private let keys: TokenKeyRing
    private let now: @Sendable () -> UInt64

    /// - Parameters:
    ///   - configuration: Which tokens are good.
    ///   - now: The time in seconds since 1970.
    /// - Throws: ``TokenConfigurationError``.
    package init(
        _ configuration: TokenConfiguration,
        now: @escaping @Sendable () -> UInt64 = { UInt64(max(0, Date().timeIntervalSince1970)) }
    ) async throws {
        self.configuration = configuration
        self.keys = try await TokenKeyRing(algorithm: configuration.algorithm, key: configuration.key)
        self.now = now
    }

    /// The bearer of a good token.
    package func verify(_ token: String) throws(TokenFault) -> ClientIdentity {
        guard !token.isEmpty else { throw .missing }
        guard token.utf8.count <= Self.maximumBytes else { throw .malformed }
        let parts = token.split(separator: ".", maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count == 3, let header = Base64URL.decode(parts[0].utf8),
            let payload = Base64URL.decode(parts[1].utf8), let signature = Base64URL.decode(parts[2].utf8)
        else { throw .malformed }

        let keyID = try self.keyID(ofHeader: header.span)
        let keys = self.keys.keys(for: keyID)
        guard !keys.isEmpty else { throw .unknownKey }
        let signed = Array(token.utf8.prefix(parts[0].utf8.count + 1 + parts[1].utf8.count))
        guard keys.contains(where: { (try? $0.verify(signature, signs: signed)) == true }) else { throw .signature }
        return try self.identity(ofPayload: payload.span)
    }

    /// Checks the header's `alg`, and gives its `kid`.
    private func keyID(ofHeader bytes: Span<UInt8>) throws(TokenFault) -> String? {
        let header = try Self.members(of: bytes)
        guard let algorithm = header["alg"], let name = JSONText.string(algorithm, in: bytes) else { throw .malformed }
        guard name == self.configuration.algorithm.rawValue, header["crit"] == nil else { throw .algorithm }
        guard let keyID = header["kid"] else { return nil }
        guard let text = JSONText.string(keyID, in: bytes) else { throw .malformed }
        return text
    }

    private func identity(ofPayload bytes: Span<UInt8>) throws(TokenFault) -> ClientIdentity {
        let claims = try Self.members(of: bytes)
        let now = self.now()
        let expiry = try Self.date(claims["exp"], in: bytes)
        if let expiry {
            guard now < Self.sum(expiry, self.configuration.leeway) else { throw .expired }
        } else if !self.configuration.allowNoExpiry {
            throw .noExpiry
        }
        if let start = try Self.date(claims["nbf"], in: bytes) {
            guard start <= Self.sum(now, self.configuration.leeway) else { throw .notYetValid }
        }
        if let issuer = self.configuration.issuer {
            guard let claim = claims["iss"], JSONText.string(claim, in: bytes) == issuer else { throw .issuer }
        }
        if let audience = self.configuration.audience {
            guard let claim = claims["aud"], Self.names(claim, audience, in: bytes) else { throw .audience }
        }
        for (name, value) in self.configuration.required {
            guard let claim = claims[name], Self.text(of: claim, in: bytes) == value else { throw .claim(name) }
        }
        guard let user = claims[self.configuration.userClaim] ?? claims["sub"], let userID = PartyID(user, in: bytes)
        else { throw .user }
        return ClientIdentity(
            userID: userID,
            username: Self.username(claims[self.configuration.usernameClaim], in: bytes) ?? userID.text,
            expiresAt: expiry
        )
    }
}

// MARK: - Claims

extension TokenVerifier {
    /// The members of a JSON object by name; a name that comes twice makes it malformed (RFC 8725 §2.4).
    private static func members(of bytes: Span<UInt8>) throws(TokenFault) -> [String: JSONValue] {
        var members: [String: JSONValue] = [:]
        var isGood = true
        do {
            var scanner = JSONScanner()
            try scanner.enterObject(in: bytes)
            while let member = try scanner.nextMember(in: bytes) {
                guard let name = JSONText.string(member.key, in: bytes) else {
                    isGood = false
                    continue
                }
                if members.updateValue(member.value, forKey: name) != nil { isGood = false }
            }
            try scanner.end(in: bytes)
        } catch {
            throw .malformed
        }
        guard isGood else { throw .malformed }
        return members
    }

    /// A NumericDate (RFC 7519 §2) in whole seconds; nil where it is missing.
    private static func date(_ claim: JSONValue?, in bytes: Span<UInt8>) throws(TokenFault) -> UInt64? {
        guard let claim else { return nil }
        guard case .number = claim.kind, claim.range.count <= 40,
            let seconds = Double(JSONText.string(bytes, claim.range)), seconds >= 0
        else { throw .malformed }
        // Far beyond any date, and exact in a Double.
        return UInt64(min(seconds, 9_007_199_254_740_991))
    }

    private static func sum(_ first: UInt64, _ second: UInt64) -> UInt64 {
        let (sum, overflow) = first.addingReportingOverflow(second)
        return overflow ? .max : sum
    }

    /// Whether `aud`, one string or an array of them, names `audience` (RFC 7519 §4.1.3).
    private static func names(_ claim: JSONValue, _ audience: String, in bytes: Span<UInt8>) -> Bool {
        guard claim.kind == .array else { return JSONText.string(claim, in: bytes) == audience }
        var scanner = JSONScanner(at: claim)
        do {
            try scanner.enterArray(in: bytes)
            while let element = try scanner.nextElement(in: bytes) {
                if JSONText.string(element, in: bytes) == audience { return true }
            }
        } catch {
            return false
        }
        return false
    }

    private static func text(of claim: JSONValue, in bytes: Span<UInt8>) -> String? {
        switch claim.kind {
        case .string: JSONText.string(claim, in: bytes)
        case .number, .bool: JSONText.string(bytes, claim.range)
        case .object, .array, .null: nil
        }
    }

    /// The name of the user, where the claim holds one that may be shown.
    private static func username(_ claim: JSONValue?, in bytes: Span<UInt8>) -> String? {
        guard let claim, let name = Self.text(of: claim, in: bytes), !name.isEmpty,
            name.utf8.count <= PartyID.maximumBytes, !PartyID.hasControlCharacter(name)
        else { return nil }
        return name
    }
}
