import SIPCore
import Testing

@Suite("Digest challenges (RFC 3261 §22)")
struct ChallengeTests {
    private let rig = AgentRig()
    private static let credentials = DigestCredentials(username: "alice", password: "secret")

    private static func challenge(_ nonce: String, isStale: Bool = false, proxy: Bool = true) -> SIPHeaders.Field {
        SIPHeaders.Field(
            proxy ? "Proxy-Authenticate" : "WWW-Authenticate",
            "Digest realm=\"pbx\", nonce=\"\(nonce)\", algorithm=MD5, qop=\"auth\"\(isStale ? ", stale=true" : "")"
        )
    }

    @Test("A challenged INVITE goes out once more with credentials; stale is answered again; the ACK takes them along")
    func challengedAndStale() throws {
        let id = self.rig.run { $0.invite(self.rig.order(credentials: Self.credentials), now: $1) }
        let first = try self.rig.request(.invite)
        #expect(first.headers["Proxy-Authorization"] == nil)
        self.rig.reply(407, to: first, fields: [Self.challenge("one")])
        let second = try self.rig.request(.invite)
        #expect(second.headers.cSeq == CSeq(2, .invite))
        #expect(second.headers.callID == first.headers.callID)
        #expect(second.headers.from == first.headers.from)
        #expect(second.headers.to.tag == nil)
        #expect(second.headers.via[0].branch != first.headers.via[0].branch)
        #expect(second.headers["Proxy-Authorization"]?.contains("nonce=\"one\"") == true)
        self.rig.reply(407, to: second, fields: [Self.challenge("two", isStale: true)])
        let third = try self.rig.request(.invite)
        #expect(third.headers.cSeq == CSeq(3, .invite))
        #expect(third.headers["Proxy-Authorization"]?.contains("nonce=\"two\"") == true)
        self.rig.reply(200, to: third, sdp: AgentRig.answer)
        #expect(self.rig.lines == ["INVITE", "ACK", "INVITE", "ACK", "INVITE", "ACK"])
        #expect(
            try self.rig.request(.ack).headers["Proxy-Authorization"] == third.headers["Proxy-Authorization"]
        )
        #expect(self.rig.events == [.answered(sdp: AgentRig.answer)])
        self.rig.run { $0.end(id, SessionEnding(), now: $1) }
        #expect(try self.rig.request(.bye).headers.cSeq == CSeq(4, .bye))
        self.rig.reply(200, to: try self.rig.request(.bye))
        self.rig.expectIdle()
    }

    @Test("A wrong password is refused, not tried for ever")
    func wrongPassword() throws {
        _ = self.rig.run { $0.invite(self.rig.order(credentials: Self.credentials), now: $1) }
        self.rig.reply(401, to: try self.rig.request(.invite), fields: [Self.challenge("one", proxy: false)])
        self.rig.reply(401, to: try self.rig.request(.invite), fields: [Self.challenge("two", proxy: false)])
        #expect(self.rig.events == [.refused(.init(status: 401))])
        self.rig.expectIdle()
    }

    @Test("A challenge without credentials of ours is a refusal")
    func noCredentials() throws {
        _ = self.rig.run { $0.invite(self.rig.order(), now: $1) }
        self.rig.reply(407, to: try self.rig.request(.invite), fields: [Self.challenge("one")])
        #expect(self.rig.events == [.refused(.init(status: 407))])
        self.rig.expectIdle()
    }

    @Test("BYE and re-INVITE answer challenges, too")
    func inDialog() throws {
        let (id, _) = try self.rig.establishOutgoing(credentials: Self.credentials)
        self.rig.run { $0.reinvite(id, sdp: AgentRig.offer, now: $1) }
        self.rig.reply(407, to: try self.rig.request(.invite), fields: [Self.challenge("one")])
        let reinvite = try self.rig.request(.invite)
        #expect(reinvite.headers.cSeq == CSeq(3, .invite))
        #expect(reinvite.headers["Proxy-Authorization"] != nil)
        self.rig.reply(200, to: reinvite, sdp: AgentRig.answer)
        #expect(self.rig.events == [.reinviteAnswered(sdp: AgentRig.answer)])
        self.rig.run { $0.end(id, SessionEnding(), now: $1) }
        self.rig.reply(407, to: try self.rig.request(.bye), fields: [Self.challenge("two", isStale: true)])
        let bye = try self.rig.request(.bye)
        #expect(bye.headers.cSeq == CSeq(5, .bye))
        #expect(bye.headers["Proxy-Authorization"]?.contains("nonce=\"two\"") == true)
        #expect(self.rig.agent.counts.sessions == 1)
        self.rig.reply(200, to: bye)
        #expect(self.rig.agent.counts.sessions == 0)
        self.rig.expectIdle()
    }

    @Test("The BYE of a fork that lost answers its challenge")
    func lostFork() throws {
        let id = self.rig.run { $0.invite(self.rig.order(credentials: Self.credentials), now: $1) }
        let invite = try self.rig.request(.invite)
        self.rig.reply(180, to: invite)
        self.rig.run { $0.end(id, SessionEnding(), now: $1) }
        self.rig.reply(200, to: invite, sdp: AgentRig.answer)
        self.rig.reply(407, to: try self.rig.request(.bye), fields: [Self.challenge("one")])
        let bye = try self.rig.request(.bye)
        #expect(bye.headers["Proxy-Authorization"] != nil)
        self.rig.reply(200, to: bye)
        self.rig.expectIdle()
    }
}
