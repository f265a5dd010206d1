import SIPCore

/// Keeps a phone registered at its gateway, and not always well: it refreshes late, takes its binding back, moves to another
/// port behind its NAT, and comes again.
///
/// It knows until when it may be called at most; the gateway that calls it later is at fault.
final class Registrant {
    enum Step {
        case begin
        /// The REGISTER of that number has no response.
        case resend(UInt32)
        case move
        case leave
    }

    private static let second: UInt64 = 1_000_000_000

    unowned let phone: Phone
    private let callID: String
    private let credentials: DigestCredentials
    private var sequence: UInt32 = 0
    private var challenge: DigestChallenge?
    private var count: UInt32 = 0
    /// How often the present challenge and its successors were answered in vain.
    private var refusals = 0
    private var request: SIPRequest?
    private var expires: UInt64 = 0
    private var interval: UInt64 = 0
    private var giveUpAt: UInt64 = 0
    private var hasStopped = false
    /// Its binding is over by then, in nanoseconds, as far as it knows.
    private(set) var latest: UInt64 = 0
    /// How many of its REGISTERs were granted.
    private(set) var granted = 0

    init(phone: Phone, password: String) {
        self.phone = phone
        self.callID = phone.token()
        self.credentials = DigestCredentials(username: phone.number, password: password)
    }

    private var world: World { self.phone.world }

    func perform(_ step: Step) {
        switch step {
        // What is under way goes on.
        case .resend(let sequence): self.resend(sequence)
        case .begin where !self.hasStopped:
            self.register(self.phone.isGood ? 40 : UInt64(self.phone.random.between(10, 40)))
        case .move where !self.hasStopped: self.move()
        case .leave where !self.hasStopped: self.register(0)
        case .begin, .move, .leave: break
        }
    }

    /// The users stop: it leaves well, or just goes.
    func stop() {
        if self.request == nil, self.phone.random.chance(50) { self.register(0) }
        self.hasStopped = true
    }

    // MARK: Out

    private func register(_ expires: UInt64) {
        self.expires = expires
        self.refusals = 0
        self.send()
    }

    private func send() {
        self.sequence += 1
        let address = SIPURI(user: self.phone.number, host: self.phone.gatewayHost)
        var from = NameAddress(uri: address)
        from.tag = self.phone.token()
        var request = SIPRequest(
            method: .register,
            uri: SIPURI(host: self.phone.gatewayHost),
            headers: SIPHeaders(
                via: [self.phone.via("z9hG4bK\(self.phone.token())")],
                from: from,
                to: NameAddress(uri: address),
                callID: self.callID,
                cSeq: CSeq(self.sequence, .register),
                maxForwards: 70,
                contact: [self.phone.contact],
                fields: [SIPHeaders.Field("Expires", String(self.expires))]
            )
        )
        if let challenge { self.authorize(&request, by: challenge) }
        self.request = request
        self.interval = 500_000_000
        self.giveUpAt = self.world.now + 32 * Self.second
        self.transmit(request)
    }

    private func transmit(_ request: SIPRequest) {
        let isReliable = self.phone.transport.isReliable
        // Each copy may be the one that arrives.
        if self.expires > 0 { self.latest = max(self.latest, self.world.now + self.expires * Self.second) }
        self.phone.transmit(.request(request), to: self.phone.gatewayHost, isReliable: isReliable)
        self.phone.plan(
            .register(.resend(request.headers.cSeq.number)),
            after: isReliable ? 32 * Self.second : self.interval
        )
    }

    private func resend(_ sequence: UInt32) {
        guard let request, request.headers.cSeq.number == sequence else { return }
        guard self.world.now < self.giveUpAt else {
            self.request = nil
            self.phone.plan(.register(.begin), after: self.phone.random.milliseconds(500, 5000))
            return
        }
        self.interval = min(self.interval * 2, 4 * Self.second)
        self.transmit(request)
    }

    // MARK: Digest

    private func authorize(_ request: inout SIPRequest, by challenge: DigestChallenge) {
        self.count += 1
        let response = DigestResponse(
            to: challenge,
            credentials: self.credentials,
            method: request.method.name,
            uri: request.uri.text,
            cnonce: self.phone.token(),
            nonceCount: self.count
        )
        request.headers.fields.append(SIPHeaders.Field("Authorization", response.fieldValue))
    }

    /// The INVITE once more, with the answer to the challenge of its 401; nil where that asks for none, or too often.
    func authorized(_ request: SIPRequest, by response: SIPResponse) -> SIPRequest? {
        guard response.status == 401,
            let challenge = response.headers["WWW-Authenticate"].flatMap({ DigestChallenge.list($0).first }),
            request.headers["Authorization"] == nil || challenge.isStale
        else { return nil }
        self.challenge = challenge
        self.count = 0
        var request = request
        request.headers.fields.removeAll { $0.name == "Authorization" }
        self.authorize(&request, by: challenge)
        return request
    }

    // MARK: In

    func received(_ response: SIPResponse) {
        // A copy that is late says nothing new.
        guard let request, response.headers.cSeq.number == request.headers.cSeq.number, response.status >= 200 else {
            return
        }
        switch response.status {
        case 200:
            self.request = nil
            self.granted += 1
            self.check(response)
            self.planNext()
        case 401:
            self.refusals += 1
            guard self.refusals <= 3 else {
                self.request = nil
                return self.phone.violate("its REGISTER is challenged again and again", nil)
            }
            let wasAnswered = request.headers["Authorization"] != nil
            guard let challenge = response.headers["WWW-Authenticate"].flatMap({ DigestChallenge.list($0).first }),
                !wasAnswered || challenge.isStale
            else { return self.phone.violate("its right password is refused", nil) }
            self.challenge = challenge
            self.count = 0
            self.send()
        default:
            self.request = nil
            self.phone.violate("its REGISTER is answered \(response.status)", nil)
        }
    }

    private func check(_ response: SIPResponse) {
        let own = response.headers.contact.compactMap { $0.address }
            .filter { $0.uri.isEquivalent(to: self.phone.contact.address?.uri ?? $0.uri) }
        guard self.expires > 0 else {
            self.latest = self.world.now
            if !own.isEmpty { self.phone.violate("took its binding back, and is told that it has one", nil) }
            return
        }
        guard own.count == 1, let left = own.first?.parameters["expires"].flatMap({ UInt64($0) }), left > 0,
            left <= self.expires
        else { return self.phone.violate("its 200 does not tell its one binding", nil) }
    }

    private func planNext() {
        guard !self.hasStopped else { return }
        let expires = self.expires * Self.second
        if expires == 0 {
            return self.phone.plan(.register(.begin), after: self.phone.random.milliseconds(500, 20_000))
        }
        if self.phone.isGood { return self.phone.plan(.register(.begin), after: expires / 2) }
        let some = expires / 100 * UInt64(self.phone.random.between(10, 80))
        switch self.phone.random.below(100) {
        case 0..<25: self.phone.plan(.register(.begin), after: expires + some)
        case 25..<35: self.phone.plan(.register(.leave), after: some)
        case 35..<45 where self.world.profile.hasCuts: self.phone.plan(.register(.move), after: some)
        default: self.phone.plan(.register(.begin), after: expires / 2 + some / 4)
        }
    }

    /// Its NAT gives it another port: what goes to the old one is lost, until it registers again.
    private func move() {
        self.world.faults.cuts += 1
        self.phone.node.port += 1
        self.phone.excuseCalls("caller moved")
        self.phone.plan(.register(.begin), after: self.phone.random.milliseconds(0, 10_000))
    }
}
