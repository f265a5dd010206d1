import Gateway
import Testing

@Suite struct FaultyTokenConfigurationTests {
    private func faults(_ tokens: String) -> [String] {
        ConfigurationText.faults("media: { mode: passthrough }\ntokens: \(tokens)")
    }

    @Test("A shared-secret algorithm needs its secret") func noSecret() {
        #expect(
            self.faults("{ algorithm: HS512 }") == [
                "g.yaml:2: tokens.secret: HS512 needs a secret; write secret: \"${SWITCHHOOK_TOKEN_SECRET}\""
            ]
        )
    }

    @Test("A shared-secret algorithm has no public key") func secretAndKey() {
        #expect(
            self.faults("{ secret: \"${SECRET}\", public_key: key.pem }") == [
                "g.yaml:2: tokens.public_key: HS256 has a shared secret; a public key is for RS256, ES256 and EdDSA"
            ]
        )
    }

    @Test("A public-key algorithm has no secret, and needs a key") func asymmetricWithSecret() {
        #expect(
            self.faults("{ algorithm: ES256, secret: \"${SECRET}\" }") == [
                "g.yaml:2: tokens.secret: ES256 has no shared secret; give public_key or jwks",
                "g.yaml:2: tokens: ES256 needs public_key or jwks",
            ]
        )
    }

    @Test("A key file that can't be read is a fault") func missingFile() {
        #expect(
            self.faults("{ algorithm: RS256, public_key: /nowhere/key.pem }") == [
                "g.yaml:2: tokens.public_key: the file /nowhere/key.pem can't be read"
            ]
        )
    }

    @Test("Keys from a URL are refused with words that say so") func keysFromURL() {
        #expect(
            self.faults("{ algorithm: RS256, jwks: \"https://a.example/keys\" }") == [
                "g.yaml:2: tokens.jwks: keys from a URL are planned for a later release; give a file for now"
            ]
        )
    }

    @Test("An algorithm that is none is a fault") func algorithm() {
        #expect(
            self.faults("{ algorithm: none, secret: \"${SECRET}\" }") == [
                "g.yaml:2: tokens.algorithm: \"none\" is not one of HS256, HS384, HS512, RS256, ES256, EdDSA"
            ]
        )
    }

    @Test("A secret that can be guessed by trying is a fault") func shortSecret() {
        #expect(
            self.faults("{ secret: hush }") == [
                "g.yaml:2: tokens.secret: the secret has 4 bytes; 8 are the least"
            ]
        )
    }

    @Test("A secret shorter than its hash is a warning that doesn't show it") func weakSecret() throws {
        let loaded = try GatewayConfiguration.parse(
            "tokens: { secret: twelve-bytes }\nmedia: { mode: passthrough }",
            file: "g.yaml",
            environment: [:]
        )
        #expect(
            loaded.warnings.map(\.description) == [
                "g.yaml:1: tokens.secret: the secret has 12 bytes; HS256 asks for 32 or more (RFC 7518 §3.2)"
            ]
        )
    }

    @Test("A certificate and its key belong together, and must be readable") func tls() {
        let text = "\nclient: { tls: { certificate: /nowhere/cert.pem } }"
        #expect(
            ConfigurationText.faults(ConfigurationText.least + text) == [
                "g.yaml:4: client.tls.certificate: the file /nowhere/cert.pem can't be read",
                "g.yaml:4: client.tls.key: a certificate needs its key",
            ]
        )
    }
}
