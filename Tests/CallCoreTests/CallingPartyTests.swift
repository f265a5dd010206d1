import CallCore
import ClientProtocol
import SIPCore
import Testing

@Suite("Who calls, as each side may know it")
struct CallingPartyTests {
    private static let domain = "192.0.2.1"

    private func trunk(_ name: String = "pbx", isTrusted: Bool = false, fromUser: String? = nil) -> Trunk {
        Trunk(
            name: name,
            servers: [
                .init(uri: SIPURI(host: "192.0.2.9"), target: SIPTarget(transport: .udp, host: "192.0.2.9", port: 5060))
            ],
            credentials: DigestCredentials(username: "gw", password: "gw"),
            fromUser: fromUser,
            isTrusted: isTrusted
        )
    }

    private func router(_ trunks: [Trunk]) -> Router {
        let account = Directory.Account(
            trunk: "pbx",
            credentials: DigestCredentials(username: "2001", password: "secret")
        )
        return Router(
            directory: Directory(users: [
                .init(id: .number("42"), username: "Alice", aliases: ["2042"], phones: ["1001"]),
                .init(id: .string("bob"), account: account),
            ]),
            dialPlan: DialPlan(),
            trunks: trunks,
            domains: [Self.domain]
        )
    }

    private func headers(from: NameAddress, _ fields: [(String, String)]) -> SIPHeaders {
        SIPHeaders(
            from: from,
            to: from,
            callID: "c",
            cSeq: CSeq(1, .invite),
            maxForwards: 20,
            fields: fields.map { SIPHeaders.Field($0.0, $0.1) }
        )
    }

    private let desk = NameAddress(displayName: "Desk", uri: SIPURI(user: "77", host: "192.0.2.9"))
    private let asserted = ("P-Asserted-Identity", "\"Real\" <sip:88@192.0.2.9>")
    private let diversion = ("Diversion", "<sip:5@192.0.2.9>;reason=user-busy")

    // MARK: From a trunk

