package import ClientProtocol
package import MediaCore
package import SIPCore

/// What the driver of a `Call` must now do; one lane for each side of the gateway.
package struct CallAction: Equatable, Sendable {
    package enum SIP: Equatable, Sendable {
        /// Opens a session for the leg.
        case invite(LegID, InviteOrder)
        case ring(LegID, status: UInt16, sdp: [UInt8]?)
        case accept(LegID, sdp: [UInt8]?)
        case acknowledge(LegID, sdp: [UInt8]?)
        /// Answers the offer in a provisional response to the leg's INVITE.
        case answerProvisional(LegID, sdp: [UInt8])
        case reinvite(LegID, sdp: [UInt8]?)
        /// Those that have not been sent are not sent any more.
        case withdrawReinvites(LegID)
        case acceptReinvite(LegID, sdp: [UInt8]?)
        /// `warning` is the text that a 488 comes with.
        case rejectReinvite(LegID, status: UInt16, warning: String? = nil)
        /// Sends the digit to the leg's peer by INFO.
        case sendDigit(LegID, SIPDigit)
        /// Asks the leg's peer to call that target in our place.
        case refer(LegID, ReferTarget)
        /// Tells the leg's peer how the call goes that it has asked for by REFER; 200 and more is the end of it.
        case reportReferral(LegID, status: UInt16)
        /// Ends the leg's session; the call expects nothing more from it.
        case end(LegID, SessionEnding)
    }

    /// As `MediaOrder`, by the call's own legs.
    package enum Media: Equatable, Sendable {
        case open(LegID, MediaLegKind)
        case restartICE(LegID)
        case update(LegID, MediaPeer)
        case join(LegID, LegID)
        case sendDigits(LegID, String, duration: Span)
        /// Of the legs that are left when the call ends nothing is said: the driver closes them.
        case close(LegID)
    }

    package struct Client: Equatable, Sendable {
        package var connection: ConnectionID
        package var event: ClientEvent

        package init(_ connection: ConnectionID, _ event: ClientEvent) {
            self.connection = connection
            self.event = event
        }
    }

    package var sip: [SIP] = []
    package var client: [Client] = []
    /// Carried out before the others: a phone may send as soon as it has our 200.
    package var media: [Media] = []
    /// The call was answered with this action: both parties are known.
    package var answered = false
    /// The party on that side is another one from now on.
    package var replaced: Side?
    /// The call is over with this action; nothing may be fed to it any more.
    package var ended: CallOutcome?

    package init(
        sip: [SIP] = [],
        client: [Client] = [],
        media: [Media] = [],
        answered: Bool = false,
        replaced: Side? = nil,
        ended: CallOutcome? = nil
    ) {
        self.sip = sip
        self.client = client
        self.media = media
        self.answered = answered
        self.replaced = replaced
        self.ended = ended
    }
}
