import SIPCore
import Testing

@Suite("Route sets in whole calls (RFC 3261 §12.2.1.1, §16.12.1)")
struct RouteTests {
    private let rig = AgentRig()

    @Test("Loose routes: ACK and BYE go to the first proxy, the remote target in the Request-URI")
    func loose() throws {
        let proxies = ["192.0.2.11", "192.0.2.12"].map {
            NameAddress(uri: SIPURI(host: $0, port: 5060, parameters: SIPParameters([.init("lr")])))
        }
        let id = self.rig.run { $0.invite(self.rig.order(), now: $1) }
        self.rig.reply(
            200,
            to: try self.rig.request(.invite),
            sdp: AgentRig.answer,
            recordRoute: Array(proxies.reversed())
        )
        self.rig.run { $0.end(id, SessionEnding(), now: $1) }
        for method in [SIPMethod.ack, .bye] {
            let request = try self.rig.request(method)
            #expect(request.uri == AgentRig.peerURI)
            #expect(request.headers.route == proxies)
        }
        #expect(
            self.rig.sent.suffix(2).map { $0.destination }
                == Array(
                    repeating: .target(
                        SIPTarget(transport: .udp, host: "192.0.2.11", port: 5060),
                        preferring: nil
                    ),
                    count: 2
                )
        )
        self.rig.reply(200, to: try self.rig.request(.bye))
        self.rig.expectIdle()
    }

    @Test("Strict routes: the first router in the Request-URI, the remote target last in Route")
    func strict() throws {
        let strict = NameAddress(uri: SIPURI(host: "192.0.2.11"))
        let loose = NameAddress(uri: SIPURI(host: "192.0.2.12", parameters: SIPParameters([.init("lr")])))
        let (id, _) = try self.rig.establishOutgoing(recordRoute: [loose, strict])
        self.rig.run { $0.end(id, SessionEnding(), now: $1) }
        let bye = try self.rig.request(.bye)
        #expect(bye.uri == strict.uri)
        #expect(bye.headers.route == [loose, NameAddress(uri: AgentRig.peerURI)])
        #expect(
            self.rig.sent.last?.destination
                == .target(SIPTarget(transport: .udp, host: "192.0.2.11", port: 5060), preferring: nil)
        )
        self.rig.reply(200, to: bye)
        self.rig.expectIdle()
    }

    @Test("A BYE for a Contact that can't be reached ends the session; its ACK goes the way of the INVITE")
    func unreachable() throws {
        let (id, _) = try self.rig.establishOutgoing(contact: SIPURI(scheme: .tel, user: "1", host: ""))
        self.rig.run { $0.end(id, SessionEnding(), now: $1) }
        #expect(self.rig.lines == [])
        #expect(self.rig.agent.counts.sessions == 0)
        self.rig.expectIdle()
    }

    @Test("IPv6 peers see our IPv6 address")
    func addressFamily() throws {
        let six = SIPListener(transport: .udp, address: SIPAddress(host: "2001:db8::1", port: 5060))
        let rig = AgentRig(listeners: [AgentRig.ourUDP, six])
        _ = rig.run {
            $0.invite(rig.order(target: SIPTarget(transport: .udp, host: "2001:db8::2", port: 5060)), now: $1)
        }
        let invite = try rig.request(.invite)
        #expect(invite.headers.via[0].host == "2001:db8::1")
        #expect(invite.headers.contact.first?.address?.uri.host == "2001:db8::1")
    }
}
