import CallCore
import ClientProtocol
import SIPCore
import Testing

@Suite("Numbers: one form, who may call them, from which, and who is called by them")
struct NumberTests {
    /// What follows a prefix, behind another one.
    private static func row(_ prefix: String, _ rewritten: String) -> NumberRules.Row {
        { $0.hasPrefix(prefix) ? rewritten + $0.dropFirst(prefix.count) : nil }
    }

    private let plan = DialPlan(
        rows: [
            .init(name: "near", trunk: "carrier", maxDuration: .seconds(60)) { $0.hasPrefix("+49") ? $0 : nil },
            .init(name: "far", trunk: "carrier") { $0.hasPrefix("+") ? $0 : nil },
            .init(trunk: "carrier") { $0 == "112" ? $0 : nil },
        ],
        normalization: NumberRules([Self.row("00", "+"), Self.row("0", "+49")])
    )

    private func trunk(fromUser: String? = nil) -> Trunk {
        var trunk = Trunk(
            name: "carrier",
            servers: [
                .init(uri: SIPURI(host: "192.0.2.9"), target: SIPTarget(transport: .udp, host: "192.0.2.9", port: 5060))
            ],
            fromUser: fromUser
        )
        trunk.callerIDs = NumberRules([Self.row("20", "+49305550")])
        trunk.inbound = NumberRules([
            Self.row("+4930555", "2"), { $0 == "+49800" ? "sales" : nil }, { $0 == "+49900" ? "" : nil },
        ])
        return trunk
    }

    private var router: Router {
        Router(
            directory: Directory(
                users: [
                    .init(id: .number("1"), aliases: ["2001", "+49301"], mayCall: ["near"], maxDuration: .seconds(30)),
                    .init(id: .string("eve"), phones: ["1001", "(0049) 40/2"], callerID: "+49409", mayCall: []),
                ],
                groups: [
                    Group(name: "g", numbers: ["+49302"], members: [.number("1")], ring: .all, ringTime: .seconds(1))
                ]
            ),
            dialPlan: self.plan,
            trunks: [self.trunk()],
            domains: ["192.0.2.1"]
        )
    }

    private func destination(_ dialled: String, by caller: DialPlan.Caller = .user(.string("x"))) -> Router.Destination
    {
        self.router.destination(of: .string(dialled), by: caller, isKnown: { _ in false }, isPhone: { $0 == "0301" })
    }

    private func way(_ number: String, maxDuration: Span? = nil) -> Router.Destination {
        var route = Router.Route(trunk: "carrier", number: number)
        route.maxDuration = maxDuration
        return .phone(route)
    }

    // MARK: One form

    @Test(
        "A number is found in any form, without its separators, by the first rule that matches",
        arguments: [
            ("+49 (40) 123-45", "+494012345"), ("0049/40.12345", "+494012345"), ("04012345", "+494012345"),
            ("tel:+49-4012345", "+494012345"), ("sip:040-12345@192.0.2.1", "+494012345"), ("0a-1", "+49a-1"),
            ("a-b 1", "a-b 1"), ("-", "-"), ("", ""),
        ]
    )
    func normalized(_ dialled: String, _ number: String) {
        #expect(self.plan.normalized(SIPURI(dialled)?.dialledNumber ?? dialled) == number)
    }

    @Test("Aliases, groups and rows are reached by any form, a phone's own number goes before") func anyForm() {
        let alice = self.destination("1")
        #expect(alice == .user(.number("1"), phones: []))
        #expect(self.destination("030 1") == alice)
        #expect(self.destination("sip:00493-01@192.0.2.1") == alice)
        #expect(self.destination("0301") == .phone(.init(trunk: nil, number: "0301")))
        guard case .group = self.destination("0302") else {
            Issue.record("no group")
            return
        }
        #expect(self.destination("0 40 1") == self.way("+49401", maxDuration: .seconds(60)))
        #expect(self.destination("001") == self.way("+1"))
        // A user's phone is a dial string as any other.
        guard case .user(_, let phones) = self.destination("eve") else {
            Issue.record("no user")
            return
        }
        #expect(phones.map(\.number) == ["+49402"])
    }

