import Gateway
import Testing

@Suite struct FaultyConfigurationTests {
    /// A text that is added to the least configuration, so its first line is line 4, and the one fault that it makes.
    struct Row: Sendable, CustomTestStringConvertible {
        var text: String
        var fault: String

        init(_ text: String, _ fault: String) {
            self.text = text
            self.fault = fault
        }

        var testDescription: String { self.fault }
    }

    static let values: [Row] = [
        Row(
            "client: { listen: localhost }",
            "g.yaml:4: client.listen: \"localhost\" is not an address to listen on; write 127.0.0.1:8080 or [::1]:8080"
        ),
        Row(
            "client: { listen: \"127.0.0.1:65536\" }",
            "g.yaml:4: client.listen: \"127.0.0.1:65536\" is not an address to listen on; write 127.0.0.1:8080 or [::1]:8080"
        ),
        Row("client:\n  listen: [a]", "g.yaml:5: client.listen: must be a single value, not a list"),
        Row("client: 7", "g.yaml:4: client: must be a mapping of keys and values, not a single value"),
        Row(
            "client: { allowed_origins: [\"https://a.example/x\"] }",
            "g.yaml:4: client.allowed_origins[0]: \"https://a.example/x\" is not an origin; write https://app.example.org, without a path"
        ),
        Row(
            "client: { ice_servers: [{ urls: \"http://x\" }] }",
            "g.yaml:4: client.ice_servers[0].urls: \"http://x\" is not a STUN or TURN URL; write stun:HOST[:PORT] or turn:HOST[:PORT]"
        ),
        Row(
            "timers: { ring: 1 minute }",
            "g.yaml:4: timers.ring: \"1 minute\" is not a length of time; write 500ms, 30s, 5m, 1h or 0"
        ),
        Row("timers: { ring: 0 }", "g.yaml:4: timers.ring: must be from 1s to 1h"),
        Row(
            "timers: { call: 2d }",
            "g.yaml:4: timers.call: must be from 0 to 24h"
        ),
        Row("timers: { turn: 0 }", "g.yaml:4: timers.turn: must be from 1s to 1h"),
        Row("timers: { ring: 2h }", "g.yaml:4: timers.ring: must be from 1s to 1h"),
        Row(
            "limits: { call_rate_per_user: 10 }",
            "g.yaml:4: limits.call_rate_per_user: \"10\" is not a rate; write 10/min, 2/s or 100/h"
        ),
        Row("limits: { calls: -1 }", "g.yaml:4: limits.calls: \"-1\" is not a whole number from 1 to 1000000"),
        Row(
            "limits: { calls: 99999999999999999999 }",
            "g.yaml:4: limits.calls: \"99999999999999999999\" is not a whole number from 1 to 1000000"
        ),
        Row(
            "log: { level: loud }",
            "g.yaml:4: log.level: \"loud\" is not one of trace, debug, info, notice, warning, error, critical"
        ),
        Row("log: { format: xml }", "g.yaml:4: log.format: \"xml\" is not one of text, json"),
        Row("sip: { timers: { t1: 0 } }", "g.yaml:4: sip.timers.t1: must be from 1ms to 60s"),
        Row("sip: { timers: { t1: 5s } }", "g.yaml:4: sip.timers: t2 must not be shorter than t1"),
        Row("sip: { timers: { min_se: 0 } }", "g.yaml:4: sip.timers.min_se: must be from 1s to 1h"),
        Row("sip: { timers: { session_expires: 25h } }", "g.yaml:4: sip.timers.session_expires: must be from 0 to 24h"),
        Row(
            "sip: { timers: { session_expires: 60s } }",
            "g.yaml:4: sip.timers: session_expires must not be shorter than min_se"
        ),
        Row(
            "trunks:\n  - { name: a, uri: \"sip:a.example\", session_expires: 89s }",
            "g.yaml:5: trunks[0].session_expires: must not be shorter than sip.timers.min_se, 90s"
        ),
        Row(
            "sip: { timers: { session_expires: 0 } }\ntrunks:\n  - { name: a, uri: \"sip:a.example\", session_expires: 90s }",
            "g.yaml:6: trunks[0].session_expires: sip.timers.session_expires is 0, so that there are no session timers"
        ),
        Row(
            "trunks:\n  - { name: a, uri: \"sip:a.example\", reliable: maybe }",
            "g.yaml:5: trunks[0].reliable: \"maybe\" is not one of supported, required, never"
        ),
        Row("sip: { advertise: \"a b\" }", "g.yaml:4: sip.advertise: \"a b\" is not an IP address or a host name"),
        Row("sip: { domains: [] }", "g.yaml:4: sip.domains: must name at least one domain"),
        Row("sip: { domains: [-x] }", "g.yaml:4: sip.domains[0]: \"-x\" is not a domain name or an IP address"),
    ]

