package import CallCore
package import ClientProtocol
package import SIPCore

extension CallTable {
    /// What an operator sets; may be replaced while calls run, and holds for new ones.
    package struct Configuration: Sendable {
        package var router: Router
        package var timers: CallTimers
        package var limits: CallLimits
        /// For `RTCPeerConnection`, a JSON array; for a user's session that begins now, in seconds since 1970.
        package var iceServers: @Sendable (_ user: PartyID, _ now: UInt64) -> JSONFragment

        package init(
            router: Router,
            timers: CallTimers = CallTimers(),
            limits: CallLimits = CallLimits(),
            iceServers: @escaping @Sendable (_ user: PartyID, _ now: UInt64) -> JSONFragment = { _, _ in
                JSONFragment(utf8: Array("[]".utf8))
            }
        ) {
            self.router = router
            self.timers = timers
            self.limits = limits
            self.iceServers = iceServers
        }
    }
}

/// The most that a user, and the gateway as a whole, may have going on.
package struct CallLimits: Hashable, Sendable {
    /// Calls that one user has placed and that are not over.
    package var callsPerUser: Int
    /// Calls that one user may place within `callRatePeriod`.
    package var callRatePerUser: Int
    package var callRatePeriod: Span
    /// Calls of the whole gateway.
    package var calls: Int
    /// Calls that ring for one user at once; a caller beyond them hears `busy`.
    ///
    /// A flood of calls can so neither fill the queue of the user's socket nor make each step of a call dear.
    package var ringingPerUser: Int

    package init(
        callsPerUser: Int = 4,
        callRatePerUser: Int = 10,
        callRatePeriod: Span = .seconds(60),
        calls: Int = 10_000,
        ringingPerUser: Int = 256
    ) {
        self.callsPerUser = callsPerUser
        self.callRatePerUser = callRatePerUser
        self.callRatePeriod = callRatePeriod
        self.calls = calls
        self.ringingPerUser = ringingPerUser
    }
}
