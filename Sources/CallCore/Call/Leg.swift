package import ClientProtocol
package import SIPCore

/// One party's side of a call: an app or a phone.
package struct Leg: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        case app(AppLeg)
        case sip(SIPLeg)
    }

    package var id: LegID
    package var kind: Kind
    /// Nil: the media is not ours.
    var media: RelayedLeg?
    /// In whose turn it rings.
    var hunt: HuntID

    init(id: LegID, kind: Kind, media: RelayedLeg? = nil, hunt: HuntID = .outermost) {
        self.id = id
        self.kind = kind
        self.media = media
        self.hunt = hunt
    }

    var app: AppLeg? {
        switch self.kind {
        case .app(let app): app
        case .sip: nil
        }
    }

    var sip: SIPLeg? {
        switch self.kind {
        case .app: nil
        case .sip(let sip): sip
        }
    }
}

/// A leg on one WebSocket of a user.
package struct AppLeg: Hashable, Sendable {
    package var connection: ConnectionID
    package var profile: ClientProfile
    /// Whether it got the caller's offer with `incoming_call`.
    var hasOffer = false
    /// Whether it got `incoming_call`, which may wait for the relay's offer.
    var isTold = false
    /// Whether an offer of somebody who has left waits for its answer, which is of no use any more: till then it is offered
    /// nothing, for no answer tells which offer it means.
    var owesOldAnswer = false
    /// Whether it has been told that the other side holds the call.
    var isToldHold = false
    /// The id that it knows the call by, where it has come from another call; nil: the call's own.
    var callID: String?

    package init(connection: ConnectionID, profile: ClientProfile) {
        self.connection = connection
        self.profile = profile
    }
}

/// A leg that is a SIP session.
package struct SIPLeg: Hashable, Sendable {
    /// How far the session is; decides which message carries an offer or an answer.
    package enum Progress: Hashable, Sendable {
        /// We invite: the INVITE waits for the caller's candidates.
        case waiting
        /// We invite: the INVITE is out.
        case inviting
        /// The peer invites us, and has no final response yet.
        case invited
        /// Our 2xx is out, its ACK not in.
        case accepted
        /// Our offerless INVITE or re-INVITE has its 2xx, and its ACK is ours to send.
        case acknowledging
        case established
        /// We have re-invited, with an offer or asking for one.
        case reinviting(withOffer: Bool)
        /// The peer has re-invited us, and has no final response yet.
        case reinvited
        /// It has hung up, and somebody is to take its place.
        case gone
    }

    package var progress: Progress
    /// Where the peer belongs; nil: it is not known.
    package var peer: SIPPeer?
    /// What is sent, except for the offer; nil where the peer called us.
    package var order: InviteOrder?
    /// Where the INVITE goes; nil where the peer called us, or nobody may send the call on.
    package var route: Router.Route?
    /// What redirects have led to it; nil: none.
    package var redirects: Redirects?
    /// Whether it is offered SRTP by SDES where its media is relayed; nil: as the call's policy has it.
    package var offersSDES: Bool?
    /// The `o=` line of all that we send to this leg in an app's name.
    package var origin: SessionOrigin
    /// The last session description that was sent to it.
    package var lastSent: [UInt8]?
    /// `lastSent` answers an offer of the peer's in a provisional response, with nothing to hear.
    var isAnsweredInactive = false
    /// The peer's offer in a 2xx, until it is answered; else empty.
    package var lastReceived: [UInt8] = []
    /// The `o=` line of the last description that came from it: a re-INVITE with the same one changes nothing.
    package var lastReceivedOrigin: [UInt8] = []
    /// The `o=` line of its re-INVITE, until that is accepted: one that was refused may come again as it was.
    package var offeredOrigin: [UInt8] = []

    /// A leg that we invite.
    package static func outbound(
        _ order: InviteOrder,
        origin: SessionOrigin,
        offersSDES: Bool? = nil,
        route: Router.Route? = nil,
        redirects: Redirects? = nil
    ) -> SIPLeg {
        SIPLeg(
            progress: .waiting,
            peer: route.map { $0.trunk.map { .trunk($0) } ?? .phone($0.number) },
            order: order,
            route: route,
            redirects: redirects,
            offersSDES: offersSDES,
            origin: origin
        )
    }

    /// A leg whose peer called us.
    package static func inbound(origin: SessionOrigin, peer: SIPPeer? = nil) -> SIPLeg {
        SIPLeg(progress: .invited, peer: peer, order: nil, origin: origin)
    }
}

/// Where a SIP leg's peer belongs: what it may, and whom it reaches by itself.
package enum SIPPeer: Hashable, Sendable {
    case trunk(String)
    /// A phone that registers here, by its name.
    case phone(String)
}

/// The session id and version that we write into `o=`: one id for the whole leg, the version raised by one with each
/// description (RFC 3264 §8).
package struct SessionOrigin: Hashable, Sendable {
    package var sessionID: UInt64
    package var version: UInt64

    /// - Parameter sessionID: below 2^62, for some peers read it as a signed number.
    package init(sessionID: UInt64) {
        self.sessionID = sessionID
        self.version = 0
    }

    /// What stands in `o=` for an address: the one that browsers write, which tells nothing of ours.
    static let address = "127.0.0.1"
}