    static let listeners: [Row] = [
        Row(
            "sip:\n  listen:\n    - udp:127.0.0.1:5060\n    - 127.0.0.1:5060",
            "g.yaml:7: sip.listen[1]: \"127.0.0.1:5060\" is not a listener; write udp:127.0.0.1:5060, tcp:[::1]:5060 or tls:127.0.0.1:5061"
        ),
        Row(
            "sip: { listen: [\"tcp:::1:5060\"] }",
            "g.yaml:4: sip.listen[0]: \"tcp:::1:5060\" is not a listener; write udp:127.0.0.1:5060, tcp:[::1]:5060 or tls:127.0.0.1:5061"
        ),
        Row("sip: { listen: [] }", "g.yaml:4: sip.listen: must name at least one listener"),
        Row(
            "sip:\n  listen:\n    - udp:127.0.0.1:5060\n    - udp:127.0.0.1:5060",
            "g.yaml:7: sip.listen[1]: udp:127.0.0.1:5060 can't be bound beside udp:127.0.0.1:5060"
        ),
        Row(
            "sip: { advertise: 192.0.2.1, listen: [\"udp:0.0.0.0:5060\", \"udp:127.0.0.1:5060\"] }",
            "g.yaml:4: sip.listen[1]: udp:127.0.0.1:5060 can't be bound beside udp:0.0.0.0:5060"
        ),
        Row(
            "sip: { listen: [\"udp:0.0.0.0:5060\"] }",
            "g.yaml:4: sip.listen[0]: udp:0.0.0.0:5060 listens on every address, so sip.advertise must say which one peers see"
        ),
        Row(
            "sip: { listen: [\"tcp:127.0.0.1:9090\"] }",
            "g.yaml:4: sip.listen: tcp:127.0.0.1:9090 can't be bound beside admin.listen, 127.0.0.1:9090"
        ),
        Row(
            "sip: { listen: [\"tcp:127.0.0.1:8080\"] }",
            "g.yaml:4: sip.listen: tcp:127.0.0.1:8080 can't be bound beside client.listen, 127.0.0.1:8080"
        ),
        Row(
            "admin: { listen: \"127.0.0.1:8080\" }",
            "g.yaml:4: admin.listen: 127.0.0.1:8080 can't be bound beside client.listen, 127.0.0.1:8080"
        ),
        Row(
            "admin:\n  listen: 192.0.2.1:9090",
            "g.yaml:5: admin.listen: 192.0.2.1:9090 is not a loopback address, so admin.token must be set"
        ),
    ]

    static let registering: [Row] = [
        Row("phones: [{ extension: \"1001\" }]", "g.yaml:4: phones[0].password: must be given"),
        Row("phones: [{ password: x }]", "g.yaml:4: phones[0].extension: must be given"),
        Row(
            "phones:\n  - { extension: 1001, password: x }\n  - { extension: 1001, password: y }",
            "g.yaml:6: phones[1].extension: phones[0] has the extension \"1001\" already"
        ),
        Row(
            "sip: { registrar: { min_expires: 90s, max_expires: 60s } }",
            "g.yaml:4: sip.registrar: max_expires must not be shorter than min_expires"
        ),
        Row(
            "trunks: [{ name: a, uri: \"sip:h\", register: true }]",
            "g.yaml:4: trunks[0].register: a registration needs a username and its password"
        ),
    ]

    static let extensions: [Row] = [
        Row(
            "users: [{ id: 1, register: { trunk: pbx, username: u, password: p } }]",
            "g.yaml:4: users[0].register.trunk: there is no trunk \"pbx\""
        ),
        Row(
            "trunks: [{ name: a, uri: \"sip:h\" }]\nusers: [{ id: 1, register: { trunk: a, username: u } }]",
            "g.yaml:5: users[0].register.password: must be given"
        ),
    ]

