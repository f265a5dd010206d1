package import MediaCore
package import SIPCore

/// How the gateway anchors the media of a call.
package struct RelayPolicy: Hashable, Sendable {
    /// When a calling phone gets its 200, once an app has taken the call.
    package enum Answering: String, Hashable, Sendable {
        /// Once the app's media is up, `safeLimit` at most: nobody's first words are lost.
        case safe
        /// At once.
        case fast
    }

    /// What is offered, and taken, best first; never empty.
    package var codecs: [AudioCodec]
    package var answering: Answering
    /// The longest wait of `Answering.safe`.
    package var safeLimit: Span
    /// Whether a phone that we call is offered SRTP by SDES rather than plain RTP.
    package var offersSDES: Bool
    /// Whether two legs without a common codec are joined all the same, for the engine turns one into the other.
    package var transcodes: Bool

    package init(
        codecs: [AudioCodec] = [.opus, .g722, .pcmu, .pcma],
        answering: Answering = .safe,
        safeLimit: Span = .milliseconds(1500),
        offersSDES: Bool = false,
        transcodes: Bool = false
    ) {
        self.codecs = codecs
        self.answering = answering
        self.safeLimit = safeLimit
        self.offersSDES = offersSDES
        self.transcodes = transcodes
    }

    /// Whether a leg that takes these codecs can hear sound in that one.
    func carries(_ codec: AudioCodec, to codecs: [AudioCodec]) -> Bool {
        codecs.contains(codec) || self.transcodes && codec.isTranscoded && codecs.contains(where: \.isTranscoded)
    }
}

/// Why a description is of no use to the relay.
package enum RelayFault: Error, Hashable, Sendable {
    case unreadable
    /// No audio that is neither refused nor of a transport that the leg can't have.
    case noAudio
    case noCodec
    /// An app's description without ICE credentials or without a fingerprint, a phone's SRTP without a usable key.
    case noSecurity
    /// An answer where nothing was offered, or to something else.
    case noOffer

    /// For a client's `error`, or the Warning of a 488 (RFC 3261 §20.43).
    package var explanation: String {
        switch self {
        case .unreadable: "The SDP cannot be read."
        case .noAudio: "The SDP has no audio that can be taken."
        case .noCodec: "The SDP has no codec that both sides know."
        case .noSecurity: "The SDP lacks what secures its media."
        case .noOffer: "No offer waits for this answer."
        }
    }
}
