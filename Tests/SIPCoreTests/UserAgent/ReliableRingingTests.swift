import SIPCore
import Testing

@Suite("Our reliable provisional responses (RFC 3262 §3)")
struct ReliableRingingTests {
    private static let required = SIPHeaders.Field("Require", "100rel")
    private static let supported = SIPHeaders.Field("Supported", "100rel")
    private let rig = AgentRig()

    /// The peer calls; what happened so far is cleared.
    private func invited(
        _ fields: [SIPHeaders.Field] = [required],
        sdp: [UInt8]? = AgentRig.offer
    ) throws -> (id: SessionID, invite: SIPRequest) {
        let invite = self.rig.peerRequest(.invite, sdp: sdp, fields: fields)
        self.rig.receive(invite)
        let id = try #require(self.rig.invited.first)
        self.rig.clear()
        return (id, invite)
    }

    /// The PRACK of our last provisional response.
    private func prack(cSeq: UInt32, rAck: String? = nil, sdp: [UInt8]? = nil) throws -> SIPRequest {
        let ringing = try self.rig.response(.invite)
        let value = rAck ?? "\(ringing.headers["RSeq"] ?? "") 1 INVITE"
        return self.rig.peerRequest(.prack, after: ringing, cSeq: cSeq, sdp: sdp, fields: [.init("RAck", value)])
    }

    @Test("Required: the 180 holds RSeq and Require, and is repeated, the interval doubling, until its PRACK comes")
    func repeated() throws {
        let (id, invite) = try self.invited()
        self.rig.run { $0.ring(id, status: 180, sdp: nil, now: $1) }
        let ringing = try self.rig.response(.invite)
        #expect(ringing.headers["Require"] == "100rel")
        #expect(ringing.headers["RSeq"].flatMap { UInt32($0) }.map { (1...0x7FFF_FFFF).contains($0) } == true)
        #expect(ringing.headers["Allow"]?.contains("UPDATE") == true)
        self.rig.advance(.milliseconds(3500))
        #expect(self.rig.lines == Array(repeating: "180 INVITE", count: 4))
        #expect(try self.rig.response(.invite) == ringing)
        self.rig.receive(try self.prack(cSeq: 2))
        self.rig.receive(invite)
        #expect(self.rig.lines.suffix(2) == ["200 PRACK", "180 INVITE"])
        self.rig.clear()
        self.rig.advance(.seconds(60))
        #expect(self.rig.lines == [])
        self.rig.run { $0.end(id, SessionEnding(status: 486), now: $1) }
        self.rig.expectIdle()
    }

    @Test("No PRACK within 64·T1: the INVITE gets 504, and the call side hears that it is over")
    func prackLost() throws {
        let (id, _) = try self.invited()
        self.rig.run { $0.ring(id, status: 183, sdp: AgentRig.answer, now: $1) }
        self.rig.advance(.milliseconds(31_999))
        #expect(self.rig.lines == Array(repeating: "183 INVITE", count: 7))
        self.rig.advance(.milliseconds(1))
        #expect(self.rig.lines.last == "504 INVITE")
        #expect(self.rig.events == [.cancelled(SIPReason(protocol: "SIP", cause: 504, text: "No PRACK"))])
        self.rig.expectIdle()
    }

    @Test("The 2xx waits for the PRACK of a description, and does not repeat what that has told")
    func answerHeldBack() throws {
        let (id, _) = try self.invited()
        self.rig.run { $0.ring(id, status: 183, sdp: AgentRig.answer, now: $1) }
        self.rig.run { $0.accept(id, sdp: AgentRig.answer, now: $1) }
        #expect(self.rig.lines == ["183 INVITE"])
        self.rig.receive(try self.prack(cSeq: 2))
        #expect(self.rig.lines == ["183 INVITE", "200 PRACK", "200 INVITE"])
        let response = try self.rig.response(.invite)
        #expect(response.body == [])
        #expect(response.headers["RSeq"] == nil)
        self.rig.receive(self.rig.peerRequest(.ack, after: response, cSeq: 1))
        #expect(self.rig.events == [.provisionalAcknowledged(sdp: nil), .acknowledged(sdp: nil)])
        self.rig.run { $0.end(id, SessionEnding(), now: $1) }
        self.rig.reply(200, to: try self.rig.request(.bye))
        self.rig.expectIdle()
    }