    static let planned: [Row] = [
        Row(
            "cluster: { redis: \"redis://x\" }",
            "g.yaml:4: cluster.redis: more than one gateway is planned for a later release; leave it out for now"
        ),
        Row(
            "timers: { resume_grace: 30s }",
            "g.yaml:4: timers.resume_grace: resuming after a lost socket is planned for a later release; leave it out (the default is 0)"
        ),
    ]

    static let contradictions: [Row] = [
        Row(
            "sip: { listen: [\"tls:127.0.0.1:5061\"] }",
            "g.yaml:4: sip: tls:127.0.0.1:5061 needs tls, with a certificate and its key"
        ),
        Row(
            "sip: { tls: { certificate: /etc/passwd, key: /etc/passwd } }",
            "g.yaml:4: sip.tls.certificate: no certificate in /etc/passwd"
        ),
        Row(
            "sip: { tls: { certificate: /etc/passwd } }",
            "g.yaml:4: sip.tls.key: a certificate needs its key"
        ),
        Row(
            "trunks: [{ name: a, uri: \"sip:h\", outbound_proxy: \"sips:p\" }]",
            "g.yaml:4: trunks[0].outbound_proxy: sips:p needs a tls: listener in sip.listen"
        ),
        Row(
            "trunks: [{ name: a, uri: \"sips:h\", outbound_proxy: \"sip:p\" }]",
            "g.yaml:4: trunks[0].outbound_proxy: sip:p is reached without TLS, which a sips: trunk asks for on the whole way"
        ),
        Row(
            "trunks: [{ name: a, uri: \"sips:h\" }]",
            "g.yaml:4: trunks[0].uri: sips:h needs a tls: listener in sip.listen"
        ),
        Row(
            "trunks: [{ name: a, uri: \"sip:h;transport=tls\" }]",
            "g.yaml:4: trunks[0].uri: sip:h;transport=tls needs a tls: listener in sip.listen"
        ),
        Row("users:\n  - { id: 7 }\n  - { id: \"7\" }", "g.yaml:6: users[1]: the id 7 reaches users[0] already"),
        Row(
            "users:\n  - { id: 7, aliases: [a] }\n  - { id: 8, aliases: [a] }",
            "g.yaml:6: users[1].aliases[0]: \"a\" reaches users[0] already"
        ),
        Row("users:\n  - { id: 7, aliases: [a, a] }", "g.yaml:5: users[0].aliases[1]: \"a\" reaches users[0] already"),
        Row(
            "users:\n  - { id: 7, aliases: [\"8\"] }\n  - { id: 8 }",
            "g.yaml:6: users[1]: the id 8 reaches users[0] already"
        ),
        Row("users:\n  - { username: a }", "g.yaml:5: users[0].id: must be given"),
        Row(
            "users:\n  - { id: 7, phones: [\"1001\"] }",
            "g.yaml:5: users[0].phones[0]: no row of the dial plan takes \"1001\""
        ),
        Row(
            "trunks:\n  - { name: a, uri: \"sip:h\" }\n  - { name: a, uri: \"sip:i\" }",
            "g.yaml:6: trunks[1].name: trunks[0] has the name \"a\" already"
        ),
        Row("trunks: [{ name: a }]", "g.yaml:4: trunks[0].uri: must be given"),
        Row("normalize: [{ match: \"0\" }]", "g.yaml:4: normalize[0].rewrite: must be given"),
        Row(
            "normalize: [{ match: \"0(\", rewrite: a }]",
            "g.yaml:4: normalize[0].match: \"(\" without \")\" in the pattern"
        ),
        Row(
            "normalize: [{ match: \"0\", rewrite: \"$1\" }]",
            "g.yaml:4: normalize[0].rewrite: the rewrite names group $1, the pattern has 0"
        ),
        Row(
            "trunks: [{ name: a, uri: \"sip:h\", inbound: [{ match: \"1\" }] }]",
            "g.yaml:4: trunks[0].inbound[0].to: must be given"
        ),
        Row(
            "trunks: [{ name: a, uri: \"sip:h\", caller_id: [{ match: \"1\" }] }]",
            "g.yaml:4: trunks[0].caller_id[0].rewrite: must be given"
        ),
        Row(
            "users: [{ id: 7, may_call: [fat] }]\ntrunks: [{ name: a, uri: \"sip:h\" }]\n"
                + "dialplan: [{ match: \"6\", trunk: a, name: far }]",
            "g.yaml:4: users[0].may_call[0]: no row of the dial plan has the name \"fat\"; did you mean \"far\"?"
        ),
        Row("users: [{ id: 7, max_duration: 0 }]", "g.yaml:4: users[0].max_duration: must be from 1s to 24h"),
        Row("users: [{ id: 7, caller_id: \"\" }]", "g.yaml:4: users[0].caller_id: must not be empty"),
        Row(
            "trunks: [{ name: a, uri: \"sip:h\" }]\ndialplan: [{ match: \"6\", trunk: a, max_duration: 25h }]",
            "g.yaml:5: dialplan[0].max_duration: must be from 1s to 24h"
        ),
        Row(
            "trunks: [{ name: a, uri: \"sip:h\", probe: 10ms }]",
            "g.yaml:4: trunks[0].probe: must be 0, which is never, or 1s or longer"
        ),
        Row(
            "trunks: [{ name: a, uri: \"sip:h\", uris: [\"sip:i\"] }]",
            "g.yaml:4: trunks[0].uri: can't stand beside uris"
        ),
        Row("trunks: [{ name: a, uris: [] }]", "g.yaml:4: trunks[0].uris: must name at least one URI"),
        Row(
            "trunks: [{ name: a, uris: [{ priority: 1 }] }]",
            "g.yaml:4: trunks[0].uris[0].uri: must be given"
        ),
        Row(
            "trunks: [{ name: a, uris: [\"sip:h\", \"sip:h\"] }]",
            "g.yaml:4: trunks[0].uris[1]: sip:h is in the list already"
        ),
        Row(
            "trunks: [{ name: a, uris: [\"sip:h\", \"sips:i\"] }]",
            "g.yaml:4: trunks[0].uris: sips:i needs a tls: listener in sip.listen"
        ),
        Row(
            "trunks: [{ name: a, uri: \"sip:h\", calls: 0 }]",
            "g.yaml:4: trunks[0].calls: \"0\" is not a whole number from 1 to 1000000"
        ),
        Row(
            "trunks:\n  - { name: a, uri: \"sip:h\", media: { mode: rtpengine } }\n"
                + "  - { name: b, uri: \"sip:i\", media: { mode: relay } }",
            "g.yaml:6: trunks[1].media.mode: relay can't be beside rtpengine: all trunks that don't pass media through have the same"
        ),
        Row(
            "trunks: [{ name: a, uri: \"sip:h\", username: u }]",
            "g.yaml:4: trunks[0].username: a username needs its password"
        ),
        Row(
            "trunks: [{ name: a, uri: \"sip:h\", password: p }]",
            "g.yaml:4: trunks[0].password: a password needs its username"
        ),
        Row(
            "trunks: [{ name: a, uri: \"sip:u@h\" }]",
            "g.yaml:4: trunks[0].uri: a trunk's URI has no user part and no headers; write sip:HOST[:PORT][;transport=udp|tcp|tls] or sips:HOST[:PORT]"
        ),
        Row(
            "trunks: [{ name: a, uri: \"sip:h:0\" }]",
            "g.yaml:4: trunks[0].uri: \"h:0\" is no host and port; write sip:HOST[:PORT][;transport=udp|tcp|tls] or sips:HOST[:PORT]"
        ),
        Row(
            "trunks: [{ name: a, uri: \"sip:h\", accept_from: [\"10.0.0.1/8\"] }]",
            "g.yaml:4: trunks[0].accept_from[0]: \"10.0.0.1/8\" has bits beyond its prefix; write 10.0.0.0/8 or one address alone"
        ),
        Row(
            "trunks: [{ name: a, uri: \"sip:h\", accept_from: [\"10.0.0.0/33\"] }]",
            "g.yaml:4: trunks[0].accept_from[0]: \"10.0.0.0/33\" is not a range of addresses; write 192.0.2.0/24, 2001:db8::/32 or one address"
        ),
        Row(
            "trunks: [{ name: a, uri: \"sip:h\" }]\ndialplan:\n  - { match: \"^6\", trunk: [a, far] }",
            "g.yaml:6: dialplan[0].trunk[1]: there is no trunk \"far\""
        ),
        Row(
            "trunks: [{ name: a, uri: \"sip:h\" }]\ndialplan:\n  - { match: \"^6\", trunk: [a, a] }",
            "g.yaml:6: dialplan[0].trunk[1]: \"a\" is in the list already"
        ),
        Row(
            "trunks: [{ name: a, uri: \"sip:h\" }]\ndialplan:\n  - { match: \"^6\", trunk: [] }",
            "g.yaml:6: dialplan[0].trunk: names no trunk"
        ),
        Row(
            "groups: [{ name: a, numbers: [\"1\"], members: [42, 42] }]",
            "g.yaml:4: groups[0].members[1]: \"42\" is a member already"
        ),
        Row(
            "groups: [{ name: a, numbers: [\"1\"], members: [] }]",
            "g.yaml:4: groups[0]: members: nobody is in the group"
        ),
        Row(
            "groups: [{ name: a, numbers: [], members: [42] }]",
            "g.yaml:4: groups[0]: numbers: nothing reaches the group"
        ),
        Row(
            "groups:\n  - { name: a, numbers: [\"1\"], members: [42] }\n  - { name: a, numbers: [\"2\"], members: [42] }",
            "g.yaml:6: groups[1]: there is a group \"a\" already"
        ),
        Row(
            "groups:\n  - { name: a, numbers: [\"1\"], members: [42] }\n  - { name: b, numbers: [\"1\"], members: [42] }",
            "g.yaml:6: groups[1].numbers[0]: \"1\" reaches groups[0] already"
        ),
        Row(
            "users: [{ id: 42, aliases: [\"1\"] }]\ngroups: [{ name: a, numbers: [\"1\"], members: [42] }]",
            "g.yaml:5: groups[0].numbers[0]: \"1\" reaches users[0] already"
        ),
        Row(
            "groups: [{ name: a, numbers: [\"1\"], members: [\"1\"] }]",
            "g.yaml:4: groups: \"1\" in a is a group; members are users, phones and dial strings"
        ),
        Row(
            "groups: [{ name: a, numbers: [\"1\"], members: [42], ring: some }]",
            "g.yaml:4: groups[0].ring: \"some\" is not one of all, in_turn"
        ),
        Row(
            "groups: [{ name: a, numbers: [\"1\"], members: [42], ring_time: 0 }]",
            "g.yaml:4: groups[0].ring_time: must be from 1s to 1h"
        ),
        Row(
            "trunks: [{ name: pbx, uri: \"sip:h\" }]\ndialplan:\n  - { match: \"^6\", trunk: pbxx }",
            "g.yaml:6: dialplan[0].trunk: there is no trunk \"pbxx\"; did you mean \"pbx\"?"
        ),
        Row(
            "trunks: [{ name: a, uri: \"sip:h\" }]\ndialplan:\n  - { match: \"^6\", trunk: a, allow_trunks: [other] }",
            "g.yaml:6: dialplan[0].allow_trunks[0]: there is no trunk \"other\""
        ),
        Row(
            "trunks: [{ name: a, uri: \"sip:h\" }]\ndialplan:\n  - { match: \"^6(\", trunk: a }",
            "g.yaml:6: dialplan[0].match: \"(\" without \")\" in the pattern"
        ),
        Row(
            "trunks: [{ name: a, uri: \"sip:h\" }]\ndialplan:\n  - match: \"^6(.)\"\n    trunk: a\n    rewrite: \"1$2\"",
            "g.yaml:8: dialplan[0].rewrite: the rewrite names group $2, the pattern has 1"
        ),
        Row(
            "trunks: [{ name: a, uri: \"sip:h\" }]\ndialplan:\n  - { match: \"^6\", trunk: a, allow: [] }",
            "g.yaml:6: dialplan[0].allow: allows nobody; leave it out to allow every user, or the whole row"
        ),
    ]

