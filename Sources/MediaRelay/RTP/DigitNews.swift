/// What a telephone-event packet, or the lack of one, tells.
package struct DigitNews: Hashable, Sendable {
    package enum Progress: Hashable, Sendable {
        /// Nothing: a retransmission, a late packet, no digit.
        case none
        case began(Digit)
        /// It goes on; its duration is the one so far.
        case lasts(Digit)
        case ended(Digit)
        /// Its end was the first that came of it.
        case beganAndEnded(Digit)
    }

    /// The digit before, whose end never came.
    package var missed: Digit?
    package var progress: Progress

    package init(missed: Digit? = nil, _ progress: Progress = .none) {
        self.missed = missed
        self.progress = progress
    }

    /// The digit whose end this packet is.
    ///
    /// With `missed`, each digit is told once in a call's life.
    package var ended: Digit? {
        switch self.progress {
        case .ended(let digit), .beganAndEnded(let digit): digit
        case .none, .began, .lasts: nil
        }
    }
}
