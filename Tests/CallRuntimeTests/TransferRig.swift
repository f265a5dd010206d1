import CallCore
import CallRuntime
import ClientProtocol
import MediaCore
import SIPCore
import Testing

/// A table whose relay answers at once, and the phones of its trunk, which say what a test has them say.
final class TransferRig {
    let fixture: TableFixture
    /// What went to phones since it was asked last.
    private(set) var sent: [SIPMessage] = []
    /// Every 200 to an INVITE.
    private var answers: [SIPResponse] = []
    /// Who was joined with whom, oldest first.
    private(set) var joins: [Set<MediaLegID>] = []
    private(set) var openLegs: Set<MediaLegID> = []
    private var branches = 0

    private static let phone = MediaEndpoint(
        addresses: [MediaAddress(ipv4: 0xC000_0201, port: 20_000)],
        rtcpPort: 20_001
    )
    private static let app = MediaEndpoint(
        addresses: [MediaAddress(ipv4: 0xC000_0201, port: 20_002)],
        ice: ICECredentials(ufrag: "gate", password: "gate-password-24-letters"),
        fingerprint: DTLSFingerprint(algorithm: "sha-256", bytes: Array(repeating: 0xA5, count: 32))
    )
    static let sdp = sdp(codec: 0)
    private static let allow = SIPHeaders.Field("Allow", "INVITE, ACK, BYE, CANCEL, REFER, NOTIFY")

    /// A phone's description with that payload type.
    private static func sdp(codec: Int) -> String {
        let lines = ["v=0", "o=- 1 1 IN IP4 192.0.2.9", "s=-", "c=IN IP4 192.0.2.9", "t=0 0"]
        return (lines + ["m=audio 4000 RTP/AVP \(codec)", ""]).joined(separator: "\r\n")
    }

    static func description(_ type: String, codecs: String = "0") -> JSONFragment {
        let fingerprint = Array(repeating: "1B", count: 32).joined(separator: ":")
        let lines = [
            "v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0", "m=audio 9 UDP/TLS/RTP/SAVPF \(codecs)",
            "a=ice-ufrag:abcd", "a=ice-pwd:0123456789012345678901",
            "a=setup:\(type == "offer" ? "actpass" : "active")", "a=mid:0", "a=fingerprint:sha-256 \(fingerprint)", "",
        ]
        return .sessionDescription(type: type, sdp: Array(lines.joined(separator: "\r\n").utf8))
    }

    init(allowTrunks: [String] = [], rows: [DialPlan.Row] = []) {
        self.fixture = TableFixture(allowTrunks: allowTrunks, relay: RelayPolicy(), rows: rows)
    }

    /// Plays the relay, until it has nothing to do.
    func pump() {
        while true {
            let orders = self.fixture.table.takeMediaOutbound()
            self.note(self.fixture.takeSIP())
            guard !orders.isEmpty else { return }
            for order in orders { self.carryOut(order) }
        }
    }

    private func note(_ messages: [SIPMessage]) {
        self.sent += messages
        for case .response(let response) in messages
        where response.status == 200 && response.headers.cSeq.method == .invite { self.answers.append(response) }
    }

    private func carryOut(_ order: MediaOrder) {
        switch order {
        case .open(let leg, let kind):
            self.openLegs.insert(leg)
            self.fixture.table.receive(
                .opened(leg, kind == .webRTC ? Self.app : Self.phone),
                now: self.fixture.now
            )
        case .join(let first, let second): self.joins.append([first, second])
        case .close(let leg): self.openLegs.remove(leg)
        case .update(let leg, _): self.fixture.table.receive(.connected(leg), now: self.fixture.now)
        case .restartICE, .sendDigits: break
        }
    }

    func receive(_ message: SIPMessage, pumps: Bool = true) {
        let flow = SIPFlow(transport: .udp, remote: TableFixture.trunkAddress, listener: 0)
        self.fixture.table.receive(.message(message, flow), now: self.fixture.now)
        if pumps { self.pump() }
    }

    // MARK: What went to phones

    /// One line a message, since it was asked last: `INVITE`, `180 INVITE`.
    func takeLines() -> [String] {
        self.pump()
        defer { self.sent = [] }
        return self.sent.map { message in
            switch message {
            case .request(let request): request.method.name
            case .response(let response): "\(response.status) \(response.headers.cSeq.method.name)"
            }
        }
    }

    /// The last request of that method that was sent.
    func request(_ method: SIPMethod) throws -> SIPRequest {
        self.pump()
        let requests = self.sent.compactMap { message in
            if case .request(let request) = message, request.method == method { request } else { nil }
        }
        return try #require(requests.last)
    }

    /// Our last 200 to an INVITE, of that call or of any.
    func answer(toCall callID: String? = nil) throws -> SIPResponse {
        self.pump()
        return try #require(self.answers.last { callID == nil || $0.headers.callID == callID })
    }

    // MARK: What phones say

    /// A phone answers a request of ours.
    func reply(_ status: UInt16, to request: SIPRequest, refers: Bool = true, codec: Int = 0) {
        var headers = SIPHeaders(
            via: request.headers.via,
            from: request.headers.from,
            to: request.headers.to,
            callID: request.headers.callID,
            cSeq: request.headers.cSeq,
            fields: refers ? [Self.allow] : []
        )
        if headers.to.tag == nil { headers.to.tag = "phone" }
        let holdsSDP = request.method == .invite && (200..<300).contains(status)
        headers.contact = [.address(NameAddress(uri: SIPURI(user: "phone", host: "192.0.2.9")))]
        if holdsSDP { headers.contentType = "application/sdp" }
        let body = holdsSDP ? Array(Self.sdp(codec: codec).utf8) : []
        self.receive(.response(SIPResponse(status: status, reason: "", headers: headers, body: body)))
    }

