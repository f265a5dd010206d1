package import SIPCore

/// Whether one server of a trunk is alive, as probes of it tell.
///
/// A pure machine: its owner probes where `timeoutReached` says so, and tells the result.
package struct ServerWatch: Hashable, Sendable {
    package enum Health: String, Hashable, Sendable {
        /// Not probed yet: taken for alive.
        case unknown
        case up
        case down
    }

    private enum Stage: Hashable {
        case waiting(until: Instant)
        case probing
    }

    package private(set) var health = Health.unknown
    private let interval: Span
    private var stage: Stage

    /// The first probe is due at once.
    ///
    /// - Parameters:
    ///   - interval: from the end of a probe to the next one.
    ///   - now: the time.
    package init(interval: Span, now: Instant) {
        self.interval = interval
        self.stage = .waiting(until: now)
    }

    /// When `timeoutReached` is due; nil while a probe is under way.
    package var nextDeadline: Instant? {
        switch self.stage {
        case .waiting(let until): until
        case .probing: nil
        }
    }

    /// - Returns: whether to probe now.
    package mutating func timeoutReached(now: Instant) -> Bool {
        switch self.stage {
        case .waiting(let until):
            guard until <= now else { return false }
            self.stage = .probing
            return true
        case .probing:
            return false
        }
    }

    /// A probe is over.
    ///
    /// - Returns: whether that is news to the operator.
    package mutating func probed(isAlive: Bool, now: Instant) -> Bool {
        let health = isAlive ? Health.up : .down
        defer {
            self.health = health
            self.stage = .waiting(until: now + self.interval)
        }
        return self.health != health && !(self.health == .unknown && isAlive)
    }
}
