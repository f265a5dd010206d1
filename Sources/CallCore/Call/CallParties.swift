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
    /// From the answer to the end of the first offer/answer exchange; also the longest wait for an app's answer to a
    /// later offer.
    package var negotiation: Span
    /// From an app's offer or answer to the end of its candidates, where they must go into the SDP.
    package var candidates: Span

    package init(
        ring: Span = .seconds(60),
        negotiation: Span = .seconds(20),
        candidates: Span = .seconds(1)
    ) {
        self.ring = ring
        self.negotiation = negotiation
        self.candidates = candidates
    }
}
