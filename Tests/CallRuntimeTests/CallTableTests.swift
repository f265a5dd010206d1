import CallCore
import CallRuntime
import ClientProtocol
import SIPCore
import Testing

@Suite("The table of calls")
struct CallTableTests {
    private let offer = JSONFragment(utf8: Array(#"{"type":"offer","sdp":"v=0"}"#.utf8))

    // MARK: Who is reached

    @Test("A user is reached by a number or a string alike, and each side keeps its own spelling")
    func idsKeepTheirType() {
        let fixture = TableFixture()
        let alice = fixture.connect(.number("42"))
        let bob = fixture.connect(.string("7"))
        alice.send(.startCall(calleeID: .number("7"), offer: nil))
        guard case .incomingCall(let callID, let callerID, let name, nil) = bob.take().first else {
            Issue.record("bob does not ring")
            return
        }
        #expect(callerID == .number("42"))
        #expect(name == "name of 42")
        bob.send(.answerCall(callID: callID, callerID: .string("42"), answer: nil))
        #expect(alice.take() == [.callAnswered(callID: callID, calleeID: .number("7"))])
    }

    @Test("An alias reaches its user; one who was connected once is unavailable, one known nowhere not found")
    func whoIsThere() {
        let fixture = TableFixture()
        let alice = fixture.connect(.number("42"))
        let bob = fixture.connect(.string("bob"))
        bob.send(.startCall(calleeID: .string("2042"), offer: nil))
        #expect(alice.takeNames() == ["incoming_call"])
        bob.disconnect()
        #expect(alice.takeNames() == ["call_cancelled"])
        for (callee, reason) in [("bob", ClientReason.unavailable), ("44", .unavailable), ("nobody", .notFound)] {
            alice.send(.startCall(calleeID: .string(callee), offer: nil))
            guard case .callRejected(_, .string(callee), reason, nil) = alice.take().first else {
                Issue.record("\(callee) is not \(reason)")
                return
            }
        }
        #expect(fixture.table.isAtRest)
    }

    @Test("A call to oneself rings one's other devices, and is unavailable where there is none")
    func callToOneself() {
        let fixture = TableFixture()
        let phone = fixture.connect(.number("42"))
        phone.send(.startCall(calleeID: .number("42"), offer: nil))
        #expect(phone.takeNames() == ["call_rejected"])
        let tablet = fixture.connect(.number("42"))
        phone.send(.startCall(calleeID: .number("42"), offer: nil))
        #expect(tablet.takeNames() == ["incoming_call"])
        #expect(phone.takeNames().isEmpty)
    }

    @Test("A dial-plan row that does not name the caller is forbidden, with no fall-through")
    func forbiddenRow() {
        let fixture = TableFixture()
        let bob = fixture.connect(.string("bob"))
        bob.send(.startCall(calleeID: .string("0044"), offer: nil))
        guard case .callRejected(_, _, .forbidden, nil) = bob.take().first else {
            Issue.record("not forbidden")
            return
        }
        #expect(fixture.takeSIP().isEmpty)
    }

    @Test("A user's phone rings with the user's apps, and an app's caller appears by its first alias")
    func userWithPhone() {
        let fixture = TableFixture()
        let alice = fixture.connect(.number("42"))
        let carol = fixture.connect(.number("43"))
        alice.send(.startCall(calleeID: .number("43"), offer: nil))
        #expect(carol.takeNames() == ["incoming_call"])
        guard case .request(let invite) = fixture.takeSIP().first else {
            Issue.record("no INVITE")
            return
        }
        #expect(invite.uri == SIPURI(user: "1001", host: "192.0.2.9"))
        #expect(invite.headers.from.uri == SIPURI(user: "2042", host: "192.0.2.1"))
        #expect(invite.headers.maxForwards == 70)
        #expect(invite.body.isEmpty)
    }

    // MARK: Which call a message means

    @Test("A second device that answers too late gets already_answered")
    func secondDeviceTooLate() throws {
        let fixture = TableFixture()
        let alice = fixture.connect(.number("42"))
        let phone = fixture.connect(.string("bob"))
        let tablet = fixture.connect(.string("bob"))
        alice.send(.startCall(calleeID: .string("bob"), offer: nil))
        let callID = try #require(tablet.takeIncoming())
        phone.send(.answerCall(callID: callID, callerID: .number("42"), answer: nil))
        #expect(tablet.takeNames() == ["call_cancelled"])
        tablet.send(.answerCall(callID: callID, callerID: .number("42"), answer: nil))
        #expect(tablet.takeError() == .alreadyAnswered)
        #expect(alice.takeNames() == ["call_answered"])
    }

    @Test("A stranger's message, and a peer who is not in the call, leave it untouched")
    func notYourCall() throws {
        let fixture = TableFixture()
        let alice = fixture.connect(.number("42"))
        let bob = fixture.connect(.string("bob"))
        let mallory = fixture.connect(.string("mallory"))
        alice.send(.startCall(calleeID: .string("bob"), offer: nil))
        let callID = try #require(bob.takeIncoming())
        mallory.send(.hangUp(callID: callID, peerID: .number("42")))
        #expect(mallory.takeError() == .notYourCall)
        bob.send(.answerCall(callID: callID, callerID: .string("mallory"), answer: nil))
        #expect(bob.takeError() == .notYourCall)
        bob.send(.hangUp(callID: "nothing", peerID: nil))
        #expect(bob.takeError() == .unknownCall)
        #expect(alice.take().isEmpty)
        bob.send(.answerCall(callID: callID, callerID: .number("42"), answer: nil))
        #expect(alice.takeNames() == ["call_answered"])
    }

    @Test("Without call_id a message means the one call with that peer in which it is due")
    func theOneThatIsDue() throws {
        let fixture = TableFixture()
        let alice = fixture.connect(.number("42"))
        let bob = fixture.connect(.string("bob"))
        alice.send(.startCall(calleeID: .string("bob"), offer: nil))
        let first = try #require(bob.takeIncoming())
        bob.send(.startCall(calleeID: .number("42"), offer: nil))
        let second = try #require(alice.takeIncoming())
        bob.send(.answerCall(callID: nil, callerID: .number("42"), answer: nil))
        guard case .callAnswered(first, .string("bob")) = alice.take().first else {
            Issue.record("the call that rang was not answered")
            return
        }
        // In the second call it is bob who offers.
        alice.send(.offer(callID: nil, peerID: .string("bob"), offer: self.offer))
        guard case .callOffer(first, .number("42"), self.offer) = bob.take().first else {
            Issue.record("the offer went astray")
            return
        }
        alice.send(.hangUp(callID: nil, peerID: .string("bob")))
        #expect(alice.takeError() == .ambiguousCall)
        alice.send(.hangUp(callID: second, peerID: nil))
        alice.send(.hangUp(callID: nil, peerID: .string("bob")))
        #expect(bob.takeNames() == ["call_rejected", "call_hanged_up"])
        #expect(fixture.table.isAtRest)
    }

    @Test("A candidate belongs to the call whose description has its ufrag")
    func candidateByUfrag() throws {
        let fixture = TableFixture()
        let alice = fixture.connect(.number("42"))
        let bob = fixture.connect(.string("bob"))
        for ufrag in ["one", "two"] {
            alice.send(.startCall(calleeID: .string("bob"), offer: nil))
            let callID = try #require(bob.takeIncoming())
            bob.send(.answerCall(callID: callID, callerID: nil, answer: nil))
            let offer = JSONFragment(utf8: Array(#"{"type":"offer","sdp":"a=ice-ufrag:\#(ufrag)\r\n"}"#.utf8))
            alice.send(.offer(callID: callID, peerID: nil, offer: offer))
            _ = bob.take()
        }
        let candidate = JSONFragment(
            utf8: Array(#"{"candidate":"candidate:1 1 udp 1 192.0.2.7 5000 typ host ufrag two"}"#.utf8)
        )
        _ = alice.take()
        alice.send(.iceCandidate(callID: nil, peerID: .string("bob"), candidate: candidate))
        #expect(bob.takeNames() == ["ice_candidate"])
        #expect(alice.take().isEmpty)
        let stray = JSONFragment(utf8: Array(#"{"candidate":"candidate:1 1 udp 1 192.0.2.7 5000 typ host"}"#.utf8))
        alice.send(.iceCandidate(callID: nil, peerID: .string("bob"), candidate: stray))
        #expect(alice.takeError() == .ambiguousCall)
    }

    // MARK: Limits

    @Test("Calls of one user, their rate, and the calls of all are limited")
    func limits() {
        let fixture = TableFixture(limits: CallLimits(callsPerUser: 2, callRatePerUser: 3, calls: 3))
        let alice = fixture.connect(.number("42"))
        let bob = fixture.connect(.string("bob"))
        for _ in 0..<2 { alice.send(.startCall(calleeID: .string("bob"), offer: nil)) }
        #expect(bob.takeNames() == ["incoming_call", "incoming_call"])
        alice.send(.startCall(calleeID: .string("bob"), offer: nil))
        #expect(alice.takeError() == .limitReached)
        bob.send(.startCall(calleeID: .number("42"), offer: nil))
        #expect(alice.takeNames() == ["incoming_call"])
        bob.send(.startCall(calleeID: .number("42"), offer: nil))
        guard case .callRejected(_, _, .overloaded, nil) = bob.take().first else {
            Issue.record("not overloaded")
            return
        }
        bob.send(.cancelCall(callID: nil, calleeID: .number("42")))
        bob.send(.startCall(calleeID: .number("42"), offer: nil))
        bob.send(.cancelCall(callID: nil, calleeID: .number("42")))
        bob.send(.startCall(calleeID: .number("42"), offer: nil))
        #expect(bob.takeError() == .rateLimited)
        fixture.now = fixture.now + .seconds(20)
        bob.send(.startCall(calleeID: .number("42"), offer: nil))
        #expect(bob.take().isEmpty)
    }

    @Test("While the gateway drains new calls are refused and those that ring are answered")
    func draining() throws {
        let fixture = TableFixture()
        let alice = fixture.connect(.number("42"))
        let bob = fixture.connect(.string("bob"))
        alice.send(.startCall(calleeID: .string("bob"), offer: nil))
        let callID = try #require(bob.takeIncoming())
        fixture.table.beginDraining()
        bob.send(.startCall(calleeID: .number("42"), offer: nil))
        guard case .callRejected(_, _, .shuttingDown, nil) = bob.take().first else {
            Issue.record("not refused")
            return
        }
        fixture.invite("2042")
        #expect(fixture.takeStatuses() == [100, 503])
        bob.send(.answerCall(callID: callID, callerID: nil, answer: nil))
        #expect(alice.takeNames() == ["call_answered"])
        fixture.table.endAllCalls(.shuttingDown, now: fixture.now)
        #expect(alice.takeNames() == ["call_hanged_up"])
        #expect(bob.takeNames() == ["call_hanged_up"])
    }

    @Test("A token that expires closes the socket with 4401, but never in the middle of a call")
    func tokenExpiry() throws {
        let fixture = TableFixture()
        let alice = fixture.connect(.number("42"), expiresAt: 30)
        let bob = fixture.connect(.string("bob"), expiresAt: 30)
        alice.send(.startCall(calleeID: .string("bob"), offer: nil))
        let callID = try #require(bob.takeIncoming())
        let idle = fixture.connect(.string("idle"), expiresAt: 30)
        fixture.now = Instant(nanoseconds: 30_000_000_000)
        fixture.table.timeoutReached(now: fixture.now)
        _ = idle.take()
        #expect(fixture.closed == [idle.connection: .tokenExpired])
        bob.send(.rejectCall(callID: callID, callerID: nil, reason: nil))
        #expect(alice.takeNames() == ["call_rejected"])
        #expect(fixture.closed.count == 3)
    }

    // MARK: Phones

    @Test("A phone's INVITE: 100 and 180 where the user is there, 480, 404 and 403 where not")
    func invites() {
        let fixture = TableFixture()
        let alice = fixture.connect(.number("42"))
        fixture.invite("2042", callID: "a")
        #expect(fixture.takeStatuses() == [100, 180])
        guard case .incomingCall(_, .string("2001"), "Desk", nil) = alice.take().first else {
            Issue.record("alice does not ring")
            return
        }
        fixture.invite("44", callID: "b")
        fixture.invite("nobody", callID: "c")
        fixture.invite("2042", host: "example.org", callID: "d")
        fixture.invite("2042", from: SIPAddress(host: "198.51.100.1", port: 5060), callID: "e")
        #expect(fixture.takeStatuses() == [100, 480, 100, 404, 100, 404, 100, 403])
    }

    @Test("A trunk's call goes to a trunk only by a row that names it: nobody's PBX is an open relay")
    func noOpenRelay() {
        let closed = TableFixture()
        closed.invite("1001")
        #expect(closed.takeStatuses() == [100, 403])
        let open = TableFixture(allowTrunks: ["pbx"])
        open.invite("1001")
        let requests = open.takeSIP().compactMap { message -> SIPRequest? in
            switch message {
            case .request(let request): request
            case .response: nil
            }
        }
        #expect(requests.map { $0.headers.maxForwards } == [69])
    }

    @Test("The extended profile: session first, call_started with the request_id, then call_failed")
    func extendedProfile() {
        let fixture = TableFixture()
        let alice = fixture.connect(.number("42"), .extended)
        #expect(alice.takeNames() == ["session"])
        alice.send(.startCall(calleeID: .string("nobody"), offer: nil), requestID: "5")
        let events = alice.take()
        guard case .callStarted(let callID, .string("nobody"), let requestID) = events.first,
            case .callFailed(callID, .string("nobody"), .notFound, nil) = events.last
        else {
            Issue.record("\(events)")
            return
        }
        #expect(requestID == JSONFragment(utf8: Array("5".utf8)))
    }
}
