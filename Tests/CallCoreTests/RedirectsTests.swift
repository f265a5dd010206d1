import CallCore
import ClientProtocol
import SIPCore
import Testing

@Suite("Redirects: which target is next, and how the call came there")
struct RedirectsTests {
    private static let first = SIPURI(user: "600", host: "pbx")

    private func contact(_ user: String, q: String? = nil) -> NameAddress {
        NameAddress(
            uri: SIPURI(user: user, host: "pbx"),
            parameters: SIPParameters(q.map { [.init("q", $0)] } ?? [])
        )
    }

    private func redirected(_ contacts: [NameAddress], _ status: UInt16 = 302) -> Redirects {
        var redirects = Redirects(from: .init(trunk: "pbx", number: "600"))
        redirects.redirected(to: contacts, by: .init(uri: Self.first, status: status), at: "pbx")
        return redirects
    }

    private func users(_ redirects: Redirects) -> [String] {
        var redirects = redirects
        var users: [String] = []
        while let next = redirects.next() { users.append(next.uri.user ?? "-") }
        return users
    }

    @Test("The best `q` is first, of the same the first that was named")
    func order() {
        let contacts = [self.contact("a", q: "0.1"), self.contact("b", q: "0.7"), self.contact("c"), self.contact("d")]
        #expect(self.users(self.redirected(contacts)) == ["c", "d", "b", "a"])
    }

    @Test("Targets of a later redirect stand among those that wait")
    func merged() {
        var redirects = self.redirected([self.contact("a", q: "0.9"), self.contact("b", q: "0.5")])
        #expect(redirects.next()?.uri.user == "a")
        redirects.redirected(
            to: [self.contact("c", q: "0.7"), self.contact("d", q: "0.3")],
            by: .init(uri: SIPURI(user: "a", host: "pbx"), status: 302),
            at: "pbx"
        )
        #expect(self.users(redirects) == ["c", "b", "d"])
    }

    @Test("Three redirects lead to a target, and no fourth")
    func hops() {
        var redirects = self.redirected([self.contact("1")])
        for hop in 1...3 {
            let target = redirects.next()?.uri
            #expect(target?.user == "\(hop)")
            #expect(redirects.diversions.count == hop)
            redirects.redirected(
                to: [self.contact("\(hop + 1)")],
                by: .init(uri: target ?? Self.first, status: 302),
                at: "pbx"
            )
        }
        #expect(redirects.next() == nil)
        #expect(redirects.goesOn(after: 302))
        #expect(!redirects.goesOn(after: 486))
    }

    @Test("A destination is tried once; the first of all has been")
    func circle() {
        var redirects = self.redirected([])
        #expect(redirects.tries(.phone(.init(trunk: "pbx", number: "600"))) == false)
        #expect(redirects.tries(.phone(.init(trunk: "pbx", number: "601"))) == true)
        #expect(redirects.tries(.phone(.init(trunk: "pbx", number: "601"))) == false)
    }

    @Test("A list without end is cut")
    func many() {
        let contacts = (0..<1000).map { self.contact("\($0)") }
        #expect(self.users(self.redirected(contacts)).count == Redirects.mostTargets)
    }

    @Test(
        "A call goes on after a redirect, and after a failure while others wait; not after 305, 380 or a 6xx",
        arguments: [
            (300, true), (301, true), (302, true), (305, false), (380, false), (408, true), (486, true), (503, true),
            (600, false), (603, false),
        ] as [(UInt16, Bool)]
    )
    func goesOn(_ status: UInt16, _ expected: Bool) {
        #expect(self.redirected([self.contact("a")]).goesOn(after: status) == expected)
    }

    @Test("Diversion names the last who diverted first; History-Info counts on from what came (RFC 7044 §5)")
    func history() {
        var redirects = self.redirected([self.contact("a")])
        _ = redirects.next()
        redirects.redirected(
            to: [self.contact("b")],
            by: .init(uri: SIPURI(user: "a", host: "pbx"), status: 301),
            at: "pbx"
        )
        _ = redirects.next()
        let own: [SIPHeaders.Field] = [
            .init("Diversion", "<sip:a@pbx>;reason=deflection;counter=1"),
            .init("Diversion", "<sip:600@pbx>;reason=deflection;counter=1"),
        ]
        #expect(
            redirects.history(after: []) == own + [
                .init("History-Info", "<sip:600@pbx?Reason=SIP%3Bcause%3D302>;index=1"),
                .init("History-Info", "<sip:a@pbx?Reason=SIP%3Bcause%3D301>;index=1.1;mp=1"),
                .init("History-Info", "<sip:b@pbx>;index=1.1.1;mp=1.1"),
            ]
        )
        let received: [SIPHeaders.Field] = [
            .init("Diversion", "<sip:5@x>"), .init("History-Info", "<sip:5@x>;index=1, <sip:6@x>;index=1.2"),
        ]
        #expect(
            redirects.history(after: received) == own + received + [
                .init("History-Info", "<sip:600@pbx?Reason=SIP%3Bcause%3D302>;index=1.2.1"),
                .init("History-Info", "<sip:a@pbx?Reason=SIP%3Bcause%3D301>;index=1.2.1.1;mp=1.2.1"),
                .init("History-Info", "<sip:b@pbx>;index=1.2.1.1.1;mp=1.2.1.1"),
            ]
        )
    }

    @Test("An index that is none is not counted on from", arguments: ["index=1;", "index=x", "index=\"1\"", ""])
    func badIndex(_ parameters: String) {
        var redirects = self.redirected([self.contact("a")])
        _ = redirects.next()
        let received = [SIPHeaders.Field("History-Info", "<sip:5@x>;\(parameters)>")]
        #expect(redirects.history(after: received).last?.value == "<sip:a@pbx>;index=1.1;mp=1")
    }
}

