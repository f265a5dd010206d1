import SIPCore
import Testing

@Suite("Checks on requests (RFC 3261 §8.2)")
struct RequestCheckTests {
    private let rig = AgentRig()

    private func expectRefusal(
        _ request: SIPRequest,
        _ status: UInt16,
        _ field: SIPHeaders.Field? = nil,
        _ location: SourceLocation = #_sourceLocation
    ) throws {
        self.rig.receive(request)
        let response = try self.rig.response(request.method)
        #expect(response.status == status, sourceLocation: location)
        #expect(response.headers.to.tag != nil, sourceLocation: location)
        if let field { #expect(response.headers[field.name] == field.value, sourceLocation: location) }
        #expect(self.rig.invited == [], sourceLocation: location)
        self.rig.expectIdle(location)
    }

    @Test("405 with Allow for a method that is not implemented")
    func unknownMethod() throws {
        let allow = SIPHeaders.Field(
            "Allow",
            "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, PRACK, MESSAGE, REFER, NOTIFY"
        )
        try self.expectRefusal(self.rig.peerRequest(.register), 405, allow)
        try self.expectRefusal(self.rig.peerRequest(.other("SUBSCRIBE")), 405, allow)
    }

    @Test("420 with Unsupported for what is required and not implemented")
    func required() throws {
        let fields: [SIPHeaders.Field] = [.init("Require", "100rel, timer"), .init("require", "precondition")]
        try self.expectRefusal(
            self.rig.peerRequest(.invite, sdp: AgentRig.offer, fields: fields),
            420,
            .init("Unsupported", "precondition")
        )
    }

    @Test("415 for a body that is not SDP, and for an encoded one")
    func bodies() throws {
        var invite = self.rig.peerRequest(.invite, sdp: AgentRig.offer)
        invite.headers.contentType = "multipart/mixed;boundary=x"
        try self.expectRefusal(invite, 415, .init("Accept", "application/sdp"))
        invite = self.rig.peerRequest(.invite, sdp: AgentRig.offer, fields: [.init("Content-Encoding", "gzip")])
        try self.expectRefusal(invite, 415, .init("Accept-Encoding", "identity"))
        invite = self.rig.peerRequest(.invite, sdp: AgentRig.offer)
        invite.headers.contentType = nil
        try self.expectRefusal(invite, 415, .init("Accept", "application/sdp"))
    }

    @Test("SDP is known by its media type, parameters and case aside")
    func mediaType() throws {
        var invite = self.rig.peerRequest(.invite, sdp: AgentRig.offer)
        invite.headers.contentType = "Application/SDP ;charset=utf-8"
        self.rig.receive(invite)
        #expect(self.rig.invited.count == 1)
        invite = self.rig.peerRequest(.invite, callID: "other", sdp: AgentRig.offer)
        invite.headers.contentType = "application/sdpx"
        self.rig.receive(invite)
        #expect(try self.rig.response(.invite).status == 415)
    }

    @Test("416 for a scheme that is not ours")
    func scheme() throws {
        var invite = self.rig.peerRequest(.invite, sdp: AgentRig.offer)
        invite.uri = SIPURI(scheme: .other("mailto"), host: "alice@example.org")
        try self.expectRefusal(invite, 416)
    }

    @Test("400 for an INVITE without Contact")
    func missingContact() throws {
        var invite = self.rig.peerRequest(.invite, sdp: AgentRig.offer)
        invite.headers.contact = []
        try self.expectRefusal(invite, 400)
    }

    @Test("481 for a request in a dialog that is not known, and nothing is kept")
    func unknownDialog() throws {
        for method in [SIPMethod.bye, .invite, .options] {
            var request = self.rig.peerRequest(method)
            request.headers.to.tag = "nobody"
            self.rig.receive(request)
            #expect(self.rig.lines.last == "481 \(method.name)")
            #expect(self.rig.agent.isIdle)
        }
        try self.expectRefusal(self.rig.peerRequest(.bye), 481)
    }

    @Test("481 for a request of a stranger in a dialog of ours")
    func foreignTag() throws {
        let (id, response) = try self.rig.establishIncoming()
        var bye = self.rig.peerRequest(.bye, after: response, cSeq: 2)
        bye.headers.from.tag = "mallory"
        self.rig.receive(bye)
        #expect(self.rig.lines == ["481 BYE"])
        #expect(self.rig.events == [])
        self.rig.run { $0.end(id, SessionEnding(), now: $1) }
        self.rig.expectIdle()
    }

    @Test("482 for a merged request, which came by two ways")
    func mergedRequest() throws {
        let invite = self.rig.peerRequest(.invite, sdp: AgentRig.offer)
        self.rig.receive(invite)
        var copy = invite
        copy.headers.via[0].branch = "z9hG4bKotherway"
        self.rig.receive(copy)
        self.rig.receive(copy)
        #expect(self.rig.lines == ["100 INVITE", "482 INVITE", "482 INVITE"])
        #expect(self.rig.invited.count == 1)
        let id = try #require(self.rig.invited.first)
        self.rig.run { $0.end(id, SessionEnding(), now: $1) }
        self.rig.expectIdle()
        self.rig.receive(copy)
        #expect(self.rig.invited.count == 2)
    }

    @Test("483 at Max-Forwards 0, except for OPTIONS")
    func tooManyHops() throws {
        var invite = self.rig.peerRequest(.invite, sdp: AgentRig.offer)
        invite.headers.maxForwards = 0
        try self.expectRefusal(invite, 483)
        var options = self.rig.peerRequest(.options)
        options.headers.maxForwards = 0
        self.rig.receive(options)
        #expect(try self.rig.response(.options).status == 200)
    }

    @Test("500 with Retry-After for a request out of order")
    func outOfOrder() throws {
        let (id, response) = try self.rig.establishIncoming()
        self.rig.receive(self.rig.peerRequest(.options, after: response, cSeq: 10))
        self.rig.receive(self.rig.peerRequest(.bye, after: response, cSeq: 9))
        #expect(self.rig.lines == ["200 OPTIONS", "500 BYE"])
        let seconds = try #require(try self.rig.response(.bye).headers["Retry-After"].flatMap { UInt32($0) })
        #expect(seconds <= 10)
        self.rig.run { $0.end(id, SessionEnding(), now: $1) }
        self.rig.expectIdle()
    }

    @Test("OPTIONS tells what is implemented, and leaves nothing")
    func options() throws {
        self.rig.receive(self.rig.peerRequest(.options))
        let response = try self.rig.response(.options)
        #expect(response.status == 200)
        #expect(
            response.headers["Allow"] == "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, PRACK, MESSAGE, "
                + "REFER, NOTIFY"
        )
        #expect(response.headers["Accept"] == "application/sdp, text/plain")
        #expect(response.headers["Supported"] == "100rel, timer, replaces")
        self.rig.expectIdle()
    }

