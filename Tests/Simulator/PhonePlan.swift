import SIPCore

/// What a phone will do with a call, drawn when it begins.
struct PhonePlan {
    enum Acknowledging {
        case atOnce
        case late(UInt64)
        case never
        /// At once, but without the answer that it owes.
        case empty
    }

    /// Of provisional responses (RFC 3262).
    enum Reliability {
        case none
        case supported
        case required
    }

    var acknowledging = Acknowledging.atOnce
    var hangUpAfter: UInt64?
    var reinviteAfter: UInt64?
    var cancelAfter: UInt64?
    /// Whether its first INVITE, or its re-INVITE, asks for an offer.
    var asksForOffer = false
    /// The final response to the gateway's INVITE; nil: it rings until it is cancelled.
    var status: UInt16? = 200
    /// Where it sends the call with a 302, each with its `q`.
    var contacts: [NameAddress] = []
    var answersWithoutSDP = false
    var ignoresCancel = false
    var reliability = Reliability.none
    var takesUpdate = false
    var hasTimer = false
    /// Whether it refreshes the session itself, where it may say who does.
    var refreshes = false
    var isSilent = false
    var takesRefer = false
    /// When it transfers the other party.
    var refersAfter: UInt64?
}
