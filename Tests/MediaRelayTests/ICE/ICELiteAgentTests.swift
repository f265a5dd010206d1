import MediaCore
import MediaRelay
import SIPCore
import Testing

@Suite("The lite ICE agent") struct ICELiteAgentTests {
    static let check = BindingCheck().bytes
    static let nomination = BindingCheck(usesCandidate: true).bytes

    @Test("A check is answered and binds its source, a nomination selects it") func checkThenNomination() throws {
        var agent = ICELiteAgent(ours: .server, peer: .peer)
        #expect(try deliver(Self.check, to: &agent) == .success(.wifi))
        let before = (agent.selected, agent.deadline)
        #expect(before.0 == nil && before.1 == nil)
        #expect(try deliver(Self.nomination, to: &agent, at: .second(2)) == .success(.wifi, selects: .wifi))
        #expect(try deliver(Self.nomination, to: &agent, at: .second(3)) == .success(.wifi))
        let after = (agent.selected, agent.deadline)
        #expect(after.0 == .wifi && after.1 == .second(33))
    }

    @Test("A peer at an IPv6 address is told that address") func ipv6() throws {
        var agent = ICELiteAgent(ours: .server)
        #expect(
            try deliver(Self.nomination, to: &agent, from: .mobile) == .success(.mobile, selects: .mobile)
        )
    }

    @Test("Checks succeed before the peer's description is read; from then on its half of USERNAME counts")
    func checksBeforeDescription() throws {
        var agent = ICELiteAgent(ours: .server)
        let stranger = BindingCheck(username: "serverAA:stranger").bytes
        #expect(try deliver(stranger, to: &agent) == .success(.wifi))
        #expect(try deliver(Self.nomination, to: &agent) == .success(.wifi, selects: .wifi))
        agent.receivedPeer(.peer)
        #expect(try deliver(stranger, to: &agent) == .failure(401, isSigned: false))
        #expect(try deliver(Self.nomination, to: &agent) == .success(.wifi))
    }

    @Test("A peer whose user name fragment changes without a restart of ours is known by both") func peerChanges()
        throws
    {
        var agent = ICELiteAgent(ours: .server, peer: .peer)
        agent.receivedPeer(.peer2)
        #expect(try deliver(Self.check, to: &agent) == .success(.wifi))
        #expect(try deliver(BindingCheck(username: "serverAA:peer2").bytes, to: &agent) == .success(.wifi))
        #expect(
            try deliver(BindingCheck(username: "serverAA:peer3").bytes, to: &agent) == .failure(401, isSigned: false)
        )
    }

    @Test("What is not for us gets no answer and changes nothing") func silence() throws {
        var agent = ICELiteAgent(ours: .server, peer: .peer)
        let strangers = [
            BindingCheck(username: nil).bytes,
            BindingCheck(username: "serverAB:peerufrag").bytes,
            BindingCheck(username: "serverAA").bytes,
            BindingCheck(username: "peerufrag:serverAA").bytes,
            BindingCheck(hasFingerprint: false).bytes,
            BindingCheck(type: 0x0003).bytes,
            BindingCheck(type: 0x0011).bytes,
            BindingCheck(type: 0x0101).bytes,
            BindingCheck(type: 0x0111).bytes,
        ]
        for bytes in strangers {
            #expect(try deliver(bytes, to: &agent) == .silence)
        }
        #expect(try deliver(Self.check, to: &agent, from: MediaAddress.wifi.with(port: 0)) == .silence)
    }

    @Test("Who does not prove the password gets an unsigned error and changes nothing") func unproved() throws {
        var agent = ICELiteAgent(ours: .server, peer: .peer)
        let unsigned = BindingCheck(password: nil, usesCandidate: true).bytes
        #expect(try deliver(unsigned, to: &agent) == .failure(400, isSigned: false))
        let wrong = BindingCheck(password: "serverpassword0123456788", usesCandidate: true).bytes
        #expect(try deliver(wrong, to: &agent) == .failure(401, isSigned: false))
        let unknown = BindingCheck(password: "wrong", extra: [(type: 0x0033, value: [])]).bytes
        #expect(try deliver(unknown, to: &agent) == .failure(401, isSigned: false))
        let selected = agent.selected
        #expect(selected == nil)
    }

    @Test("An unknown attribute that must be understood is refused by name") func unknownAttribute() throws {
        var agent = ICELiteAgent(ours: .server, peer: .peer)
        let bytes = BindingCheck(usesCandidate: true, extra: [(type: 0x0033, value: [1, 2, 3])]).bytes
        #expect(try deliver(bytes, to: &agent) == .failure(420, isSigned: true))
        #expect(try deliver(Self.check, to: &agent) == .success(.wifi))
    }

    @Test("A peer that takes the controlled role is told to change, whatever its tiebreaker") func roleConflict() throws
    {
        var agent = ICELiteAgent(ours: .server, peer: .peer)
        let bytes = BindingCheck(usesCandidate: true, isControlled: true).bytes
        #expect(try deliver(bytes, to: &agent) == .failure(487, isSigned: true))
        let selected = agent.selected
        #expect(selected == nil)
        #expect(try deliver(Self.nomination, to: &agent) == .success(.wifi, selects: .wifi))
    }

    @Test("A check without PRIORITY, as a consent check can be, is answered") func withoutPriority() throws {
        var agent = ICELiteAgent(ours: .server, peer: .peer)
        #expect(try deliver(BindingCheck(priority: nil).bytes, to: &agent) == .success(.wifi))
    }

    @Test("A peer that nominates deliberately is followed to an address of less priority, and back") func roaming()
        throws
    {
        var agent = ICELiteAgent(ours: .server, peer: .peer)
        let lesser = BindingCheck(priority: 5, usesCandidate: true).bytes
        #expect(try deliver(Self.check, to: &agent) == .success(.wifi))
        #expect(try deliver(Self.nomination, to: &agent) == .success(.wifi, selects: .wifi))
        #expect(try deliver(lesser, to: &agent, from: .mobile) == .success(.mobile, selects: .mobile))
        #expect(try deliver(Self.check, to: &agent, from: .wifi) == .success(.wifi))
        #expect(try deliver(Self.nomination, to: &agent, from: .wifi) == .success(.wifi, selects: .wifi))
    }

    @Test("Of a peer that nominates with every check the best address is selected, until it falls silent")
    func aggressiveNomination() throws {
        var agent = ICELiteAgent(ours: .server, peer: .peer)
        func nomination(_ priority: UInt32) -> [UInt8] { BindingCheck(priority: priority, usesCandidate: true).bytes }
        #expect(try deliver(nomination(5), to: &agent, from: .wifi) == .success(.wifi, selects: .wifi))
        #expect(try deliver(nomination(9), to: &agent, from: .mobile) == .success(.mobile, selects: .mobile))
        #expect(try deliver(nomination(7), to: &agent, from: .third) == .success(.third))
        #expect(try deliver(nomination(5), to: &agent, from: .wifi, at: .second(7)) == .success(.wifi))
        #expect(
            try deliver(nomination(5), to: &agent, from: .wifi, at: .second(8)) == .success(.wifi, selects: .wifi)
        )
    }

    @Test("Thirty seconds of silence on the selected address lose the peer; nothing less does") func consentLost()
        throws
    {
        var agent = ICELiteAgent(ours: .server, peer: .peer)
        #expect(agent.timeoutReached(now: .second(1_000)) == .init())
        _ = try deliver(Self.check, to: &agent, from: .third, at: .second(1))
        _ = try deliver(Self.nomination, to: &agent, at: .second(2))
        _ = try deliver(Self.check, to: &agent, at: .second(20))
        // Another address that was never nominated is no sign of life, nor is what proves nothing.
        _ = try deliver(Self.check, to: &agent, from: .third, at: .second(45))
        _ = try deliver(BindingCheck(password: "wrong").bytes, to: &agent, at: .second(45))
        #expect(agent.timeoutReached(now: Instant(nanoseconds: 49_999_999_999)) == .init())
        #expect(agent.timeoutReached(now: .second(50)) == .init(isLost: true))
        let after = (agent.selected, agent.deadline)
        #expect(after.0 == nil && after.1 == nil)
        #expect(agent.timeoutReached(now: .second(51)) == .init())
        #expect(try deliver(Self.check, to: &agent, at: .second(52)) == .success(.wifi))
        #expect(try deliver(Self.nomination, to: &agent, at: .second(53)) == .success(.wifi, selects: .wifi))
    }

    @Test("Consent follows a later nomination; the address that was left does not matter any more")
    func consentFollows() throws {
        var agent = ICELiteAgent(ours: .server, peer: .peer)
        _ = try deliver(Self.check, to: &agent, at: .second(1))
        _ = try deliver(Self.nomination, to: &agent, at: .second(1))
        _ = try deliver(Self.nomination, to: &agent, from: .mobile, at: .second(25))
        #expect(agent.timeoutReached(now: .second(31)) == .init())
        _ = try deliver(Self.check, to: &agent, from: .wifi, at: .second(54))
        #expect(agent.timeoutReached(now: .second(55)) == .init(isLost: true))
    }

    @Test("Where the selected address falls silent, one that was nominated beside it takes over") func fallback() throws
    {
        var agent = ICELiteAgent(ours: .server, peer: .peer)
        func nomination(_ priority: UInt32) -> [UInt8] { BindingCheck(priority: priority, usesCandidate: true).bytes }
        _ = try deliver(nomination(5), to: &agent, from: .third, at: .second(1))
        _ = try deliver(nomination(6), to: &agent, from: .wifi, at: .second(2))
        _ = try deliver(nomination(9), to: &agent, from: .mobile, at: .second(3))
        _ = try deliver(Self.check, to: &agent, from: .wifi, at: .second(30))
        _ = try deliver(Self.check, to: &agent, from: .third, at: .second(29))
        #expect(agent.timeoutReached(now: .second(33)) == .init(selects: .wifi))
        let deadline = agent.deadline
        #expect(deadline == .second(60))
    }

    @Test("A datagram that was late does not turn the clock back") func lateDatagram() throws {
        var agent = ICELiteAgent(ours: .server, peer: .peer)
        _ = try deliver(Self.nomination, to: &agent, at: .second(9))
        _ = try deliver(Self.nomination, to: &agent, at: .second(8))
        let deadline = agent.deadline
        #expect(deadline == .second(39))
    }

    @Test("A peer that checks from ever new ports makes the agent remember no more than sixteen") func flood() throws {
        var agent = ICELiteAgent(ours: .server, peer: .peer)
        var directory = ICEDirectory<Int>()
        let isRegistered = directory.register(.server, for: 1)
        #expect(isRegistered)
        directory.apply(try deliver(Self.nomination, to: &agent).action, of: 1)
        for step in 1...2_000 {
            let source = MediaAddress.third.with(port: UInt16(step))
            let outcome = try deliver(Self.check, to: &agent, from: source, at: .second(1 + UInt64(step)))
            // The one that was silent longest goes, never the selected one.
            let leaving = step < ICELiteAgent.maximumRemotes ? nil : source.with(port: UInt16(step - 15))
            #expect(outcome == .success(source, unbinds: leaving))
            directory.apply(outcome.action, of: 1)
        }
        let (count, leg, selected) = (directory.addressCount, directory.leg(at: .wifi), agent.selected)
        #expect(count == ICELiteAgent.maximumRemotes && leg == 1 && selected == .wifi)
    }
}
