import SIPCore
import Testing

@Suite("Passwords that are tried")
final class GuessTests {
    private static let home = RegisterSample.udp
    private static let elsewhere = SIPFlow(
        transport: .udp,
        remote: SIPAddress(host: "198.51.100.66", port: 5060),
        listener: 0
    )

    private let registry = PhoneRegistry(
        configuration: .init(
            domains: [RegisterSample.domain],
            digest: .init(realm: RegisterSample.domain, algorithms: [.md5]),
            guesses: GuessLimits(wrong: 3, period: .seconds(60), ban: .seconds(300), sources: 1_000)
        ),
        accounts: [RegisterSample.account, RegisterSample.other],
        key: Array(repeating: 7, count: 32)
    )
    private var now = Instant(nanoseconds: 5_000_000_000)
    private var number: UInt64 = 0
    private var cSeq: UInt32 = 0

    /// The status of a REGISTER that comes with credentials, after its challenge.
    private func register(
        _ name: String = "1001",
        _ password: String = "secret",
        from flow: SIPFlow = home
    ) -> UInt16 {
        self.number += 10
        self.cSeq += 2
        let plain = RegisterSample.register(cSeq: self.cSeq, aor: name)
        let asked = self.registry.register(plain, by: flow, number: self.number, now: self.now)
        let proved = RegisterSample.authorized(
            RegisterSample.register(cSeq: self.cSeq + 1, aor: name),
            by: asked.fields.first,
            credentials: DigestCredentials(username: name, password: password)
        )
        return self.registry.register(proved, by: flow, number: self.number + 5, now: self.now).status
    }

    private func guess(_ times: Int, _ name: String = "1001", from flow: SIPFlow = home) -> [UInt16] {
        (0..<times).map { self.register(name, "guess \($0)", from: flow) }
    }

    @Test("So many wrong ones from an address, and it is turned away for that phone until its time is over")
    func ban() {
        #expect(self.guess(3) == [401, 401, 401])
        #expect(self.register() == 503)
        #expect(self.registry.guessCounters.wrong == 3)
        #expect(self.registry.guessCounters.turnedAway == 1)
        self.now = self.now + .seconds(299)
        #expect(self.register() == 503)
        self.now = self.now + .seconds(1)
        #expect(self.register() == 200)
    }

    @Test("503 tells when to come again, and leaves nothing behind")
    func retryAfter() throws {
        let rig = AgentRig(phones: self.registry)
        _ = self.guess(3)
        self.now = rig.now
        rig.receive(RegisterSample.register(), by: Self.home)
        let challenge = try #require(try rig.response(.register).headers["WWW-Authenticate"])
        rig.receive(
            RegisterSample.authorized(RegisterSample.register(cSeq: 2), by: .init("", challenge)),
            by: Self.home
        )
        let response = try rig.response(.register)
        #expect(response.status == 503)
        #expect(response.headers["Retry-After"].flatMap { UInt32($0) } ?? 0 > 200)
        #expect(rig.agent.counts == (0, 0, 0))
    }

    @Test("Nobody locks a phone out from another address")
    func notByName() {
        _ = self.guess(50, from: Self.elsewhere)
        #expect(self.register(from: Self.elsewhere) == 503)
        #expect(self.register() == 200)
    }

    @Test("A phone with a wrong password locks out no other one of its address")
    func notByNeighbour() {
        _ = self.guess(10)
        #expect(self.register("1002", "other") == 200)
    }

    @Test("Who tries many names is turned away for all, but for phones that are registered from there")
    func spray() {
        #expect(self.register("1002", "other") == 200)
        for index in 0..<12 { #expect(self.guess(1, "name\(index)") == [401]) }
        #expect(self.register() == 503)
        #expect(self.register("1002", "other") == 200)
        #expect(self.register(from: Self.elsewhere) == 200)
    }

    @Test("Slips are forgotten: by a right password, and with time")
    func slips() {
        for _ in 0..<5 {
            #expect(self.guess(2) == [401, 401])
            #expect(self.register() == 200)
            self.now = self.now + .seconds(61)
        }
        for _ in 0..<5 {
            #expect(self.guess(2) == [401, 401])
            self.now = self.now + .seconds(61)
        }
        #expect(self.register() == 200)
    }

    @Test("An IPv6 host is its network: another address of it is no way out")
    func network() {
        func flow(_ host: String) -> SIPFlow {
            SIPFlow(transport: .udp, remote: SIPAddress(host: host, port: 5060), listener: 0)
        }
        for index in 1...3 { _ = self.guess(1, from: flow("2001:db8:1:2::\(index)")) }
        #expect(self.register(from: flow("2001:db8:1:2::9")) == 503)
        #expect(self.register(from: flow("2001:db8:1:3::9")) == 200)
    }

    @Test("With a dead nonce no password can be tried: the answer is the same for a right and a wrong one")
    func deadNonce() {
        let asked = self.registry.register(RegisterSample.register(), by: Self.home, number: 1, now: self.now)
        self.now = self.now + .seconds(301)
        let replies = ["secret", "wrong"].map { password in
            let request = RegisterSample.authorized(
                RegisterSample.register(cSeq: 2),
                by: asked.fields.first,
                credentials: DigestCredentials(username: "1001", password: password)
            )
            return self.registry.register(request, by: Self.home, number: 9, now: self.now)
        }
        #expect(replies[0] == replies[1])
        #expect(replies[0].fields.first?.value.contains("stale=true") == true)
        #expect(self.registry.guessCounters.wrong == 0)
    }

    @Test("A flood from many addresses takes no more memory than was agreed, and the newest are still counted")
    func flood() {
        for index in 0..<4_000 {
            let host = "10.\(index >> 16 & 255).\(index >> 8 & 255).\(index & 255)"
            let flow = SIPFlow(transport: .udp, remote: SIPAddress(host: host, port: 5060), listener: 0)
            _ = self.register("1001", "wrong", from: flow)
        }
        _ = self.guess(3)
        #expect(self.register() == 503)
    }
}