@Suite("Where a redirect leads")
struct RedirectDestinationTests {
    private let router = Router(
        directory: Directory(users: [.init(id: .number("42"), aliases: ["2042"])]),
        dialPlan: DialPlan(rows: [
            .init(trunk: "pbx", allow: [.number("42")]) { $0.hasPrefix("00") ? $0 : nil },
            .init(trunk: "carrier") { $0 == "sip:9@carrier.example" || $0 == "+1555" ? $0 : nil },
        ]),
        trunks: [
            Trunk(
                name: "pbx",
                servers: [
                    .init(
                        uri: SIPURI(host: "pbx.example", port: 5070),
                        target: SIPTarget(transport: .udp, host: "pbx.example", port: 5070)
                    )
                ],
                acceptFrom: [AddressPrefix("192.0.2.9")].compactMap { $0 }
            ),
            Trunk(
                name: "carrier",
                servers: [
                    .init(
                        uri: SIPURI(host: "carrier.example"),
                        target: SIPTarget(transport: .udp, host: "carrier.example", port: 5060)
                    )
                ]
            ),
        ],
        domains: ["192.0.2.1"]
    )

    private func destination(
        _ uri: String,
        by trunk: String? = "pbx",
        for caller: DialPlan.Caller = .user(.number("43"))
    ) throws -> Router.Destination {
        self.router.destination(
            ofRedirect: try #require(SIPURI(uri)),
            by: trunk,
            for: caller,
            isKnown: { $0 == "bob" },
            isPhone: { $0 == "1001" }
        )
    }

    @Test(
        "A number at the trunk's own host, or at an address that it calls from, is the trunk's",
        arguments: [
            "sip:7@PBX.example:5070", "sip:7@pbx.example", "sip:7@192.0.2.9;transport=tcp", "sips:7@192.0.2.9:5070",
        ]
    )
    func ownHost(_ uri: String) throws {
        #expect(try self.destination(uri) == .phone(.init(trunk: "pbx", number: "7")))
    }

    @Test(
        "Another host, another port and another trunk's host are not",
        arguments: ["sip:7@192.0.2.10", "sip:7@pbx.example:5080", "sip:7@carrier.example", "http://7@pbx.example"]
    )
    func elsewhere(_ uri: String) throws {
        #expect(try self.destination(uri) == .refused(.notFound))
    }

    @Test("A phone that registers here has no host of its own")
    func phone() throws {
        #expect(try self.destination("sip:7@pbx.example", by: nil) == .refused(.notFound))
    }

    @Test("Without a user it leads nowhere", arguments: ["sip:pbx.example", "sip:@pbx.example"])
    func noUser(_ uri: String) throws {
        guard let uri = SIPURI(uri) else { return }
        let destination = self.router.destination(ofRedirect: uri, by: "pbx", for: .directory, isKnown: { _ in true })
        #expect(destination == .refused(.notFound))
    }

    @Test("At our domain it is as if the caller had dialled it")
    func ours() throws {
        #expect(try self.destination("sip:2042@192.0.2.1") == .user(.number("42"), phones: []))
        #expect(try self.destination("sip:bob@192.0.2.1:5060") == .user(.string("bob"), phones: []))
        #expect(try self.destination("sip:1001@192.0.2.1") == .phone(.init(trunk: nil, number: "1001")))
        #expect(try self.destination("tel:+1-555") == .phone(.init(trunk: "carrier", number: "+1555")))
        #expect(
            try self.destination("sip:9@carrier.example")
                == .phone(.init(trunk: "carrier", number: "sip:9@carrier.example"))
        )
    }

    @Test("What the caller may not dial, nobody's redirect lets it reach")
    func forbidden() throws {
        #expect(try self.destination("sip:0044@192.0.2.1") == .refused(.forbidden))
        #expect(try self.destination("sip:0044@192.0.2.1", for: .trunk("carrier")) == .refused(.forbidden))
        #expect(
            try self.destination("sip:0044@192.0.2.1", for: .user(.number("42")))
                == .phone(.init(trunk: "pbx", number: "0044"))
        )
    }
}
