import SIPCore
import Testing

@Suite("Session timers (RFC 4028)")
struct SessionTimerTests {
    private static let supported = SIPHeaders.Field("Supported", "timer")
    private static let allowsUpdate = SIPHeaders.Field("Allow", "INVITE, ACK, BYE, CANCEL, UPDATE")

    private func expires(_ value: String) -> SIPHeaders.Field { SIPHeaders.Field("Session-Expires", value) }

    /// Ends a session of ours and expects nothing to be left.
    private func hangUp(_ rig: AgentRig, _ id: SessionID, _ location: SourceLocation = #_sourceLocation) throws {
        rig.run { $0.end(id, SessionEnding(), now: $1) }
        rig.reply(200, to: try rig.request(.bye))
        rig.expectIdle(location)
    }

    // MARK: §7.1 to §7.4: ours

    @Test("§7.1: an INVITE asks for 1800 s, and says what is supported and the least that is taken")
    func asked() throws {
        let rig = AgentRig()
        _ = rig.run { $0.invite(rig.order(), now: $1) }
        let invite = try rig.request(.invite)
        #expect(invite.headers["Session-Expires"] == "1800")
        #expect(invite.headers["Min-SE"] == "90")
        #expect(invite.headers["Supported"] == "100rel, timer, replaces")
    }

    @Test("§7.1: an order may have an interval of its own, or no timer at all")
    func ordered() throws {
        let rig = AgentRig()
        _ = rig.run { $0.invite(rig.order(sessionTimer: .interval(600)), now: $1) }
        #expect(try rig.request(.invite).headers["Session-Expires"] == "600")
        let (id, invite) = try AgentRig.established(rig, .off, [self.expires("90;refresher=uac")])
        #expect(invite.headers["Session-Expires"] == nil)
        #expect(invite.headers["Min-SE"] == nil)
        #expect(invite.headers["Supported"] == "100rel, replaces")
        rig.advance(.seconds(4000))
        #expect(rig.lines.filter { $0 == "UPDATE" || $0 == "BYE" } == [])
        rig.run { $0.end(id, SessionEnding(), now: $1) }
    }

    @Test("§7.2: a refresh by UPDATE at half the interval, with no description, as long as the call lasts")
    func refreshedByUpdate() throws {
        let rig = AgentRig()
        let fields = [Self.allowsUpdate, self.expires("600;refresher=uac")]
        let (id, _) = try rig.establishOutgoing(fields: fields)
        for number in 0..<3 as Range<UInt32> {
            rig.clear()
            rig.advance(.milliseconds(299_999))
            #expect(rig.lines == [])
            rig.advance(.milliseconds(1))
            #expect(rig.lines == ["UPDATE"])
            let update = try rig.request(.update)
            #expect(update.headers.cSeq == CSeq(2 + number, .update))
            #expect(update.headers["Session-Expires"] == "600;refresher=uac")
            #expect(update.headers["Min-SE"] == "90")
            #expect(update.headers["Supported"] == "100rel, timer, replaces")
            #expect(update.headers.contact.count == 1)
            #expect(update.body == [])
            rig.reply(200, to: update, fields: fields)
        }
        #expect(rig.events == [])
        try self.hangUp(rig, id)
    }

    @Test("§7.2: a peer that knows no timers is refreshed by re-INVITEs with the same description")
    func unsupported() throws {
        let rig = AgentRig()
        let (id, _) = try rig.establishOutgoing()
        for _ in 0..<3 {
            rig.clear()
            rig.advance(.seconds(900))
            let reinvite = try rig.request(.invite)
            #expect(reinvite.body == AgentRig.offer)
            #expect(reinvite.headers["Session-Expires"] == "1800;refresher=uac")
            rig.reply(200, to: reinvite, sdp: AgentRig.answer)
            #expect(rig.lines == ["INVITE", "ACK"])
        }
        #expect(rig.events == [])
        try self.hangUp(rig, id)
    }

    @Test("§7.2: any answer of such a peer is a sign of life; none, 408 and 481 are its end")
    func unsupportedRefuses() throws {
        let rig = AgentRig()
        let (_, _) = try rig.establishOutgoing()
        for status in [488, 500, 603] as [UInt16] {
            rig.clear()
            rig.advance(.seconds(900))
            rig.reply(status, to: try rig.request(.invite))
            #expect(rig.lines == ["INVITE", "ACK"])
        }
        #expect(rig.events == [])
        rig.advance(.seconds(932))
        #expect(rig.events == [.ended(.dialogGone)])
        #expect(rig.lines.last == "BYE")
        rig.expectIdle()
    }

