import SIPCore
import Testing

@Suite("Session timers of the peer's requests (RFC 4028 §9)")
struct SessionTimerServerTests {
    private static let supported = SIPHeaders.Field("Supported", "100rel, timer")

    private func expires(_ value: String) -> SIPHeaders.Field { SIPHeaders.Field("Session-Expires", value) }

    @Test("An interval below ours gets 422 with Min-SE, and nothing is told")
    func tooShort() throws {
        let rig = AgentRig()
        rig.receive(rig.peerRequest(.invite, sdp: AgentRig.offer, fields: [Self.supported, self.expires("60")]))
        #expect(rig.lines == ["422 INVITE"])
        #expect(try rig.response(.invite).headers["Min-SE"] == "90")
        #expect(rig.invited == [])
        rig.expectIdle()
    }

    @Test("An interval that a proxy asked for is raised where the caller knows no timers")
    func tooShortByProxy() throws {
        let rig = AgentRig()
        let (id, response) = try rig.establishIncoming(fields: [self.expires("60")])
        #expect(response.headers["Session-Expires"] == "90;refresher=uas")
        #expect(response.headers["Require"] == nil)
        rig.advance(.seconds(45))
        #expect(rig.lines == ["INVITE"])
        rig.reply(200, to: try rig.request(.invite), sdp: AgentRig.offer)
        rig.run { $0.end(id, SessionEnding(), now: $1) }
        rig.expectIdle()
    }

