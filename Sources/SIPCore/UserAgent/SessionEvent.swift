/// What happened to an INVITE session.
///
/// After `refused`, `cancelled` and `ended`, and after our own `end`, a session has no more events, and its
/// identifier is dead: the user agent by itself sees to whatever the RFC still asks for.
package enum SessionEvent: Hashable, Sendable {
    // Of a session that we opened.

    /// A 101 to 199 came. `sdp` is its body where that is SDP.
    case provisional(status: UInt16, sdp: [UInt8]?)
    /// A reliable provisional response held the peer's offer, where `InviteOrder.reliability` lets it:
    /// `answerProvisional` is owed (RFC 3262 §5).
    case offered(status: UInt16, sdp: [UInt8])
    /// The first 2xx came. Where our INVITE held an offer it is ACKed already and `sdp` is the answer, which may have come
    /// with a reliable provisional response; else `sdp` is the peer's offer, and `acknowledge` is owed, unless that was
    /// `offered` and answered before.
    case answered(sdp: [UInt8]?)
    /// A final response other than 2xx, or none: no session came to be.
    case refused(Refusal)

    // Of a session that the peer opened.

    /// CANCEL came before our final response, or no PRACK for a reliable provisional one; the INVITE has been refused.
    case cancelled(SIPReason?)
    /// The PRACK of our reliable provisional response came; `sdp` is its answer where that response held our offer.
    case provisionalAcknowledged(sdp: [UInt8]?)
    /// The ACK of our 2xx came; `sdp` is its body, the answer where our 2xx held the offer.
    case acknowledged(sdp: [UInt8]?)

    // Of any session whose offer has been answered, in an early dialog too, whoever opened it.

    /// An UPDATE came, or a PRACK, with an offer that is not the peer's last description: `acceptReinvite` or
    /// `rejectReinvite` is owed as for a re-INVITE. There is no ACK: `acknowledged` follows upon `acceptReinvite`.
    case updated(sdp: [UInt8])
    /// Our UPDATE got its 2xx; `sdp` is the answer where we offered.
    case updateAnswered(sdp: [UInt8]?)
    /// Our UPDATE was refused, or the peer does not take any (`status` is 405 then); the session goes on as it was.
    case updateRefused(Refusal)

    // Of an established session, whoever opened it.

    /// The answer to a re-INVITE by which we refreshed the session (RFC 4028) has other media than the peer's last
    /// description: addresses, formats or directions.
    case redescribed(sdp: [UInt8])

    /// A re-INVITE came; `acceptReinvite` or `rejectReinvite` is owed. No `sdp`: our offer goes into the 200, and the
    /// peer's answer comes with `acknowledged`.
    case reinvited(sdp: [UInt8]?)
    /// Our re-INVITE got its 2xx, which is ACKed already, except where we offered nothing: then `acknowledge` is owed.
    case reinviteAnswered(sdp: [UInt8]?)
    /// Our re-INVITE was refused, and the session goes on as it was. A 491 is tried again first (RFC 3261 §14.1).
    case reinviteRefused(Refusal)
    /// The peer sent a digit by INFO, which is answered already; of a session that is not answered yet, too.
    case digit(SIPDigit)
    /// What becomes of our REFER; after `succeeded`, `refused` and `failed` nothing more.
    case referral(ReferClient.News)
    /// The peer asks us to call somebody in its place (RFC 3515): `acceptRefer` or `rejectRefer` is owed.
    case referred(ReferTarget, by: NameAddress?)
    /// The session is over, and not by our order.
    case ended(SessionEnd)

    /// A final response to an INVITE that is not a 2xx, or what stands in its place.
    package struct Refusal: Hashable, Sendable {
        package enum Cause: Hashable, Sendable {
            /// A response came; `status` is its own.
            case response
            /// No response at all within the time to try; `status` is 408.
            case noResponse
            /// A provisional response, and then none within the time that RFC 3261 §16.6 calls Timer C; `status` is 408.
            case noFinalResponse
            /// It could not be sent; `status` is 503.
            case transport(SIPTransportFailure)
        }

        package var status: UInt16
        package var cause: Cause
        package var reason: SIPReason?
        /// The Contacts of a 3xx.
        package var contacts: [NameAddress]

        package init(
            status: UInt16,
            cause: Cause = .response,
            reason: SIPReason? = nil,
            contacts: [NameAddress] = []
        ) {
            self.status = status
            self.cause = cause
            self.reason = reason
            self.contacts = contacts
        }
    }
}

/// Why an established session is over.
package enum SessionEnd: Hashable, Sendable {
    case bye(SIPReason?)
    /// No ACK came for our 2xx within 64·T1; BYE has been sent (RFC 3261 §13.3.1.4).
    case noAcknowledgement
    /// The peer did not refresh the session in time, or did not take our refresh; BYE has been sent (RFC 4028 §10).
    case sessionExpired
    /// A request within the dialog was answered 408 or 481, or not at all (RFC 3261 §12.2.1.2).
    case dialogGone
}

/// A Reason header field value (RFC 3326).
package struct SIPReason: Hashable, Sendable {
    /// `SIP` or `Q.850`.
    package var `protocol`: String
    package var cause: UInt16?
    package var text: String?

    package init(protocol: String, cause: UInt16?, text: String? = nil) {
        self.protocol = `protocol`
        self.cause = cause
        self.text = text
    }

    /// What a fork's losers are told (RFC 3326 §3.1).
    package static let answeredElsewhere = SIPReason(protocol: "SIP", cause: 200, text: "Call completed elsewhere")
    /// What a phone is told that has rung for as long as it may, while others ring on.
    package static let noAnswer = SIPReason(protocol: "Q.850", cause: 19, text: "No answer from user")
}
