import CallCore
import CallRuntime
import ClientProtocol
import MediaCore
import SIPCore
import Testing

@Suite("What a phone changes in mid-call by UPDATE")
struct CallTableUpdateTests {
    private static func sdp(version: Int, _ direction: String) -> [UInt8] {
        Array(
            [
                "v=0", "o=- 1 \(version) IN IP4 192.0.2.9", "s=-", "c=IN IP4 192.0.2.9", "t=0 0",
                "m=audio 4000 RTP/AVP 0", "a=\(direction)", "",
            ].joined(separator: "\r\n").utf8
        )
    }

    private static let answer = JSONFragment.sessionDescription(
        type: "answer",
        sdp: Array(
            [
                "v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0", "m=audio 9 UDP/TLS/RTP/SAVPF 0",
                "a=ice-ufrag:abcd", "a=ice-pwd:0123456789012345678901", "a=setup:active", "a=mid:0",
                "a=fingerprint:sha-256 \(Array(repeating: "1B", count: 32).joined(separator: ":"))", "",
            ].joined(separator: "\r\n").utf8
        )
    )
    private static let flow = SIPFlow(transport: .udp, remote: TableFixture.trunkAddress, listener: 0)

    /// A phone's call that an app has answered, and the 200 that the phone got.
    private func established(_ fixture: TableFixture) throws -> (app: TableApp, call: String, response: SIPResponse) {
        let alice = fixture.connect(.number("42"), .extended)
        _ = alice.take()
        fixture.invite("42", sdp: String(decoding: Self.sdp(version: 1, "sendrecv"), as: UTF8.self))
        for number in 1...2 as ClosedRange<UInt64> {
            fixture.table.receive(
                MediaEvent.opened(
                    MediaLegID(number: number),
                    MediaEndpoint(
                        addresses: [MediaAddress(ipv4: 0xC000_0201, port: 20_000)],
                        rtcpPort: 20_001,
                        ice: number == 1 ? nil : ICECredentials(ufrag: "gate", password: "gate-password-24-letters"),
                        fingerprint: number == 1
                            ? nil : DTLSFingerprint(algorithm: "sha-256", bytes: Array(repeating: 0xA5, count: 32))
                    )
                ),
                now: fixture.now
            )
        }
        guard case .incomingCall(let callID, _, _, .some) = alice.take().first else { throw Missing() }
        alice.send(.answerCall(callID: callID, callerID: nil, answer: Self.answer))
        fixture.table.receive(MediaEvent.connected(MediaLegID(number: 2)), now: fixture.now)
        guard case .response(let response) = fixture.takeSIP().last, response.status == 200 else { throw Missing() }
        self.send(.ack, in: response, cSeq: 1, sdp: nil, to: fixture)
        _ = alice.take()
        return (alice, callID, response)
    }

    private struct Missing: Error {}

    private func send(
        _ method: SIPMethod,
        in response: SIPResponse,
        cSeq: UInt32,
        sdp: [UInt8]?,
        to fixture: TableFixture
    ) {
        let headers = SIPHeaders(
            via: [Via(transport: .udp, host: "192.0.2.9", port: 5060, branch: "z9hG4bK\(method.name)\(cSeq)")],
            from: response.headers.from,
            to: response.headers.to,
            callID: response.headers.callID,
            cSeq: CSeq(cSeq, method),
            maxForwards: 70,
            contentType: sdp == nil ? nil : "application/sdp"
        )
        let request = SIPRequest(
            method: method,
            uri: SIPURI(user: "42", host: "192.0.2.1"),
            headers: headers,
            body: sdp ?? []
        )
        fixture.table.receive(.message(.request(request), Self.flow), now: fixture.now)
    }

    @Test("A hold by UPDATE is answered recvonly, told as a hold, and taken back as one by re-INVITE is")
    func hold() throws {
        let fixture = TableFixture(relay: RelayPolicy())
        let (app, call, response) = try self.established(fixture)
        for (cSeq, direction, answered, event) in [
            (2, "sendonly", "recvonly", ClientEvent.callHeld(callID: call)),
            (3, "sendrecv", "sendrecv", .callResumed(callID: call)),
        ] as [(UInt32, String, String, ClientEvent)] {
            self.send(
                .update,
                in: response,
                cSeq: cSeq,
                sdp: Self.sdp(version: Int(cSeq), direction),
                to: fixture
            )
            guard case .response(let answer) = fixture.takeSIP().last else {
                Issue.record("no response")
                return
            }
            #expect(answer.status == 200)
            #expect(answer.headers.cSeq == CSeq(cSeq, .update))
            let text = String(decoding: answer.body, as: UTF8.self)
            #expect(text.contains("a=\(answered)") || (answered == "sendrecv" && !text.contains("only")))
            #expect(app.take() == [event])
        }
        app.send(.hangUp(callID: call, peerID: nil))
        guard case .request(let bye) = fixture.takeSIP().last else {
            Issue.record("no BYE")
            return
        }
        #expect(bye.method == .bye)
    }

    @Test("A refresh is answered at once, and neither the app nor the relay hears of it")
    func refresh() throws {
        let fixture = TableFixture(relay: RelayPolicy())
        let (app, _, response) = try self.established(fixture)
        _ = fixture.table.takeMediaOutbound()
        self.send(.update, in: response, cSeq: 2, sdp: nil, to: fixture)
        self.send(.update, in: response, cSeq: 3, sdp: Self.sdp(version: 1, "sendrecv"), to: fixture)
        #expect(fixture.takeStatuses() == [200, 200])
        #expect(app.take() == [])
        #expect(fixture.table.takeMediaOutbound().isEmpty)
    }
}
