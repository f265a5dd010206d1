/// A peer's REFER, and the subscription that it makes (RFC 3515): what the peer is told of the call that we place for it.
///
/// One NOTIFY waits for the response to the one before (RFC 6665 §4.2.2); what is overtaken by newer news is not told.
package struct ReferServer: Hashable, Sendable {
    /// A NOTIFY that is due.
    package struct Notice: Hashable, Sendable {
        package var status: UInt16
        /// What is left of the subscription in seconds; nil: this is its last word.
        package var expires: UInt32?

        package init(status: UInt16, expires: UInt32?) {
            self.status = status
            self.expires = expires
        }
    }

    private enum State: Hashable, Sendable {
        /// Nobody has decided about the REFER yet.
        case asked
        /// `due` is what the peer has not been told.
        case running(due: UInt16?, told: UInt16?, isWaiting: Bool)
        case over
    }

    /// How long the peer is kept informed: longer than any phone rings.
    package static let duration = Span.seconds(180)

    private var state = State.asked
    private var until: Instant
    /// Whether the peer wants to hear anything (RFC 4488).
    private let isSilent: Bool

    package init(isSilent: Bool, now: Instant) {
        self.isSilent = isSilent
        self.until = now + Self.duration
    }

    package var isAsked: Bool {
        switch self.state {
        case .asked: true
        case .running, .over: false
        }
    }

    package var isOver: Bool {
        switch self.state {
        case .asked, .running: false
        case .over: true
        }
    }

    /// Whether a NOTIFY has no response yet.
    package var isWaiting: Bool {
        switch self.state {
        case .running(_, _, let isWaiting): isWaiting
        case .asked, .over: false
        }
    }

    package var deadline: Instant? {
        switch self.state {
        case .running: self.until
        case .asked, .over: nil
        }
    }

    /// The REFER is accepted: the peer hears that at once (RFC 3515 §2.4.4).
    package mutating func accept() {
        guard self.isAsked else { return }
        self.state = .running(due: 100, told: nil, isWaiting: false)
    }

    /// The new call has got so far; 200 and more is the end of it.
    package mutating func report(_ status: UInt16) {
        guard case .running(let due, let told, let isWaiting) = self.state, due.map({ $0 < 200 }) ?? true,
            status != told
        else { return }
        self.state = .running(due: status, told: told, isWaiting: isWaiting)
    }

    /// The NOTIFY that has to go out now.
    ///
    /// - Parameters:
    ///   - now: the time.
    ///   - isLast: whether the session ends: then a final status does not wait for the response to the one before, and
    ///     any other is of no interest.
    /// - Returns: nil where nothing is due.
    package mutating func nextNotice(now: Instant, isLast: Bool = false) -> Notice? {
        guard case .running(let due?, _, let isWaiting) = self.state, isLast ? due >= 200 : !isWaiting else {
            return nil
        }
        guard due < 200 else {
            self.state = .over
            return self.isSilent ? nil : Notice(status: due, expires: nil)
        }
        self.state = .running(due: nil, told: due, isWaiting: !self.isSilent)
        let left = now < self.until ? (self.until - now).nanoseconds / 1_000_000_000 : 0
        return self.isSilent ? nil : Notice(status: due, expires: UInt32(clamping: left))
    }

    /// A NOTIFY has its final response, or none: 408.
    ///
    /// A refusal ends the subscription.
    package mutating func noticeAnswered(status: UInt16) {
        guard case .running(let due, let told, _) = self.state else { return }
        self.state = status < 300 ? .running(due: due, told: told, isWaiting: false) : .over
    }

    /// Nobody has told how the call ended: that is the last word.
    package mutating func timeoutReached(now: Instant) {
        guard case .running(_, let told, let isWaiting) = self.state, self.until <= now else { return }
        self.state = .running(due: 408, told: told, isWaiting: isWaiting)
        self.until = now + Self.duration
    }
}
