import SIPCore

/// The digits of a leg that go out one after the other.
struct DigitQueue {
    /// The most digits that wait; those beyond are dropped.
    private static let limit = 64

    private var digits: [(digit: Character, duration: Span)] = []
    /// The end of the one that goes out, with its pause.
    private var rest: Instant?

    /// When the next one may go; nil: none waits.
    var deadline: Instant? { self.digits.isEmpty ? nil : self.rest }

    mutating func append(_ digits: String, duration: Span) {
        self.digits += digits.prefix(Self.limit - self.digits.count).map { ($0, duration) }
    }

    mutating func removeAll() {
        self.digits = []
    }

    /// The next one, where it may go now.
    mutating func next(now: Instant) -> (digit: Character, duration: Span)? {
        guard !self.digits.isEmpty, self.rest.map({ $0 <= now }) ?? true else { return nil }
        let next = self.digits.removeFirst()
        let duration = Span.milliseconds(UInt64(EngineRequest.milliseconds(next.duration)))
        self.rest = now + Span(nanoseconds: duration.nanoseconds + EngineRequest.digitPause.nanoseconds)
        return next
    }
}
