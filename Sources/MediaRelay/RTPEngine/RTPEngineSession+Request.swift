import SIPCore

extension RTPEngineSession {
    /// What a request is for.
    enum Step: Hashable {
        case offer
        case answer
        case restartOffer
        case restartAnswer
        case block
        case query
        case digit
        case delete

        /// Whether rtpengine begins a call at this request where it knows none of the name.
        var beginsCall: Bool {
            switch self {
            case .offer, .restartOffer: true
            case .answer, .restartAnswer, .block, .query, .digit, .delete: false
            }
        }
    }

    /// A request on its way.
    struct Request {
        var message: NGMessage
        var step: Step
        var deadline: Instant
        private var repetitions = 0

        init(_ message: NGMessage, _ step: Step, timing: Timing, now: Instant) {
            self.message = message
            self.step = step
            self.deadline = now + (timing.waits.first ?? .zero)
        }

        /// Counts a repetition.
        ///
        /// - Parameters:
        ///   - timing: gives the waits.
        ///   - isFirst: nothing is laid out yet.
        ///   - now: the present.
        /// - Returns: false where there were enough.
        mutating func `repeat`(timing: Timing, isFirst: Bool, now: Instant) -> Bool {
            self.repetitions += 1
            guard let wait = self.wait(timing, isFirst: isFirst) else { return false }
            self.deadline = now + wait
            return true
        }

        /// Before the next repetition; nil: enough.
        private func wait(_ timing: Timing, isFirst: Bool) -> Span? {
            if self.repetitions < timing.waits.count { return timing.waits[self.repetitions] }
            guard self.repetitions == timing.waits.count, !isFirst else { return nil }
            return timing.waits.last.map { $0 * 2 }
        }
    }
}
