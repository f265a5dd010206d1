import SIPCore
import Testing

@Suite("The digest client") struct DigestClientTests {
    private func response(_ fields: [(String, String)], status: UInt16 = 401) -> SIPResponse {
        SIPResponse(
            status: status,
            reason: "",
            headers: SIPHeaders(
                from: NameAddress(uri: SIPURI(host: "a")),
                to: NameAddress(uri: SIPURI(host: "b")),
                callID: "c",
                cSeq: CSeq(1, .invite),
                fields: fields.map { SIPHeaders.Field($0.0, $0.1) }
            )
        )
    }

    private func challenge(_ nonce: String, stale: Bool = false, realm: String = "r") -> SIPResponse {
        self.response([
            ("WWW-Authenticate", DigestChallenge(realm: realm, nonce: nonce, isStale: stale).fieldValue)
        ])
    }

    /// A client in a box, so that one line can both change and check it.
    private final class User {
        var client = DigestClient(credentials: DigestCredentials(username: "u", password: "p"))

        func receivedChallenge(_ response: SIPResponse) -> Bool { self.client.receivedChallenge(response) }

        func authorization(method: SIPMethod, uri: SIPURI) -> [SIPHeaders.Field] {
            self.client.authorization(method: method, uri: uri, cnonce: "c")
        }

        /// Field, realm, nonce and count of each answer in the next request.
        func answers() -> [String] {
            self.authorization(method: .invite, uri: SIPURI(user: "bob", host: "h")).compactMap { field in
                DigestResponse(field.value).map { "\(field.name) \($0.realm) \($0.nonce) \($0.nonceCount ?? 0)" }
            }
        }
    }

    private let user = User()

    @Test("Nothing is sent before somebody asks") func unasked() {
        #expect(self.user.answers() == [])
    }

    @Test("A challenge is answered, and its nonce counts up from request to request") func counting() {
        #expect(self.user.receivedChallenge(self.challenge("1")))
        #expect(self.user.answers() == ["Authorization r 1 1"])
        self.user.client.accepted()
        #expect(self.user.answers() == ["Authorization r 1 2"])
    }

    @Test("The URI that is hashed is the one in the request line") func uri() throws {
        #expect(self.user.receivedChallenge(self.challenge("1")))
        let uri = try #require(SIPURI("sip:bob@[::1]:5070;transport=tcp"))
        let field = try #require(self.user.authorization(method: .bye, uri: uri).first)
        let response = try #require(DigestResponse(field.value))
        #expect(response.uri == "sip:bob@[::1]:5070;transport=tcp")
        #expect(response.isValid(password: "p", method: "BYE"))
    }

    @Test("A stale nonce is replaced, and the count begins anew") func stale() {
        #expect(self.user.receivedChallenge(self.challenge("1")))
        _ = self.user.answers()
        #expect(self.user.receivedChallenge(self.challenge("2", stale: true)))
        #expect(self.user.answers() == ["Authorization r 2 1"])
        #expect(self.user.receivedChallenge(self.challenge("2", stale: true)))
        #expect(self.user.answers() == ["Authorization r 2 2"])
    }

    @Test("A server whose nonces are always stale is given up") func alwaysStale() {
        #expect(self.user.receivedChallenge(self.challenge("1")))
        for nonce in ["2", "3", "4"] {
            _ = self.user.answers()
            #expect(self.user.receivedChallenge(self.challenge(nonce, stale: true)))
        }
        _ = self.user.answers()
        #expect(!self.user.receivedChallenge(self.challenge("5", stale: true)))
    }

    @Test("The same nonce refused again means a wrong password") func sameNonce() {
        #expect(self.user.receivedChallenge(self.challenge("1")))
        _ = self.user.answers()
        #expect(!self.user.receivedChallenge(self.challenge("1")))
    }

    @Test("A new nonce each time means a wrong password too") func newNonce() {
        #expect(self.user.receivedChallenge(self.challenge("1")))
        _ = self.user.answers()
        #expect(!self.user.receivedChallenge(self.challenge("2")))
    }

    @Test("A nonce that worked may be replaced without the word stale, once") func forgotten() {
        #expect(self.user.receivedChallenge(self.challenge("1")))
        _ = self.user.answers()
        self.user.client.accepted()
        _ = self.user.answers()
        #expect(self.user.receivedChallenge(self.challenge("2")))
        #expect(self.user.answers() == ["Authorization r 2 1"])
        #expect(!self.user.receivedChallenge(self.challenge("3")))
    }

    @Test("A proxy and a server are answered side by side") func proxyAndServer() {
        let proxy = DigestChallenge(realm: "p", nonce: "1").fieldValue
        #expect(self.user.receivedChallenge(self.response([("proxy-authenticate", proxy)], status: 407)))
        #expect(self.user.answers() == ["Proxy-Authorization p 1 1"])
        #expect(self.user.receivedChallenge(self.challenge("2")))
        #expect(self.user.answers() == ["Proxy-Authorization p 1 2", "Authorization r 2 1"])
    }

    @Test("Of several challenges of one realm the strongest is answered, in one field or in several")
    func strongest() throws {
        let md5 = DigestChallenge(realm: "r", nonce: "1").fieldValue
        let sha = DigestChallenge(realm: "r", nonce: "2", algorithm: .sha256).fieldValue
        let other = DigestChallenge(realm: "s", nonce: "3").fieldValue
        #expect(
            self.user.receivedChallenge(
                self.response([("WWW-Authenticate", md5 + ", " + other), ("WWW-Authenticate", sha)])
            )
        )
        #expect(self.user.answers() == ["Authorization r 2 1", "Authorization s 3 1"])
    }

    @Test("What can't be answered is given up") func unanswerable() {
        #expect(!self.user.receivedChallenge(self.response([])))
        #expect(!self.user.receivedChallenge(self.response([("WWW-Authenticate", "Basic realm=\"r\"")])))
        let unknown = "Digest realm=\"r\", nonce=\"n\", algorithm=SHA-512-256"
        #expect(!self.user.receivedChallenge(self.response([("WWW-Authenticate", unknown)])))
        #expect(self.user.answers() == [])
    }

    @Test("Endless realms are given up") func realms() {
        for number in 0..<DigestClient.maximumRealms {
            #expect(self.user.receivedChallenge(self.challenge("n", realm: "r\(number)")))
        }
        #expect(!self.user.receivedChallenge(self.challenge("n", realm: "more")))
    }

    @Test("The password is in no description") func secrecy() {
        let credentials = DigestCredentials(username: "u", password: "geheim")
        #expect(!"\(credentials)".contains("geheim"))
        #expect(!"\(DigestClient(credentials: credentials))".contains("geheim"))
    }
}
