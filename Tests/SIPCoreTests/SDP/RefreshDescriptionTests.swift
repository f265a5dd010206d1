import SIPCore
import Testing

@Suite("Descriptions that refresh a session (RFC 4028 §7.4)")
struct RefreshDescriptionTests {
    private static func sdp(version: Int, _ media: String...) -> [UInt8] {
        Array(
            (["v=0", "o=- 7 \(version) IN IP4 192.0.2.2", "s=-", "c=IN IP4 192.0.2.2", "t=0 0"] + media)
                .joined(separator: "\r\n").utf8
        ) + [13, 10]
    }

    private static let offer = Self.sdp(
        version: 1,
        "m=audio 4000 RTP/AVP 0 8 101",
        "a=rtpmap:0 PCMU/8000",
        "a=rtpmap:8 PCMA/8000",
        "a=rtpmap:101 telephone-event/8000",
        "a=fmtp:101 0-15"
    )
    private static let answer = Self.sdp(
        version: 5,
        "m=audio 5000 RTP/AVP 8 101",
        "a=rtpmap:8 PCMA/8000",
        "a=rtpmap:101 telephone-event/8000"
    )
    /// With another version, and no other change.
    private static let raised = Self.sdp(
        version: 6,
        "m=audio 5000 RTP/AVP 8 101",
        "a=rtpmap:8 PCMA/8000",
        "a=rtpmap:101 telephone-event/8000"
    )
    private static let expires: [SIPHeaders.Field] = [
        .init("Supported", "timer"), .init("Session-Expires", "1800;refresher=uac"),
    ]

    /// What our call side hears and the peer gets, where our offer had that answer and the peer then sends `refresh`.
    private func refreshed(
        offer: [UInt8] = Self.offer,
        answer: [UInt8] = Self.answer,
        by refresh: [UInt8]
    ) throws -> (events: [SessionEvent], body: [UInt8]?) {
        let rig = AgentRig()
        let (_, invite) = try rig.establishOutgoing(offer: offer, answer: answer, fields: Self.expires)
        rig.receive(rig.peerRequest(.invite, after: invite, cSeq: 1, sdp: refresh, fields: Self.expires))
        return (rig.events, try rig.response(.invite).status == 200 ? rig.response(.invite).body : nil)
    }

    @Test("The peer repeats its answer as an offer: ours is what it took of our own")
    func repeatedAnswer() throws {
        let expected = Self.sdp(
            version: 1,
            "m=audio 4000 RTP/AVP 8 101",
            "a=rtpmap:8 PCMA/8000",
            "a=rtpmap:101 telephone-event/8000",
            "a=fmtp:101 0-15"
        )
        let (events, body) = try self.refreshed(by: Self.answer)
        #expect(events == [])
        #expect(body == expected)
    }

    @Test("Attributes in another order are no change; a new version, direction, port or address is")
    func changes() throws {
        let same = Self.sdp(
            version: 5,
            "m=audio 5000 RTP/AVP 8 101",
            "a=rtpmap:101 telephone-event/8000",
            "a=rtpmap:8 PCMA/8000",
            "a=sendrecv"
        )
        #expect(try self.refreshed(by: same).events == [])
        for changed in [
            Self.sdp(version: 6, "m=audio 5000 RTP/AVP 8 101"),
            Self.sdp(version: 5, "m=audio 5000 RTP/AVP 8 101", "a=sendonly"),
            Self.sdp(version: 5, "m=audio 5002 RTP/AVP 8 101"),
            Self.sdp(version: 5, "m=audio 5000 RTP/AVP 8 101", "c=IN IP4 0.0.0.0"),
            Self.sdp(version: 5, "m=audio 5000 RTP/AVP 8 101", "m=video 5004 RTP/AVP 96"),
        ] {
            #expect(try self.refreshed(by: changed).events == [.reinvited(sdp: changed)])
        }
    }

    @Test("A direction that the peer has no part in is not offered again")
    func direction() throws {
        let listening = Self.sdp(version: 5, "m=audio 5000 RTP/AVP 8", "a=recvonly")
        let (events, body) = try self.refreshed(answer: listening, by: listening)
        #expect(events == [])
        #expect(String(decoding: body ?? [], as: UTF8.self).hasSuffix("a=rtpmap:8 PCMA/8000\r\na=sendonly\r\n"))
    }

    @Test("DTLS roles stay as they are; where they can't be known the call side is asked")
    func setup() throws {
        let offer = Self.sdp(version: 1, "m=audio 4000 UDP/TLS/RTP/SAVP 0", "a=setup:actpass")
        let answer = Self.sdp(version: 5, "m=audio 5000 UDP/TLS/RTP/SAVP 0", "a=setup:active")
        let (events, body) = try self.refreshed(offer: offer, answer: answer, by: answer)
        #expect(events == [])
        #expect(String(decoding: body ?? [], as: UTF8.self).hasSuffix("a=setup:passive\r\n"))
        let open = Self.sdp(version: 5, "m=audio 5000 UDP/TLS/RTP/SAVP 0", "a=setup:actpass")
        #expect(try self.refreshed(offer: offer, answer: answer, by: open).events == [.reinvited(sdp: open)])
    }

    @Test("Our refresh by re-INVITE: an answer that says something new is told, one that does not is not")
    func redescribed() throws {
        for (answer, expected) in [
            (Self.answer, []), (Self.raised, []), (Self.offer, [.redescribed(sdp: Self.offer)]),
        ] as [([UInt8], [SessionEvent])] {
            let rig = AgentRig()
            _ = try rig.establishOutgoing(offer: Self.offer, answer: Self.answer)
            rig.advance(.seconds(900))
            #expect(try rig.request(.invite).body == Self.offer)
            rig.reply(200, to: try rig.request(.invite), sdp: answer)
            #expect(rig.events == expected)
        }
    }
}
