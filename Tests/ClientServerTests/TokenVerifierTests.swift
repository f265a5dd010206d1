import ClientProtocol
import ClientServer
import Foundation
import JWTKit
import TestSupport
import Testing

@Suite("Tokens") struct TokenVerifierTests {
    private static let bob = ClientIdentity(
        userID: .number("7"),
        username: "bob",
        expiresAt: TokenFactory.now + 60
    )

    /// What a verifier says of a token with these claims, signed with the right secret.
    private func judge(
        _ claims: String,
        _ configuration: TokenConfiguration = TokenFactory.configuration()
    ) async throws -> Result<ClientIdentity, TokenFault> {
        let token = try TokenFactory.token(claims: claims, signer: try await TokenFactory.hmac())
        return self.judge(token: token, try await TokenFactory.verifier(configuration))
    }

    private func judge(token: String, _ verifier: TokenVerifier) -> Result<ClientIdentity, TokenFault> {
        do {
            return .success(try verifier.verify(token))
        } catch {
            return .failure(error)
        }
    }

    @Test(
        "HS256, HS384 and HS512 are taken, each only where it is configured",
        arguments: [
            (TokenAlgorithm.hs256, DigestAlgorithm.sha256), (.hs384, .sha384), (.hs512, .sha512),
        ]
    )
    func symmetric(algorithm: TokenAlgorithm, digest: DigestAlgorithm) async throws {
        let signer = try await TokenFactory.hmac(TokenFactory.secret, digest)
        let token = try TokenFactory.token(header: #"{"alg":"\#(algorithm.rawValue)"}"#, signer: signer)
        for configured in [TokenAlgorithm.hs256, .hs384, .hs512] {
            let verifier = try await TokenFactory.verifier(TokenFactory.configuration(configured))
            #expect(
                self.judge(token: token, verifier)
                    == (configured == algorithm ? .success(Self.bob) : .failure(.algorithm))
            )
        }
    }

