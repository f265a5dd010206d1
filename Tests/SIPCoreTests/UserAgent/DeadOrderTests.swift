import SIPCore
import Testing

@Suite("Orders that come too late or too early")
struct DeadOrderTests {
    private let rig = AgentRig()

    private func expectNothing(_ id: SessionID, _ location: SourceLocation = #_sourceLocation) {
        self.rig.clear()
        self.rig.run { $0.acknowledge(id, sdp: AgentRig.answer, now: $1) }
        self.rig.run { $0.ring(id, status: 180, sdp: nil, now: $1) }
        self.rig.run { $0.accept(id, sdp: AgentRig.answer, now: $1) }
        self.rig.run { $0.reinvite(id, sdp: AgentRig.offer, now: $1) }
        self.rig.run { $0.acceptReinvite(id, sdp: AgentRig.answer, now: $1) }
        self.rig.run { $0.rejectReinvite(id, status: 488, warning: nil, now: $1) }
        self.rig.run { $0.ring(id, status: 183, sdp: AgentRig.answer, reliably: true, now: $1) }
        self.rig.run { $0.answerProvisional(id, sdp: AgentRig.answer, now: $1) }
        self.rig.run { $0.update(id, sdp: AgentRig.offer, now: $1) }
        self.rig.run { $0.end(id, SessionEnding(), now: $1) }
        #expect(self.rig.sent == [], sourceLocation: location)
        #expect(self.rig.events == [], sourceLocation: location)
    }

    @Test("Every order on an identifier that never was does nothing")
    func unknown() {
        self.expectNothing(SessionID(rawValue: 99))
        self.rig.expectIdle()
    }

    @Test("Every order on a session that we ended does nothing, whatever state it was in")
    func endedByUs() throws {
        let calling = self.rig.run { $0.invite(self.rig.order(), now: $1) }
        self.rig.run { $0.end(calling, SessionEnding(), now: $1) }
        self.expectNothing(calling)
        let (answered, _) = try self.rig.establishOutgoing()
        self.rig.run { $0.end(answered, SessionEnding(), now: $1) }
        self.expectNothing(answered)
        self.rig.receive(self.rig.peerRequest(.invite, sdp: AgentRig.offer))
        let waiting = try #require(self.rig.invited.first)
        self.rig.run { $0.accept(waiting, sdp: AgentRig.answer, now: $1) }
        self.rig.run { $0.end(waiting, SessionEnding(), now: $1) }
        self.expectNothing(waiting)
        self.rig.advance(.seconds(32))
        self.rig.expectIdle()
    }

    @Test("Every order on a session that the peer ended does nothing")
    func endedByPeer() throws {
        let (id, response) = try self.rig.establishIncoming()
        self.rig.receive(self.rig.peerRequest(.bye, after: response, cSeq: 2))
        self.expectNothing(id)
        let refused = self.rig.run { $0.invite(self.rig.order(), now: $1) }
        self.rig.reply(486, to: try self.rig.request(.invite))
        self.expectNothing(refused)
        self.rig.expectIdle()
    }

    @Test("Orders that the state leaves no room for do nothing")
    func wrongState() throws {
        let id = self.rig.run { $0.invite(self.rig.order(), now: $1) }
        let invite = try self.rig.request(.invite)
        self.rig.clear()
        self.rig.run { $0.ring(id, status: 180, sdp: nil, now: $1) }
        self.rig.run { $0.accept(id, sdp: AgentRig.answer, now: $1) }
        self.rig.run { $0.acknowledge(id, sdp: AgentRig.answer, now: $1) }
        self.rig.run { $0.acceptReinvite(id, sdp: AgentRig.answer, now: $1) }
        self.rig.run { $0.rejectReinvite(id, status: 488, warning: nil, now: $1) }
        self.rig.run { $0.answerProvisional(id, sdp: AgentRig.answer, now: $1) }
        #expect(self.rig.lines == [])
        self.rig.reply(200, to: invite, sdp: AgentRig.answer)
        self.rig.clear()
        self.rig.run { $0.ring(id, status: 180, sdp: nil, now: $1) }
        self.rig.run { $0.accept(id, sdp: AgentRig.answer, now: $1) }
        self.rig.run { $0.acknowledge(id, sdp: AgentRig.answer, now: $1) }
        #expect(self.rig.lines == [])
        self.rig.receive(self.rig.peerRequest(.bye, after: invite, cSeq: 1))
        self.rig.expectIdle()
    }
}