    /// In place of what the least configuration says of media.
    static let media: [Row] = [
        Row(
            "media: { rtpengine: { control: [\"127.0.0.1:0\"] } }",
            "g.yaml:4: media.rtpengine.control[0]: \"127.0.0.1:0\" is not where an rtpengine is controlled; write 127.0.0.1:2223 or [::1]:2223"
        ),
        Row(
            "media: { rtpengine: { control: [] } }",
            "g.yaml:4: media.rtpengine.control: must name at least one rtpengine"
        ),
        Row(
            "media: { mode: rtpengine, transcode: true }",
            "g.yaml:4: media.transcode: calls through rtpengine are not transcoded; leave it out, or write mode: relay"
        ),
    ]

    static let keys: [Row] = [
        Row("clinet: {}", "g.yaml:4: clinet: unknown key; did you mean \"client\"?"),
        Row("timers:\n  ring: 60s\n  rings: 60s", "g.yaml:6: timers.rings: unknown key; did you mean \"ring\"?"),
        Row("whatever: 1", "g.yaml:4: whatever: unknown key"),
        Row("sip: { timers: { t3: 1s } }", "g.yaml:4: sip.timers.t3: unknown key; did you mean \"t1\"?"),
        Row(
            "trunks: [{ name: a, uri: \"sip:h\", acceptfrom: [] }]",
            "g.yaml:4: trunks[0].acceptfrom: unknown key; did you mean \"accept_from\"?"
        ),
        Row("admin: { token: \"${NOT_SET}\" }", "g.yaml:4: admin.token: the environment variable NOT_SET is not set"),
        Row("admin: { token: \"${EMPTY}\" }", "g.yaml:4: admin.token: must not be empty"),
        Row(
            "admin: { token: \"${SECRET\" }",
            "g.yaml:4: admin.token: \"${\" has no closing \"}\"; write $${ where ${ itself is meant"
        ),
    ]

