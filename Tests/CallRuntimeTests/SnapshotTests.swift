import CallRuntime
import ClientProtocol
import SIPCore
import Testing

@Suite("What a device learns when it connects")
struct SnapshotTests {
    private func calls(_ event: ClientEvent?) -> [ClientSession.Call]? {
        guard case .session(let session) = event else { return nil }
        return session.calls
    }

    @Test("session holds the user's live calls on every device, and a call that rings follows as incoming_call")
    func snapshot() throws {
        let fixture = TableFixture()
        let alice = fixture.connect(.number("42"))
        let bob = fixture.connect(.string("bob"))
        let carol = fixture.connect(.number("43"))
        alice.send(.startCall(calleeID: .string("bob"), offer: nil))
        let first = try #require(bob.takeIncoming())
        bob.send(.answerCall(callID: first, callerID: nil, answer: nil))
        carol.send(.startCall(calleeID: .string("2042"), offer: nil))
        let second = try #require(alice.take().last?.callID)

        let tablet = fixture.connect(.number("42"), .extended)
        let told = tablet.take()
        #expect(
            self.calls(told.first) == [
                .init(callID: first, peerID: .string("bob"), direction: .outgoing, state: .answered),
                .init(callID: second, peerID: .number("43"), direction: .incoming, state: .ringing),
            ]
        )
        #expect(told.dropFirst().map(\.callID) == [second])

        bob.send(.hangUp(callID: first, peerID: nil))
        tablet.send(.rejectCall(callID: second, callerID: nil, reason: nil))
        #expect(fixture.table.isAtRest)
        let phone = fixture.connect(.number("42"), .extended)
        #expect(self.calls(phone.take().first) == [])
    }

    @Test("A device that is lost while it rings and comes back rings again, and nothing is left of either")
    func deviceComesBack() throws {
        let fixture = TableFixture()
        let alice = fixture.connect(.number("42"))
        let bob = fixture.connect(.string("bob"))
        let tablet = fixture.connect(.string("bob"))
        alice.send(.startCall(calleeID: .string("bob"), offer: nil))
        let callID = try #require(tablet.takeIncoming())
        tablet.disconnect()
        #expect(alice.take().isEmpty)
        let back = fixture.connect(.string("bob"))
        #expect(back.takeIncoming() == callID)
        back.send(.answerCall(callID: callID, callerID: nil, answer: nil))
        #expect(alice.takeNames() == ["call_answered"])
        #expect(bob.takeNames() == ["incoming_call", "call_cancelled"])
        let late = fixture.connect(.string("bob"))
        #expect(late.take().isEmpty)
        back.disconnect()
        #expect(alice.takeNames() == ["call_hanged_up"])
        #expect(fixture.table.isAtRest)
    }
}

extension ClientEvent {
    /// The call of an `incoming_call`.
    fileprivate var callID: String? {
        guard case .incomingCall(let callID, _, _, _) = self else { return nil }
        return callID
    }
}
