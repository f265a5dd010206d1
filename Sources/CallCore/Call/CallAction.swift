package import ClientProtocol
package import SIPCore

/// What the driver of a `Call` must now do; one lane for each side of the gateway.
package struct CallAction: Equatable, Sendable {
    package enum SIP: Equatable, Sendable {
        /// Opens a session for the leg.
        case invite(LegID, InviteOrder)
        case ring(LegID, status: UInt16, sdp: [UInt8]?)
        case accept(LegID, sdp: [UInt8]?)
        case acknowledge(LegID, sdp: [UInt8]?)
        case reinvite(LegID, sdp: [UInt8]?)
        case acceptReinvite(LegID, sdp: [UInt8]?)
        case rejectReinvite(LegID, status: UInt16)
        /// Ends the leg's session; the call expects nothing more from it.
        case end(LegID, SessionEnding)
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
    /// The call was answered with this action: both parties are known.
    package var answered = false
    /// The call is over with this action; nothing may be fed to it any more.
    package var ended: CallOutcome?

    package init(
        sip: [SIP] = [],
        client: [Client] = [],
        answered: Bool = false,
        ended: CallOutcome? = nil
    ) {
        self.sip = sip
        self.client = client
        self.answered = answered
        self.ended = ended
    }
}
