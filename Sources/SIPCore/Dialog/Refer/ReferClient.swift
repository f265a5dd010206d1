/// Our REFER, and the subscription that it makes (RFC 3515): what becomes of the call that the peer is asked to place.
///
/// ### Function
/// ```
///            2xx, NOTIFY 1xx               NOTIFY with a final status, the subscription's end
///  asking ───────────────────▶ accepted ─────────────────────────────────────────────────────▶ over
///     └──── final status of the REFER, NOTIFY with a final status, time is up ──────────────────▲
/// ```
package struct ReferClient: Hashable, Sendable {
    package enum News: Hashable, Sendable {
        /// The peer does as it was asked.
        case accepted
        /// The peer's new call has this provisional status.
        case progress(UInt16)
        /// The peer's new call is answered.
        case succeeded
        /// The peer does not do it: the REFER was refused with that status.
        case refused(UInt16)
        /// Nothing came of it: the new call was refused with that status, or there is no news; then 408.
        case failed(UInt16)
    }

    private enum State: Hashable, Sendable {
        case asking
        case accepted
        case over
    }

    /// How long we wait for the next word of the peer: longer than a phone rings.
    package static let patience = Span.seconds(90)

    private var state = State.asking
    private var until: Instant

    package init(now: Instant) {
        self.until = now + Self.patience
    }

    package var isOver: Bool {
        switch self.state {
        case .asking, .accepted: false
        case .over: true
        }
    }

    package var deadline: Instant? { self.isOver ? nil : self.until }

    /// The REFER has its final response.
    package mutating func receivedResponse(status: UInt16, now: Instant) -> News? {
        switch self.state {
        case .asking where status < 300:
            self.state = .accepted
            self.until = now + Self.patience
            return .accepted
        case .asking:
            self.state = .over
            return .refused(status)
        case .accepted, .over:
            return nil
        }
    }

    /// The REFER found nobody.
    package mutating func lost() -> News? {
        switch self.state {
        case .asking:
            self.state = .over
            return .failed(408)
        case .accepted, .over:
            return nil
        }
    }

    /// A NOTIFY came.
    ///
    /// - Parameters:
    ///   - status: that of its body; nil: it has none.
    ///   - isTerminated: whether it is the last.
    ///   - now: the time.
    /// - Returns: what it tells; nil where that is nothing new.
    package mutating func receivedNotice(status: UInt16?, isTerminated: Bool, now: Instant) -> News? {
        switch self.state {
        case .asking, .accepted: break
        case .over: return nil
        }
        if let status, status >= 200 {
            self.state = .over
            return status < 300 ? .succeeded : .failed(status)
        }
        guard !isTerminated else {
            self.state = .over
            return .failed(408)
        }
        self.state = .accepted
        self.until = now + Self.patience
        return status.map { .progress($0) } ?? .accepted
    }

    package mutating func timeoutReached(now: Instant) -> News? {
        guard !self.isOver, self.until <= now else { return nil }
        self.state = .over
        return .failed(408)
    }
}
