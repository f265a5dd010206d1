/// The times that RFC 3261 leaves to the configuration (§17, table 4).
package struct SIPTimers: Hashable, Sendable {
    /// The estimate of a round trip, more than zero; 500 ms by default.
    ///
    /// Timers A, B, E to J, L and M follow from it.
    package let t1: Span
    /// The longest interval between two retransmissions of a non-INVITE request or of a 2xx; 4 s by default.
    package let t2: Span
    /// How long a message may stay in the network; 5 s by default.
    ///
    /// Timers I and K are as long.
    package let t4: Span
    /// How long an INVITE may go on after its last provisional response (Timer C, §16.6); 180 s by default.
    package let timerC: Span

    package init(
        t1: Span = .milliseconds(500),
        t2: Span = .seconds(4),
        t4: Span = .seconds(5),
        timerC: Span = .seconds(180)
    ) {
        precondition(t1 > .zero && t2 > .zero, "T1 and T2 are more than zero: retransmissions would never end")
        self.t1 = t1
        self.t2 = t2
        self.t4 = t4
        self.timerC = timerC
    }

    /// 64·T1: the length of timers B, D, F, H, J, L and M.
    ///
    /// RFC 3261 wants at least 32 s for D; with the T1 that it recommends they are the same.
    package var timeout: Span { self.t1 * 64 }

    /// The interval after `interval` in a series that doubles up to T2 (timers E and G).
    package func doubled(_ interval: Span) -> Span {
        min(interval * 2, self.t2)
    }
}