    @Test("A faulty value is named with its line, its key and what to write instead", arguments: values)
    func value(_ row: Row) {
        #expect(ConfigurationText.faults(ConfigurationText.least + "\n" + row.text) == [row.fault])
    }

    @Test("What does not go with rtpengine is named", arguments: media)
    func rtpengine(_ row: Row) {
        let others = ConfigurationText.least.split(separator: "\n").filter { !$0.hasPrefix("media:") }
        #expect(ConfigurationText.faults(others.joined(separator: "\n") + "\n\n" + row.text) == [row.fault])
    }

    @Test("Listeners that can't be bound together or not be reached are faults", arguments: listeners)
    func listener(_ row: Row) {
        #expect(ConfigurationText.faults(ConfigurationText.least + "\n" + row.text) == [row.fault])
    }

    @Test("A key of a feature that is not there yet is refused with words that say so", arguments: planned)
    func plannedKey(_ row: Row) {
        #expect(ConfigurationText.faults(ConfigurationText.least + "\n" + row.text) == [row.fault])
    }

    @Test("What contradicts itself is a fault at start", arguments: contradictions)
    func contradiction(_ row: Row) {
        #expect(ConfigurationText.faults(ConfigurationText.least + "\n" + row.text) == [row.fault])
    }

    @Test("What phones and registrations need", arguments: registering + extensions)
    func registration(_ row: Row) {
        #expect(ConfigurationText.faults(ConfigurationText.least + "\n" + row.text) == [row.fault])
    }

