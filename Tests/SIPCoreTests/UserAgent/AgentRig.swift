import SIPCore
import Testing

/// A user agent with a clock that is turned by hand, in front of a peer that a test plays itself.
final class AgentRig {
    static let ourUDP = SIPListener(transport: .udp, address: SIPAddress(host: "192.0.2.1", port: 5060))
    static let ourTCP = SIPListener(transport: .tcp, address: SIPAddress(host: "192.0.2.1", port: 5060))
    static let peerUDP = SIPTarget(transport: .udp, host: "192.0.2.2", port: 5060)
    static let peerTCP = SIPTarget(transport: .tcp, host: "192.0.2.2", port: 5060)
    static let peerURI = SIPURI(user: "bob", host: "192.0.2.2", port: 5060)
    static let udpFlow = SIPFlow(transport: .udp, remote: SIPAddress(host: "192.0.2.2", port: 5060), listener: 0)
    static let tcpFlow = SIPFlow(
        transport: .tcp,
        remote: SIPAddress(host: "192.0.2.2", port: 40_000),
        listener: 1,
        connection: 7
    )
    static let offer = Array("v=0 offer".utf8)
    static let answer = Array("v=0 answer".utf8)

    let agent: SIPUserAgent
    private(set) var now = Instant(nanoseconds: 1_000_000_000)
    /// What was sent, told and begun since `clear`.
    private(set) var sent: [SIPOutbound] = []
    private(set) var events: [SessionEvent] = []
    private(set) var invited: [SessionID] = []
    private(set) var invites: [IncomingInvite] = []
    private(set) var messages: [(id: MessageID, message: IncomingMessage)] = []
    /// The statuses that our texts were answered with.
    private(set) var messageStatuses: [UInt16] = []
    private(set) var registrations: [RegistrationEvent] = []
    private(set) var changes: [BindingChange] = []
    private(set) var questions: [Question] = []
    private(set) var probed: [Bool] = []
    private var branches = 0

    init(
        limits: SIPUserAgent.Limits = .init(),
        sessionTimers: SessionTimers = .init(),
        listeners: [SIPListener] = [AgentRig.ourUDP, AgentRig.ourTCP],
        phones: PhoneRegistry? = nil
    ) {
        self.agent = SIPUserAgent(
            configuration: .init(listeners: listeners, product: "Test", sessionTimers: sessionTimers, limits: limits),
            tokens: TokenSource(SeededGenerator(seed: 1)),
            phones: phones
        )
    }

    // MARK: Time and actions

    /// Runs an order and takes what comes of it.
    func run<Result>(_ order: (SIPUserAgent, Instant) -> Result) -> Result {
        let result = order(self.agent, self.now)
        self.drain()
        return result
    }

    func receive(_ inbound: SIPInbound) {
        self.agent.receive(inbound, now: self.now)
        self.drain()
    }

    /// Lets time pass, and every deadline in it.
    func advance(_ span: Span) {
        let end = self.now + span
        while let deadline = self.agent.nextDeadline, deadline <= end {
            self.now = max(self.now, deadline)
            self.agent.timeoutReached(now: self.now)
            self.drain()
        }
        self.now = end
    }

    func clear() {
        self.sent = []
        self.events = []
        self.invited = []
        self.invites = []
        self.messages = []
        self.messageStatuses = []
        self.registrations = []
        self.changes = []
        self.questions = []
        self.probed = []
    }

    /// A target that the agent wants to be found.
    struct Question: Equatable {
        var id: LocationID
        var target: SIPTarget
    }

    /// Answers the last question.
    func locate(_ targets: SIPTarget...) throws {
        let question = try #require(self.questions.last)
        self.receive(.located(question.id, targets))
    }

    private func drain() {
        while let action = self.agent.popAction() {
            switch action {
            case .send(let outbound): self.sent.append(outbound)
            case .invited(let id, let invite):
                self.invited.append(id)
                self.invites.append(invite)
            case .session(_, let event): self.events.append(event)
            case .message(let id, let message): self.messages.append((id, message))
            case .messageAnswered(_, let status): self.messageStatuses.append(status)
            case .bindings(let change): self.changes.append(change)
            case .registration(_, let event): self.registrations.append(event)
            case .probed(_, let isAlive): self.probed.append(isAlive)
            case .locate(let id, let target): self.questions.append(Question(id: id, target: target))
            }
        }
    }

    /// Nothing is left 64·T1 after the end of the last call.
    func expectIdle(_ location: SourceLocation = #_sourceLocation) {
        self.advance(.seconds(33))
        let counts = self.agent.counts
        #expect(counts == (0, 0, 0), sourceLocation: location)
        #expect(self.agent.isIdle, sourceLocation: location)
    }

    // MARK: What was sent

    /// One line a message: `INVITE`, `180 INVITE`.
    var lines: [String] {
        self.sent.map { outbound in
            switch outbound.message {
            case .request(let request): request.method.name
            case .response(let response): "\(response.status) \(response.headers.cSeq.method.name)"
            }
        }
    }

    /// The last request of that method.
    func request(_ method: SIPMethod) throws -> SIPRequest {
        let requests = self.sent.compactMap { outbound in
            if case .request(let request) = outbound.message, request.method == method { request } else { nil }
        }
        return try #require(requests.last)
    }

    /// The last response to that method.
    func response(_ method: SIPMethod) throws -> SIPResponse {
        let responses = self.sent.compactMap { outbound in
            if case .response(let response) = outbound.message, response.headers.cSeq.method == method {
                response
            } else {
                nil
            }
        }
        return try #require(responses.last)
    }

    // MARK: The peer