    /// The columns are those of RFC 4028 §9, table 2.
    @Test(
        "Table 2: who refreshes",
        arguments: [
            (false, nil, nil), (false, "1800", "1800;refresher=uas"), (true, nil, "1800;refresher=uac"),
            (true, "1200", "1200;refresher=uac"), (true, "3600", "1800;refresher=uac"),
            (true, "1800;refresher=uac", "1800;refresher=uac"), (true, "1800;refresher=uas", "1800;refresher=uas"),
        ] as [(Bool, String?, String?)]
    )
    func refresher(isSupported: Bool, asked: String?, agreed: String?) throws {
        let rig = AgentRig()
        var fields = asked.map { [self.expires($0)] } ?? []
        if isSupported { fields.append(Self.supported) }
        let (_, response) = try rig.establishIncoming(fields: fields)
        #expect(response.headers["Session-Expires"] == agreed)
        #expect(response.headers["Require"] == (isSupported ? "timer" : nil))
        #expect(response.headers["Supported"] == "100rel, timer, replaces")
        rig.advance(.seconds(900))
        let weRefresh = !isSupported || asked?.hasSuffix("uas") == true
        #expect(rig.lines == (weRefresh ? ["INVITE"] : []))
        if weRefresh { #expect(try rig.request(.invite).body == AgentRig.answer) }
    }

    @Test("The interval is not lowered below the request's Min-SE")
    func peersMinimum() throws {
        let rig = AgentRig()
        let fields = [Self.supported, self.expires("7200"), .init("Min-SE", "3600")]
        let (_, response) = try rig.establishIncoming(fields: fields)
        #expect(response.headers["Session-Expires"] == "3600;refresher=uac")
    }

    @Test("The peer's re-INVITE with the same description is answered with ours, and nobody is told")
    func refreshedByReinvite() throws {
        let rig = AgentRig()
        let fields = [Self.supported, self.expires("600;refresher=uac")]
        let (id, response) = try rig.establishIncoming(fields: fields)
        for cSeq in 2...4 as ClosedRange<UInt32> {
            rig.clear()
            rig.advance(.seconds(500))
            rig.receive(rig.peerRequest(.invite, after: response, cSeq: cSeq, sdp: AgentRig.offer, fields: fields))
            #expect(rig.lines == ["100 INVITE", "200 INVITE"])
            #expect(try rig.response(.invite).body == AgentRig.answer)
            #expect(try rig.response(.invite).headers["Session-Expires"] == "600;refresher=uac")
            rig.receive(rig.peerRequest(.ack, after: response, cSeq: cSeq))
            #expect(rig.events == [])
        }
        rig.run { $0.end(id, SessionEnding(), now: $1) }
        #expect(rig.lines.last == "BYE")
        rig.reply(200, to: try rig.request(.bye))
        rig.expectIdle()
    }

    @Test("A refresh with another description, or with none, is told as a re-INVITE")
    func refreshWithChange() throws {
        for sdp in [Array("v=0 moved".utf8), nil] {
            let rig = AgentRig()
            let fields = [Self.supported, self.expires("600;refresher=uac")]
            let (id, response) = try rig.establishIncoming(fields: fields)
            rig.receive(rig.peerRequest(.invite, after: response, cSeq: 2, sdp: sdp, fields: fields))
            #expect(rig.events == [.reinvited(sdp: sdp)])
            rig.run { $0.acceptReinvite(id, sdp: AgentRig.answer, now: $1) }
            #expect(try rig.response(.invite).headers["Session-Expires"] == "600;refresher=uac")
        }
    }

    @Test("The ACK of a refresh's 200 is lost: the 200 is repeated, then the session ends")
    func refreshUnacknowledged() throws {
        let rig = AgentRig()
        let fields = [Self.supported, self.expires("600;refresher=uac")]
        let (_, response) = try rig.establishIncoming(fields: fields)
        rig.receive(rig.peerRequest(.invite, after: response, cSeq: 2, sdp: AgentRig.offer, fields: fields))
        rig.advance(.milliseconds(500))
        #expect(rig.lines == ["100 INVITE", "200 INVITE", "200 INVITE"])
        rig.advance(.seconds(32))
        #expect(rig.events == [.ended(.noAcknowledgement)])
        rig.expectIdle()
    }

    @Test("A caller that vanishes: BYE once its time is up")
    func expired() throws {
        let rig = AgentRig()
        _ = try rig.establishIncoming(fields: [Self.supported, self.expires("90;refresher=uac")])
        rig.advance(.milliseconds(59_999))
        #expect(rig.lines == [])
        rig.advance(.milliseconds(1))
        #expect(rig.lines == ["BYE"])
        #expect(rig.events == [.ended(.sessionExpired)])
        rig.expectIdle()
    }

    @Test("Switched off: timer is not supported, not required, and Session-Expires means nothing")
    func switchedOff() throws {
        let rig = AgentRig(sessionTimers: .init(isOn: false))
        let (id, response) = try rig.establishIncoming(fields: [Self.supported, self.expires("60")])
        #expect(response.headers["Session-Expires"] == nil)
        #expect(response.headers["Supported"] == "100rel, replaces")
        rig.advance(.seconds(4000))
        #expect(rig.lines == [])
        rig.run { $0.end(id, SessionEnding(), now: $1) }
        rig.reply(200, to: try rig.request(.bye))
        rig.expectIdle()
        rig.receive(
            rig.peerRequest(.invite, callID: "2", sdp: AgentRig.offer, fields: [.init("Require", "Timer, 100rel")])
        )
        #expect(try rig.response(.invite).status == 420)
        #expect(try rig.response(.invite).headers["Unsupported"] == "Timer")
    }

    @Test("A call of one peer has the interval that its operator wants, or no timer, unless the peer requires one")
    func ofOnePeer() throws {
        let rig = AgentRig()
        for (number, required, wanted, agreed) in [
            (1, false, .interval(600), "600;refresher=uac"), (2, false, .off, nil),
            (3, true, .off, "1800;refresher=uac"),
        ] as [(Int, Bool, InviteOrder.SessionTimer, String?)] {
            let fields = [Self.supported, self.expires("1800")] + (required ? [.init("Require", "timer")] : [])
            rig.receive(rig.peerRequest(.invite, callID: "\(number)", sdp: AgentRig.offer, fields: fields))
            let id = try #require(rig.invited.last)
            rig.run { agent, now in
                agent.setSessionTimer(id, wanted)
                agent.accept(id, sdp: AgentRig.answer, now: now)
            }
            #expect(try rig.response(.invite).headers["Session-Expires"] == agreed)
        }
    }

    @Test("Require: timer is no hindrance")
    func required() throws {
        let rig = AgentRig()
        let fields = [Self.supported, .init("Require", "timer"), self.expires("1800")]
        _ = try rig.establishIncoming(fields: fields)
    }

    @Test("The values of Session-Expires, Min-SE and RAck are read with care")
    func values() {
        #expect(SessionExpires("1800") == SessionExpires(seconds: 1800, refresher: nil))
        #expect(SessionExpires(" 90 ; refresher=UAS;x=y") == SessionExpires(seconds: 90, refresher: .uas))
        #expect(SessionExpires("90;refresher=me") == SessionExpires(seconds: 90, refresher: nil))
        #expect(SessionExpires("4294967296") == nil)
        #expect(SessionExpires("-1") == nil)
        #expect(SessionExpires("") == nil)
        #expect(SessionExpires(seconds: 90, refresher: .uac).headerValue == "90;refresher=uac")
        #expect(RAck("776656 1 INVITE") == RAck(rSeq: 776_656, cSeq: CSeq(1, .invite)))
        #expect(RAck(" 1\t2  INVITE ") == RAck(rSeq: 1, cSeq: CSeq(2, .invite)))
        #expect(RAck("1 2") == nil)
        #expect(RAck("1 2 INVITE x") == nil)
        #expect(RAck("4294967296 1 INVITE") == nil)
        #expect(RAck(rSeq: 1, cSeq: CSeq(2, .invite)).headerValue == "1 2 INVITE")
    }
}
