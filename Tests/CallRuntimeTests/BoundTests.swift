import CallRuntime
import ClientProtocol
import SIPCore
import Testing

/// What users and phones can make grow, and where that ends.
@Suite("The bounds of the call table")
struct BoundTests {
    @Test("More calls than may ring for one user are busy, whoever places them")
    func ringingCalls() {
        let fixture = TableFixture(limits: CallLimits(ringingPerUser: 2))
        let alice = fixture.connect(.number("42"))
        let bob = fixture.connect(.string("bob"))
        for _ in 0..<2 { bob.send(.startCall(calleeID: .number("42"), offer: nil)) }
        #expect(alice.takeNames() == ["incoming_call", "incoming_call"])
        bob.send(.startCall(calleeID: .number("42"), offer: nil))
        guard case .callRejected(_, .number("42"), .busy, nil) = bob.take().first else {
            Issue.record("not busy")
            return
        }
        fixture.invite("2042")
        #expect(fixture.takeStatuses() == [100, 486])
        #expect(alice.take().isEmpty)
        bob.disconnect()
        #expect(fixture.table.statistics.calls == 0)
    }

    @Test("The rate of calls is not dearer to watch over where many users call")
    func rates() {
        var rates = CallRates()
        for user in 0..<40_000 {
            let taken = rates.take("\(user)", limits: CallLimits(), now: Instant(nanoseconds: 1))
            #expect(taken)
        }
        #expect(rates.prunes == 2)
    }

    @Test("Who has an expired token ends the calls that run, and places no more")
    func expiredToken() throws {
        let fixture = TableFixture()
        let alice = fixture.connect(.number("42"), expiresAt: 30)
        let bob = fixture.connect(.string("bob"))
        alice.send(.startCall(calleeID: .string("bob"), offer: nil))
        let callID = try #require(bob.takeIncoming())
        fixture.now = Instant(nanoseconds: 30_000_000_000)
        fixture.table.timeoutReached(now: fixture.now)
        alice.send(.startCall(calleeID: .string("bob"), offer: nil))
        #expect(alice.takeError() == .forbidden)
        #expect(fixture.closed.isEmpty)
        alice.send(.cancelCall(callID: callID, calleeID: nil))
        #expect(bob.takeNames() == ["call_cancelled"])
        #expect(fixture.closed == [alice.connection: .tokenExpired])
    }

    @Test(
        "A user is reached by an alias or an id that is written as a URI",
        arguments: ["2042", "42", "tel:2042", "tel:20-42", "sip:2042@192.0.2.1", "sip:42@192.0.2.1"]
    )
    func aliasAsURI(dialled: String) {
        let fixture = TableFixture()
        let alice = fixture.connect(.number("42"))
        let bob = fixture.connect(.string("bob"))
        bob.send(.startCall(calleeID: .string(dialled), offer: nil))
        #expect(alice.takeNames() == ["incoming_call"])
    }

    @Test("A user without an entry is reached by a URI of ours too, and a URI of others is not ours")
    func knownUserAsURI() {
        let fixture = TableFixture()
        let alice = fixture.connect(.number("42"))
        let bob = fixture.connect(.string("bob"))
        alice.send(.startCall(calleeID: .string("sip:bob@192.0.2.1"), offer: nil))
        #expect(bob.takeNames() == ["incoming_call"])
        alice.send(.startCall(calleeID: .string("sip:bob@example.org"), offer: nil))
        #expect(bob.take().isEmpty)
        #expect(alice.takeNames() == ["call_rejected"])
    }
}
