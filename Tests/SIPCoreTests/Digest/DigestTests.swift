import SIPCore
import Testing

@Suite("Digest values") struct DigestTests {
    private static let rfc7616 = """
        Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=SHA-256, \
        nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS", \
        Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=MD5, \
        nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"
        """

    @Test("The examples of RFC 7616 §3.9.1 come out") func rfc7616Example() throws {
        let challenges = DigestChallenge.list(Self.rfc7616)
        #expect(challenges.map(\.algorithm) == [.sha256, .md5])
        #expect(challenges.map(\.protections) == [[.auth, .authInt], [.auth, .authInt]])
        let expected = [
            "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1", "8ca523f5e9506fed4657c9700eebdbec",
        ]
        for (challenge, digest) in zip(challenges, expected) {
            let response = DigestResponse(
                to: challenge,
                credentials: DigestCredentials(username: "Mufasa", password: "Circle of Life"),
                method: "GET",
                uri: "/dir/index.html",
                cnonce: "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
                nonceCount: 1
            )
            #expect(response.response == digest)
            #expect(
                response.fieldValue == """
                    Digest username="Mufasa", realm="http-auth@example.org", \
                    nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", uri="/dir/index.html", response="\(digest)", \
                    algorithm=\(challenge.algorithm.rawValue), cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", \
                    opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS", qop=auth, nc=00000001
                    """
            )
            #expect(DigestResponse(response.fieldValue) == response)
            #expect(response.isValid(password: "Circle of Life", method: "GET"))
            #expect(!response.isValid(password: "Circle of Life", method: "PUT"))
            #expect(!response.isValid(password: "circle of life", method: "GET"))
        }
    }

    @Test("The example of RFC 2617 §3.5 comes out") func rfc2617Example() {
        let challenge = DigestChallenge.list(
            """
            Digest realm="testrealm@host.com", qop="auth,auth-int", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", \
            opaque="5ccc069c403ebaf9f0171e9517f40e41"
            """
        )[0]
        let response = DigestResponse(
            to: challenge,
            credentials: DigestCredentials(username: "Mufasa", password: "Circle Of Life"),
            method: "GET",
            uri: "/dir/index.html",
            cnonce: "0a4f113b",
            nonceCount: 1
        )
        #expect(response.response == "6629fae49393a05397450978507c4ef1")
    }

    @Test(
        "Every kind of digest can be verified by the other side, and by nobody with another body or password",
        arguments: DigestAlgorithm.allCases,
        [[DigestProtection.auth], [.authInt], []]
    )
    func roundTrip(algorithm: DigestAlgorithm, protections: [DigestProtection]) throws {
        let challenge = DigestChallenge(
            realm: #"a "realm" \"#,
            nonce: "n",
            opaque: "o",
            domain: "sip:a sip:b",
            algorithm: algorithm,
            protections: protections,
            isStale: true
        )
        let read = try #require(DigestChallenge.list(challenge.fieldValue).first)
        #expect(read == challenge)
        let body = Array("v=0".utf8)
        let made = DigestResponse(
            to: read,
            credentials: DigestCredentials(username: "bob \"b\"", password: "zanzibar"),
            method: "INVITE",
            uri: "sip:bob@biloxi.com",
            body: body,
            cnonce: "0a4f113b",
            nonceCount: 0xABCDEF
        )
        let response = try #require(DigestResponse(made.fieldValue))
        #expect(response == made)
        #expect(response.nonceCount == (protections.isEmpty ? nil : 0xABCDEF))
        #expect(response.isValid(password: "zanzibar", method: "INVITE", body: body))
        #expect(!response.isValid(password: "zanzibar1", method: "INVITE", body: body))
        #expect(response.isValid(password: "zanzibar", method: "INVITE") == (protections != [.authInt]))
    }

    /// Computed with another implementation.
    @Test("Session keys, body protection and old servers have known digests") func knownDigests() {
        let table: [(DigestAlgorithm, [DigestProtection], String)] = [
            (.md5, [.auth], "b7f669d99c7dd7bcd98f43b5f76b1f39"), (.md5, [.authInt], "9cc479485eaecac37100c212c35f4fdb"),
            (.md5, [], "ad54c709a8ba0e8be0a11f5d91bc879c"),
            (.md5Session, [.auth], "43647c4a9d4b3da725fcdb79a5a07f3d"),
            (.sha256, [.authInt], "6310636eedc74b2d906442385c31b53bb271ff6d827f2bf899a38febf8402433"),
            (.sha256, [], "daef2aee1c0691e28003e57a11608e8fc9f1978df2974e8e3dcae4aee6828103"),
            (.sha256Session, [.auth], "8599fa12755e6fbd55dc94d24109413415078343844848f72424c97f12b1010f"),
        ]
        for (algorithm, protections, digest) in table {
            let response = DigestResponse(
                to: DigestChallenge(realm: "biloxi.com", nonce: "abc", algorithm: algorithm, protections: protections),
                credentials: DigestCredentials(username: "bob", password: "zanzibar"),
                method: "INVITE",
                uri: "sip:bob@biloxi.com",
                body: Array("v=0\r\n".utf8),
                cnonce: "0a4f113b",
                nonceCount: 2
            )
            #expect(response.response == digest)
        }
    }

    @Test("auth is preferred to auth-int") func protection() {
        let challenge = DigestChallenge.list("Digest realm=\"r\", nonce=\"n\", qop=\"auth-int,AUTH,token\"")
        #expect(challenge.map(\.protections) == [[.authInt, .auth]])
        let response = DigestResponse(
            to: challenge[0],
            credentials: DigestCredentials(username: "u", password: "p"),
            method: "INVITE",
            uri: "sip:h",
            cnonce: "c",
            nonceCount: 1
        )
        #expect(response.protection == .auth)
    }

    @Test("Several schemes in one field are told apart") func severalSchemes() {
        let list = DigestChallenge.list(
            """
            Basic realm="x", Negotiate YII=,digest  realm = "a, Digest realm=b" ,nonce=n,stale=TRUE,algorithm=md5-SESS,\
            x="\\"", , Digest realm="r", nonce="m", algorithm=SHA-512-256, Digest realm="q", nonce="o", qop="unheard", \
            Digest realm="only", Digest nonce="only", Digest realm="", nonce=""
            """
        )
        #expect(
            list == [
                DigestChallenge(
                    realm: "a, Digest realm=b",
                    nonce: "n",
                    algorithm: .md5Session,
                    protections: [],
                    isStale: true
                ),
                DigestChallenge(realm: "", nonce: "", protections: []),
            ]
        )
    }

    @Test("The strongest is taken, of equals the first") func strongest() {
        let md5 = DigestChallenge(realm: "1", nonce: "n")
        let sha = DigestChallenge(realm: "2", nonce: "n", algorithm: .sha256)
        let other = DigestChallenge(realm: "3", nonce: "n", algorithm: .sha256Session)
        #expect(DigestChallenge.strongest(of: [md5, sha, other]) == sha)
        #expect(DigestChallenge.strongest(of: [other, sha, md5]) == other)
        #expect(DigestChallenge.strongest(of: [md5]) == md5)
        #expect(DigestChallenge.strongest(of: []) == nil)
    }

    @Test(
        "Malformed challenges are none",
        arguments: [
            "", "Digest", "=", "realm=\"a\", nonce=\"b\"", "Digest realm=\"a\", nonce=\"b", "Digest realm=\"a",
            "Digest realm=\"a\r\nX: y\", nonce=\"b\"", "Digest realm=\"a\0\", nonce=\"b\"",
            "Digest\r\nrealm=\"a\", nonce=\"b\"",
            "Digest realm=\"a\", nonce=\"b\", x=\"" + String(repeating: "a", count: 65_536) + "\"",
        ]
    )
    func malformed(text: String) {
        #expect(DigestChallenge.list(text).isEmpty)
    }

    @Test("Too many parameters end the reading, and do not stop the process") func limits() {
        #expect(
            DigestChallenge.list("Digest " + String(repeating: "a=b,", count: 100) + "realm=\"a\",nonce=\"b\"").isEmpty
        )
        #expect(DigestChallenge.list(String(repeating: "Digest realm=r,nonce=n,", count: 100)).count == 32)
    }

    @Test(
        "Malformed answers are none",
        arguments: [
            "", "Basic abc=", "Digest username=\"u\", realm=\"r\", nonce=\"n\", uri=\"x\"",
            "Digest username=\"u\", realm=\"r\", nonce=\"n\", uri=\"x\", response=\"y\", algorithm=SHA-1",
            "Digest username=\"u\", realm=\"r\", nonce=\"n\", uri=\"x\", response=\"y\", qop=auth",
            "Digest username=\"u\", realm=\"r\", nonce=\"n\", uri=\"x\", response=\"y\", qop=auth, cnonce=\"c\", nc=1",
            "Digest username=\"u\", realm=\"r\", nonce=\"n\", uri=\"x\", response=\"y\", qop=auth, cnonce=\"c\", nc=0000000g",
            "Digest username=\"u\", realm=\"r\", nonce=\"n\", uri=\"x\", response=\"y\", qop=no, cnonce=\"c\", nc=00000001",
            "Digest username=\"u\", realm=\"r\", nonce=\"n\", uri=\"x\", response=\"y\", algorithm=MD5-sess",
        ]
    )
    func malformedResponse(text: String) {
        #expect(DigestResponse(text) == nil)
    }

    @Test("A challenge can't break the line of our answer") func injection() {
        let challenge = DigestChallenge(realm: "a\r\nEvil: 1", nonce: "b\n\0", opaque: "\"; \\")
        let text = DigestResponse(
            to: challenge,
            credentials: DigestCredentials(username: "u\r\n", password: "p"),
            method: "INVITE",
            uri: "sip:h\r\n",
            cnonce: "c",
            nonceCount: 1
        ).fieldValue
        #expect(!text.utf8.contains { $0 < 0x20 })
        #expect(text.contains(#"opaque="\"; \\""#))
    }
}
