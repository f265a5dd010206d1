/// How we end a session, in whatever state it is.
///
/// The user agent sends what the state asks for: CANCEL (held back until a 1xx came, RFC 3261 §9.1), a final response,
/// or ACK and BYE.
package struct SessionEnding: Hashable, Sendable {
    /// The status for an INVITE of the peer that has no final response yet: 400 to 699.
    package var status: UInt16
    /// Goes into CANCEL, BYE or the response (RFC 3326).
    package var reason: SIPReason?
    /// Retry-After in seconds, with 503 and 486.
    package var retryAfter: UInt32?
    /// The Warning's text, with 488 (RFC 3261 §20.43).
    package var warning: String?

    package init(
        status: UInt16 = 480,
        reason: SIPReason? = nil,
        retryAfter: UInt32? = nil,
        warning: String? = nil
    ) {
        self.status = status
        self.reason = reason
        self.retryAfter = retryAfter
        self.warning = warning
    }
}
