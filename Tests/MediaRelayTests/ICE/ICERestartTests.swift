import MediaCore
import MediaRelay
import SIPCore
import Testing

@Suite("ICE restart") struct ICERestartTests {
    static let old = BindingCheck().bytes
    static let oldNomination = BindingCheck(usesCandidate: true).bytes

    static func new(_ peer: String = "peer2", usesCandidate: Bool = false) -> [UInt8] {
        BindingCheck(
            username: "serverBB:\(peer)",
            password: ICECredentials.server2.password,
            usesCandidate: usesCandidate
        ).bytes
    }

    /// An agent that media flows through.
    static func connected() throws -> ICELiteAgent {
        var agent = ICELiteAgent(ours: .server, peer: .peer)
        _ = try deliver(Self.old, to: &agent)
        _ = try deliver(Self.oldNomination, to: &agent)
        return agent
    }

    private func deliverNew(
        _ bytes: [UInt8],
        to agent: inout ICELiteAgent,
        from source: MediaAddress
    ) throws -> CheckOutcome {
        try deliver(bytes, to: &agent, from: source, at: .second(5), password: ICECredentials.server2.password)
    }

    @Test("Media stays on the old pair until the peer nominates a new one, and the old credentials die then")
    func restart() throws {
        var agent = try Self.connected()
        #expect(agent.restart(ours: .server2) == .init())
        agent.receivedPeer(.peer2)
        #expect(try deliver(Self.oldNomination, to: &agent, at: .second(3)) == .success(.wifi))
        #expect(try self.deliverNew(Self.new(), to: &agent, from: .mobile) == .success(.mobile))
        let during = (agent.selected, agent.isRestarting)
        #expect(during.0 == .wifi && during.1)
        #expect(
            try self.deliverNew(Self.new(usesCandidate: true), to: &agent, from: .mobile)
                == .success(.mobile, retires: .server, selects: .mobile)
        )
        let after = (agent.selected, agent.isRestarting)
        #expect(after.0 == .mobile && !after.1)
        #expect(try deliver(Self.oldNomination, to: &agent) == .silence)
    }

    @Test("A restart that ends at the same address selects nothing new, but retires the old credentials")
    func sameAddress() throws {
        var agent = try Self.connected()
        _ = agent.restart(ours: .server2)
        #expect(
            try self.deliverNew(Self.new(usesCandidate: true), to: &agent, from: .wifi)
                == .success(.wifi, retires: .server)
        )
    }

    @Test("Until the restart is acted on, the old pair can still be exchanged for another") func oldNominations() throws
    {
        var agent = try Self.connected()
        _ = agent.restart(ours: .server2)
        #expect(try deliver(Self.oldNomination, to: &agent, from: .third) == .success(.third, selects: .third))
        let isRestarting = agent.isRestarting
        #expect(isRestarting)
    }

    @Test("New checks succeed before the peer's new description is read") func beforeDescription() throws {
        var agent = try Self.connected()
        _ = agent.restart(ours: .server2)
        agent.receivedPeer(.peer)
        #expect(
            try self.deliverNew(Self.new(usesCandidate: true), to: &agent, from: .mobile)
                == .success(.mobile, retires: .server, selects: .mobile)
        )
        // An update with the old credentials was still on its way.
        agent.receivedPeer(.peer)
        #expect(try self.deliverNew(Self.new(), to: &agent, from: .mobile) == .success(.mobile))
        agent.receivedPeer(.peer2)
        #expect(try self.deliverNew(Self.new(), to: &agent, from: .mobile) == .success(.mobile))
        #expect(try self.deliverNew(Self.new("peerufrag"), to: &agent, from: .mobile) == .failure(401, isSigned: false))
    }

    @Test("The peer's new credentials may be told before ours are made") func peerFirst() throws {
        var agent = try Self.connected()
        agent.receivedPeer(.peer2)
        #expect(try deliver(Self.old, to: &agent) == .success(.wifi))
        _ = agent.restart(ours: .server2)
        #expect(try deliver(Self.old, to: &agent) == .success(.wifi))
        #expect(try self.deliverNew(Self.new("peerufrag"), to: &agent, from: .wifi) == .failure(401, isSigned: false))
        #expect(try self.deliverNew(Self.new(), to: &agent, from: .wifi) == .success(.wifi))
    }

    @Test("Each generation has its own password") func passwords() throws {
        var agent = try Self.connected()
        _ = agent.restart(ours: .server2)
        let mixed = BindingCheck(username: "serverBB:peer2").bytes
        #expect(try self.deliverNew(mixed, to: &agent, from: .wifi) == .failure(401, isSigned: false))
        let mixedBack = BindingCheck(password: ICECredentials.server2.password).bytes
        #expect(try deliver(mixedBack, to: &agent) == .failure(401, isSigned: false))
    }

    @Test("A second restart overtakes the first") func secondRestart() throws {
        var agent = try Self.connected()
        _ = agent.restart(ours: .server2)
        agent.receivedPeer(.peer2)
        #expect(agent.restart(ours: .server3) == .init(retires: ICEUfragKey(ours: .server2)))
        #expect(try self.deliverNew(Self.new(usesCandidate: true), to: &agent, from: .mobile) == .silence)
        let bytes = BindingCheck(
            username: "serverCC:peer3",
            password: ICECredentials.server3.password,
            usesCandidate: true
        ).bytes
        #expect(
            try deliver(bytes, to: &agent, from: .mobile, password: ICECredentials.server3.password)
                == .success(.mobile, retires: .server, selects: .mobile)
        )
    }

    @Test("A lost peer comes back by a restart") func restartAfterLoss() throws {
        var agent = try Self.connected()
        #expect(agent.timeoutReached(now: .second(31)) == .init(isLost: true))
        _ = agent.restart(ours: .server2)
        #expect(
            try self.deliverNew(Self.new(usesCandidate: true), to: &agent, from: .wifi)
                == .success(.wifi, retires: .server, selects: .wifi)
        )
    }

    @Test("What was nominated before the restart is no way out after it") func noWayBack() throws {
        var agent = ICELiteAgent(ours: .server, peer: .peer)
        _ = try deliver(Self.oldNomination, to: &agent, from: .wifi)
        _ = try deliver(Self.oldNomination, to: &agent, from: .third)
        _ = agent.restart(ours: .server2)
        _ = try self.deliverNew(Self.new(usesCandidate: true), to: &agent, from: .mobile)
        _ = try deliver(
            Self.new(),
            to: &agent,
            from: .third,
            at: .second(30),
            password: ICECredentials.server2.password
        )
        #expect(agent.timeoutReached(now: .second(35)) == .init(isLost: true))
    }
}
