import SIPCore
import Testing

@Suite("Transfers by REFER (RFC 3515)")
struct ReferTests {
    private let rig = AgentRig()
    private static let target = ReferTarget(uri: SIPURI(user: "carol", host: "192.0.2.9"))
    private static let allow = SIPHeaders.Field("Allow", "INVITE, ACK, BYE, CANCEL, REFER, NOTIFY")

    private func notify(
        _ fragment: String?,
        state: String = "active;expires=60",
        event: String = "refer",
        cSeq: UInt32,
        after invite: SIPRequest
    ) {
        var fields = [SIPHeaders.Field("Event", event)]
        fields.append(SIPHeaders.Field("Subscription-State", state))
        var request = self.rig.peerRequest(
            .notify,
            after: invite,
            cSeq: cSeq,
            sdp: fragment.map { Array($0.utf8) },
            fields: fields
        )
        request.headers.contentType = fragment == nil ? nil : "message/sipfrag;version=2.0"
        self.rig.receive(request)
    }

    private func refer(
        _ fields: [SIPHeaders.Field],
        cSeq: UInt32 = 2,
        after response: SIPResponse
    ) {
        self.rig.receive(self.rig.peerRequest(.refer, after: response, cSeq: cSeq, fields: fields))
    }

    private static let referTo = SIPHeaders.Field("Refer-To", "<sip:carol@192.0.2.9>")

    /// What our NOTIFYs said, oldest first: the status, and the subscription's state.
    private var notices: [String] {
        self.rig.sent.compactMap { outbound in
            guard case .request(let request) = outbound.message, request.method == .notify else { return nil }
            let status = SIPFragment.status(request.body).map { String($0) } ?? "?"
            let state = request.headers["Subscription-State"]?.split(separator: ";").first.map { String($0) } ?? "?"
            return "\(status) \(state)"
        }
    }

    // MARK: Ours

