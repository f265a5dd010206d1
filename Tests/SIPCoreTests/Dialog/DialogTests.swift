import SIPCore
import Testing

@Suite("Dialog (RFC 3261 §12)")
struct DialogTests {
    private static let flow = SIPFlow(
        transport: .udp,
        remote: SIPAddress(host: "192.0.2.2", port: 5060),
        listener: 0
    )
    private static let connection = SIPFlow(
        transport: .tcp,
        remote: SIPAddress(host: "198.51.100.9", port: 50_123),
        listener: 1,
        connection: 3
    )

    private static func proxy(_ host: String, isLoose: Bool = true) -> NameAddress {
        NameAddress(
            uri: SIPURI(host: host, parameters: SIPParameters(isLoose ? [.init("lr")] : [.init("method", "INVITE")]))
        )
    }

    private static func invite() -> SIPRequest {
        var from = NameAddress(uri: SIPURI(user: "alice", host: "a.example"))
        from.tag = "a"
        return SIPRequest(
            method: .invite,
            uri: SIPURI(user: "bob", host: "b.example"),
            headers: SIPHeaders(
                from: from,
                to: NameAddress(uri: SIPURI(user: "bob", host: "b.example")),
                callID: "id",
                cSeq: CSeq(5, .invite),
                contact: [.address(NameAddress(uri: SIPURI(user: "alice", host: "192.0.2.2")))]
            )
        )
    }

    private static func client(
        routes: [NameAddress],
        contact: SIPURI = SIPURI(user: "bob", host: "192.0.2.3"),
        flow: SIPFlow = flow,
        isSecure: Bool = false
    ) -> Dialog {
        var invite = Self.invite()
        if isSecure { invite.uri.scheme = .sips }
        var headers = invite.headers
        headers.to.tag = "b"
        headers.recordRoute = routes
        headers.contact = [.address(NameAddress(uri: contact))]
        return Dialog(
            client: invite,
            response: SIPResponse(status: 200, reason: "OK", headers: headers),
            flow: flow
        )
    }

    @Test("A loose route: the remote target in the Request-URI, the route set reversed for a caller")
    func looseRoute() {
        var dialog = Self.client(routes: [Self.proxy("p2"), Self.proxy("p1")])
        let bye = dialog.nextRequest(.bye)
        #expect(bye.uri == SIPURI(user: "bob", host: "192.0.2.3"))
        #expect(bye.headers.route == [Self.proxy("p1"), Self.proxy("p2")])
        #expect(bye.headers.cSeq == CSeq(6, .bye))
        #expect(bye.headers.from.tag == "a")
        #expect(bye.headers.to.tag == "b")
        #expect(dialog.nextHop == .init(target: SIPTarget(transport: .udp, host: "p1", port: 5060, search: .transport)))
    }

    @Test("A strict route: the router in the Request-URI, the remote target last in Route")
    func strictRoute() {
        var dialog = Self.client(routes: [Self.proxy("p2"), Self.proxy("p1", isLoose: false)])
        let bye = dialog.nextRequest(.bye)
        #expect(bye.uri == SIPURI(host: "p1"))
        #expect(bye.headers.route == [Self.proxy("p2"), NameAddress(uri: SIPURI(user: "bob", host: "192.0.2.3"))])
        #expect(dialog.nextHop == .init(target: SIPTarget(transport: .udp, host: "p1", port: 5060, search: .transport)))
    }

    @Test("A callee takes the route set in the order of Record-Route")
    func serverRoutes() throws {
        var invite = Self.invite()
        invite.headers.recordRoute = [Self.proxy("p1"), Self.proxy("p2")]
        var dialog = try #require(Dialog(server: invite, localTag: "b", flow: Self.flow))
        let bye = dialog.nextRequest(.bye)
        #expect(bye.headers.route == [Self.proxy("p1"), Self.proxy("p2")])
        #expect(bye.uri == SIPURI(user: "alice", host: "192.0.2.2"))
        #expect(bye.headers.from.tag == "b")
        #expect(bye.headers.to.tag == "a")
        #expect(bye.headers.cSeq == CSeq(1, .bye))
        #expect(dialog.key == Dialog.Key(callID: "id", localTag: "b"))
    }

    @Test("An INVITE without Contact makes no dialog")
    func noContact() {
        var invite = Self.invite()
        invite.headers.contact = []
        #expect(Dialog(server: invite, localTag: "b", flow: Self.flow) == nil)
        invite.headers.contact = [.all]
        #expect(Dialog(server: invite, localTag: "b", flow: Self.flow) == nil)
    }