    /// The peer answers a request of ours.
    func reply(
        _ status: UInt16,
        to request: SIPRequest,
        tag: String? = "bob",
        sdp: [UInt8]? = nil,
        contact: SIPURI? = peerURI,
        recordRoute: [NameAddress] = [],
        fields: [SIPHeaders.Field] = [],
        flow: SIPFlow = udpFlow
    ) {
        var headers = SIPHeaders(
            via: request.headers.via,
            from: request.headers.from,
            to: request.headers.to,
            callID: request.headers.callID,
            cSeq: request.headers.cSeq,
            recordRoute: recordRoute,
            fields: fields
        )
        if let tag, status > 100 { headers.to.tag = tag }
        if let contact { headers.contact = [.address(NameAddress(uri: contact))] }
        if sdp != nil { headers.contentType = "application/sdp" }
        self.receive(
            .message(
                .response(SIPResponse(status: status, reason: "", headers: headers, body: sdp ?? [])),
                flow
            )
        )
    }

    /// A request of the peer outside any dialog.
    func peerRequest(
        _ method: SIPMethod,
        callID: String = "call",
        cSeq: UInt32 = 1,
        sdp: [UInt8]? = nil,
        fields: [SIPHeaders.Field] = [],
        branch: String? = nil
    ) -> SIPRequest {
        self.branches += 1
        var from = NameAddress(uri: Self.peerURI)
        from.tag = "bob"
        let headers = SIPHeaders(
            via: [
                Via(
                    transport: .udp,
                    host: "192.0.2.2",
                    port: 5060,
                    branch: branch ?? "z9hG4bKpeer\(self.branches)",
                    rport: .requested
                )
            ],
            from: from,
            to: NameAddress(uri: SIPURI(user: "alice", host: "192.0.2.1")),
            callID: callID,
            cSeq: CSeq(cSeq, method),
            maxForwards: 70,
            contact: [.address(NameAddress(uri: Self.peerURI))],
            contentType: sdp == nil ? nil : "application/sdp",
            fields: fields
        )
        return SIPRequest(
            method: method,
            uri: SIPURI(user: "alice", host: "192.0.2.1"),
            headers: headers,
            body: sdp ?? []
        )
    }

    /// A request of the peer within the dialog that `response` to its INVITE made.
    func peerRequest(
        _ method: SIPMethod,
        after response: SIPResponse,
        cSeq: UInt32,
        sdp: [UInt8]? = nil,
        fields: [SIPHeaders.Field] = []
    ) -> SIPRequest {
        var request = self.peerRequest(
            method,
            callID: response.headers.callID,
            cSeq: cSeq,
            sdp: sdp,
            fields: fields
        )
        request.headers.to.tag = response.headers.to.tag
        return request
    }

    /// A request of the peer within the dialog that its answer to our INVITE made.
    func peerRequest(
        _ method: SIPMethod,
        after invite: SIPRequest,
        cSeq: UInt32,
        sdp: [UInt8]? = nil,
        tag: String = "bob",
        fields: [SIPHeaders.Field] = []
    ) -> SIPRequest {
        var request = self.peerRequest(method, callID: invite.headers.callID, cSeq: cSeq, sdp: sdp, fields: fields)
        request.headers.to = invite.headers.from
        request.headers.from = invite.headers.to
        request.headers.from.tag = tag
        return request
    }

    func receive(_ request: SIPRequest, by flow: SIPFlow = udpFlow) {
        self.receive(.message(.request(request), flow))
    }

    // MARK: Whole steps

    func order(
        offer: [UInt8]? = AgentRig.offer,
        target: SIPTarget = peerUDP,
        credentials: DigestCredentials? = nil,
        tryTimeout: Span = .seconds(32),
        sessionTimer: InviteOrder.SessionTimer = .usual,
        reliability: InviteOrder.Reliability = .usual
    ) -> InviteOrder {
        InviteOrder(
            uri: Self.peerURI,
            target: target,
            from: NameAddress(displayName: "Alice", uri: SIPURI(user: "alice", host: "192.0.2.1")),
            to: NameAddress(uri: Self.peerURI),
            offer: offer,
            credentials: credentials,
            tryTimeout: tryTimeout,
            sessionTimer: sessionTimer,
            reliability: reliability
        )
    }

    /// A session of ours that the peer has answered; the actions so far are cleared.
    func establishOutgoing(
        contact: SIPURI = peerURI,
        recordRoute: [NameAddress] = [],
        credentials: DigestCredentials? = nil,
        sessionTimer: InviteOrder.SessionTimer = .usual,
        offer: [UInt8] = AgentRig.offer,
        answer: [UInt8] = AgentRig.answer,
        fields: [SIPHeaders.Field] = []
    ) throws -> (id: SessionID, invite: SIPRequest) {
        let order = self.order(offer: offer, credentials: credentials, sessionTimer: sessionTimer)
        let id = self.run { $0.invite(order, now: $1) }
        let invite = try self.request(.invite)
        self.reply(200, to: invite, sdp: answer, contact: contact, recordRoute: recordRoute, fields: fields)
        #expect(self.events == [.answered(sdp: answer)])
        self.clear()
        return (id, invite)
    }

    /// A session of the peer that we have answered and that it has ACKed; the actions so far are cleared.
    func establishIncoming(
        fields: [SIPHeaders.Field] = []
    ) throws -> (id: SessionID, response: SIPResponse) {
        self.receive(self.peerRequest(.invite, sdp: Self.offer, fields: fields))
        let id = try #require(self.invited.first)
        self.run { $0.accept(id, sdp: Self.answer, now: $1) }
        let response = try self.response(.invite)
        self.receive(self.peerRequest(.ack, after: response, cSeq: 1))
        #expect(self.events == [.acknowledged(sdp: nil)])
        self.clear()
        return (id, response)
    }
}