    @Test("§7.2: where the peer refreshes, it has to; else BYE with Reason a little before the time is up (§10)")
    func peerRefreshes() throws {
        let rig = AgentRig()
        let (id, invite) = try rig.establishOutgoing(fields: [self.expires("600;refresher=uas")])
        rig.advance(.seconds(500))
        let fields = [Self.supported, self.expires("600;refresher=uac")]
        rig.receive(rig.peerRequest(.update, after: invite, cSeq: 1, fields: fields))
        let response = try rig.response(.update)
        #expect(response.status == 200)
        #expect(response.headers["Session-Expires"] == "600;refresher=uac")
        #expect(response.headers["Require"] == "timer")
        rig.advance(.milliseconds(567_999))
        #expect(rig.lines == ["200 UPDATE"])
        rig.advance(.milliseconds(1))
        #expect(rig.events == [.ended(.sessionExpired)])
        #expect(
            try rig.request(.bye).headers["Reason"] == #"SIP;cause=408;text="Session timer expired""#
        )
        rig.run { $0.end(id, SessionEnding(), now: $1) }
        rig.reply(200, to: try rig.request(.bye))
        rig.expectIdle()
    }

    @Test("§7.3: 422 raises the interval and Min-SE, and the INVITE goes once more, four times at most")
    func intervalTooSmall() throws {
        let rig = AgentRig()
        let id = rig.run { $0.invite(rig.order(), now: $1) }
        let first = try rig.request(.invite)
        rig.reply(422, to: first, fields: [.init("Min-SE", "3600")])
        let second = try rig.request(.invite)
        #expect(rig.lines == ["INVITE", "ACK", "INVITE"])
        #expect(second.headers.cSeq == CSeq(2, .invite))
        #expect(second.headers.callID == first.headers.callID)
        #expect(second.headers["Session-Expires"] == "3600")
        #expect(second.headers["Min-SE"] == "3600")
        #expect(second.headers.from == first.headers.from)
        for minimum in 3601...3604 {
            #expect(rig.events == [])
            rig.reply(422, to: try rig.request(.invite), fields: [.init("Min-SE", String(minimum))])
        }
        #expect(rig.events == [.refused(.init(status: 422))])
        rig.run { $0.end(id, SessionEnding(), now: $1) }
        rig.expectIdle()
    }

    @Test("§7.3: a 422 that asks for no more than we offered is a refusal", arguments: [nil, "90", "1800", "x"])
    func senseless422(minimum: String?) throws {
        let rig = AgentRig()
        _ = rig.run { $0.invite(rig.order(), now: $1) }
        rig.reply(422, to: try rig.request(.invite), fields: minimum.map { [.init("Min-SE", $0)] } ?? [])
        #expect(rig.events == [.refused(.init(status: 422))])
        rig.expectIdle()
    }

    @Test("§7.4: a refresh that gets 422 goes once more with what is asked for; 405 turns it into a re-INVITE")
    func refreshRefused() throws {
        let rig = AgentRig()
        let (id, _) = try rig.establishOutgoing(fields: [Self.allowsUpdate, self.expires("600;refresher=uac")])
        rig.advance(.seconds(300))
        rig.reply(422, to: try rig.request(.update), fields: [.init("Min-SE", "700")])
        let update = try rig.request(.update)
        #expect(update.headers["Session-Expires"] == "700;refresher=uac")
        #expect(update.headers["Min-SE"] == "700")
        rig.reply(405, to: update)
        #expect(rig.lines == ["UPDATE", "UPDATE", "INVITE"])
        #expect(try rig.request(.invite).body == AgentRig.offer)
        rig.reply(200, to: try rig.request(.invite), sdp: AgentRig.answer, fields: [self.expires("700;refresher=uac")])
        #expect(rig.events == [])
        rig.clear()
        rig.advance(.seconds(350))
        #expect(rig.lines == ["INVITE"])
        rig.reply(200, to: try rig.request(.invite), sdp: AgentRig.answer, fields: [self.expires("700;refresher=uac")])
        try self.hangUp(rig, id)
    }

    @Test("§10: a refresh that is refused is tried again; where none is taken the session ends before its time is up")
    func refreshNeverTaken() throws {
        let rig = AgentRig()
        _ = try rig.establishOutgoing(fields: [Self.allowsUpdate, self.expires("600;refresher=uac")])
        rig.advance(.seconds(300))
        var attempts = 0
        while rig.events.isEmpty, attempts < 100 {
            attempts += 1
            rig.reply(500, to: try rig.request(.update), fields: [.init("Retry-After", "60")])
            rig.advance(.seconds(60))
        }
        #expect(rig.events == [.ended(.sessionExpired)])
        #expect((4...6).contains(attempts))
        #expect(rig.lines.last == "BYE")
        rig.expectIdle()
    }

    @Test("§10: a refresh without any response, and one with 408 or 481, ends the session", arguments: [nil, 408, 481])
    func refreshLost(status: UInt16?) throws {
        let rig = AgentRig()
        _ = try rig.establishOutgoing(fields: [Self.allowsUpdate, self.expires("600;refresher=uac")])
        rig.advance(.seconds(300))
        if let status { rig.reply(status, to: try rig.request(.update)) } else { rig.advance(.seconds(32)) }
        #expect(rig.events == [.ended(.dialogGone)])
        #expect(rig.lines.last == "BYE")
        rig.expectIdle()
    }

    @Test("A refresh that can't be sent has another attempt where the timer was agreed on, and is the end where not")
    func refreshUnsent() throws {
        for isAgreed in [true, false] {
            let rig = AgentRig()
            let agreed = [self.expires("1800;refresher=uac")]
            _ = try rig.establishOutgoing(fields: [Self.allowsUpdate] + (isAgreed ? agreed : []))
            rig.advance(.seconds(900))
            let branch = try #require(try rig.request(.update).headers.via.first?.branch)
            rig.receive(.failed(ClientTransactionKey(branch: branch, method: .update), .refused))
            #expect(rig.events == (isAgreed ? [] : [.ended(.dialogGone)]))
            rig.clear()
            rig.advance(.seconds(600))
            #expect(rig.lines.contains("UPDATE") == isAgreed)
        }
    }

    @Test("A refresh that meets an INVITE of the peer's waits for its end; a challenge is answered")
    func refreshWaits() throws {
        let rig = AgentRig()
        let (id, invite) = try rig.establishOutgoing(
            credentials: DigestCredentials(username: "alice", password: "secret"),
            fields: [Self.allowsUpdate, self.expires("600;refresher=uac")]
        )
        rig.advance(.seconds(295))
        rig.receive(rig.peerRequest(.invite, after: invite, cSeq: 1, sdp: Array("v=0 new".utf8)))
        rig.advance(.seconds(10))
        #expect(rig.lines == ["100 INVITE"])
        rig.run { $0.rejectReinvite(id, status: 488, warning: nil, now: $1) }
        #expect(rig.lines == ["100 INVITE", "488 INVITE", "UPDATE"])
        let challenge = SIPHeaders.Field("WWW-Authenticate", #"Digest realm="r", nonce="n", algorithm=MD5, qop="auth""#)
        rig.reply(401, to: try rig.request(.update), fields: [challenge])
        #expect(rig.lines.suffix(2) == ["UPDATE", "UPDATE"])
        #expect(try rig.request(.update).headers["Authorization"] != nil)
        rig.reply(200, to: try rig.request(.update), fields: [self.expires("600;refresher=uac")])
        rig.receive(rig.peerRequest(.ack, after: invite, cSeq: 1))
        try self.hangUp(rig, id)
    }

    @Test("A peer whose interval is shorter than RFC 4028 allows can't make us refresh without a pause")
    func absurdInterval() throws {
        for value in ["0;refresher=uac", "1;refresher=uac", "4294967295;refresher=uac", "99999999999;refresher=uac"] {
            let rig = AgentRig()
            let (id, _) = try rig.establishOutgoing(fields: [Self.allowsUpdate, self.expires(value)])
            rig.advance(.seconds(44))
            #expect(rig.lines == [])
            try self.hangUp(rig, id)
        }
    }
}

extension AgentRig {
    /// A second session on a rig, with a peer that answers with those fields.
    fileprivate static func established(
        _ rig: AgentRig,
        _ timer: InviteOrder.SessionTimer,
        _ fields: [SIPHeaders.Field]
    ) throws -> (SessionID, SIPRequest) {
        let id = rig.run { $0.invite(rig.order(sessionTimer: timer), now: $1) }
        let invite = try rig.request(.invite)
        rig.reply(200, to: invite, sdp: AgentRig.answer, fields: fields)
        return (id, invite)
    }
}
