import Glibc
import SIPCore

/// The clocks of a media loop.
enum MonotonicClock {
    static func now() -> Instant {
        Instant(nanoseconds: Self.nanoseconds(of: CLOCK_MONOTONIC))
    }

    /// Nanoseconds since 1970.
    static func timeOfDay() -> UInt64 {
        Self.nanoseconds(of: CLOCK_REALTIME)
    }

    private static func nanoseconds(of clock: clockid_t) -> UInt64 {
        var time = timespec()
        _ = unsafe clock_gettime(clock, &time)
        return UInt64(clamping: time.tv_sec) &* 1_000_000_000 &+ UInt64(clamping: time.tv_nsec)
    }
}
