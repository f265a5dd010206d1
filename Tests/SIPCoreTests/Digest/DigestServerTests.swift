import SIPCore
import Testing

@Suite("Digest as a server (RFC 7616, RFC 8760)")
struct DigestServerTests {
    private static let realm = RegisterSample.domain
    private static let peer = RegisterSample.udp.remote.host
    private let start = Instant(nanoseconds: 5_000_000_000)

    private static func server(key: UInt8 = 7, nonces: Int = 100) -> DigestServer {
        DigestServer(
            configuration: .init(realm: self.realm, lifetime: .seconds(300), nonces: nonces),
            key: Array(repeating: key, count: 32)
        )
    }

    private static func secrets(_ username: String) -> DigestSecrets? {
        username == "1001" ? RegisterSample.account.secrets : nil
    }

    @Test("RFC 8760 §2.4: one challenge for each algorithm, the best first, each with a nonce of its own")
    func challenges() throws {
        let fields = Self.server().challenges(isStale: true, number: 1, toward: Self.peer, now: self.start)
        #expect(fields.map(\.name) == ["WWW-Authenticate", "WWW-Authenticate"])
        let challenges = fields.flatMap { DigestChallenge.list($0.value) }
        #expect(challenges.map(\.algorithm) == [.sha256, .md5])
        #expect(challenges.map(\.realm) == [Self.realm, Self.realm])
        #expect(challenges.map(\.protections) == [[.auth], [.auth]])
        #expect(challenges.map(\.isStale) == [true, true])
        #expect(Set(challenges.map(\.nonce)).count == 2)
        #expect(challenges[0].opaque != nil)
    }

    @Test("RFC 7616 §3.4: right credentials are taken with either algorithm", arguments: [0, 1])
    func accepted(index: Int) {
        var server = Self.server()
        let challenge = server.challenges(isStale: false, number: 9, toward: Self.peer, now: self.start)[index]
        let request = RegisterSample.authorized(RegisterSample.register(), by: challenge)
        let verdict = server.judge(request, from: Self.peer, secrets: Self.secrets, now: self.start + .seconds(299))
        #expect(verdict == .accepted(username: "1001"))
    }

    @Test("RFC 7616 §3.4: a replayed count is refused, and one that was overtaken is not")
    func replay() {
        var server = Self.server()
        let challenge = server.challenges(isStale: false, number: 9, toward: Self.peer, now: self.start)[0]
        let judge = { (server: inout DigestServer, count: UInt32) in
            let request = RegisterSample.authorized(RegisterSample.register(), by: challenge, count: count)
            return server.judge(request, from: Self.peer, secrets: Self.secrets, now: self.start)
        }
        let taken = DigestServer.Verdict.accepted(username: "1001")
        #expect(judge(&server, 1) == taken)
        #expect(judge(&server, 1) == .stale)
        #expect(judge(&server, 3) == taken)
        #expect(judge(&server, 2) == taken)
        #expect(judge(&server, 2) == .stale)
        #expect(judge(&server, 200) == taken)
        #expect(judge(&server, 4) == .stale)
        #expect(judge(&server, 0) == .stale)
        #expect(judge(&server, .max) == taken)
        #expect(judge(&server, .max) == .stale)
    }

