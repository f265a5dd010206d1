/// The non-INVITE server transaction of RFC 3261 §17.2.2.
///
/// A pure machine: its owner keeps the last response, sends what an action orders, and calls `timeoutReached` at
/// `deadline`.
package struct NonInviteServerTransaction: Sendable {
    package enum State: Hashable, Sendable {
        case trying
        case proceeding
        case completed(timerJ: Instant)
        case terminated
    }

    package enum Action: Hashable, Sendable {
        case none
        /// Send the new response and keep it.
        case sendResponse
        /// Send the response that was kept once more.
        case resendResponse
    }

    package private(set) var state = State.trying
    private let timers: SIPTimers
    private let isReliable: Bool

    package init(timers: SIPTimers, isReliable: Bool) {
        self.timers = timers
        self.isReliable = isReliable
    }

    /// When `timeoutReached` is due; nil where nothing is.
    package var deadline: Instant? {
        switch self.state {
        case .completed(let timerJ): timerJ
        case .trying, .proceeding, .terminated: nil
        }
    }

    /// The request came once more.
    package func receivedRetransmission() -> Action {
        switch self.state {
        case .proceeding, .completed: .resendResponse
        case .trying, .terminated: .none
        }
    }

    /// The transaction user answers.
    ///
    /// Nothing follows a final response.
    package mutating func respond(status: UInt16, now: Instant) -> Action {
        switch self.state {
        case .trying, .proceeding:
            if status < 200 {
                self.state = .proceeding
            } else {
                self.state = self.isReliable ? .terminated : .completed(timerJ: now + self.timers.timeout)
            }
            return .sendResponse
        case .completed, .terminated:
            return .none
        }
    }

    package mutating func timeoutReached(now: Instant) {
        switch self.state {
        case .completed(let timerJ):
            if timerJ <= now { self.state = .terminated }
        case .trying, .proceeding, .terminated:
            break
        }
    }
}
