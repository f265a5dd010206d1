import Foundation
import Gateway
import Testing

@Suite struct TokenMintTests {
    private func tokens(_ more: String = "") throws -> GatewayConfiguration.Tokens {
        try ConfigurationText.parse(
            "tokens: { secret: \"${SECRET}\"\(more) }\nmedia: { mode: passthrough }"
        ).tokens
    }

    /// The header or the payload of a token.
    private func part(_ index: Int, of token: String) throws -> NSDictionary {
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        try #require(parts.count == 3)
        var text = parts[index].replacingOccurrences(of: "-", with: "+").replacingOccurrences(of: "_", with: "/")
        text += String(repeating: "=", count: (4 - text.count % 4) % 4)
        let data = try #require(Data(base64Encoded: text))
        return try #require(try JSONSerialization.jsonObject(with: data) as? NSDictionary)
    }

    @Test("A token holds the claims that the gateway asks for") func claims() async throws {
        let token = try await TokenMint.mint(
            try self.tokens(", user_claim: uid, username_claim: nick, issuer: me, audience: you"),
            user: "42",
            username: "alice",
            lifetime: .seconds(3_600),
            now: 1_000
        )
        #expect(try self.part(0, of: token) == ["alg": "HS256", "typ": "JWT"])
        #expect(
            try self.part(1, of: token) == [
                "uid": 42, "nick": "alice", "token_type": "access", "iss": "me", "aud": "you", "iat": 1_000,
                "exp": 4_600,
            ]
        )
    }

    @Test("An id that looks like a number stays a string where that is asked for") func asString() async throws {
        let token = try await TokenMint.mint(
            try self.tokens(),
            user: "42",
            asString: true,
            lifetime: .seconds(1),
            now: 0
        )
        #expect(try self.part(1, of: token) == ["user_id": "42", "token_type": "access", "iat": 0, "exp": 1])
    }

    @Test("An id that does not look like a number is a string") func name() async throws {
        let token = try await TokenMint.mint(try self.tokens(), user: "007", lifetime: .seconds(1), now: 0)
        #expect(try self.part(1, of: token) == ["user_id": "007", "token_type": "access", "iat": 0, "exp": 1])
    }

    @Test("Tokens are made for HS256 only") func otherAlgorithm() async throws {
        let tokens = try self.tokens(", algorithm: HS512")
        await #expect(
            throws: GatewayError(.notAllowed, "tokens.algorithm is HS512; tokens are made for HS256 only")
        ) { try await TokenMint.mint(tokens, user: "1", lifetime: .seconds(1)) }
    }
}
