/// The INVITE client transaction of RFC 3261 §17.1.1, with the Accepted state of RFC 6026 §7.2.
///
/// A pure machine: its owner keeps the request, sends what an action orders, and calls `timeoutReached` at `deadline`.
package struct InviteClientTransaction: Sendable {
    package enum State: Hashable, Sendable {
        /// `timerA` is nil over a reliable transport, and once nobody wants the request to be repeated.
        case calling(timerA: Instant?, interval: Span, timerB: Instant)
        case proceeding
        /// A 300 to 699 came and was ACKed.
        case completed(timerD: Instant)
        /// A 2xx came. Every further 2xx, of this fork or of another, still reaches the user.
        case accepted(timerM: Instant)
        case terminated
    }

    package enum Action: Hashable, Sendable {
        case none
        /// Send the request once more.
        case sendRequest
        /// The response is for the transaction user.
        case deliver
        /// A first 300 to 699: ACK it, and hand it to the transaction user.
        case acknowledgeAndDeliver
        /// A 300 to 699 once more: send the ACK again.
        case acknowledge
        /// Timer B: no response came.
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
        self.state = .calling(
            timerA: isReliable ? nil : now + timers.t1,
            interval: timers.t1,
            timerB: now + timers.timeout
        )
    }

    /// When `timeoutReached` is due; nil where nothing is.
    package var deadline: Instant? {
        switch self.state {
        case .calling(let timerA, _, let timerB): timerA.map { min($0, timerB) } ?? timerB
        case .completed(let timer), .accepted(let timer): timer
        case .proceeding, .terminated: nil
        }
    }

    package mutating func receivedResponse(status: UInt16, now: Instant) -> Action {
        switch self.state {
        case .calling, .proceeding:
            if status < 200 {
                self.state = .proceeding
                return .deliver
            }
            if status < 300 {
                self.state = .accepted(timerM: now + self.timers.timeout)
                return .deliver
            }
            self.state = self.isReliable ? .terminated : .completed(timerD: now + self.timers.timeout)
            return .acknowledgeAndDeliver
        case .completed:
            return status >= 300 ? .acknowledge : .none
        case .accepted:
            return (200..<300).contains(status) ? .deliver : .none
        case .terminated:
            return .none
        }
    }

    package mutating func timeoutReached(now: Instant) -> Action {
        switch self.state {
        case .calling(let timerA, let interval, let timerB):
            if timerB <= now {
                self.state = .terminated
                return .reportTimeout
            }
            guard let timerA, timerA <= now else { return .none }
            let next = interval * 2
            self.state = .calling(timerA: now + next, interval: next, timerB: timerB)
            return .sendRequest
        case .completed(let timer), .accepted(let timer):
            if timer <= now { self.state = .terminated }
            return .none
        case .proceeding, .terminated:
            return .none
        }
    }

    /// The transport could not send the request.
    ///
    /// A peer that has answered already was reached after all.
    package mutating func transportFailed() -> Action {
        switch self.state {
        case .calling:
            self.state = .terminated
            return .reportFailure
        case .proceeding, .completed, .accepted, .terminated:
            return .none
        }
    }

    /// Nobody wants the request any more, and nobody has answered it: it is not repeated, but responses still count.
    package mutating func stopRetransmitting() {
        switch self.state {
        case .calling(_, let interval, let timerB):
            self.state = .calling(timerA: nil, interval: interval, timerB: timerB)
        case .proceeding, .completed, .accepted, .terminated:
            break
        }
    }
}
