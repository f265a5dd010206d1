import Foundation
import Gateway
import Testing

@Suite struct EffectiveConfigurationTests {
    private static let whole = """
        client: { listen: "[::1]:8080", allowed_origins: ["https://A.example"] }
        tokens: { secret: "${SECRET}" }
        admin: { token: "open sesame" }
        sip: { listen: ["udp:127.0.0.2:5060"], timers: { t1: 100ms, session_expires: 10m } }
        media: { mode: passthrough, codecs: [PCMA, opus], relay: { advertise: 203.0.113.7, ports: 20000-20999 } }
        users:
          - { id: 42, username: alice, aliases: ["2042", "+15550042"], phones: ["600"],
              register: { trunk: pbx, username: "2042", password: "${SECRET}" } }
          - { id: "43", caller_id: "+15550043", may_call: [far], max_duration: 2h }
        phones: [{ extension: "1001", password: "very ${SECRET}" }]
        groups: [{ name: sales, numbers: ["2000"], members: [42, "1001"], ring: in_turn, ring_time: 15s }]
        trunks:
          - name: pbx
            uri: "sip:pbx.example:5070;transport=tcp"
            outbound_proxy: "sip:192.0.2.5"
            username: switchhook
            password: "very ${SECRET}"
            accept_from: ["127.0.0.1", "2001:db8::/32"]
            caller_id: [{ match: "^2", rewrite: "+1555$0" }]
            inbound: [{ match: "^1555(.*)$", to: "$1" }]
        normalize: [{ match: "^00(.*)$", rewrite: "+$1" }]
        dialplan:
          - { match: "^6\\\\d\\\\d$", trunk: pbx }
          - { match: "^\\\\+1(\\\\d{10})$", trunk: pbx, rewrite: "1$1", allow: [42, "43"], allow_trunks: [pbx],
              name: far, max_duration: 10m }
        timers: { ring: 90s, drain: 0 }
        """

    @Test("The effective configuration holds every key with its value, secrets masked")
    func text() throws {
        let expected = """
            client:
              listen: "[::1]:8080"
              tls: null
              allowed_origins: ["https://a.example"]
              ice_servers: []
            tokens:
              algorithm: HS256
              secret: "***"
              user_claim: "user_id"
              username_claim: "username"
              required: {token_type: "access"}
              issuer: null
              audience: null
              allow_no_expiry: false
            admin:
              listen: "127.0.0.1:9090"
              token: "***"
            sip:
              listen: ["udp:127.0.0.2:5060"]
              domains: ["127.0.0.2"]
              advertise: null
              tls: null
              dns: {servers: []}
              registrar: {min_expires: 60s, max_expires: 1h, algorithms: [MD5], nonce_lifetime: 300s, wrong_passwords: "10/min", ban: 300s}
              timers: {t1: 100ms, t2: 4s, t4: 5s, session_expires: 600s, min_se: 90s}
            media:
              mode: passthrough
              codecs: [PCMA, opus]
              srtp: false
              transcode: false
              relay:
                address: ["127.0.0.1"]
                advertise: ["203.0.113.7"]
                webrtc_port: 16383
                ports: 20000-20999
                timeout: 60s
              rtpengine:
                control: ["127.0.0.1:2223"]
                dtmf_listen: null
                timeout: 60s
            users:
            - id: 42
              username: "alice"
              aliases: ["2042", "+15550042"]
              phones: ["600"]
              register:
                trunk: "pbx"
                username: "2042"
                password: "***"
                when: connected
              caller_id: null
              may_call: null
              max_duration: null
            - id: "43"
              username: null
              aliases: []
              phones: []
              register: null
              caller_id: "+15550043"
              may_call: ["far"]
              max_duration: 2h
            phones:
            - extension: "1001"
              password: "***"
              display_name: null
            groups:
            - name: "sales"
              numbers: ["2000"]
              members: [42, "1001"]
              ring: in_turn
              ring_time: 15s
            trunks:
            - name: "pbx"
              uri: "sip:pbx.example:5070;transport=tcp"
              outbound_proxy: "sip:192.0.2.5"
              username: "switchhook"
              password: "***"
              register: false
              accept_from: ["127.0.0.1/32", "2001:db8::/32"]
              from_user: null
              caller_id:
              - {match: "^2", rewrite: "+1555$0"}
              inbound:
              - {match: "^1555(.*)$", to: "$1"}
              trusted: false
              calls: null
              probe: 0
              try_timeout: 3s
              session_expires: null
              reliable: supported
              answer: safe
              media: {mode: null, srtp: null}
            normalize:
            - {match: "^00(.*)$", rewrite: "+$1"}
            dialplan:
            - name: null
              match: "^6\\\\d\\\\d$"
              trunk: "pbx"
              rewrite: null
              allow: null
              allow_trunks: []
              max_duration: null
            - name: "far"
              match: "^\\\\+1(\\\\d{10})$"
              trunk: "pbx"
              rewrite: "1$1"
              allow: [42, "43"]
              allow_trunks: ["pbx"]
              max_duration: 600s
            storage: {path: ":memory:"}
            log: {level: info, format: text}
            timers: {ring: 90s, turn: 20s, negotiation: 20s, candidates: 1s, call: 0, resume_grace: 0, drain: 0}
            limits:
              calls_per_user: 4
              call_rate_per_user: "10/min"
              sockets_per_user: 8
              message_bytes: 65536
              calls: 10000

            """
        #expect(try ConfigurationText.parse(Self.whole).effectiveText == expected)
    }

    @Test("The effective configuration reads back as the same but for its secrets")
    func readsBack() throws {
        let first = try ConfigurationText.parse(Self.whole).effectiveText
            .replacingOccurrences(of: "\"***\"", with: "\"${SECRET}\"")
        let second = try ConfigurationText.parse(first)
        let whole = try ConfigurationText.parse(Self.whole)
        #expect(second.effectiveText == whole.effectiveText)
        #expect(second.dialplan == whole.dialplan)
    }

    @Test("A secret shows in nothing that prints it")
    func secret() throws {
        let secret = Secret("open sesame")
        var dumped = ""
        dump(secret, to: &dumped)
        var wholeDumped = ""
        dump(try ConfigurationText.parse(Self.whole), to: &wholeDumped)
        #expect("\(secret)" == "***")
        #expect(secret.description == "***")
        #expect(String(reflecting: secret) == "***")
        #expect("\([secret])" == "[***]")
        #expect("\(Optional(secret) as Any)" == "Optional(***)")
        #expect(dumped == "- ***\n")
        #expect(!wholeDumped.contains("sesame"))
        #expect(!wholeDumped.contains("0123456789abcdef"))
        #expect(wholeDumped.contains("***"))
        #expect(secret.reveal() == "open sesame")
    }

    @Test("The configuration that comes with the gateway has no fault", arguments: ["gateway.yaml", "asterisk.yaml"])
    func shipped(_ name: String) throws {
        // Tests/GatewayTests/this file: three up is the package.
        let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let file = package.appendingPathComponent("config/\(name)").path
        let loaded = try GatewayConfiguration.load(
            file: file,
            environment: ["SWITCHHOOK_TOKEN_SECRET": "0123456789abcdef0123456789abcdef"]
        )
        #expect(loaded.warnings == [])
        #expect(loaded.configuration.trunks.map(\.name) == ["pbx"])
        #expect(loaded.configuration.dialplan.first?.pattern.resolve("600") == "600")
    }
}