    @Test("Without a description the 2xx does not wait, and ends the repetitions; a late PRACK is taken")
    func answerAtOnce() throws {
        let (id, _) = try self.invited()
        self.rig.run { $0.ring(id, status: 180, sdp: nil, now: $1) }
        let prack = try self.prack(cSeq: 2)
        self.rig.run { $0.accept(id, sdp: AgentRig.answer, now: $1) }
        #expect(self.rig.lines == ["180 INVITE", "200 INVITE"])
        let response = try self.rig.response(.invite)
        #expect(response.body == AgentRig.answer)
        self.rig.receive(self.rig.peerRequest(.ack, after: response, cSeq: 1))
        self.rig.clear()
        self.rig.advance(.seconds(5))
        self.rig.receive(prack)
        #expect(self.rig.lines == ["200 PRACK"])
    }

    @Test("A held answer: CANCEL, BYE and a lost PRACK are told as the end of what was answered", arguments: 0..<3)
    func heldAnswerEnds(how: Int) throws {
        let (id, invite) = try self.invited()
        self.rig.run { $0.ring(id, status: 183, sdp: AgentRig.answer, now: $1) }
        let ringing = try self.rig.response(.invite)
        self.rig.run { $0.accept(id, sdp: AgentRig.answer, now: $1) }
        switch how {
        case 0:
            var cancel = self.rig.peerRequest(.cancel)
            cancel.headers.via[0].branch = invite.headers.via[0].branch
            self.rig.receive(cancel)
            #expect(self.rig.lines == ["183 INVITE", "200 CANCEL", "487 INVITE"])
            #expect(self.rig.events == [.ended(.bye(nil))])
        case 1:
            self.rig.receive(self.rig.peerRequest(.bye, after: ringing, cSeq: 2))
            #expect(self.rig.events == [.ended(.bye(nil))])
        default:
            self.rig.advance(.seconds(32))
            #expect(self.rig.events == [.ended(.bye(SIPReason(protocol: "SIP", cause: 504, text: "No PRACK")))])
        }
        self.rig.expectIdle()
    }

    @Test("One at a time: the next goes when the one before has its PRACK, with the next number")
    func oneAtATime() throws {
        let (id, _) = try self.invited()
        self.rig.run { $0.ring(id, status: 180, sdp: nil, now: $1) }
        self.rig.run { $0.ring(id, status: 183, sdp: AgentRig.answer, now: $1) }
        #expect(self.rig.lines == ["180 INVITE"])
        let first = try #require(try self.rig.response(.invite).headers["RSeq"].flatMap { UInt32($0) })
        self.rig.receive(try self.prack(cSeq: 2))
        #expect(self.rig.lines == ["180 INVITE", "200 PRACK", "183 INVITE"])
        #expect(try self.rig.response(.invite).headers["RSeq"] == String(first + 1))
        self.rig.receive(try self.prack(cSeq: 3))
        self.rig.run { $0.end(id, SessionEnding(status: 486), now: $1) }
        self.rig.expectIdle()
    }

    @Test("481 for a RAck that names none that waits")
    func unknownRAck() throws {
        let (id, _) = try self.invited()
        self.rig.run { $0.ring(id, status: 180, sdp: nil, now: $1) }
        let rSeq = try #require(try self.rig.response(.invite).headers["RSeq"])
        for (index, value) in ["1 1 OPTIONS", "\(rSeq) 2 INVITE", "\(rSeq) 1 UPDATE", "0 1 INVITE", "x", ""]
            .enumerated()
        {
            self.rig.receive(try self.prack(cSeq: 2 + UInt32(index), rAck: value))
            #expect(self.rig.lines.last == "481 PRACK")
        }
        self.rig.receive(try self.prack(cSeq: 10))
        self.rig.receive(try self.prack(cSeq: 11))
        #expect(self.rig.lines.suffix(2) == ["200 PRACK", "481 PRACK"])
        self.rig.receive(self.rig.peerRequest(.prack, callID: "other", fields: [.init("RAck", "1 1 INVITE")]))
        #expect(self.rig.lines.last == "481 PRACK")
        self.rig.run { $0.end(id, SessionEnding(status: 486), now: $1) }
        self.rig.expectIdle()
    }

    @Test("Supported, not required: reliably only where the order says so")
    func supported() throws {
        let (id, _) = try self.invited([Self.supported])
        self.rig.run { $0.ring(id, status: 180, sdp: nil, now: $1) }
        #expect(try self.rig.response(.invite).headers["RSeq"] == nil)
        self.rig.run { $0.ring(id, status: 183, sdp: AgentRig.answer, reliably: true, now: $1) }
        #expect(try self.rig.response(.invite).headers["RSeq"] != nil)
        self.rig.run { $0.end(id, SessionEnding(status: 486), now: $1) }
        self.rig.expectIdle()
        let other = AgentRig()
        other.receive(other.peerRequest(.invite, sdp: AgentRig.offer))
        let plain = try #require(other.invited.first)
        other.run { $0.ring(plain, status: 183, sdp: AgentRig.answer, reliably: true, now: $1) }
        #expect(try other.response(.invite).headers["RSeq"] == nil)
    }

