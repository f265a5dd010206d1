package import ClientProtocol
import SIPCore

/// A transfer that is under way in an answered call.
struct Transfer {
    enum Kind {
        /// The phone on the other side has been asked by REFER; `isAccepted` once it has said that it will.
        case referring(isAccepted: Bool)
        /// Another call of the gateway rings for whoever is to come.
        case calling
        /// The other side is about to be replaced from elsewhere (RFC 3891), for that is what another phone was asked to do.
        case replaced
        /// A phone is about to take the place of the one that leaves, by an INVITE of its own (RFC 3891).
        indirect case replacing(Replacement)
    }

    /// Who transfers the other party, and leaves.
    var by: Side
    var kind: Kind
    /// Of the app's `transfer`.
    var requestID: JSONFragment?
}

/// A phone that waits for the relay to lay out its media.
struct Replacement {
    var newcomer: Newcomer
    /// How media is anchored from then on, where it was not.
    var relay: RelayPolicy
    /// When its INVITE came.
    var since: Instant
}

/// A party on its way into a call.
package struct Newcomer: Sendable {
    /// With an identity of the call that it comes to.
    package var leg: Leg
    /// The user fragment of its last description, where it is an app.
    var ufrag: String?
    /// The `o=` line of the relay's descriptions for it.
    var origin: SessionOrigin
    /// What it called the other party so far.
    var formerPeer: PartyID
    /// How the one that stays knows it.
    package var id: PartyID
    package var username: String
    /// How it knows the one that stays, and the name to tell with that; nil: it has been told.
    package var peer: PartyID
    package var peerUsername: String?
    /// When the call that it comes from would have ended; nil: no end was set.
    var endsAt: Instant?
    /// What the call that it comes from has lived through.
    var transfers = 0
}