    @Test("503 with Retry-After above the limit of sessions, and nothing is kept")
    func sessionLimit() throws {
        let rig = AgentRig(limits: .init(sessions: 1))
        rig.receive(rig.peerRequest(.invite, callID: "1", sdp: AgentRig.offer))
        rig.receive(rig.peerRequest(.invite, callID: "2", sdp: AgentRig.offer))
        #expect(rig.lines == ["100 INVITE", "503 INVITE"])
        #expect(try rig.response(.invite).headers["Retry-After"] == "5")
        #expect(rig.agent.counts == (1, 0, 1))
    }

    @Test("503 above the limit of transactions, in a dialog at twice as many")
    func transactionLimit() throws {
        let rig = AgentRig(limits: .init(transactions: 2))
        let (_, response) = try rig.establishIncoming()
        rig.receive(rig.peerRequest(.options, callID: "1"))
        rig.receive(rig.peerRequest(.options, callID: "2"))
        #expect(rig.lines == ["200 OPTIONS", "503 OPTIONS"])
        rig.receive(rig.peerRequest(.options, after: response, cSeq: 2))
        rig.receive(rig.peerRequest(.options, after: response, cSeq: 3))
        rig.receive(rig.peerRequest(.options, after: response, cSeq: 4))
        #expect(rig.lines.suffix(3) == ["200 OPTIONS", "200 OPTIONS", "503 OPTIONS"])
    }

    @Test("An ACK that belongs to nothing is ignored")
    func strayAck() {
        self.rig.receive(self.rig.peerRequest(.ack))
        #expect(self.rig.lines == [])
        #expect(self.rig.agent.isIdle)
    }

    @Test("The topmost Via is stamped with the source, and the response goes there")
    func stamping() throws {
        let nat = SIPFlow(transport: .udp, remote: SIPAddress(host: "203.0.113.5", port: 33_000), listener: 0)
        self.rig.receive(self.rig.peerRequest(.options), by: nat)
        let via = try #require(try self.rig.response(.options).headers.via.first)
        #expect(via.received == "203.0.113.5")
        #expect(via.rport == .value(33_000))
        #expect(
            self.rig.sent.last?.destination
                == .flow(nat, fallback: SIPTarget(transport: .udp, host: "203.0.113.5", port: 33_000))
        )
        var plain = self.rig.peerRequest(.options, callID: "plain")
        plain.headers.via[0].rport = .absent
        plain.headers.via[0].port = 5070
        self.rig.receive(plain, by: nat)
        var sentBy = nat
        sentBy.remote.port = 5070
        #expect(
            self.rig.sent.last?.destination
                == .flow(sentBy, fallback: SIPTarget(transport: .udp, host: "203.0.113.5", port: 5070))
        )
        #expect(try self.rig.response(.options).headers.via.first?.rport == .absent)
    }

    @Test("A client of RFC 2543, without magic branches, is matched by its other fields")
    func legacyBranches() throws {
        let invite = self.rig.peerRequest(.invite, sdp: AgentRig.offer, branch: "1")
        self.rig.receive(invite)
        self.rig.receive(invite)
        #expect(self.rig.lines == ["100 INVITE", "100 INVITE"])
        self.rig.receive(self.rig.peerRequest(.invite, callID: "other", sdp: AgentRig.offer, branch: "1"))
        #expect(self.rig.invited.count == 2)
        for id in self.rig.invited { self.rig.run { $0.end(id, SessionEnding(status: 486), now: $1) } }
        self.rig.receive(self.rig.peerRequest(.ack, branch: "1"))
        self.rig.clear()
        self.rig.advance(.milliseconds(500))
        #expect(self.rig.lines == ["486 INVITE"])
        self.rig.expectIdle()
    }
}
