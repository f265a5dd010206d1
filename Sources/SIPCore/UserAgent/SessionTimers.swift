/// What the user agent asks of session timers (RFC 4028), for every session.
package struct SessionTimers: Hashable, Sendable {
    /// Off: no session is refreshed or runs out, `timer` is not supported, and a request that requires it gets 420.
    package var isOn: Bool
    /// The session interval that we ask for, in seconds: half of it passes between two refreshes.
    ///
    /// 1800 by default; never below `minimum`.
    package var interval: UInt32
    /// Min-SE, the least session interval that we take, in seconds; a request with less gets 422.
    ///
    /// 90 by default, which RFC 4028 §4 makes the lower bound.
    package var minimum: UInt32

    package init(isOn: Bool = true, interval: UInt32 = 1800, minimum: UInt32 = 90) {
        self.isOn = isOn
        self.interval = max(interval, minimum)
        self.minimum = minimum
    }
}
