import SIPCore
import Testing

@Suite("INVITEs in the place of a dialog (RFC 3891)")
struct ReplacedTests {
    private let rig = AgentRig()

    /// As the peer of that dialog names it.
    private func replaces(_ response: SIPResponse, fromTag: String = "bob") throws -> Replaces {
        let tag = try #require(response.headers.to.tag)
        return Replaces(callID: response.headers.callID, toTag: tag, fromTag: fromTag)
    }

    private func replaces(_ invite: SIPRequest, fromTag: String = "bob") throws -> Replaces {
        let tag = try #require(invite.headers.from.tag)
        return Replaces(callID: invite.headers.callID, toTag: tag, fromTag: fromTag)
    }

    @Test("An answered session is found by its Call-ID and both tags, whoever opened it") func established() throws {
        let (incoming, response) = try self.rig.establishIncoming()
        let (outgoing, invite) = try self.rig.establishOutgoing()
        #expect(self.rig.agent.replaced(by: try self.replaces(response)) == .established(incoming))
        #expect(self.rig.agent.replaced(by: try self.replaces(invite)) == .established(outgoing))
        #expect(self.rig.agent.replaced(by: try self.replaces(response, fromTag: "alice")) == .unknown)
        var swapped = try self.replaces(response)
        (swapped.toTag, swapped.fromTag) = (swapped.fromTag, swapped.toTag)
        #expect(self.rig.agent.replaced(by: swapped) == .unknown)
        var other = try self.replaces(response)
        other.callID = "another"
        #expect(self.rig.agent.replaced(by: other) == .unknown)
    }

    @Test("A from-tag of 0 means a peer without a tag, too") func noTag() throws {
        var invite = self.rig.peerRequest(.invite, sdp: AgentRig.offer)
        invite.headers.from.tag = nil
        self.rig.receive(invite)
        let id = try #require(self.rig.invited.first)
        self.rig.run { $0.accept(id, sdp: AgentRig.answer, now: $1) }
        let replaces = try self.replaces(try self.rig.response(.invite), fromTag: "0")
        #expect(self.rig.agent.replaced(by: replaces) == .established(id))
    }

    @Test("An early dialog can be replaced by us, who have opened it; the peer's can't") func early() throws {
        let id = self.rig.run { $0.invite(self.rig.order(), now: $1) }
        let invite = try self.rig.request(.invite)
        let replaces = try self.replaces(invite)
        #expect(self.rig.agent.replaced(by: replaces) == .unknown)
        self.rig.reply(180, to: invite)
        self.rig.reply(180, to: invite, tag: "fork")
        #expect(self.rig.agent.replaced(by: replaces) == .ringing(id))
        #expect(self.rig.agent.replaced(by: try self.replaces(invite, fromTag: "fork")) == .ringing(id))
        #expect(self.rig.agent.replaced(by: try self.replaces(invite, fromTag: "third")) == .unknown)
        self.rig.receive(self.rig.peerRequest(.invite, sdp: AgentRig.offer))
        let caller = try #require(self.rig.invited.first)
        self.rig.run { $0.ring(caller, status: 180, sdp: nil, now: $1) }
        #expect(self.rig.agent.replaced(by: try self.replaces(try self.rig.response(.invite))) == .unknown)
    }

    @Test("One that is over is known as such, whoever ended it, and for its peer alone") func over() throws {
        let (id, response) = try self.rig.establishIncoming()
        let (_, invite) = try self.rig.establishOutgoing()
        self.rig.run { $0.end(id, SessionEnding(), now: $1) }
        #expect(self.rig.agent.replaced(by: try self.replaces(response)) == .over)
        self.rig.reply(200, to: try self.rig.request(.bye))
        #expect(self.rig.agent.replaced(by: try self.replaces(response)) == .over)
        self.rig.receive(self.rig.peerRequest(.bye, after: invite, cSeq: 1))
        #expect(self.rig.agent.replaced(by: try self.replaces(invite)) == .over)
        #expect(self.rig.agent.replaced(by: try self.replaces(invite, fromTag: "alice")) == .unknown)
        self.rig.expectIdle()
    }

    @Test("What ended long ago is forgotten for what has ended since") func forgotten() throws {
        let (_, first) = try self.rig.establishOutgoing()
        self.rig.receive(self.rig.peerRequest(.bye, after: first, cSeq: 1))
        for number in 1...256 {
            #expect(self.rig.agent.replaced(by: try self.replaces(first)) == .over)
            self.rig.receive(self.rig.peerRequest(.invite, callID: "\(number)", sdp: AgentRig.offer))
            let id = try #require(self.rig.invited.last)
            self.rig.run { $0.end(id, SessionEnding(), now: $1) }
        }
        #expect(self.rig.agent.replaced(by: try self.replaces(first)) == .unknown)
    }

    @Test(
        "400 for what can't be read, for two, and for one that contradicts another header",
        arguments: [
            ["call"], ["call;to-tag=1"], ["call;to-tag=1;to-tag=2;from-tag=3"], ["a b;to-tag=1;from-tag=2"],
            ["call;to-tag=1;from-tag=2, call;to-tag=1;from-tag=2"],
            ["call;to-tag=1;from-tag=2", "call;to-tag=1;from-tag=2"],
        ]
    )
    func malformed(values: [String]) {
        let fields = values.map { SIPHeaders.Field("Replaces", $0) }
        self.rig.receive(self.rig.peerRequest(.invite, sdp: AgentRig.offer, fields: fields))
        #expect(self.rig.lines == ["400 INVITE"])
        self.rig.expectIdle()
    }

    @Test("400 beside Join, in another method, and within a dialog") func misplaced() throws {
        let field = SIPHeaders.Field("Replaces", "call;to-tag=1;from-tag=2")
        let join = SIPHeaders.Field("Join", "call;to-tag=1;from-tag=2")
        let (_, response) = try self.rig.establishIncoming()
        self.rig.receive(self.rig.peerRequest(.invite, callID: "n", sdp: AgentRig.offer, fields: [field, join]))
        self.rig.receive(self.rig.peerRequest(.options, callID: "o", fields: [field]))
        self.rig.receive(
            self.rig.peerRequest(.invite, after: response, cSeq: 2, sdp: AgentRig.offer, fields: [field])
        )
        self.rig.receive(self.rig.peerRequest(.bye, after: response, cSeq: 3))
        #expect(self.rig.lines == ["400 INVITE", "400 OPTIONS", "400 INVITE", "200 BYE"])
        self.rig.expectIdle()
    }

    @Test("It may be required; the call side hears which dialog is meant") func required() throws {
        let replaces = Replaces(callID: "other@host", toTag: "1", fromTag: "2", earlyOnly: true)
        let fields: [SIPHeaders.Field] = [
            .init("Require", "replaces"), .init("replaces", replaces.headerValue),
        ]
        self.rig.receive(self.rig.peerRequest(.invite, sdp: AgentRig.offer, fields: fields))
        #expect(try #require(self.rig.invites.first).replaces == replaces)
    }
}
