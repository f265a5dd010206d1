/// A moment on a monotonic clock, in nanoseconds since an origin that only the clock's owner knows.
///
/// Time is an input of every machine here: no machine reads a clock by itself.
package struct Instant: Hashable, Comparable, Sendable {
    package var nanoseconds: UInt64

    package init(nanoseconds: UInt64) {
        self.nanoseconds = nanoseconds
    }

    @inlinable
    package static func < (left: Instant, right: Instant) -> Bool {
        left.nanoseconds < right.nanoseconds
    }

    package static func + (instant: Instant, span: Span) -> Instant {
        Instant(nanoseconds: instant.nanoseconds &+ span.nanoseconds)
    }

    /// The earlier of two, of which there may be none.
    static func earlier(_ left: Instant?, _ right: Instant?) -> Instant? {
        guard let left else { return right }
        return right.map { min(left, $0) } ?? left
    }

    /// The time from `earlier` to `later`; zero where `earlier` is not earlier.
    package static func - (later: Instant, earlier: Instant) -> Span {
        Span(nanoseconds: later > earlier ? later.nanoseconds - earlier.nanoseconds : 0)
    }
}

/// A length of time in whole nanoseconds, never negative.
package struct Span: Hashable, Comparable, Sendable {
    package var nanoseconds: UInt64

    package init(nanoseconds: UInt64) {
        self.nanoseconds = nanoseconds
    }

    package static let zero = Span(nanoseconds: 0)

    package static func milliseconds(_ count: UInt64) -> Span {
        Span(nanoseconds: count * 1_000_000)
    }

    package static func seconds(_ count: UInt64) -> Span {
        Span(nanoseconds: count * 1_000_000_000)
    }

    package static func < (left: Span, right: Span) -> Bool {
        left.nanoseconds < right.nanoseconds
    }

    package static func * (span: Span, factor: UInt64) -> Span {
        Span(nanoseconds: span.nanoseconds &* factor)
    }
}