    @Test("The peer's sequence numbers may jump, not fall")
    func remoteSequence() throws {
        var dialog = try #require(Dialog(server: Self.invite(), localTag: "b", flow: Self.flow))
        let accepted = [4, 5, 900, 899, .max, 0].map { dialog.acceptRemote($0) }
        #expect(accepted == [false, true, true, false, true, false])
        #expect(dialog.remoteCSeq == .max)
    }

    @Test("Target refresh: requests go to the new Contact, and one without Contact changes nothing")
    func targetRefresh() {
        var dialog = Self.client(routes: [])
        dialog.refreshTarget([])
        #expect(dialog.nextHop == .init(target: SIPTarget(transport: .udp, host: "192.0.2.3", port: 5060)))
        dialog.refreshTarget([.address(NameAddress(uri: SIPURI(host: "192.0.2.7", port: 5080)))])
        #expect(dialog.nextHop == .init(target: SIPTarget(transport: .udp, host: "192.0.2.7", port: 5080)))
        #expect(dialog.ack(cSeq: 5).uri == SIPURI(host: "192.0.2.7", port: 5080))
    }

    @Test("A connection on which the peer reached us is preferred, if its Contact does not name another transport")
    func preferredConnection() {
        let silent = SIPURI(user: "bob", host: "10.0.0.3", port: 5062)
        #expect(
            Self.client(routes: [], contact: silent, flow: Self.connection).nextHop
                == .init(
                    target: SIPTarget(transport: .tcp, host: "10.0.0.3", port: 5062),
                    preferring: Self.connection
                )
        )
        var named = silent
        named.parameters = SIPParameters([.init("transport", "udp")])
        #expect(
            Self.client(routes: [], contact: named, flow: Self.connection).nextHop
                == .init(target: SIPTarget(transport: .udp, host: "10.0.0.3", port: 5062))
        )
        named.parameters = SIPParameters([.init("transport", "TCP")])
        #expect(
            Self.client(routes: [], contact: named, flow: Self.connection).nextHop
                == .init(
                    target: SIPTarget(transport: .tcp, host: "10.0.0.3", port: 5062),
                    preferring: Self.connection
                )
        )
        #expect(
            Self.client(routes: [Self.proxy("p1")], contact: silent, flow: Self.connection).nextHop
                == .init(target: SIPTarget(transport: .udp, host: "p1", port: 5060, search: .transport))
        )
    }

    @Test(
        "A dialog for a sips URI never leaves TLS, whatever Contacts and routes say",
        arguments: [
            (SIPURI(scheme: .sips, user: "bob", host: "10.0.0.3"), 5061),
            (SIPURI(user: "bob", host: "10.0.0.3"), 5061),
            (
                SIPURI(
                    user: "bob",
                    host: "10.0.0.3",
                    port: 5070,
                    parameters: SIPParameters([.init("transport", "udp")])
                ), 5070
            ),
        ] as [(SIPURI, UInt16)]
    )
    func noDowngrade(contact: SIPURI, port: UInt16) {
        let target = SIPTarget(transport: .tls, host: "10.0.0.3", port: port)
        for flow in [Self.flow, Self.connection] {
            #expect(
                Self.client(routes: [], contact: contact, flow: flow, isSecure: true).nextHop == .init(target: target)
            )
        }
        let tls = SIPFlow(
            transport: .tls,
            remote: SIPAddress(host: "10.0.0.3", port: 40_000),
            listener: 2,
            connection: 9
        )
        let dialog = Self.client(routes: [], contact: contact, flow: tls, isSecure: true)
        #expect(dialog.nextHop == .init(target: target, preferring: tls))
        #expect(dialog.needsSecureContact)
        #expect(
            Self.client(routes: [Self.proxy("p1")], contact: contact, flow: tls, isSecure: true).nextHop
                == .init(target: SIPTarget(transport: .tls, host: "p1", port: 5061, search: .transport))
        )
    }

    @Test("An INVITE for a sips URI makes a secure dialog where it came by TLS")
    func secureServer() throws {
        var invite = Self.invite()
        invite.uri.scheme = .sips
        var flow = Self.connection
        #expect(try #require(Dialog(server: invite, localTag: "b", flow: flow)).isSecure == false)
        flow.transport = .tls
        #expect(try #require(Dialog(server: invite, localTag: "b", flow: flow)).isSecure)
        invite.uri.scheme = .sip
        #expect(try #require(Dialog(server: invite, localTag: "b", flow: flow)).isSecure == false)
    }

    @Test("A Contact that names nothing reachable has no next hop")
    func unreachableContact() {
        #expect(Self.client(routes: [], contact: SIPURI(scheme: .tel, user: "1", host: "")).nextHop == nil)
        #expect(Self.client(routes: [], contact: SIPURI(scheme: .other("x"), host: "y")).nextHop == nil)
    }
}
