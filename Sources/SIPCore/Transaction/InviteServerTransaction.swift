/// The INVITE server transaction of RFC 3261 §17.2.1, with the Accepted state of RFC 6026 §7.1.
///
/// A pure machine: its owner keeps the last response, sends what an action orders, and calls `timeoutReached` at
/// `deadline`. The retransmissions of a 2xx are the session's (RFC 3261 §13.3.1.4).
package struct InviteServerTransaction: Sendable {
    package enum State: Hashable, Sendable {
        case proceeding
        /// A 300 to 699 was sent; `timerG` is nil over a reliable transport.
        case completed(timerG: Instant?, interval: Span, timerH: Instant)
        /// Its ACK came.
        case confirmed(timerI: Instant)
        /// A 2xx was sent; INVITEs that come once more are swallowed.
        case accepted(timerL: Instant)
        case terminated
    }

    package enum Action: Hashable, Sendable {
        case none
        /// Send the new response and keep it.
        case sendResponse
        /// Send the response that was kept once more.
        case resendResponse
        /// The ACK of a 2xx, for the transaction user.
        case deliverAck
        /// Timer H: no ACK came for a 300 to 699.
        case reportTimeout
    }

    package private(set) var state = State.proceeding
    private let timers: SIPTimers
    private let isReliable: Bool

    package init(timers: SIPTimers, isReliable: Bool) {
        self.timers = timers
        self.isReliable = isReliable
    }

    /// When `timeoutReached` is due; nil where nothing is.
    package var deadline: Instant? {
        switch self.state {
        case .completed(let timerG, _, let timerH): timerG.map { min($0, timerH) } ?? timerH
        case .confirmed(let timer), .accepted(let timer): timer
        case .proceeding, .terminated: nil
        }
    }

    /// The INVITE came once more.
    package func receivedRetransmission() -> Action {
        switch self.state {
        case .proceeding, .completed: .resendResponse
        case .confirmed, .accepted, .terminated: .none
        }
    }

    package mutating func receivedAck(now: Instant) -> Action {
        switch self.state {
        case .completed:
            self.state = self.isReliable ? .terminated : .confirmed(timerI: now + self.timers.t4)
            return .none
        case .accepted:
            return .deliverAck
        case .proceeding, .confirmed, .terminated:
            return .none
        }
    }

    /// The transaction user answers.
    ///
    /// Nothing follows a final response.
    package mutating func respond(status: UInt16, now: Instant) -> Action {
        switch self.state {
        case .proceeding:
            if status >= 300 {
                self.state = .completed(
                    timerG: self.isReliable ? nil : now + self.timers.t1,
                    interval: self.timers.t1,
                    timerH: now + self.timers.timeout
                )
            } else if status >= 200 {
                self.state = .accepted(timerL: now + self.timers.timeout)
            }
            return .sendResponse
        case .completed, .confirmed, .accepted, .terminated:
            return .none
        }
    }

    package mutating func timeoutReached(now: Instant) -> Action {
        switch self.state {
        case .completed(let timerG, let interval, let timerH):
            if timerH <= now {
                self.state = .terminated
                return .reportTimeout
            }
            guard let timerG, timerG <= now else { return .none }
            let next = self.timers.doubled(interval)
            self.state = .completed(timerG: now + next, interval: next, timerH: timerH)
            return .resendResponse
        case .confirmed(let timer), .accepted(let timer):
            if timer <= now { self.state = .terminated }
            return .none
        case .proceeding, .terminated:
            return .none
        }
    }
}
