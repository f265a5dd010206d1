/// The session timer of one session (RFC 4028): what was agreed, and when the next step is due.
///
/// A pure machine: its owner sends the refreshes, and ends the session where `due` says so.
struct SessionTimer {
    enum State {
        case stopped
        /// We refresh; `at` is nil while a refresh is on its way. Without `expireAt` the peer takes no part in it: a
        /// refresh only finds out whether it is there.
        case refreshing(at: Instant?, expireAt: Instant?)
        /// The peer refreshes.
        case waiting(expireAt: Instant)
    }

    enum Step: Equatable {
        case none
        case refresh
        case expire
    }

    private let policy: SessionTimers
    /// Whether we support the extension in this session.
    let isOn: Bool
    /// In seconds: what we ask for, and once the peer has answered what counts.
    private(set) var interval: UInt32
    /// The largest Min-SE that we have heard of, our own included, in seconds.
    private(set) var minimum: UInt32
    private(set) var state = State.stopped
    /// How often a 422 was heeded since the last agreement.
    private var raises = 0

    /// `interval` is in seconds; nil: the usual one.
    init(policy: SessionTimers, isOn: Bool = true, interval: UInt32? = nil) {
        self.policy = policy
        self.isOn = isOn && policy.isOn
        self.interval = max(interval ?? policy.interval, policy.minimum)
        self.minimum = policy.minimum
    }

    var deadline: Instant? {
        switch self.state {
        case .stopped: nil
        case .refreshing(let at, let expireAt): Instant.earlier(at, expireAt)
        case .waiting(let expireAt): expireAt
        }
    }

    /// Whether the peer takes part in the timer.
    var isAgreed: Bool {
        switch self.state {
        case .stopped, .refreshing(_, expireAt: nil): false
        case .refreshing(_, expireAt: _?), .waiting: true
        }
    }

    // MARK: Our requests

    /// The fields of a request that refreshes the session (§7.1, §7.4); the roles stay as they are.
    func requestFields(_ own: OwnFields) -> [SIPHeaders.Field] {
        guard self.isOn else { return [] }
        let refresher: SessionExpires.Refresher? =
            switch self.state {
            case .stopped: nil
            case .refreshing: .uac
            case .waiting: .uas
            }
        return [own.sessionExpires(self.interval, refresher), own.minimum(self.minimum)]
    }

    /// Whether `requestFields` are those of `OwnFields.firstInvite`.
    var isUsual: Bool {
        guard case .stopped = self.state else { return false }
        return self.interval == self.policy.interval && self.minimum == self.policy.minimum
    }

    /// A 2xx to such a request came (§7.2); where the peer does not know of timers we refresh.
    mutating func agreed(by response: SIPHeaders, now: Instant) {
        guard self.isOn else { return }
        guard let expires = response.sessionExpires else {
            self.start(isRefresher: true, isAgreed: false, now: now)
            return
        }
        self.interval = max(expires.seconds, self.floor)
        self.start(isRefresher: expires.refresher != .uas, isAgreed: true, now: now)
    }

    /// A 422 came (§7.3), four times in a row at most: whether the request may be tried again with what it asks for.
    mutating func raise(for response: SIPHeaders) -> Bool {
        guard self.isOn, self.raises < 4, let minimum = response.number("Min-SE"), minimum > self.interval else {
            return false
        }
        self.raises += 1
        self.minimum = max(self.minimum, minimum)
        self.interval = minimum
        return true
    }

    /// A refresh got another final response: the peer is there, and may take the next one.
    ///
    /// Who has agreed to the timer has to be asked again before it runs out; `span` is the peer's Retry-After.
    mutating func refreshFailed(retryAfter span: Span?, now: Instant) {
        guard case .refreshing(_, let expireAt) = self.state else { return }
        guard let expireAt else {
            self.start(isRefresher: true, isAgreed: false, now: now)
            return
        }
        let left = expireAt - now
        let wait = max(min(span ?? Span(nanoseconds: left.nanoseconds / 2), left), .seconds(1))
        self.state = .refreshing(at: now + wait, expireAt: expireAt)
    }

    // MARK: The peer's requests

    /// Our 2xx to the peer's request goes out (§9); these are its fields.
    mutating func accepted(_ request: SIPHeaders, _ own: OwnFields, now: Instant) -> [SIPHeaders.Field] {
        guard self.isOn else { return [] }
        let isSupported = request.lists(MethodTable.Extension.timer.rawValue, in: "Supported")
        let asked = request.sessionExpires
        let least = max(request.number("Min-SE") ?? 0, self.minimum, self.floor)
        guard isSupported || asked != nil else {
            self.start(isRefresher: true, isAgreed: false, now: now)
            return []
        }
        let ours = max(self.interval, least)
        // We may lower what was asked for, and not raise it; below our minimum comes only what we could not refuse.
        self.interval = max(min(asked?.seconds ?? ours, ours), self.minimum, self.floor)
        let refresher: SessionExpires.Refresher
        if !isSupported {
            refresher = .uas
        } else if let wanted = asked?.refresher {
            refresher = wanted
        } else if case .refreshing(_, expireAt: _?) = self.state {
            refresher = .uas
        } else {
            refresher = .uac
        }
        self.start(isRefresher: refresher == .uas, isAgreed: isSupported, now: now)
        let expires = own.sessionExpires(self.interval, refresher)
        return isSupported ? [expires, own.timer] : [expires]
    }

    // MARK: Time

    /// What is due; a refresh is said once.
    mutating func due(now: Instant) -> Step {
        switch self.state {
        case .stopped: return .none
        case .waiting(let expireAt): return expireAt <= now ? .expire : .none
        case .refreshing(let at, let expireAt):
            if let expireAt, expireAt <= now { return .expire }
            guard let at, at <= now else { return .none }
            self.state = .refreshing(at: nil, expireAt: expireAt)
            return .refresh
        }
    }

    mutating func stop() {
        self.state = .stopped
    }

    /// No peer shall make us refresh without a pause.
    private var floor: UInt32 { max(1, min(90, self.policy.minimum)) }

    private mutating func start(isRefresher: Bool, isAgreed: Bool, now: Instant) {
        self.raises = 0
        let whole = Span.seconds(UInt64(self.interval))
        // Before the session is over for the peer, there should be time for a BYE (§10).
        let margin = min(Span.seconds(32), Span(nanoseconds: whole.nanoseconds / 3))
        let expireAt = now + Span(nanoseconds: whole.nanoseconds - margin.nanoseconds)
        guard isRefresher else {
            self.state = .waiting(expireAt: expireAt)
            return
        }
        let half = Span(nanoseconds: whole.nanoseconds / 2)
        self.state = .refreshing(at: now + half, expireAt: isAgreed ? expireAt : nil)
    }
}