    @Test("A peer that takes REFER is asked, and tells how it goes") func succeeds() throws {
        let (id, invite) = try self.rig.establishOutgoing(fields: [Self.allow])
        #expect(self.rig.agent.mayRefer(id))
        self.rig.run { $0.refer(id, to: Self.target, now: $1) }
        let refer = try self.rig.request(.refer)
        #expect(refer.headers["Refer-To"] == "<sip:carol@192.0.2.9>")
        #expect(refer.headers["Referred-By"] == "<sip:alice@192.0.2.1>")
        #expect(!refer.headers.contact.isEmpty)
        #expect(!self.rig.agent.mayRefer(id))
        self.rig.reply(202, to: refer)
        self.notify("SIP/2.0 100 Trying\r\n", cSeq: 1, after: invite)
        self.notify("SIP/2.0 180 Ringing\r\n", event: "refer;id=2", cSeq: 2, after: invite)
        self.notify("SIP/2.0 200 OK\r\n", state: "terminated;reason=noresource", cSeq: 3, after: invite)
        self.notify("SIP/2.0 200 OK\r\n", state: "terminated;reason=noresource", cSeq: 4, after: invite)
        #expect(
            self.rig.events == [
                .referral(.accepted), .referral(.progress(100)), .referral(.progress(180)), .referral(.succeeded),
            ]
        )
        #expect(self.rig.lines == ["REFER", "200 NOTIFY", "200 NOTIFY", "200 NOTIFY", "481 NOTIFY"])
        self.rig.run { $0.end(id, SessionEnding(), now: $1) }
        self.rig.reply(200, to: try self.rig.request(.bye))
        self.rig.expectIdle()
    }

    @Test("A peer whose Allow has no REFER is not one that may be asked") func allow() throws {
        let (id, _) = try self.rig.establishOutgoing()
        #expect(!self.rig.agent.mayRefer(id))
    }

    @Test("A refusal, and a new call that was refused", arguments: [true, false]) func fails(isRefused: Bool) throws {
        let (id, invite) = try self.rig.establishOutgoing(fields: [Self.allow])
        self.rig.run { $0.refer(id, to: Self.target, now: $1) }
        let refer = try self.rig.request(.refer)
        if isRefused {
            self.rig.reply(603, to: refer)
            #expect(self.rig.events == [.referral(.refused(603))])
        } else {
            self.notify("SIP/2.0 486 Busy Here\r\n", state: "terminated;reason=noresource", cSeq: 1, after: invite)
            // The NOTIFY has overtaken the 202.
            self.rig.reply(202, to: refer)
            #expect(self.rig.events == [.referral(.failed(486))])
        }
        #expect(self.rig.agent.mayRefer(id))
    }

    @Test("A REFER that is lost fails, and leaves the session as it was") func lost() throws {
        let (id, _) = try self.rig.establishOutgoing(fields: [Self.allow])
        self.rig.run { $0.refer(id, to: Self.target, now: $1) }
        self.rig.advance(.seconds(33))
        #expect(self.rig.events == [.referral(.failed(408))])
        #expect(self.rig.agent.counts.sessions == 1)
    }

    @Test("A peer that says yes, and then nothing, has failed") func silence() throws {
        let (id, _) = try self.rig.establishOutgoing(fields: [Self.allow])
        self.rig.run { $0.refer(id, to: Self.target, now: $1) }
        self.rig.reply(202, to: try self.rig.request(.refer))
        self.rig.advance(.seconds(91))
        #expect(self.rig.events == [.referral(.accepted), .referral(.failed(408))])
    }

    @Test("A challenge is answered") func challenge() throws {
        let (id, _) = try self.rig.establishOutgoing(
            credentials: .init(username: "gw", password: "secret"),
            fields: [Self.allow]
        )
        self.rig.run { $0.refer(id, to: Self.target, now: $1) }
        let challenge = SIPHeaders.Field("Proxy-Authenticate", "Digest realm=\"pbx\", nonce=\"n1\", qop=\"auth\"")
        self.rig.reply(407, to: try self.rig.request(.refer), fields: [challenge])
        let second = try self.rig.request(.refer)
        #expect(second.headers.cSeq.number == 3)
        #expect(second.headers["Proxy-Authorization"] != nil)
    }

    @Test("A NOTIFY that belongs to nothing is refused") func strayNotices() throws {
        let (id, invite) = try self.rig.establishOutgoing(fields: [Self.allow])
        self.notify("SIP/2.0 200 OK\r\n", cSeq: 1, after: invite)
        self.notify(nil, event: "presence", cSeq: 2, after: invite)
        self.rig.run { $0.refer(id, to: Self.target, now: $1) }
        self.notify("SIP/2.0 200 OK\r\n", event: "refer;id=77", cSeq: 3, after: invite)
        #expect(self.rig.lines == ["481 NOTIFY", "489 NOTIFY", "REFER", "481 NOTIFY"])
        #expect(self.rig.events == [])
    }

    @Test("What is to replace the dialog is named from the peer's side") func replacement() throws {
        let (id, invite) = try self.rig.establishOutgoing()
        let target = try #require(self.rig.agent.replacement(of: id))
        #expect(target.uri == AgentRig.peerURI)
        let replaces = Replaces(
            callID: invite.headers.callID,
            toTag: "bob",
            fromTag: try #require(invite.headers.from.tag)
        )
        #expect(target.replaces == replaces)
    }

    // MARK: The peer's

    @Test("One that is taken gets 202, and hears the call's fate, one NOTIFY after the other") func taken() throws {
        let (id, response) = try self.rig.establishIncoming()
        self.refer([Self.referTo, SIPHeaders.Field("Referred-By", "<sip:bob@192.0.2.2>")], after: response)
        let referrer = NameAddress(uri: SIPURI(user: "bob", host: "192.0.2.2"))
        #expect(self.rig.events == [.referred(Self.target, by: referrer)])
        #expect(self.rig.lines == [])
        self.rig.run { $0.acceptRefer(id, now: $1) }
        #expect(self.rig.lines == ["202 REFER", "NOTIFY"])
        self.rig.run { $0.reportReferral(id, status: 180, now: $1) }
        self.rig.run { $0.reportReferral(id, status: 183, now: $1) }
        #expect(self.notices == ["100 active"])
        self.rig.reply(200, to: try self.rig.request(.notify))
        #expect(self.notices == ["100 active", "183 active"])
        let notice = try self.rig.request(.notify)
        #expect(notice.headers["Event"] == "refer")
        #expect(notice.headers.contentType == "message/sipfrag;version=2.0")
        self.rig.reply(200, to: notice)
        self.rig.run { $0.reportReferral(id, status: 200, now: $1) }
        #expect(self.notices == ["100 active", "183 active", "200 terminated"])
        self.rig.run { $0.end(id, SessionEnding(), now: $1) }
        self.rig.reply(200, to: try self.rig.request(.notify))
        self.rig.reply(200, to: try self.rig.request(.bye))
        self.rig.expectIdle()
    }

    @Test("The last word leaves before our BYE, even where one before it has no response") func lastWord() throws {
        let (id, response) = try self.rig.establishIncoming()
        self.refer([Self.referTo], after: response)
        self.rig.run { $0.acceptRefer(id, now: $1) }
        self.rig.run { $0.reportReferral(id, status: 200, now: $1) }
        self.rig.run { $0.end(id, SessionEnding(), now: $1) }
        #expect(self.rig.lines == ["202 REFER", "NOTIFY", "NOTIFY", "BYE"])
        #expect(self.notices == ["100 active", "200 terminated"])
        self.rig.reply(200, to: try self.rig.request(.bye))
        self.rig.expectIdle()
    }

    @Test("One that is refused gets its status alone; one at a time is taken") func refused() throws {
        let (id, response) = try self.rig.establishIncoming()
        self.refer([Self.referTo], after: response)
        self.refer([Self.referTo], cSeq: 3, after: response)
        #expect(self.rig.lines == ["491 REFER"])
        self.rig.run { $0.rejectRefer(id, status: 404, now: $1) }
        #expect(self.rig.lines == ["491 REFER", "404 REFER"])
        self.refer([Self.referTo], cSeq: 4, after: response)
        self.rig.run { $0.acceptRefer(id, now: $1) }
        #expect(try self.rig.request(.notify).headers["Event"] == "refer;id=4")
    }

    @Test("Who wants no NOTIFY gets none (RFC 4488)") func silent() throws {
        let (id, response) = try self.rig.establishIncoming()
        self.refer([Self.referTo, SIPHeaders.Field("Refer-Sub", "false")], after: response)
        self.rig.run { $0.acceptRefer(id, now: $1) }
        self.rig.run { $0.reportReferral(id, status: 200, now: $1) }
        #expect(self.rig.lines == ["202 REFER"])
        #expect(try self.rig.response(.refer).headers["Refer-Sub"] == "false")
    }

    @Test(
        "Without one target that can be called it is refused at once",
        arguments: [
            ([], 400), (["<sip:a@b>", "<sip:c@d>"], 400), (["<sip:a@b?Replaces=x>"], 400), (["<mailto:a@b>"], 416),
        ] as [([String], UInt16)]
    )
    func malformed(targets: [String], status: UInt16) throws {
        let (_, response) = try self.rig.establishIncoming()
        self.refer(targets.map { SIPHeaders.Field("Refer-To", $0) }, after: response)
        #expect(self.rig.lines == ["\(status) REFER"])
        #expect(self.rig.events == [])
    }

    @Test("A session that ends answers the REFER that nobody has decided about") func undecided() throws {
        let (id, response) = try self.rig.establishIncoming()
        self.refer([Self.referTo], after: response)
        self.rig.receive(self.rig.peerRequest(.bye, after: response, cSeq: 3))
        #expect(self.rig.lines.sorted() == ["200 BYE", "481 REFER"])
        self.rig.run { $0.acceptRefer(id, now: $1) }
        #expect(self.rig.lines.count == 2)
        self.rig.expectIdle()
    }

    @Test("A call of which nobody tells the end is given up") func expiry() throws {
        let (id, response) = try self.rig.establishIncoming()
        self.refer([Self.referTo], after: response)
        self.rig.run { $0.acceptRefer(id, now: $1) }
        self.rig.reply(200, to: try self.rig.request(.notify))
        self.rig.advance(.seconds(180))
        #expect(self.notices == ["100 active", "408 terminated"])
    }

    @Test("A NOTIFY that is refused is the last") func noticeRefused() throws {
        let (id, response) = try self.rig.establishIncoming()
        self.refer([Self.referTo], after: response)
        self.rig.run { $0.acceptRefer(id, now: $1) }
        self.rig.reply(481, to: try self.rig.request(.notify))
        self.rig.run { $0.reportReferral(id, status: 200, now: $1) }
        #expect(self.notices == ["100 active"])
    }

    @Test("Outside a session there is nothing to transfer") func outside() {
        self.rig.receive(self.rig.peerRequest(.refer, fields: [Self.referTo]))
        self.rig.receive(self.rig.peerRequest(.notify, callID: "other", fields: [SIPHeaders.Field("Event", "refer")]))
        #expect(self.rig.lines == ["481 REFER", "481 NOTIFY"])
    }
}
