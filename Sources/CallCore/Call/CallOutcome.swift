package import ClientProtocol
package import SIPCore

/// How a call ended, in the words of each side at once: the client's reason, the SIP status, the metric's label.
package struct CallOutcome: Hashable, Sendable {
    package var reason: ClientReason
    /// The status of the SIP response that ended it, where one did.
    package var sipStatus: UInt16?
    /// Whether a person refused: in the extended profile that is `call_rejected`, anything else `call_failed`.
    package var refusedByPerson: Bool
    /// The Reason of the SIP peer, to be passed on.
    package var sipReason: SIPReason?
    /// What a phone is told beside the status, in the Warning of a 488.
    package var warning: String?

    package init(
        _ reason: ClientReason,
        sipStatus: UInt16? = nil,
        refusedByPerson: Bool = false,
        sipReason: SIPReason? = nil
    ) {
        self.reason = reason
        self.sipStatus = sipStatus
        self.refusedByPerson = refusedByPerson
        self.sipReason = sipReason
    }

    /// What a calling phone offered is of no use to the relay.
    package init(_ fault: RelayFault) {
        self.init(.media)
        self.warning = fault.explanation
    }

    /// What a phone's refusal means to a client (gateway-profile §3).
    package init(_ refusal: SessionEvent.Refusal) {
        let reason: ClientReason =
            switch refusal.cause {
            case .noResponse, .transport: .routeDown
            case .noFinalResponse: .timeout
            case .response: Self.reason(forStatus: refusal.status)
            }
        let status: UInt16? =
            switch refusal.cause {
            case .response: refusal.status
            case .noResponse, .noFinalResponse, .transport: nil
            }
        self.init(
            reason,
            sipStatus: status,
            refusedByPerson: refusal.status == 603 || refusal.status == 607,
            sipReason: refusal.reason
        )
    }

    private static func reason(forStatus status: UInt16) -> ClientReason {
        switch status {
        case 486, 600: .busy
        case 603, 607: .declined
        case 404, 604: .notFound
        case 480: .unavailable
        case 408: .timeout
        case 403: .forbidden
        case 488, 606: .media
        case 503: .routeDown
        default: .failed
        }
    }

    /// How a caller that is a phone is refused.
    package var ending: SessionEnding {
        SessionEnding(
            status: self.statusForCaller,
            reason: self.sipReason,
            retryAfter: self.retryAfter,
            warning: self.warning
        )
    }

    /// The callee's own status, where it may be passed on; else the one that the reason stands for.
    ///
    /// A challenge or a redirect was meant for us, so it is not passed on (RFC 3261 §16.7 asks a proxy for more than
    /// a gateway can keep).
    private var statusForCaller: UInt16 {
        switch self.sipStatus {
        case 401, 407: 502
        case let status? where status >= 400: status
        case .some, nil: Self.status(for: self.reason)
        }
    }

    private var retryAfter: UInt32? {
        switch self.reason {
        case .overloaded: 5
        case .shuttingDown: 30
        default: nil
        }
    }

    private static func status(for reason: ClientReason) -> UInt16 {
        switch reason {
        case .busy: 486
        case .declined, .declinedElsewhere: 603
        case .notFound: 404
        case .unavailable, .connectionLost: 480
        case .timeout: 408
        case .forbidden: 403
        case .media: 488
        case .routeDown, .overloaded, .shuttingDown: 503
        case .failed: 500
        case .cancelled, .answeredElsewhere, .hungUp, .sessionExpired, .mediaTimeout, .timeLimit, .transferred: 480
        }
    }

    /// Which of two failed branches of a fork tells the caller more (after RFC 3261 §16.7, "best response").
    func isBetter(than other: CallOutcome) -> Bool {
        Self.rank(self.reason) < Self.rank(other.reason)
    }

    private static func rank(_ reason: ClientReason) -> Int {
        switch reason {
        case .declined, .declinedElsewhere: 0
        case .busy: 1
        case .forbidden: 2
        case .media: 3
        case .timeout: 4
        case .unavailable, .connectionLost: 5
        case .notFound: 6
        case .overloaded, .shuttingDown: 7
        case .routeDown: 8
        case .failed: 9
        case .cancelled, .answeredElsewhere, .hungUp, .sessionExpired, .mediaTimeout, .timeLimit, .transferred: 10
        }
    }
}
