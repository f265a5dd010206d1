/// Keeps one registration alive (RFC 3261 §10.2): REGISTER, refresh, challenge, 423, failover, back-off, and the end.
///
/// ### Overview
/// A pure machine: its owner sends what `send` of an action orders, made by `request`, and feeds each response or failure
/// with the attempt that it belongs to. Time and random numbers come in.
///
/// ### Function
/// A registration stands until the time that was granted is over, or a registrar refuses it, however often a refresh finds
/// nobody. A target that does not answer, cannot be reached, or answers 408, 430 or 5xx, is followed by the next; where all
/// have failed, and after any other refusal, it waits (RFC 5626 §4.5), and begins with the first target again.
package struct RegistrationClient: Sendable {
    /// What to do now.
    package struct Action: Hashable, Sendable {
        /// Send a REGISTER to that target, as this attempt.
        package var send: Attempt?
        package var event: RegistrationEvent?

        package init(send: Attempt? = nil, event: RegistrationEvent? = nil) {
            self.send = send
            self.event = event
        }
    }

    /// One REGISTER.
    package struct Attempt: Hashable, Sendable {
        /// Unlike that of every other attempt.
        package var number: UInt64
        package var target: SIPTarget
        /// In seconds; zero: the binding goes.
        package var expires: UInt32
    }

    private enum State {
        case idle
        case trying(Attempt, until: Instant)
        /// For the refresh, or for the end of a back-off.
        case waiting(until: Instant)
        case unregistering(Attempt, until: Instant)
        case ended
    }

    private let order: RegistrationOrder
    private let callID: String
    private let tag: String
    private var state = State.idle
    private var cSeq: UInt32 = 0
    private var attempts: UInt64 = 0
    private var digest: DigestClient?
    /// What we ask for: more than was ordered where the registrar wants that (423).
    private var expires: UInt32
    /// The place of the target in use.
    private var target = 0
    /// How many more addresses the target in use has: one that fails is followed by the next of them.
    package var spares = 0
    /// How many targets have failed since the last success or wait.
    private var failedTargets = 0
    /// Rounds that have failed since the last success.
    private var failures: UInt64 = 0
    /// How often in a row our password was refused.
    private var passwordRefusals = 0
    /// The binding lasts until then, as far as we know.
    private var registeredUntil: Instant?
    /// Of the last failure.
    private var lastStatus: UInt16 = 408

    /// Nothing is sent yet.
    ///
    /// - Parameters:
    ///   - order: what to register.
    ///   - callID: of every REGISTER (§10.2).
    ///   - tag: of From.
    package init(_ order: RegistrationOrder, callID: String, tag: String) {
        self.order = order
        self.callID = callID
        self.tag = tag
        self.expires = order.expires
        self.digest = order.credentials.map { DigestClient(credentials: $0) }
    }

    /// Whether the registration stands.
    package var isRegistered: Bool { self.registeredUntil != nil }

    /// Whether a REGISTER is under way.
    package var isTrying: Bool {
        switch self.state {
        case .trying, .unregistering: true
        case .idle, .waiting, .ended: false
        }
    }

    /// Whether there will be no more actions.
    package var hasEnded: Bool {
        if case .ended = self.state { true } else { false }
    }

    /// When `timeoutReached` is due; nil where nothing waits.
    package var nextDeadline: Instant? {
        switch self.state {
        case .idle, .ended: nil
        case .trying(_, let until), .waiting(let until): self.registeredUntil.map { min($0, until) } ?? until
        case .unregistering(_, let until): until
        }
    }

    // MARK: Orders

    package mutating func start(now: Instant) -> Action {
        guard case .idle = self.state else { return Action() }
        return self.attempt(now: now)
    }

    /// Takes the registration back (§10.2.2).
    package mutating func stop(now: Instant) -> Action {
        switch self.state {
        case .unregistering, .ended:
            return Action()
        case .idle, .waiting:
            guard self.registeredUntil != nil else {
                self.state = .ended
                return Action(event: .ended)
            }
        case .trying:
            // It may have come through.
            break
        }
        self.registeredUntil = nil
        return self.unregister(now: now)
    }

    /// The REGISTER of the attempt that is to be sent, without Via.
    ///
    /// - Parameters:
    ///   - attempt: what `Action.send` gave.
    ///   - contact: our own, of the transport of the attempt's target.
    ///   - cnonce: a fresh random text.
    /// - Returns: the request; each has a higher CSeq.
    package mutating func request(_ attempt: Attempt, contact: NameAddress, cnonce: String) -> SIPRequest {
        self.cSeq = self.cSeq &+ 1 & 0x7FFF_FFFF
        var from = self.order.address
        from.tag = self.tag
        var contact = contact
        contact.parameters.set("expires", to: String(attempt.expires))
        var request = SIPRequest(
            method: .register,
            uri: self.order.registrar,
            headers: SIPHeaders(
                from: from,
                to: self.order.address,
                callID: self.callID,
                cSeq: CSeq(self.cSeq, .register),
                maxForwards: 70,
                route: self.order.route,
                contact: ShortList(.address(contact))
            )
        )
        let fields = self.digest?.authorization(method: .register, uri: request.uri, cnonce: cnonce) ?? []
        request.headers.fields = fields
        return request
    }

    // MARK: What happened

    /// A response to an attempt came.
    ///
    /// - Parameters:
    ///   - response: any.
    ///   - number: of the attempt.
    ///   - contact: that of the attempt; its time is looked for.
    ///   - random: any number.
    ///   - now: the time.
    /// - Returns: what to do now.
    package mutating func received(
        _ response: SIPResponse,
        to number: UInt64,
        contact: NameAddress,
        random: UInt64,
        now: Instant
    ) -> Action {
        switch self.state {
        case .idle, .waiting, .ended:
            return Action()
        case .unregistering(let attempt, let until):
            guard attempt.number == number, response.status >= 200 else { return Action() }
            if response.isChallenge, self.digest?.receivedChallenge(response) == true {
                return self.unregister(until: until)
            }
            self.state = .ended
            return Action(event: .ended)
        case .trying(let attempt, _):
            guard attempt.number == number else { return Action() }
            switch response.status {
            case ..<200:
                self.state = .trying(attempt, until: now + .seconds(32))
                return Action()
            case 200..<300:
                return self.granted(response, attempt, contact: contact, random: random, now: now)
            case 401, 407:
                if self.digest?.receivedChallenge(response) == true { return self.attempt(now: now) }
                return self.passwordRefused(response.status, random: random, now: now)
            case 403:
                return self.passwordRefused(403, random: random, now: now)
            case 423:
                let least = RegistrationRequest.seconds(response.headers["Min-Expires"] ?? "0")
                guard least > attempt.expires, least <= 86_400 else {
                    return self.refused(423, wait: .zero, random: random, now: now)
                }
                self.expires = least
                return self.attempt(now: now)
            case 408, 430, 500..<600:
                let wait = Self.retryAfter(response)
                return self.targetFailed(response.status, wait: wait, random: random, now: now)
            default:
                return self.refused(response.status, wait: Self.retryAfter(response), random: random, now: now)
            }
        }
    }

    /// An attempt could not be sent, or its transaction ended without a response.
    package mutating func failed(_ number: UInt64, status: UInt16, random: UInt64, now: Instant) -> Action {
        switch self.state {
        case .trying(let attempt, _):
            guard attempt.number == number else { return Action() }
            return self.targetFailed(status, wait: .zero, random: random, now: now)
        case .unregistering(let attempt, _):
            guard attempt.number == number else { return Action() }
            self.state = .ended
            return Action(event: .ended)
        case .idle, .waiting, .ended:
            return Action()
        }
    }

    /// Time has come to `now`; early calls do nothing.
    ///
    /// Call it until `nextDeadline` is later.
    package mutating func timeoutReached(random: UInt64, now: Instant) -> Action {
        switch self.state {
        case .idle, .ended:
            return Action()
        case .trying(_, let until):
            if let end = self.registeredUntil, end <= now { return self.lost() }
            guard until <= now else { return Action() }
            return self.targetFailed(408, wait: .zero, random: random, now: now)
        case .waiting(let until):
            if let end = self.registeredUntil, end <= now { return self.lost() }
            guard until <= now else { return Action() }
            return self.attempt(now: now)
        case .unregistering(_, let until):
            guard until <= now else { return Action() }
            self.state = .ended
            return Action(event: .ended)
        }
    }

    // MARK: Steps

    private mutating func attempt(now: Instant) -> Action {
        let attempt = self.next(expires: self.expires)
        self.state = .trying(attempt, until: now + self.order.timing.tryTimeout)
        return Action(send: attempt)
    }

    private mutating func unregister(now: Instant) -> Action {
        self.unregister(until: now + self.order.timing.tryTimeout)
    }

    private mutating func unregister(until: Instant) -> Action {
        let attempt = self.next(expires: 0)
        self.state = .unregistering(attempt, until: until)
        return Action(send: attempt)
    }

    private mutating func next(expires: UInt32) -> Attempt {
        self.attempts &+= 1
        return Attempt(number: self.attempts, target: self.order.targets[self.target], expires: expires)
    }

    private mutating func granted(
        _ response: SIPResponse,
        _ attempt: Attempt,
        contact: NameAddress,
        random: UInt64,
        now: Instant
    ) -> Action {
        let expires = min(Self.granted(response, contact) ?? attempt.expires, 7 * 86_400)
        guard expires > 0 else { return self.refused(response.status, wait: .zero, random: random, now: now) }
        self.digest?.accepted()
        self.failedTargets = 0
        self.failures = 0
        self.passwordRefusals = 0
        let wasRegistered = self.registeredUntil != nil
        let time = Span.seconds(UInt64(expires))
        self.registeredUntil = now + time
        // Somewhere from 60 to 75 hundredths of it: many gateways do not come at once, and some tries are left.
        let wait = Span(nanoseconds: time.nanoseconds / 1_000 * (600 + random % 151))
        self.state = .waiting(until: now + wait)
        return Action(event: wasRegistered ? nil : .registered(expires: expires))
    }

    /// The time of our Contact in a 200 (§10.3, 8).
    private static func granted(_ response: SIPResponse, _ contact: NameAddress) -> UInt32? {
        let contacts = response.headers.contact.lazy.compactMap { $0.address }
        var own = contacts.first { $0.uri.isEquivalent(to: contact.uri) }
        // Some registrars rewrite it to where it came from.
        if own == nil, response.headers.contact.count == 1 { own = contacts.first }
        let text = own?.parameters["expires"] ?? response.headers["Expires"]
        return text.map { RegistrationRequest.seconds($0) }
    }

    private mutating func targetFailed(_ status: UInt16, wait: Span, random: UInt64, now: Instant) -> Action {
        self.lastStatus = status
        if self.spares > 0 {
            self.spares -= 1
            return self.attempt(now: now)
        }
        self.failedTargets += 1
        guard self.failedTargets >= self.order.targets.count else {
            self.target = (self.target + 1) % self.order.targets.count
            return self.attempt(now: now)
        }
        return self.backOff(atLeast: wait, random: random, now: now)
    }

    /// The registrar does not want us, and another target would say the same.
    private mutating func refused(_ status: UInt16, wait: Span, random: UInt64, now: Instant) -> Action {
        self.lastStatus = status
        self.registeredUntil = nil
        return self.backOff(atLeast: wait, random: random, now: now)
    }

    private mutating func passwordRefused(_ status: UInt16, random: UInt64, now: Instant) -> Action {
        self.passwordRefusals += 1
        self.digest = self.order.credentials.map { DigestClient(credentials: $0) }
        guard self.passwordRefusals <= 2, self.digest != nil else {
            return self.refused(status, wait: .zero, random: random, now: now)
        }
        self.lastStatus = status
        self.registeredUntil = nil
        self.state = .waiting(until: now + self.order.timing.passwordWait)
        return Action(event: .failed(status: status))
    }

    private mutating func backOff(atLeast least: Span, random: UInt64, now: Instant) -> Action {
        let timing = self.order.timing
        let doubled = timing.firstWait * (1 << min(self.failures, 16))
        let longest = min(doubled, timing.longestWait)
        // Half to all of it.
        let wait = Span(nanoseconds: longest.nanoseconds / 1_000 * (500 + random % 501))
        self.failures += 1
        self.failedTargets = 0
        self.target = 0
        self.state = .waiting(until: now + max(wait, least))
        return Action(event: self.registeredUntil == nil ? .failed(status: self.lastStatus) : nil)
    }

    /// The binding has had its time.
    private mutating func lost() -> Action {
        self.registeredUntil = nil
        return Action(event: .failed(status: self.lastStatus))
    }

    /// At most an hour: nobody sends us away for longer.
    private static func retryAfter(_ response: SIPResponse) -> Span {
        guard let value = response.headers["Retry-After"] else { return .zero }
        var scanner = TextScanner(value)
        scanner.skipSpace()
        return .seconds(min(scanner.takeDecimal() ?? 0, 3_600))
    }
}
