package import ClientProtocol
package import SIPCore

/// Who calls whom, in the words that each side has for the other.
package struct CallParties: Hashable, Sendable {
    /// The caller as callees know it (`caller_id`).
    package var callerID: PartyID
    package var callerUsername: String
    /// The callee as the caller dialled it (`callee_id`).
    package var dialled: PartyID

    package init(callerID: PartyID, callerUsername: String, dialled: PartyID) {
        self.callerID = callerID
        self.callerUsername = callerUsername
        self.dialled = dialled
    }

    /// How the app on that side names the other party.
    package func peer(of side: Side) -> PartyID {
        switch side {
        case .caller: self.dialled
        case .callee: self.callerID
        }
    }
}

/// The time limits of a call (gateway-profile §5).
package struct CallTimers: Hashable, Sendable {
    /// From the call's start to its answer.
    package var ring: Span
    /// How long a phone's device rings before the one that it prefers less does in its place.
    package var turn: Span
    /// From the answer to the end of the first offer/answer exchange; also the longest wait for an app's answer to a
    /// later offer.
    package var negotiation: Span
    /// From an app's offer or answer to the end of its candidates, where they must go into the SDP.
    package var candidates: Span
    /// From the answer to the end of the call, on both legs with the reason `time_limit`; nil: no end is set.
    package var call: Span?

    package init(
        ring: Span = .seconds(60),
        turn: Span = .seconds(20),
        negotiation: Span = .seconds(20),
        candidates: Span = .seconds(1),
        call: Span? = nil
    ) {
        self.ring = ring
        self.turn = turn
        self.negotiation = negotiation
        self.candidates = candidates
        self.call = call
    }
}
