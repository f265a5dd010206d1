/// The non-INVITE client transaction of RFC 3261 §17.1.2.
///
/// A pure machine: its owner keeps the request, sends what an action orders, and calls `timeoutReached` at `deadline`.
package struct NonInviteClientTransaction: Sendable {
    package enum State: Hashable, Sendable {
        /// `timerE` is nil over a reliable transport.
        case trying(timerE: Instant?, interval: Span, timerF: Instant)
        case proceeding(timerE: Instant?, timerF: Instant)
        case completed(timerK: Instant)
        case terminated
    }

    package enum Action: Hashable, Sendable {
        case none
        /// Send the request once more.
        case sendRequest
        /// The response is for the transaction user.
        case deliver
        /// Timer F: no final response came.
        case reportTimeout
        /// The request could not be sent.
        case reportFailure
    }

    package private(set) var state: State
    private let timers: SIPTimers
    private let isReliable: Bool

    /// A transaction whose request is being sent right now.
    package init(timers: SIPTimers, isReliable: Bool, now: Instant) {
        self.timers = timers
        self.isReliable = isReliable
        self.state = .trying(
            timerE: isReliable ? nil : now + timers.t1,
            interval: timers.t1,
            timerF: now + timers.timeout
        )
    }

    /// When `timeoutReached` is due; nil where nothing is.
    package var deadline: Instant? {
        switch self.state {
        case .trying(let timerE, _, let timerF), .proceeding(let timerE, let timerF):
            timerE.map { min($0, timerF) } ?? timerF
        case .completed(let timerK): timerK
        case .terminated: nil
        }
    }

    package mutating func receivedResponse(status: UInt16, now: Instant) -> Action {
        switch self.state {
        case .trying(let timerE, _, let timerF), .proceeding(let timerE, let timerF):
            if status < 200 {
                self.state = .proceeding(timerE: timerE, timerF: timerF)
            } else {
                self.state = self.isReliable ? .terminated : .completed(timerK: now + self.timers.t4)
            }
            return .deliver
        case .completed, .terminated:
            return .none
        }
    }

    package mutating func timeoutReached(now: Instant) -> Action {
        switch self.state {
        case .trying(let timerE, let interval, let timerF):
            if timerF <= now {
                self.state = .terminated
                return .reportTimeout
            }
            guard let timerE, timerE <= now else { return .none }
            let next = self.timers.doubled(interval)
            self.state = .trying(timerE: now + next, interval: next, timerF: timerF)
            return .sendRequest
        case .proceeding(let timerE, let timerF):
            if timerF <= now {
                self.state = .terminated
                return .reportTimeout
            }
            guard let timerE, timerE <= now else { return .none }
            self.state = .proceeding(timerE: now + self.timers.t2, timerF: timerF)
            return .sendRequest
        case .completed(let timerK):
            if timerK <= now { self.state = .terminated }
            return .none
        case .terminated:
            return .none
        }
    }

    /// The transport could not send the request.
    package mutating func transportFailed() -> Action {
        switch self.state {
        case .trying, .proceeding:
            self.state = .terminated
            return .reportFailure
        case .completed, .terminated:
            return .none
        }
    }
}