    @Test("RS256 is taken with the public key and with the certificate") func rsa() async throws {
        let openssl = try OpenSSL()
        try openssl.run("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", "key.pem")
        try openssl.run("pkey", "-in", "key.pem", "-pubout", "-out", "public.pem")
        try openssl.run("req", "-x509", "-key", "key.pem", "-out", "cert.pem", "-days", "2", "-subj", "/CN=test")
        let signer = try await JWTKeyCollection()
            .add(rsa: Insecure.RSA.PrivateKey(pem: try openssl.text("key.pem")), digestAlgorithm: .sha256).getKey()
        let token = try TokenFactory.token(header: #"{"alg":"RS256"}"#, signer: signer)
        for file in ["public.pem", "cert.pem"] {
            let configuration = TokenFactory.configuration(.rs256, key: .publicKey(pem: try openssl.text(file)))
            #expect(self.judge(token: token, try await TokenFactory.verifier(configuration)) == .success(Self.bob))
        }
        // The public key as an HMAC secret: the classic confusion of algorithms.
        let pem = try openssl.text("public.pem")
        let forged = try TokenFactory.token(signer: try await TokenFactory.hmac(pem))
        let verifier = try await TokenFactory.verifier(TokenFactory.configuration(.rs256, key: .publicKey(pem: pem)))
        #expect(self.judge(token: forged, verifier) == .failure(.algorithm))
        let relabelled = try TokenFactory.token(
            header: #"{"alg":"RS256"}"#,
            signer: try await TokenFactory.hmac(pem)
        )
        #expect(self.judge(token: relabelled, verifier) == .failure(.signature))
    }

    @Test("ES256 is taken") func ecdsa() async throws {
        let key = ES256PrivateKey()
        let signer = try await JWTKeyCollection().add(ecdsa: key).getKey()
        let token = try TokenFactory.token(header: #"{"alg":"ES256"}"#, signer: signer)
        func verdict(_ key: ES256PublicKey) async throws -> Result<ClientIdentity, TokenFault> {
            let configuration = TokenFactory.configuration(.es256, key: .publicKey(pem: key.pemRepresentation))
            return self.judge(token: token, try await TokenFactory.verifier(configuration))
        }
        #expect(try await verdict(key.publicKey) == .success(Self.bob))
        #expect(try await verdict(ES256PrivateKey().publicKey) == .failure(.signature))
    }

    @Test("EdDSA is taken") func edDSA() async throws {
        let key = try EdDSA.PrivateKey(curve: .ed25519)
        let signer = try await JWTKeyCollection().add(eddsa: key).getKey()
        let token = try TokenFactory.token(header: #"{"alg":"EdDSA"}"#, signer: signer)
        let configuration = TokenFactory.configuration(
            .edDSA,
            key: .publicKey(pem: key.publicKey.pemRepresentation)
        )
        #expect(self.judge(token: token, try await TokenFactory.verifier(configuration)) == .success(Self.bob))
    }

    @Test("A key set serves by kid, leaves out what it can't use, and tries all for a token without kid")
    func keySet() async throws {
        let first = ES256PrivateKey()
        let second = ES256PrivateKey()
        func key(_ key: ES256PrivateKey, _ id: String) throws -> String {
            let parameters = try #require(key.publicKey.parameters)
            return #"{"kty":"EC","crv":"P-256","kid":"\#(id)","x":"\#(parameters.x)","y":"\#(parameters.y)"}"#
        }
        let json = """
            {"keys":[{"kty":"oct","k":"AAAA","kid":"o"},{"kty":"RSA","kid":"r","alg":"RSA-OAEP","n":"AQAB","e":"AQAB"},
            {"kty":"XX"},\(try key(first, "1")),\(try key(second, "2"))]}
            """
        let verifier = try await TokenFactory.verifier(TokenFactory.configuration(.es256, key: .keySet(json: json)))
        func verdict(_ key: ES256PrivateKey, _ header: String) async throws -> Result<ClientIdentity, TokenFault> {
            let signer = try await JWTKeyCollection().add(ecdsa: key).getKey()
            return self.judge(token: try TokenFactory.token(header: header, signer: signer), verifier)
        }
        #expect(try await verdict(first, #"{"alg":"ES256","kid":"1"}"#) == .success(Self.bob))
        #expect(try await verdict(second, #"{"alg":"ES256","kid":"2"}"#) == .success(Self.bob))
        #expect(try await verdict(second, #"{"alg":"ES256","kid":"1"}"#) == .failure(.signature))
        #expect(try await verdict(first, #"{"alg":"ES256","kid":"3"}"#) == .failure(.unknownKey))
        #expect(try await verdict(second, #"{"alg":"ES256"}"#) == .success(Self.bob))
        #expect(try await verdict(ES256PrivateKey(), #"{"alg":"ES256"}"#) == .failure(.signature))
    }

    @Test(
        "A key that can't serve is found at start",
        arguments: [
            (TokenAlgorithm.hs256, TokenKey.secret("")), (.hs256, .publicKey(pem: "x")), (.hs256, .keySet(json: "{}")),
            (.rs256, .secret("x")), (.rs256, .publicKey(pem: "x")), (.es256, .publicKey(pem: "")),
            (.edDSA, .publicKey(pem: "x")),
            (.es256, .keySet(json: "x")), (.es256, .keySet(json: #"{"keys":[]}"#)),
        ]
    )
    func badKeys(algorithm: TokenAlgorithm, key: TokenKey) async {
        await #expect(throws: TokenConfigurationError.self) {
            try await TokenVerifier(TokenConfiguration(algorithm: algorithm, key: key))
        }
    }

    @Test(
        "What is no token is malformed",
        arguments: [
            "x", "a.b", "a.b.c.d", "..", "%%%.%%%.%%%", "bnVsbA.bnVsbA.", "e30.e30.e30", "W10.e30.e30", "e30=.e30.e30",
        ]
    )
    func malformed(token: String) async throws {
        #expect(self.judge(token: token, try await TokenFactory.verifier()) == .failure(.malformed))
    }

    @Test("An empty token is missing, and one that is too long is not looked at") func extremes() async throws {
        let verifier = try await TokenFactory.verifier()
        #expect(self.judge(token: "", verifier) == .failure(.missing))
        let long = try TokenFactory.token(
            claims: TokenFactory.claims(#","x":"\#(String(repeating: "x", count: 8192))""#),
            signer: try await TokenFactory.hmac()
        )
        #expect(self.judge(token: long, verifier) == .failure(.malformed))
    }

    @Test(
        "Another algorithm, none at all, or an extension that must be understood is refused",
        arguments: [
            (#"{"alg":"none"}"#, TokenFault.algorithm), (#"{"alg":"None"}"#, .algorithm),
            (#"{"alg":"hs256"}"#, .algorithm),
            (#"{"alg":"HS384"}"#, .algorithm), (#"{"alg":"RS256"}"#, .algorithm),
            (#"{"alg":"HS256","crit":["b64"]}"#, .algorithm),
            (#"{"alg":7}"#, .malformed), ("{}", .malformed), (#"{"alg":"none","alg":"HS256"}"#, .malformed),
            (#"{"alg":"HS256","kid":7}"#, .malformed),
        ]
    )
    func headers(header: String, fault: TokenFault) async throws {
        let token = try TokenFactory.token(header: header, signer: try await TokenFactory.hmac())
        #expect(self.judge(token: token, try await TokenFactory.verifier()) == .failure(fault))
        // The same without a signature, as `none` has it.
        let bare = token.prefix(through: try #require(token.lastIndex(of: ".")))
        #expect(self.judge(token: String(bare), try await TokenFactory.verifier()) == .failure(fault))
    }

    @Test("A wrong signature is refused, and each changed character of a good token") func signatures() async throws {
        let verifier = try await TokenFactory.verifier()
        let foreign = try TokenFactory.token(signer: try await TokenFactory.hmac(TokenFactory.foreignSecret))
        #expect(self.judge(token: foreign, verifier) == .failure(.signature))
        let good = Array(try await TokenFactory.goodToken().utf8)
        #expect(self.judge(token: String(decoding: good, as: UTF8.self), verifier) == .success(Self.bob))
        for index in good.indices {
            var bytes = good
            bytes[index] = bytes[index] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
            let verdict = self.judge(token: String(decoding: bytes, as: UTF8.self), verifier)
            if case .success = verdict { Issue.record("a change at \(index) was taken") }
        }
    }

    @Test(
        "Claims are checked",
        arguments: [
            (#"{"user_id":7,"token_type":"access"}"#, TokenFault.noExpiry),
            (#"{"user_id":7,"token_type":"access","exp":1799999995}"#, .expired),
            (#"{"user_id":7,"token_type":"access","exp":0}"#, .expired),
            (#"{"user_id":7,"token_type":"access","exp":"1900000000"}"#, .malformed),
            (#"{"user_id":7,"token_type":"access","exp":-1}"#, .malformed),
            (#"{"user_id":7,"token_type":"access","exp":null}"#, .malformed),
            (#"{"user_id":7,"token_type":"access","exp":1900000000,"exp":1}"#, .malformed),
            (#"{"user_id":7,"token_type":"access","exp":1900000000,"nbf":1800000006}"#, .notYetValid),
            (#"{"user_id":7,"exp":1900000000}"#, .claim("token_type")),
            (#"{"user_id":7,"token_type":"refresh","exp":1900000000}"#, .claim("token_type")),
            (#"{"user_id":7,"token_type":["access"],"exp":1900000000}"#, .claim("token_type")),
            (#"{"token_type":"access","exp":1900000000}"#, .user),
            (#"{"user_id":"","token_type":"access","exp":1900000000}"#, .user),
            (#"{"user_id":1.5,"token_type":"access","exp":1900000000}"#, .user),
            (#"{"user_id":null,"token_type":"access","exp":1900000000}"#, .user),
            (#"[]"#, .malformed), (#"{"user_id":7"#, .malformed),
        ]
    )
    func claims(claims: String, fault: TokenFault) async throws {
        #expect(try await self.judge(claims) == .failure(fault))
    }

    @Test(
        "The bearer is who the claims say, with the JSON type and all digits",
        arguments: [
            (#""user_id":7"#, .number("7"), "7"), (#""user_id":"7""#, .string("7"), "7"),
            (
                #""user_id":9007199254740993123456789"#, .number("9007199254740993123456789"),
                "9007199254740993123456789"
            ),
            (#""sub":"alice""#, .string("alice"), "alice"), (#""user_id":7,"sub":"alice""#, .number("7"), "7"),
            (#""user_id":7,"username":"Zo\u00eb""#, .number("7"), "Zoë"),
            (#""user_id":7,"username":"""#, .number("7"), "7"),
            (#""user_id":7,"username":"a\nb""#, .number("7"), "7"), (#""user_id":7,"username":{}"#, .number("7"), "7"),
        ] as [(String, PartyID, String)]
    )
    func identity(claims: String, userID: PartyID, username: String) async throws {
        #expect(
            try await self.judge(#"{"token_type":"access","exp":1900000000.75,"nbf":1800000005,\#(claims)}"#)
                == .success(ClientIdentity(userID: userID, username: username, expiresAt: 1_900_000_000))
        )
    }

    @Test("Claims, issuer and audience are those of the configuration") func configured() async throws {
        var configuration = TokenFactory.configuration()
        configuration.userClaim = "uid"
        configuration.usernameClaim = "name"
        configuration.required = ["level": "3", "admin": "true"]
        configuration.issuer = "https://issuer.example"
        configuration.audience = "calls"
        configuration.allowNoExpiry = true
        func verdict(_ claims: String) async throws -> Result<ClientIdentity, TokenFault> {
            try await self.judge("{" + claims + "}", configuration)
        }
        let rest = #""uid":"u","name":"n","level":3,"admin":true"#
        let issuer = #""iss":"https://issuer.example""#
        let good = Result<ClientIdentity, TokenFault>.success(ClientIdentity(userID: .string("u"), username: "n"))
        #expect(try await verdict(#"\#(rest),\#(issuer),"aud":"calls""#) == good)
        #expect(try await verdict(#"\#(rest),\#(issuer),"aud":["x", "calls" ]"#) == good)
        #expect(try await verdict(#"\#(rest),\#(issuer),"aud":["x"]"#) == .failure(.audience))
        #expect(try await verdict(#"\#(rest),\#(issuer),"aud":[]"#) == .failure(.audience))
        #expect(try await verdict(#"\#(rest),\#(issuer)"#) == .failure(.audience))
        #expect(try await verdict(#"\#(rest),"iss":"https://other.example","aud":"calls""#) == .failure(.issuer))
        #expect(try await verdict(#"\#(rest),"aud":"calls""#) == .failure(.issuer))
    }

    @Test("A minted token is good under its own configuration") func minting() async throws {
        var configuration = TokenFactory.configuration()
        configuration.issuer = "i\"1"
        configuration.audience = "a"
        let minter = try await TokenMinter(configuration)
        let big = PartyID.number("9007199254740993123456789")
        let token = try minter.mint(userID: big, username: "Zoë", now: TokenFactory.now, ttl: 60)
        #expect(
            self.judge(token: token, try await TokenFactory.verifier(configuration))
                == .success(ClientIdentity(userID: big, username: "Zoë", expiresAt: TokenFactory.now + 60))
        )
        let endless = try minter.mint(userID: .string("7"), username: nil, now: TokenFactory.now, ttl: nil)
        #expect(self.judge(token: endless, try await TokenFactory.verifier(configuration)) == .failure(.noExpiry))
    }

    @Test("A short secret serves, is the HMAC that others compute with it, and is known to be weak")
    func shortSecret() async throws {
        let configuration = TokenFactory.configuration(key: .secret("key"))
        #expect(configuration.hasWeakSecret)
        #expect(!TokenFactory.configuration().hasWeakSecret)
        // Made with `openssl dgst -sha256 -hmac key`.
        let token =
            "eyJhbGciOiJIUzI1NiJ9.eyJ1c2VyX2lkIjo3LCJ0b2tlbl90eXBlIjoiYWNjZXNzIiwiZXhwIjoxOTAwMDAwMDAwfQ."
            + "5O4StR38Hz9VhQ8hgFlHf6Kuvm5C9XjVBk_KoZM4O-Y"
        #expect(
            self.judge(token: token, try await TokenFactory.verifier(configuration))
                == .success(ClientIdentity(userID: .number("7"), username: "7", expiresAt: 1_900_000_000))
        )
    }

    @Test("A key prints as stars") func secrecy() {
        let configuration = TokenFactory.configuration()
        var dumped = ""
        dump(configuration, to: &dumped)
        for text in ["\(configuration)", String(reflecting: configuration), dumped] {
            #expect(!text.contains(TokenFactory.secret))
            #expect(text.contains("***"))
        }
    }
}