    @Test("RFC 7616 §3.3: a nonce that is too old is stale, one with another key too, and one from the future")
    func dead() {
        var server = Self.server()
        let challenge = server.challenges(isStale: false, number: 9, toward: Self.peer, now: self.start)[0]
        let request = RegisterSample.authorized(RegisterSample.register(), by: challenge)
        #expect(
            server.judge(request, from: Self.peer, secrets: Self.secrets, now: self.start + .seconds(300)) == .stale
        )
        #expect(server.judge(request, from: Self.peer, secrets: Self.secrets, now: Instant(nanoseconds: 1)) == .stale)
        // A phone goes on after our restart, and does not take its password for wrong.
        var restarted = Self.server(key: 8)
        #expect(restarted.judge(request, from: Self.peer, secrets: Self.secrets, now: self.start) == .stale)
    }

    @Test("A nonce is good only where it was sent: from elsewhere it is stale, whatever the password is")
    func borrowed() {
        var server = Self.server()
        let challenge = server.challenges(isStale: false, number: 9, toward: "198.51.100.1", now: self.start)[0]
        for password in ["secret", "wrong"] {
            let credentials = DigestCredentials(username: "1001", password: password)
            let request = RegisterSample.authorized(RegisterSample.register(), by: challenge, credentials: credentials)
            #expect(server.judge(request, from: Self.peer, secrets: Self.secrets, now: self.start) == .stale)
        }
    }

    @Test("A nonce of ours with one digit changed is dead")
    func forged() throws {
        var server = Self.server()
        let field = server.challenges(isStale: false, number: 9, toward: Self.peer, now: self.start)[0]
        var challenge = try #require(DigestChallenge.list(field.value).first)
        for index in [0, 15, 31, 63] {
            var nonce = Array(challenge.nonce)
            nonce[index] = nonce[index] == "0" ? "1" : "0"
            challenge.nonce = String(nonce)
            let request = RegisterSample.authorized(
                RegisterSample.register(),
                by: .init("WWW-Authenticate", challenge.fieldValue)
            )
            #expect(server.judge(request, from: Self.peer, secrets: Self.secrets, now: self.start) == .stale)
        }
    }

    @Test("A wrong password and an unknown user are wrong; another's URI and credentials of another realm are none")
    func wrong() throws {
        var server = Self.server()
        let challenge = server.challenges(isStale: false, number: 9, toward: Self.peer, now: self.start)[0]
        let wrong = DigestCredentials(username: "1001", password: "Secret")
        let unknown = DigestCredentials(username: "1003", password: "secret")
        for credentials in [wrong, unknown] {
            let request = RegisterSample.authorized(RegisterSample.register(), by: challenge, credentials: credentials)
            let verdict = server.judge(request, from: Self.peer, secrets: Self.secrets, now: self.start)
            #expect(verdict == .wrong(username: credentials.username))
        }
        var request = RegisterSample.authorized(RegisterSample.register(), by: challenge)
        request.uri.user = "1002"
        #expect(server.judge(request, from: Self.peer, secrets: Self.secrets, now: self.start) == .required)
        request = RegisterSample.authorized(RegisterSample.register(), by: challenge)
        request.method = .invite
        let verdict = server.judge(request, from: Self.peer, secrets: Self.secrets, now: self.start)
        #expect(verdict == .wrong(username: "1001"))
        var foreign = try #require(DigestChallenge.list(challenge.value).first)
        foreign.realm = "elsewhere"
        request = RegisterSample.authorized(RegisterSample.register(), by: .init("", foreign.fieldValue))
        #expect(server.judge(request, from: Self.peer, secrets: Self.secrets, now: self.start) == .required)
        #expect(
            server.judge(RegisterSample.register(), from: Self.peer, secrets: Self.secrets, now: self.start)
                == .required
        )
    }

    @Test("Credentials of another realm before ours do not hide ours")
    func twoRealms() throws {
        var server = Self.server()
        let challenge = server.challenges(isStale: false, number: 9, toward: Self.peer, now: self.start)[0]
        var foreign = try #require(DigestChallenge.list(challenge.value).first)
        foreign.realm = "elsewhere"
        var request = RegisterSample.authorized(RegisterSample.register(), by: .init("", foreign.fieldValue))
        request = RegisterSample.authorized(request, by: challenge)
        #expect(
            server.judge(request, from: Self.peer, secrets: Self.secrets, now: self.start)
                == .accepted(username: "1001")
        )
    }

    @Test("An algorithm that was not offered, and an answer without qop, are not taken", arguments: 0..<3)
    func downgrade(variant: Int) throws {
        var server = DigestServer(
            configuration: .init(realm: Self.realm, algorithms: [.sha256]),
            key: Array(repeating: 7, count: 32)
        )
        let field = server.challenges(isStale: false, number: 9, toward: Self.peer, now: self.start)[0]
        var challenge = try #require(DigestChallenge.list(field.value).first)
        if variant == 0 { challenge.algorithm = .md5 }
        if variant == 1 { challenge.algorithm = .sha256Session }
        if variant == 2 { challenge.protections = [] }
        let request = RegisterSample.authorized(RegisterSample.register(), by: .init("", challenge.fieldValue))
        #expect(server.judge(request, from: Self.peer, secrets: Self.secrets, now: self.start) == .required)
    }

    @Test("Where more nonces are in use than are kept, the oldest die rather than be open to replay")
    func flood() {
        var server = Self.server(nonces: 10)
        var requests: [SIPRequest] = []
        var now = self.start
        for number in 0..<40 {
            let challenge = server.challenges(
                isStale: false,
                number: UInt64(number) * 100,
                toward: Self.peer,
                now: now
            )[0]
            let request = RegisterSample.authorized(RegisterSample.register(), by: challenge)
            requests.append(request)
            #expect(
                server.judge(request, from: Self.peer, secrets: Self.secrets, now: now) == .accepted(username: "1001")
            )
            now = now + .milliseconds(10)
        }
        for request in requests {
            #expect(server.judge(request, from: Self.peer, secrets: Self.secrets, now: now) == .stale)
        }
    }

    @Test("Over hours every request passes once and never twice")
    func generations() {
        var server = Self.server(nonces: 1_000)
        var now = self.start
        var last: [SIPRequest] = []
        for number in 0..<500 {
            let challenge = server.challenges(
                isStale: false,
                number: UInt64(number) * 100,
                toward: Self.peer,
                now: now
            )[1]
            let request = RegisterSample.authorized(RegisterSample.register(), by: challenge)
            now = now + .seconds(37)
            #expect(
                server.judge(request, from: Self.peer, secrets: Self.secrets, now: now) == .accepted(username: "1001")
            )
            for old in last { #expect(server.judge(old, from: Self.peer, secrets: Self.secrets, now: now) == .stale) }
            last = (last + [request]).suffix(12)
        }
    }

    @Test("A flood of credentials costs little and is not taken")
    func manyFields() {
        var server = Self.server()
        let challenge = server.challenges(isStale: false, number: 9, toward: Self.peer, now: self.start)[0]
        var request = RegisterSample.register()
        for index in 0..<10_000 { request.headers.fields.append(.init("Authorization", "Digest realm=\"\(index)\"")) }
        request = RegisterSample.authorized(request, by: challenge)
        #expect(server.judge(request, from: Self.peer, secrets: Self.secrets, now: self.start) == .required)
    }

    @Test(
        "Garbage in Authorization is no credentials",
        arguments: [
            "", ",", "Digest", "Digest ,,,", "Basic dXNlcjpwYXNz", "Digest username", "Digest username=\"",
            "Digest realm=\"192.0.2.1\", nonce=\"\", uri=\"\", username=\"1001\", response=\"\", qop=auth, nc=zzzzzzzz, cnonce=\"\"",
            "Digest realm=\"192.0.2.1\", nonce=\"\u{FF}\", uri=\"sip:\", username=\"1001\", response=\"0\", qop=auth, nc=00000001, cnonce=\"a\"",
        ]
    )
    func garbage(_ value: String) {
        var server = Self.server()
        let request = RegisterSample.register(fields: [.init("Authorization", value)])
        #expect(server.judge(request, from: Self.peer, secrets: Self.secrets, now: self.start) == .required)
    }

    @Test("Secrets are not printed")
    func description() {
        #expect("\(RegisterSample.account.secrets)" == "***")
        #expect("\(RegisterSample.account)".contains(RegisterSample.account.secrets.md5 ?? "-") == false)
    }
}
