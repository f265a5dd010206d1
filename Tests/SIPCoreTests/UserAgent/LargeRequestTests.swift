import SIPCore
import Testing

@Suite("Requests above 1300 bytes (RFC 3261 §18.1.1)")
struct LargeRequestTests {
    private let rig = AgentRig()
    private static let large = [UInt8](repeating: UInt8(ascii: "x"), count: 1400)

    @Test("A large INVITE toward a UDP target goes to TCP, and back to UDP with the same branch where that fails")
    func toTCPAndBack() throws {
        _ = self.rig.run { $0.invite(self.rig.order(offer: Self.large), now: $1) }
        let first = try #require(self.rig.sent.first)
        #expect(first.destination == .target(AgentRig.peerTCP, preferring: nil))
        let overTCP = try self.rig.request(.invite)
        #expect(overTCP.headers.via[0].transport == .tcp)
        #expect(overTCP.headers.contact.first?.address?.uri.parameters == SIPParameters())
        self.rig.advance(.seconds(2))
        #expect(self.rig.lines == ["INVITE"])
        self.rig.receive(.failed(try #require(first.transaction), .refused))
        let overUDP = try self.rig.request(.invite)
        #expect(self.rig.sent.last?.destination == .target(AgentRig.peerUDP, preferring: nil))
        #expect(overUDP.headers.via[0].transport == .udp)
        #expect(overUDP.headers.via[0].branch == overTCP.headers.via[0].branch)
        #expect(overUDP.body == Self.large)
        #expect(self.rig.events == [])
        self.rig.advance(.milliseconds(500))
        #expect(self.rig.lines == ["INVITE", "INVITE", "INVITE"])
        self.rig.receive(.failed(try #require(first.transaction), .unresolved))
        #expect(self.rig.events == [.refused(.init(status: 503, cause: .transport(.unresolved)))])
        self.rig.expectIdle()
    }

    @Test("Where TCP was refused, large requests go by UDP at once for five minutes, and then try TCP again")
    func remembersRefusal() throws {
        let first = self.rig.run { $0.invite(self.rig.order(offer: Self.large), now: $1) }
        self.rig.receive(.failed(try #require(self.rig.sent.first?.transaction), .refused))
        self.rig.reply(486, to: try self.rig.request(.invite))
        self.rig.advance(.seconds(299))
        self.rig.clear()
        let second = self.rig.run { $0.invite(self.rig.order(offer: Self.large), now: $1) }
        #expect(second != first)
        #expect(self.rig.sent.map(\.destination) == [.target(AgentRig.peerUDP, preferring: nil)])
        let overUDP = try self.rig.request(.invite)
        #expect(overUDP.headers.via[0].transport == .udp)
        self.rig.reply(486, to: overUDP)
        self.rig.advance(.seconds(1))
        self.rig.clear()
        _ = self.rig.run { $0.invite(self.rig.order(offer: Self.large), now: $1) }
        #expect(self.rig.sent.map(\.destination) == [.target(AgentRig.peerTCP, preferring: nil)])
        self.rig.reply(486, to: try self.rig.request(.invite))
        self.rig.expectIdle()
    }

    @Test("A host name without an address is no refusal: the next large request tries TCP")
    func unresolvedIsNoRefusal() throws {
        _ = self.rig.run { $0.invite(self.rig.order(offer: Self.large), now: $1) }
        self.rig.receive(.failed(try #require(self.rig.sent.first?.transaction), .unresolved))
        self.rig.reply(486, to: try self.rig.request(.invite))
        self.rig.clear()
        _ = self.rig.run { $0.invite(self.rig.order(offer: Self.large), now: $1) }
        #expect(self.rig.sent.map(\.destination) == [.target(AgentRig.peerTCP, preferring: nil)])
    }

    @Test("The memory of refusals is bounded, and forgets what is over first")
    func boundedRefusals() {
        func target(_ number: Int) -> SIPTarget { SIPTarget(transport: .tcp, host: "h\(number)", port: 5060) }
        var refusals = StreamRefusals(limit: 3)
        var now = Instant(nanoseconds: 0)
        refusals.note(target(0), now: now)
        now = now + StreamRefusals.memory
        #expect(!refusals.holds(target(0), now: now))
        for number in 1...3 { refusals.note(target(number), now: now) }
        #expect((1...3).allSatisfy { refusals.holds(target($0), now: now) })
        refusals.note(target(4), now: now)
        #expect((0...4).map { refusals.holds(target($0), now: now) } == [false, false, false, false, true])
        refusals.note(target(4), now: now)
        #expect(refusals.holds(target(4), now: now))
    }

    @Test("A small INVITE stays with UDP, and so does a large one where we have no TCP")
    func staysWithUDP() {
        _ = self.rig.run { $0.invite(self.rig.order(), now: $1) }
        #expect(self.rig.sent.first?.destination == .target(AgentRig.peerUDP, preferring: nil))
        let rig = AgentRig(listeners: [AgentRig.ourUDP])
        _ = rig.run { $0.invite(rig.order(offer: Self.large), now: $1) }
        #expect(rig.sent.first?.destination == .target(AgentRig.peerUDP, preferring: nil))
    }

    @Test("CANCEL goes the way of its large INVITE")
    func cancel() throws {
        let id = self.rig.run { $0.invite(self.rig.order(offer: Self.large), now: $1) }
        let invite = try self.rig.request(.invite)
        self.rig.reply(180, to: invite)
        self.rig.run { $0.end(id, SessionEnding(), now: $1) }
        #expect(self.rig.lines == ["INVITE", "CANCEL"])
        #expect(self.rig.sent.last?.destination == .target(AgentRig.peerTCP, preferring: nil))
        self.rig.reply(487, to: invite)
        self.rig.expectIdle()
    }

    @Test("A large ACK goes to TCP, and where that fails by UDP; repetitions then take UDP")
    func largeAck() throws {
        let id = self.rig.run { $0.invite(self.rig.order(offer: nil), now: $1) }
        let invite = try self.rig.request(.invite)
        self.rig.reply(200, to: invite, sdp: AgentRig.offer)
        self.rig.clear()
        self.rig.run { $0.acknowledge(id, sdp: Self.large, now: $1) }
        let sent = try #require(self.rig.sent.first)
        #expect(sent.destination == .target(AgentRig.peerTCP, preferring: nil))
        self.rig.receive(.failed(try #require(sent.transaction), .refused))
        self.rig.reply(200, to: invite, sdp: AgentRig.offer)
        #expect(self.rig.lines == ["ACK", "ACK", "ACK"])
        #expect(
            self.rig.sent.dropFirst().allSatisfy {
                $0.destination == .target(AgentRig.peerUDP, preferring: nil) && $0.transaction == nil
            }
        )
        #expect(try self.rig.request(.ack).headers.via[0].transport == .udp)
        self.rig.run { $0.end(id, SessionEnding(), now: $1) }
        self.rig.reply(200, to: try self.rig.request(.bye))
        self.rig.expectIdle()
    }

    @Test("A BYE that can't be sent ends the session all the same")
    func byeFails() throws {
        let (id, _) = try self.rig.establishOutgoing()
        self.rig.run { $0.end(id, SessionEnding(), now: $1) }
        self.rig.receive(.failed(try #require(self.rig.sent.last?.transaction), .refused))
        #expect(self.rig.agent.counts.sessions == 0)
        self.rig.expectIdle()
    }

    @Test("A failure that is reported for nothing, and a closed connection, change nothing")
    func strayFailures() {
        for method in [SIPMethod.invite, .ack, .bye, .cancel, .options, .register, .other("X")] {
            self.rig.receive(.failed(ClientTransactionKey(branch: "z9hG4bKnobody", method: method), .refused))
        }
        self.rig.receive(.closed(AgentRig.tcpFlow))
        #expect(self.rig.lines == [])
        self.rig.expectIdle()
    }
}
