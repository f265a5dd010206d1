import CallCore
import CallRuntime
import ClientProtocol
import SIPCore
import Testing

@Suite("Trunks that stand in, and groups")
struct RoutingTests {
    private static func group(_ ring: Group.Order) -> Group {
        Group(
            name: "sales",
            numbers: ["5000"],
            members: [.number("43"), .string("annie"), .string("600"), .number("43")],
            ring: ring,
            ringTime: .seconds(10)
        )
    }

    /// The INVITEs and CANCELs that went out, by method and host.
    private func sent(_ fixture: TableFixture) -> [String] {
        fixture.takeSIP().compactMap { message in
            guard case .request(let request) = message, request.method != .ack else { return nil }
            return "\(request.method.name) \(request.uri.host)"
        }
    }

    /// The pbx answers the INVITE that it has just got.
    private func answer(_ status: UInt16, _ fixture: TableFixture, contact: SIPURI? = nil, sdp: String = "") throws {
        let invite = try #require(
            fixture.takeSIP().compactMap { message in
                if case .request(let request) = message, request.method == .invite { request } else { nil }
            }.first
        )
        var headers = SIPHeaders(
            via: invite.headers.via,
            from: invite.headers.from,
            to: invite.headers.to,
            callID: invite.headers.callID,
            cSeq: invite.headers.cSeq
        )
        headers.to.tag = "pbx"
        if let contact { headers.contact = [.address(NameAddress(uri: contact))] }
        if !sdp.isEmpty { headers.contentType = "application/sdp" }
        fixture.table.receive(
            .message(
                .response(SIPResponse(status: status, reason: "", headers: headers, body: Array(sdp.utf8))),
                SIPFlow(transport: .udp, remote: TableFixture.trunkAddress, listener: 0)
            ),
            now: fixture.now
        )
    }

    @Test("A trunk that fails is stood in for by the next, and one where the callee refuses is not")
    func trunksInTurn() throws {
        let fixture = TableFixture()
        let app = fixture.connect(.number("42"))
        app.send(.startCall(calleeID: .string("700"), offer: nil))
        try self.answer(503, fixture)
        #expect(self.sent(fixture) == ["INVITE 192.0.2.10"])
        #expect(app.takeNames() == [])
        app.send(.startCall(calleeID: .string("701"), offer: nil))
        try self.answer(486, fixture)
        #expect(self.sent(fixture) == [])
        #expect(app.takeNames() == ["call_rejected"])
    }

    @Test("A group's members ring at once, each of them once, and one who connects meanwhile rings too")
    func groupAtOnce() {
        let fixture = TableFixture(groups: [Self.group(.all)])
        let carol = fixture.connect(.number("43"))
        let app = fixture.connect(.number("42"))
        app.send(.startCall(calleeID: .string("5000"), offer: nil))
        #expect(carol.takeNames() == ["incoming_call"])
        // Carol's phone, and the member that is a dial string.
        #expect(self.sent(fixture) == ["INVITE 192.0.2.9", "INVITE 192.0.2.9"])
        let ann = fixture.connect(.string("annie"))
        let callID = ann.takeIncoming()
        ann.send(.answerCall(callID: callID, callerID: nil, answer: nil))
        #expect(carol.takeNames() == ["call_cancelled"])
        #expect(app.takeNames() == ["call_answered"])
        carol.send(.answerCall(callID: callID, callerID: nil, answer: nil))
        #expect(carol.takeError() == .alreadyAnswered)
    }

    @Test("A group that rings in turn, called by a trunk: the next one rings when the time of the one before is up")
    func groupInTurn() {
        let fixture = TableFixture(groups: [Self.group(.inTurn)])
        let carol = fixture.connect(.number("43"))
        let ann = fixture.connect(.string("annie"), .extended)
        _ = ann.take()
        fixture.invite("5000")
        #expect(carol.takeNames() == ["incoming_call"])
        #expect(ann.takeNames() == [])
        // A device of hers that comes now is not told of a call that does not ring for her yet.
        let tablet = fixture.connect(.string("annie"), .extended)
        let snapshots = tablet.take().compactMap { event in
            if case .session(let session) = event { session.calls } else { nil }
        }
        #expect(snapshots == [[]])
        fixture.now = fixture.now + .seconds(10)
        fixture.table.timeoutReached(now: fixture.now)
        #expect(carol.takeNames() == ["call_cancelled"])
        #expect(ann.takeNames() == ["incoming_call"])
        #expect(tablet.takeNames() == ["incoming_call"])
    }

    // MARK: How long

    /// After how many seconds from its answer on a call of that user's ends that goes by a row with a limit of 10 s.
    private func duration(of user: PartyID, isRedirected: Bool = false) throws -> UInt64? {
        let fixture = TableFixture(
            rows: [.init(trunk: "pbx", maxDuration: .seconds(10)) { $0.hasPrefix("8") ? $0 : nil }]
        )
        let app = fixture.connect(user)
        app.send(.startCall(calleeID: .string("800"), offer: nil))
        let pbx = SIPURI(user: "900", host: "192.0.2.9")
        if isRedirected { try self.answer(302, fixture, contact: pbx) }
        try self.answer(200, fixture, contact: pbx, sdp: "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nt=0 0\r\n")
        let answered = fixture.now
        while let deadline = fixture.table.nextDeadline, deadline < answered + .seconds(15) {
            fixture.now = max(fixture.now, deadline)
            fixture.table.timeoutReached(now: fixture.now)
            for case .callHangedUp(_, _, .timeLimit, _) in app.take() {
                return (fixture.now - answered).nanoseconds / 1_000_000_000
            }
        }
        return nil
    }

    @Test("A call lasts no longer than its row and its caller may, wherever it is sent on to")
    func maxDuration() throws {
        #expect(try self.duration(of: .number("42")) == 10)
        #expect(try self.duration(of: .number("42"), isRedirected: true) == 10)
        #expect(try self.duration(of: .number("44")) == 5)
    }

    @Test("Who calls a trunk's number reaches whom the trunk says, and by another number nobody") func inbound() {
        var trunk = Trunk(
            name: "carrier",
            servers: [
                .init(
                    uri: SIPURI(host: "192.0.2.20"),
                    target: SIPTarget(transport: .udp, host: "192.0.2.20", port: 5060)
                )
            ],
            acceptFrom: [AddressPrefix("192.0.2.20")].compactMap { $0 }
        )
        trunk.inbound = NumberRules([{ $0 == "+4930555" ? "2042" : nil }])
        let fixture = TableFixture(trunks: [trunk])
        let alice = fixture.connect(.number("42"))
        fixture.invite("+4930555", from: SIPAddress(host: "192.0.2.20", port: 5060))
        #expect(alice.takeNames() == ["incoming_call"])
        _ = fixture.takeSIP()
        fixture.invite("2042", from: SIPAddress(host: "192.0.2.20", port: 5060), callID: "call-2")
        #expect(alice.takeNames() == [])
        #expect(fixture.takeStatuses().last == 404)
        // The others' numbers are their own.
        fixture.invite("2042", callID: "call-3")
        #expect(alice.takeNames() == ["incoming_call"])
    }
}
