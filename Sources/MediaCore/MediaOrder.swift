package import SIPCore

/// One leg of one call as a media engine knows it; never used again within the process.
package struct MediaLegID: Hashable, Sendable {
    package var number: UInt64

    package init(number: UInt64) {
        self.number = number
    }
}

/// What kind of peer a leg's media goes to.
package enum MediaLegKind: Hashable, Sendable {
    /// An app: ICE, DTLS-SRTP, everything on one port.
    case webRTC
    /// A phone: plain RTP, or SRTP by SDES.
    case rtp
}

/// What a media engine must do for the calls, in the order of the list.
///
/// Every leg is opened once and closed once. An order for a leg that is not open is nothing, for its event may be on
/// the way.
package enum MediaOrder: Hashable, Sendable {
    /// Lays out an endpoint; `MediaEvent.opened` or `.failed` tells of it.
    case open(MediaLegID, MediaLegKind)
    /// Gives an open app's leg new ICE credentials, told by `opened` again; the old ones serve until the peer uses the new.
    case restartICE(MediaLegID)
    /// Tells of the peer's side for the first time, or of a change to it.
    case update(MediaLegID, MediaPeer)
    /// What comes in on one of the legs goes out on the other, both ways, from now on and in place of an earlier join.
    case join(MediaLegID, MediaLegID)
    /// Sends these digits (`0`–`9`, `*`, `#`, `A`–`D`) to the leg's peer as telephone-events, one after the other.
    case sendDigits(MediaLegID, String, duration: Span)
    case close(MediaLegID)
}

/// What a media engine tells.
package enum MediaEvent: Hashable, Sendable {
    case opened(MediaLegID, MediaEndpoint)
    /// The leg is of no use, and has to be closed all the same.
    case failed(MediaLegID, MediaFailure)
    /// Packets can be sent: at once where there is no ICE, else once ICE and DTLS have come to their end.
    case connected(MediaLegID)
    /// A leg that ought to send has not done so for 3 s, or does so again.
    case heard(MediaLegID, Bool)
    /// The peer is gone: nothing at all came for the media timeout.
    case lost(MediaLegID)
    /// A digit came as a telephone-event, told once, at its end.
    case digit(MediaLegID, Character, duration: Span)
    case quality(MediaLegID, MediaQuality)

    /// The leg that it tells of.
    package var leg: MediaLegID {
        switch self {
        case .opened(let leg, _), .failed(let leg, _), .connected(let leg), .heard(let leg, _), .lost(let leg),
            .digit(let leg, _, _), .quality(let leg, _):
            leg
        }
    }
}

package enum MediaFailure: Hashable, Sendable {
    /// No port is free.
    case noPort
    /// DTLS came to no end, or the certificate is not the one of the description.
    case dtls
    /// The engine itself is out of reach.
    case unreachable
}

/// How one leg has fared since the last report.
package struct MediaQuality: Hashable, Sendable {
    /// Of the packets that the peer sent, how many of a thousand never came.
    package var lossPerMille: UInt16
    /// Of those that we sent, as the peer reports; nil where it has not.
    package var peerLossPerMille: UInt16?
    package var jitter: Span
    /// Nil until a report has gone both ways.
    package var roundTrip: Span?

    package init(lossPerMille: UInt16, peerLossPerMille: UInt16? = nil, jitter: Span, roundTrip: Span? = nil) {
        self.lossPerMille = lossPerMille
        self.peerLossPerMille = peerLossPerMille
        self.jitter = jitter
        self.roundTrip = roundTrip
    }
}