    /// A request of the phone that has answered `invite`.
    func request(
        _ method: SIPMethod,
        after invite: SIPRequest,
        cSeq: UInt32 = 1,
        fields: [SIPHeaders.Field] = [],
        fragment: String? = nil
    ) {
        var from = invite.headers.to
        from.tag = "phone"
        let content = fragment.map { (type: "message/sipfrag", text: $0) }
        self.request(method, from, invite.headers.from, invite.headers.callID, cSeq, fields, content, pumps: true)
    }

    /// A request of the phone whose INVITE was answered by `response`.
    func request(
        _ method: SIPMethod,
        after response: SIPResponse,
        cSeq: UInt32 = 2,
        fields: [SIPHeaders.Field] = [],
        sdp: String? = nil,
        pumps: Bool = true
    ) {
        let headers = response.headers
        let content = sdp.map { (type: "application/sdp", text: $0) }
        self.request(method, headers.from, headers.to, headers.callID, cSeq, fields, content, pumps: pumps)
    }

    /// The phone withdraws its INVITE of that Call-ID, before the relay has done anything.
    func cancel(_ callID: String) {
        let uri = SIPURI(user: "gateway", host: "192.0.2.1")
        var from = NameAddress(uri: SIPURI(user: "2002", host: "192.0.2.9"))
        from.tag = "from"
        let headers = SIPHeaders(
            via: [Via(transport: .udp, host: "192.0.2.9", port: 5060, branch: "z9hG4bK\(callID)")],
            from: from,
            to: NameAddress(uri: uri),
            callID: callID,
            cSeq: CSeq(1, .cancel),
            maxForwards: 70
        )
        self.receive(.request(SIPRequest(method: .cancel, uri: uri, headers: headers)))
    }

    private func request(
        _ method: SIPMethod,
        _ from: NameAddress,
        _ to: NameAddress,
        _ callID: String,
        _ cSeq: UInt32,
        _ fields: [SIPHeaders.Field],
        _ content: (type: String, text: String)?,
        pumps: Bool
    ) {
        self.branches += 1
        let headers = SIPHeaders(
            via: [Via(transport: .udp, host: "192.0.2.9", port: 5060, branch: "z9hG4bKrig\(self.branches)")],
            from: from,
            to: to,
            callID: callID,
            cSeq: CSeq(cSeq, method),
            maxForwards: 70,
            contentType: content?.type,
            fields: fields
        )
        let uri = SIPURI(user: "gateway", host: "192.0.2.1")
        let body = content.map { Array($0.text.utf8) } ?? []
        self.receive(
            .request(SIPRequest(method: method, uri: uri, headers: headers, body: body)),
            pumps: pumps
        )
    }

    func notify(_ status: UInt16, after invite: SIPRequest, cSeq: UInt32 = 1) {
        let fields = [
            SIPHeaders.Field("Event", "refer"),
            SIPHeaders.Field("Subscription-State", status < 200 ? "active" : "terminated;reason=noresource"),
        ]
        self.request(.notify, after: invite, cSeq: cSeq, fields: fields, fragment: "SIP/2.0 \(status) x\r\n")
    }

    // MARK: Whole steps

    /// An extended app of that user, which has read its `session`.
    func app(_ user: PartyID) -> TableApp {
        let app = self.fixture.connect(user, .extended)
        _ = app.take()
        return app
    }

    /// An app's call to a number of the trunk, with media on both sides; gives its id and the INVITE.
    func call(
        _ number: String,
        by app: TableApp,
        refers: Bool = true,
        codec: Int = 0
    ) throws -> (id: String, invite: SIPRequest) {
        app.send(.startCall(calleeID: .string(number), offer: Self.description("offer", codecs: "0 8 9")))
        let invite = try self.request(.invite)
        self.reply(200, to: invite, refers: refers, codec: codec)
        guard case .callStarted(let id, _, _) = app.take().first else { throw NoCall() }
        _ = self.takeLines()
        return (id, invite)
    }

    /// A call of the trunk to an app, with media on both sides; gives its id and our 200.
    func call(
        from caller: String,
        to user: String,
        _ app: TableApp,
        codec: Int = 0
    ) throws -> (id: String, answer: SIPResponse) {
        self.fixture.invite(user, caller: caller, callID: "call-\(caller)-\(user)", sdp: Self.sdp(codec: codec))
        self.pump()
        guard case .incomingCall(let id, let callerID, _, _) = app.take().first else { throw NoCall() }
        app.send(.answerCall(callID: id, callerID: callerID, answer: Self.description("answer", codecs: "\(codec)")))
        let answer = try self.answer()
        self.request(.ack, after: answer, cSeq: 1)
        _ = app.take()
        _ = self.takeLines()
        return (id, answer)
    }

    struct NoCall: Error {}

    /// Every phone agrees that it is over; then nothing is left of any call.
    func expectRest(_ location: SourceLocation = #_sourceLocation) {
        self.pump()
        for message in self.sent {
            if case .request(let request) = message, request.method != .ack { self.reply(200, to: request) }
        }
        for _ in 0..<40 {
            self.fixture.now = self.fixture.now + .seconds(1)
            self.fixture.table.timeoutReached(now: self.fixture.now)
            self.pump()
        }
        #expect(self.fixture.table.isAtRest, sourceLocation: location)
        #expect(self.openLegs.isEmpty, sourceLocation: location)
    }
}
