import CallCore
import CallRuntime
import ClientProtocol
import SIPCore
import Testing

@Suite("Redirects that the table follows")
struct RedirectingTests {
    private let fixture = TableFixture()

    /// The one INVITE that has gone out since it was asked last.
    private func invite() throws -> SIPRequest {
        let invites = self.fixture.takeSIP().compactMap { message -> SIPRequest? in
            guard case .request(let request) = message, request.method == .invite else { return nil }
            return request
        }
        #expect(invites.count == 1)
        return try #require(invites.first)
    }

    private func reply(_ status: UInt16, to request: SIPRequest, _ contacts: [String] = []) throws {
        var to = request.headers.to
        to.tag = "callee"
        let headers = SIPHeaders(
            via: request.headers.via,
            from: request.headers.from,
            to: to,
            callID: request.headers.callID,
            cSeq: request.headers.cSeq,
            contact: ShortList(try contacts.map { .address(try #require(NameAddress($0))) })
        )
        self.fixture.table.receive(
            .message(
                .response(SIPResponse(status: status, reason: "", headers: headers)),
                SIPFlow(transport: .udp, remote: TableFixture.trunkAddress, listener: 0)
            ),
            now: self.fixture.now
        )
    }

    private func isAtRest() -> Bool {
        self.fixture.now = self.fixture.now + .seconds(40)
        self.fixture.table.timeoutReached(now: self.fixture.now)
        return self.fixture.table.isAtRest
    }

    @Test("A number at the trunk's own host is called there, and told whence the call comes")
    func ownHost() throws {
        let alice = self.fixture.connect(.number("42"))
        alice.send(.startCall(calleeID: .string("600"), offer: nil))
        try self.reply(302, to: self.invite(), ["<sip:77@192.0.2.9>"])
        let invite = try self.invite()
        #expect(invite.uri == SIPURI(user: "77", host: "192.0.2.9"))
        #expect(invite.headers["Diversion"] == "<sip:600@192.0.2.9>;reason=deflection;counter=1")
        #expect(
            invite.headers.all("History-Info") == [
                "<sip:600@192.0.2.9?Reason=SIP%3Bcause%3D302>;index=1", "<sip:77@192.0.2.9>;index=1.1;mp=1",
            ]
        )
        #expect(alice.take().isEmpty)
        try self.reply(486, to: invite)
        #expect(alice.takeNames() == ["call_rejected"])
        #expect(self.isAtRest())
    }

    @Test("The best target is tried first, and the next when that fails")
    func inTurn() throws {
        let alice = self.fixture.connect(.number("42"))
        alice.send(.startCall(calleeID: .string("600"), offer: nil))
        try self.reply(300, to: self.invite(), ["<sip:71@192.0.2.9>;q=0.2", "<sip:72@192.0.2.9>;q=0.8"])
        let second = try self.invite()
        #expect(second.uri.user == "72")
        try self.reply(480, to: second)
        let third = try self.invite()
        #expect(third.uri.user == "71")
        #expect(third.headers.all("Diversion").count == 1)
        try self.reply(404, to: third)
        guard case .callRejected(_, _, .unavailable, 480) = alice.take().first else {
            Issue.record("not the best of the failures")
            return
        }
        #expect(self.isAtRest())
    }

    @Test("Three redirects in a row are followed, a fourth is not")
    func threeHops() throws {
        let alice = self.fixture.connect(.number("42"))
        alice.send(.startCall(calleeID: .string("600"), offer: nil))
        for hop in 1...3 { try self.reply(302, to: self.invite(), ["<sip:7\(hop)@192.0.2.9>"]) }
        try self.reply(302, to: self.invite(), ["<sip:74@192.0.2.9>"])
        guard case .callRejected(_, _, .failed, 302) = alice.take().first else {
            Issue.record("the fourth was followed")
            return
        }
        #expect(self.isAtRest())
    }

    @Test(
        "A circle, a strange host, and what the caller may not dial are not followed",
        arguments: [
            ["<sip:600@192.0.2.9>"], ["<sip:77@198.51.100.1>"], ["<sip:0044@192.0.2.1>"], ["<sip:192.0.2.9>"], [],
        ]
    )
    func notFollowed(_ contacts: [String]) throws {
        let bob = self.fixture.connect(.string("bob"))
        bob.send(.startCall(calleeID: .string("600"), offer: nil))
        try self.reply(302, to: self.invite(), contacts)
        guard case .callRejected(_, _, .failed, 302) = bob.take().first else {
            Issue.record("followed")
            return
        }
        #expect(self.isAtRest())
    }

    @Test("A user whom a redirect brings in may act on the call, rings on each device, and is out of it at its end")
    func user() throws {
        let bob = self.fixture.connect(.string("bob"))
        let alice = self.fixture.connect(.number("42"))
        bob.send(.startCall(calleeID: .string("600"), offer: nil))
        try self.reply(302, to: self.invite(), ["<sip:2042@192.0.2.1>"])
        let callID = try #require(alice.takeIncoming())
        let tablet = self.fixture.connect(.number("42"))
        #expect(tablet.takeIncoming() == callID)
        alice.send(.answerCall(callID: callID, callerID: .string("bob"), answer: nil))
        #expect(tablet.takeNames() == ["call_cancelled"])
        #expect(bob.takeNames() == ["call_answered"])
        alice.send(.hangUp(callID: callID, peerID: .string("bob")))
        #expect(bob.takeNames() == ["call_hanged_up"])
        #expect(self.isAtRest())
    }

    @Test("Nobody is called back: a redirect to the caller rings the caller's other devices only")
    func caller() throws {
        let alice = self.fixture.connect(.number("42"))
        alice.send(.startCall(calleeID: .string("600"), offer: nil))
        try self.reply(302, to: self.invite(), ["<sip:2042@192.0.2.1>"])
        #expect(alice.takeNames() == ["call_rejected"])
        #expect(self.isAtRest())
    }

    @Test("A caller that hangs up meanwhile is not followed by anything")
    func cancelled() throws {
        let alice = self.fixture.connect(.number("42"))
        alice.send(.startCall(calleeID: .string("600"), offer: nil))
        let invite = try self.invite()
        alice.send(.cancelCall(callID: nil, calleeID: .string("600")))
        try self.reply(302, to: invite, ["<sip:77@192.0.2.9>"])
        #expect(
            self.fixture.takeSIP().allSatisfy { message in
                if case .request(let request) = message { request.method == .ack } else { false }
            }
        )
        #expect(self.isAtRest())
    }
}