    @Test("§5: our offer in a 183 is answered in the PRACK, and the 2xx has none")
    func offered() throws {
        let (id, _) = try self.invited(sdp: nil)
        self.rig.run { $0.ring(id, status: 183, sdp: AgentRig.offer, now: $1) }
        self.rig.receive(try self.prack(cSeq: 2, sdp: AgentRig.answer))
        #expect(self.rig.events == [.provisionalAcknowledged(sdp: AgentRig.answer)])
        self.rig.run { $0.accept(id, sdp: AgentRig.offer, now: $1) }
        let response = try self.rig.response(.invite)
        #expect(response.body == [])
        self.rig.receive(self.rig.peerRequest(.ack, after: response, cSeq: 1))
        #expect(self.rig.lines == ["183 INVITE", "200 PRACK", "200 INVITE"])
        #expect(self.rig.events.last == .acknowledged(sdp: nil))
    }

    @Test("§5: an offer in a PRACK is told, its answer goes into the 200, and our 2xx waits for that")
    func offerInPrack() throws {
        let (id, _) = try self.invited()
        self.rig.run { $0.ring(id, status: 180, sdp: nil, now: $1) }
        self.rig.receive(try self.prack(cSeq: 2))
        self.rig.run { $0.ring(id, status: 183, sdp: AgentRig.answer, now: $1) }
        self.rig.receive(try self.prack(cSeq: 3, sdp: [5]))
        #expect(self.rig.lines == ["180 INVITE", "200 PRACK", "183 INVITE"])
        #expect(self.rig.events.contains(.updated(sdp: [5])))
        self.rig.run { $0.accept(id, sdp: [6], now: $1) }
        self.rig.run { $0.acceptReinvite(id, sdp: [6], now: $1) }
        #expect(self.rig.lines.suffix(2) == ["200 PRACK", "200 INVITE"])
        #expect(try self.rig.response(.prack).body == [6])
        #expect(try self.rig.response(.invite).body == [])
        self.rig.receive(self.rig.peerRequest(.ack, after: try self.rig.response(.invite), cSeq: 1))
        self.rig.run { $0.end(id, SessionEnding(), now: $1) }
        self.rig.reply(200, to: try self.rig.request(.bye))
        self.rig.expectIdle()
    }

    @Test("RFC 3311 §5.1: once our answer has its PRACK, UPDATEs with offers go both ways before the 2xx")
    func earlyUpdates() throws {
        let (id, _) = try self.invited([Self.required, .init("Allow", "INVITE, UPDATE, PRACK")])
        self.rig.run { $0.ring(id, status: 183, sdp: AgentRig.answer, now: $1) }
        let ringing = try self.rig.response(.invite)
        self.rig.run { $0.update(id, sdp: [3], now: $1) }
        self.rig.receive(self.rig.peerRequest(.update, after: ringing, cSeq: 2, sdp: [5]))
        #expect(self.rig.lines == ["183 INVITE", "500 UPDATE"])
        self.rig.receive(try self.prack(cSeq: 3))
        #expect(self.rig.lines.suffix(2) == ["200 PRACK", "UPDATE"])
        self.rig.run { $0.accept(id, sdp: [3], now: $1) }
        #expect(self.rig.lines.last == "UPDATE")
        self.rig.reply(200, to: try self.rig.request(.update), sdp: [4])
        #expect(self.rig.lines.last == "200 INVITE")
        #expect(try self.rig.response(.invite).body == [])
        #expect(self.rig.events == [.provisionalAcknowledged(sdp: nil), .updateAnswered(sdp: [4])])
    }

    @Test("What is too much to wait for its turn is dropped")
    func limit() throws {
        let (id, _) = try self.invited()
        for _ in 0..<20 { self.rig.run { $0.ring(id, status: 180, sdp: nil, now: $1) } }
        var count = 0
        while let prack = try? self.prack(cSeq: 2 + UInt32(count)), count < 30 {
            count += 1
            self.rig.clear()
            self.rig.receive(prack)
            if self.rig.lines == ["200 PRACK"] { break }
        }
        #expect(count == 9)
        self.rig.run { $0.end(id, SessionEnding(status: 486), now: $1) }
        self.rig.expectIdle()
    }
}
