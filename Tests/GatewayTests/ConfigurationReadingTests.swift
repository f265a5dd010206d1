import Gateway
import Testing

@Suite struct ConfigurationReadingTests {
    @Test("All faults come at once, in the order of their lines")
    func allAtOnce() {
        let text = """
            client:
              listen: nowhere
            sip:
              listne: []
              listen: ["udp:127.0.0.1:5060", "sctp:127.0.0.1:5060"]
            timers: { ring: soon }
            """
        #expect(
            ConfigurationText.faults(text, file: "config/gateway.yaml") == [
                "config/gateway.yaml:1: tokens.secret: HS256 needs a secret; write secret: \"${SWITCHHOOK_TOKEN_SECRET}\"",
                "config/gateway.yaml:2: client.listen: \"nowhere\" is not an address to listen on;"
                    + " write 127.0.0.1:8080 or [::1]:8080",
                "config/gateway.yaml:4: sip.listne: unknown key; did you mean \"listen\"?",
                "config/gateway.yaml:5: sip.listen[1]: \"sctp:127.0.0.1:5060\" is not a listener;"
                    + " write udp:127.0.0.1:5060, tcp:[::1]:5060 or tls:127.0.0.1:5061",
                "config/gateway.yaml:6: timers.ring: \"soon\" is not a length of time; write 500ms, 30s, 5m, 1h or 0",
            ]
        )
    }

    @Test("What is not YAML is one fault with its line")
    func notYAML() {
        #expect(
            ConfigurationText.faults("client:\n  listen: \"open\nsip: {}") == [
                "g.yaml:3: the file is not YAML: found unexpected end of stream"
            ]
        )
    }

    @Test("A key that stands twice is a fault")
    func twice() {
        #expect(
            ConfigurationText.faults("log: {}\nlog: {}") == [
                "g.yaml:1: the mapping that starts here has twice the key \"log\""
            ]
        )
    }

    @Test("A file that is no mapping is a fault")
    func noMapping() {
        #expect(
            ConfigurationText.faults("- a\n- b") == [
                "g.yaml:1: the file must hold a mapping of keys and values; start it with client:"
            ]
        )
    }

    @Test("An empty file lacks what must be said")
    func empty() {
        #expect(
            ConfigurationText.faults("") == [
                "g.yaml: tokens.secret: HS256 needs a secret; write secret: \"${SWITCHHOOK_TOKEN_SECRET}\""
            ]
        )
    }

    @Test("A file that isn't there is one fault without a line")
    func missing() {
        #expect(
            throws: ConfigurationFaults([ConfigurationFault(file: "/nowhere.yaml", text: "the file can't be read")])
        ) {
            try GatewayConfiguration.load(file: "/nowhere.yaml", environment: [:])
        }
    }

    @Test("Environment variables take part in a value, and $${ stays what it is")
    func environment() throws {
        let configuration = try ConfigurationText.parse(
            """
            client: { listen: "127.0.0.1:${PORT}" }
            tokens: { secret: "${SECRET}", user_claim: "a${EMPTY}b$${c}" }
            media: { mode: passthrough }
            """
        )
        #expect(configuration.client.listen == HostPort(host: "127.0.0.1", port: 8_081))
        #expect(configuration.tokens.key == .secret(Secret("0123456789abcdef0123456789abcdef")))
        #expect(configuration.tokens.userClaim == "ab${c}")
    }

    @Test("A variable's text can't add keys")
    func environmentIsNoYAML() throws {
        let loaded = try GatewayConfiguration.parse(
            "tokens: { secret: \"${S}\" }\nmedia: { mode: passthrough }",
            file: "g.yaml",
            environment: ["S": "0123456789\nallow_no_expiry: true"]
        )
        #expect(loaded.configuration.tokens.allowNoExpiry == false)
        #expect(loaded.configuration.tokens.key == .secret(Secret("0123456789\nallow_no_expiry: true")))
    }

    @Test("Issuer and audience may stand among the claims that must match")
    func issuerAmongClaims() throws {
        let configuration = try ConfigurationText.parse(
            """
            tokens:
              secret: "${SECRET}"
              required: { token_type: access, issuer: me, aud: you, level: 3, admin: true }
            media: { mode: passthrough }
            """
        )
        #expect(configuration.tokens.issuer == "me")
        #expect(configuration.tokens.audience == "you")
        #expect(
            configuration.tokens.required == [
                "token_type": .string("access"), "level": .integer(3), "admin": .boolean(true),
            ]
        )
    }

    @Test("Name servers are addresses, with a port or with that of DNS") func nameServers() throws {
        let text = "\nsip: { dns: { servers: [192.0.2.1, \"192.0.2.2:5353\", \"[2001:db8::1]:53\", \"2001:db8::2\"] } }"
        let configuration = try ConfigurationText.parse(ConfigurationText.least + text)
        #expect(
            configuration.sip.nameServers.map(\.description)
                == ["192.0.2.1:53", "192.0.2.2:5353", "[2001:db8::1]:53", "[2001:db8::2]:53"]
        )
    }

    @Test("A trunk has several URIs in their order, or each with a rank") func servers() throws {
        let configuration = try ConfigurationText.parse(
            ConfigurationText.least + """

                trunks:
                  - { name: a, uris: ["sip:h", { uri: "sip:i:5070", weight: 3 }, { uri: "sip:j", priority: 0, weight: 1 }], calls: 5 }
                  - { name: b, uri: "sip:k;transport=tcp", probe: 30s }
                """
        )
        #expect(
            configuration.trunks.map(\.servers) == [
                [
                    TrunkServer(uri: TrunkURI(host: "h"), priority: 0, weight: 0),
                    TrunkServer(uri: TrunkURI(host: "i", port: 5070), priority: 1, weight: 3),
                    TrunkServer(uri: TrunkURI(host: "j"), priority: 0, weight: 1),
                ],
                [TrunkServer(uri: TrunkURI(host: "k", transport: .tcp))],
            ]
        )
        #expect(configuration.trunks.map(\.calls) == [5, nil])
        #expect(configuration.trunks.map(\.probe) == [.zero, .seconds(30)])
    }

    @Test("Our domains are by default where we listen and what we advertise")
    func domains() throws {
        let configuration = try ConfigurationText.parse(
            ConfigurationText.least
                + "\nsip: { advertise: SIP.example.org, listen: [\"udp:0.0.0.0:5060\", \"tcp:[::1]:5060\"] }"
        )
        #expect(configuration.sip.domains == ["::1", "sip.example.org"])
    }
}