    @Test("A user's phone is one that registers here, or a dial string; with storage on disk it may be there")
    func usersPhones() {
        let phone = """
            phones: [{ extension: "1001", password: x, display_name: Desk }]
            users: [{ id: 7, phones: ["1001"] }]
            sip: { registrar: { min_expires: 30s, max_expires: 2h } }
            trunks: [{ name: a, uri: "sip:h", username: u, password: p, register: true }]
            """
        #expect(ConfigurationText.faults(ConfigurationText.least + "\n" + phone) == [])
        let stored = "storage: { path: s.sqlite }\nusers: [{ id: 7, phones: [\"1001\"] }]"
        #expect(ConfigurationText.faults(ConfigurationText.least + "\n" + stored) == [])
    }

    @Test("Unknown keys and unset variables are faults", arguments: keys)
    func key(_ row: Row) {
        #expect(ConfigurationText.faults(ConfigurationText.least + "\n" + row.text) == [row.fault])
    }

    @Test("A planned key that says the default is no fault")
    func plannedDefaults() {
        let text = """
            phones: []
            cluster: { redis: null }
            storage: { path: ":memory:" }
            timers: { resume_grace: 0 }
            trunks: [{ name: a, uri: "sip:h", register: false, probe: 0, answer: safe, media: { mode: passthrough } }]
            """
        #expect(ConfigurationText.faults(ConfigurationText.least + "\n" + text) == [])
    }
}