    @Test("A trusted trunk's P-Asserted-Identity goes before From, and its history goes on")
    func trusted() {
        let trunk = self.trunk(isTrusted: true)
        let party = self.router([trunk]).party(
            at: trunk,
            self.headers(from: self.desk, [self.asserted, self.diversion])
        )
        #expect(
            party
                == CallingParty(
                    caller: .trunk("pbx"),
                    id: .string("sip:88@192.0.2.9"),
                    username: "Real",
                    identity: CallerIdentity(
                        user: "88",
                        displayName: "Real",
                        history: [.init(self.diversion.0, self.diversion.1)]
                    ),
                    maxForwards: 19
                )
        )
    }

    @Test("Another trunk's are nothing")
    func untrusted() {
        let trunk = self.trunk()
        let party = self.router([trunk]).party(
            at: trunk,
            self.headers(from: self.desk, [self.asserted, self.diversion])
        )
        #expect(party.id == .string("sip:77@192.0.2.9"))
        #expect(party.identity == CallerIdentity(user: "77", displayName: "Desk"))
    }

    @Test("Who asks for privacy is anonymous toward apps, whatever the trunk", arguments: [true, false])
    func withheld(_ isTrusted: Bool) {
        let trunk = self.trunk(isTrusted: isTrusted)
        let headers = self.headers(from: self.desk, [self.asserted, ("Privacy", "id")])
        let party = self.router([trunk]).party(at: trunk, headers)
        #expect(party.id == .string("anonymous"))
        #expect(party.username == "Anonymous")
        #expect(party.identity.user == (isTrusted ? "88" : "77"))
    }

    @Test("An anonymous From is one, unless a trusted trunk says who it is and does not withhold it")
    func anonymousFrom() {
        let trusted = self.trunk(isTrusted: true)
        let router = self.router([trusted])
        #expect(router.party(at: trusted, self.headers(from: .anonymous, [])).username == "Anonymous")
        #expect(router.party(at: trusted, self.headers(from: .anonymous, [self.asserted])).username == "Real")
    }

    @Test("A telephone number that is asserted can be dialled back")
    func telephone() {
        let trunk = self.trunk(isTrusted: true)
        let headers = self.headers(from: self.desk, [("P-Asserted-Identity", "<tel:+15550123>")])
        #expect(self.router([trunk]).party(at: trunk, headers).id == .string("tel:+15550123"))
    }

    @Test("A phone of ours is who its credentials say, and may withhold it; it asserts nothing")
    func phone() {
        let router = self.router([])
        let headers = self.headers(from: self.desk, [self.asserted, self.diversion])
        let party = router.party(of: "1001", displayName: "Hall", headers)
        #expect(party.caller == .phone(.string("1001"), user: .number("42")))
        #expect(party.id == .number("42"))
        #expect(party.identity == CallerIdentity(user: "1001", displayName: "Hall", owner: "42"))
        let withheld = router.party(of: "1001", displayName: "Hall", self.headers(from: self.desk, [("Privacy", "id")]))
        #expect(withheld.id == .string("anonymous"))
    }

    // MARK: To a trunk

    private func order(_ trunk: Trunk, _ caller: CallerIdentity) throws -> InviteOrder {
        try #require(self.router([trunk]).order(for: .init(trunk: trunk.name, number: "600"), from: caller))
    }

    private let caller = CallerIdentity(
        user: "42",
        displayName: "Alice",
        owner: "42",
        history: [.init("Diversion", "<sip:5@h>")]
    )

    @Test("A trusted trunk is told who calls, another has From alone; both are told how the call came")
    func open() throws {
        let from = NameAddress(displayName: "Alice", uri: SIPURI(user: "42", host: Self.domain))
        let untrusted = try self.order(self.trunk(), self.caller)
        #expect(untrusted.from == from)
        #expect(untrusted.fields == self.caller.history)
        let trusted = try self.order(self.trunk(isTrusted: true), self.caller)
        #expect(trusted.from == from)
        #expect(trusted.fields == [.init("P-Asserted-Identity", from.text)] + self.caller.history)
    }

    @Test("What the caller withholds goes to a trusted trunk alone, with the wish (RFC 3325 §7)")
    func closed() throws {
        var caller = self.caller
        caller.privacy = .identity
        let untrusted = try self.order(self.trunk(), caller)
        #expect(untrusted.from == .anonymous)
        #expect(untrusted.fields == [.init("Privacy", "id")])
        let trusted = try self.order(self.trunk(isTrusted: true), caller)
        #expect(trusted.from == .anonymous)
        #expect(
            trusted.fields
                == [.init("P-Asserted-Identity", "\"Alice\" <sip:42@192.0.2.1>"), .init("Privacy", "id")]
                + caller.history
        )
    }

    @Test("A trunk's own identity stands for everybody's")
    func fromUser() throws {
        let order = try self.order(self.trunk(isTrusted: true, fromUser: "5550100"), self.caller)
        #expect(order.from.uri.user == "5550100")
        #expect(order.fields.first?.value == "\"Alice\" <sip:5550100@192.0.2.1>")
        #expect(order.credentials?.username == "gw")
    }

    @Test("Whoever has an extension at the trunk calls there by that, and elsewhere does not")
    func extensionAtTrunk() throws {
        let bob = CallerIdentity(user: "bob", displayName: nil, owner: "bob")
        let there = try self.order(self.trunk(fromUser: "5550100"), bob)
        #expect(there.from.uri == SIPURI(user: "2001", host: "192.0.2.9"))
        #expect(there.credentials == DigestCredentials(username: "2001", password: "secret"))
        let elsewhere = try self.order(self.trunk("other"), bob)
        #expect(elsewhere.from.uri == SIPURI(user: "bob", host: Self.domain))
        #expect(elsewhere.credentials?.username == "gw")
    }
}
