import Gateway
import Testing

@Suite("The ICE servers that apps are told of") struct ICEServerTests {
    @Test("A shared secret gives each user credentials of its own, from the moment of the session on")
    func secret() throws {
        let configuration = try ConfigurationText.parse(
            ConfigurationText.least + """

                client:
                  ice_servers:
                    - { urls: "stun:stun.example" }
                    - { urls: ["turn:a.example", "turns:b.example:443"], secret: my_secret, ttl: 1h }
                    - { urls: "turn:c.example", username: "q\\"", credential: "${SECRET}" }
                """
        )
        let servers = configuration.client.iceServers.json(for: "ninefingers", now: 1_433_892_318)
        let expected = #"""
            [{"urls":["stun:stun.example"]},{"urls":["turn:a.example","turns:b.example:443"],\#
            "username":"1433895918:ninefingers","credential":"AYiCUwX+eluB3k0edPWe+Lw8+EA="},\#
            {"urls":["turn:c.example"],"username":"q\"","credential":"0123456789abcdef0123456789abcdef"}]
            """#
        #expect(String(decoding: servers, as: UTF8.self) == expected)
    }

    @Test("The effective configuration shows which credentials there are, and none of them")
    func effective() throws {
        let configuration = try ConfigurationText.parse(
            ConfigurationText.least + """

                client:
                  ice_servers:
                    - { urls: "stun:a" }
                    - { urls: "turn:b", secret: "${SECRET}" }
                    - { urls: "turn:c", username: name, credential: "${SECRET}" }
                """
        )
        let expected = """
              ice_servers:
              - urls: ["stun:a"]
              - urls: ["turn:b"]
                secret: "***"
                ttl: 24h
              - urls: ["turn:c"]
                username: "name"
                credential: "***"

            """
        #expect(configuration.effectiveText.contains(expected))
    }

    @Test(
        "A server whose credentials contradict each other is a fault",
        arguments: [
            ("secret: a, username: b", "a secret stands in place of username and credential"),
            ("secret: a, username: b, credential: c", "a secret stands in place of username and credential"),
            ("username: b", "username and credential belong together"),
            ("credential: c", "username and credential belong together"),
            ("ttl: 1h", "ttl belongs to a secret"),
            ("username: b, credential: c, ttl: 1h", "ttl belongs to a secret"),
        ]
    )
    func faults(keys: String, fault: String) {
        let text = ConfigurationText.least + "\nclient: { ice_servers: [{ urls: \"turn:x\", \(keys) }] }"
        #expect(ConfigurationText.faults(text) == ["g.yaml:4: client.ice_servers[0]: \(fault)"])
    }

    @Test("Credentials last a minute at least and a week at most", arguments: ["59s", "169h"])
    func ttl(text: String) {
        let text =
            ConfigurationText.least + "\nclient: { ice_servers: [{ urls: \"turn:x\", secret: a, ttl: \(text) }] }"
        #expect(ConfigurationText.faults(text) == ["g.yaml:4: client.ice_servers[0].ttl: must be from 60s to 168h"])
    }
}