    // MARK: Permissions

    @Test("A user calls by the rows that the user may use, whichever device it is; others by all of them")
    func permissions() {
        let devices: [DialPlan.Caller] = [.user(.number("1")), .phone(.string("1001"), user: .number("1"))]
        for caller in devices {
            #expect(self.destination("0401", by: caller) == self.way("+49401", maxDuration: .seconds(60)))
            #expect(self.destination("001", by: caller) == .refused(.forbidden))
            #expect(self.destination("112", by: caller) == .refused(.forbidden))
            #expect(self.destination("eve", by: caller) != .refused(.forbidden))
        }
        #expect(self.destination("0401", by: .user(.string("eve"))) == .refused(.forbidden))
        #expect(self.destination("001", by: .phone(.string("1002"), user: nil)) == self.way("+1"))
        #expect(self.router.maxDuration(of: .init(user: "2001", displayName: nil, owner: "1")) == .seconds(30))
        #expect(self.router.maxDuration(of: .init(user: "1002", displayName: nil)) == nil)
    }

    // MARK: Caller identity

    @Test(
        "Toward a trunk a caller has the trunk's form of the own number, else the trunk's, else the user's or the own"
    )
    func callerID() throws {
        func from(_ user: String, owner: String?, at trunk: Trunk) throws -> String? {
            var router = self.router
            router = Router(
                directory: router.directory,
                dialPlan: router.dialPlan,
                trunks: [trunk],
                domains: router.domains
            )
            let caller = CallerIdentity(user: user, displayName: nil, owner: owner)
            return try #require(router.order(for: .init(trunk: "carrier", number: "+1"), from: caller)).from.uri.user
        }
        #expect(try from("2001", owner: "1", at: self.trunk(fromUser: "+4930")) == "+4930555001")
        #expect(try from("1001", owner: "eve", at: self.trunk(fromUser: "+4930")) == "+4930")
        #expect(try from("1001", owner: "eve", at: self.trunk()) == "+49409")
        #expect(try from("1002", owner: nil, at: self.trunk()) == "1002")
    }

    @Test("Who calls from a trunk has one form, too, by which apps dial back or know the user") func caller() {
        func party(_ user: String) -> CallingParty {
            var from = NameAddress(uri: SIPURI(user: user, host: "192.0.2.9"))
            from.tag = "t"
            return self.router.party(
                at: self.trunk(),
                SIPHeaders(from: from, to: from, callID: "c", cSeq: CSeq(1, .invite))
            )
        }
        #expect(party("040-7").id == .string("+49407"))
        #expect(party("040-7").identity.user == "+49407")
        #expect(party("0301").id == .number("1"))
        #expect(party("ann").id == .string("sip:ann@192.0.2.9"))
    }

    // MARK: Inbound

    @Test("A trunk's number is who the trunk's rules say, in any form; another one is nobody") func inbound() {
        let trunk = self.trunk()
        #expect(self.router.inbound("+4930555001", at: trunk) == "2001")
        #expect(self.router.inbound("030 555-001", at: trunk) == "2001")
        #expect(self.router.inbound("0800", at: trunk) == "sales")
        #expect(self.router.inbound("2001", at: trunk) == nil)
        // A rule that leaves nothing is none.
        #expect(self.router.inbound("0900", at: trunk) == nil)
        // The same holds for whom it transfers a call to, but for those at the trunk itself.
        let router = self.router
        #expect(
            router.inbound(SIPURI(user: "+4930555001", host: "192.0.2.1"), by: "carrier")
                == SIPURI(user: "2001", host: "192.0.2.1")
        )
        let inner = SIPURI(user: "2001", host: "192.0.2.1")
        #expect(router.inbound(inner, by: "carrier") == nil)
        #expect(router.inbound(inner, by: nil) == inner)
        let own = SIPURI(user: "77", host: "192.0.2.9")
        #expect(router.inbound(own, by: "carrier") == own)
        var open = trunk
        open.inbound = nil
        #expect(self.router.inbound("2001", at: open) == "2001")
    }
}
