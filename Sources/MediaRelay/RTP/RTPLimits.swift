import SIPCore

/// The bounds within which a stream counts as going on.
enum RTPLimits {
    /// A sequence number this far ahead is a new beginning, no loss (RFC 3550 §A.1, MAX_DROPOUT).
    static let dropout = 3000
    /// A sequence number this far behind is a new beginning, no late packet (RFC 3550 §A.1, MAX_MISORDER).
    static let misorder = 100
    /// How much sound a packet holds at most: Opus has no longer one (RFC 7587 §3.3).
    static let longestPacket = SIPCore.Span.milliseconds(120)
    /// How much sound a packet usually holds: what stands between two packets that have nothing to do with each other.
    static let usualPacket = SIPCore.Span.milliseconds(20)
    /// A pause after which a new spurt of talk begins; Opus sends a packet each 400 ms in silence (RFC 7587 §3.1.3).
    static let pause = SIPCore.Span.milliseconds(500)
    /// How far a source's timestamps may go apart from the time that passes, before they are not believed.
    ///
    /// Below it, it
    /// is a network that held packets up; above it, a source that counts no time on hold or began anew.
    static let skew = SIPCore.Span.seconds(1)
}
