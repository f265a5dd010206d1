package import MediaCore
package import SIPCore

/// Tells whether a leg's peer is heard, and when it is gone.
///
/// Each change is told once. On hold a peer owes no packet, so that nothing is told of its silence.
package struct MediaWatch: ~Copyable {
    /// Usually, a peer counts as not heard after this silence.
    package static let patience = SIPCore.Span.seconds(3)

    private let leg: MediaLegID
    private let patience: SIPCore.Span
    private let timeout: SIPCore.Span
    private let isAliveOnHold: Bool
    private var isExpected: Bool
    private var heardAt: Instant
    private var aliveAt: Instant
    private var isSilent = false
    private var isLost = false

    /// - Parameters:
    ///   - leg: whose events they are.
    ///   - patience: after this silence a peer counts as not heard.
    ///   - timeout: the media timeout: after so long without anything at all the peer is lost.
    ///   - isAliveOnHold: whether the peer sends something on hold too, as the checks of ICE are (RFC 7675).
    ///   - isExpected: `MediaPeer.receives`.
    ///   - now: the present.
    package init(
        leg: MediaLegID,
        patience: SIPCore.Span = MediaWatch.patience,
        timeout: SIPCore.Span = .seconds(60),
        isAliveOnHold: Bool = false,
        isExpected: Bool,
        now: Instant
    ) {
        self.leg = leg
        self.patience = patience
        self.timeout = timeout
        self.isAliveOnHold = isAliveOnHold
        self.isExpected = isExpected
        self.heardAt = now
        self.aliveAt = now
    }

    /// When `timeoutReached` is due; nil: never, as things are.
    package var deadline: Instant? {
        guard let silence = self.silenceDeadline, let loss = self.lossDeadline else {
            return self.silenceDeadline ?? self.lossDeadline
        }
        return min(silence, loss)
    }

    private var silenceDeadline: Instant? {
        self.isExpected && !self.isSilent ? self.heardAt + self.patience : nil
    }

    private var lossDeadline: Instant? {
        (self.isExpected || self.isAliveOnHold) && !self.isLost ? self.aliveAt + self.timeout : nil
    }

    /// RTP of the peer came.
    ///
    /// - Returns: `heard` after its silence was told.
    package mutating func received(now: Instant) -> MediaEvent? {
        self.heardAt = now
        self.receivedOther(now: now)
        guard self.isSilent else { return nil }
        self.isSilent = false
        return .heard(self.leg, true)
    }

    /// Something of the peer came that is no sound: RTCP, a check of ICE.
    package mutating func receivedOther(now: Instant) {
        self.aliveAt = now
        self.isLost = false
    }

    /// A description came.
    ///
    /// Where the peer has to send again, its time begins now.
    package mutating func update(isExpected: Bool, now: Instant) {
        if isExpected, !self.isExpected {
            self.heardAt = now
            if !self.isAliveOnHold { self.aliveAt = now }
        }
        self.isExpected = isExpected
    }

    /// `deadline` may have passed; to be called until it is no more in the past.
    ///
    /// - Returns: `heard` with false, or `lost`.
    package mutating func timeoutReached(now: Instant) -> MediaEvent? {
        if let silence = self.silenceDeadline, silence <= now {
            self.isSilent = true
            return .heard(self.leg, false)
        }
        if let loss = self.lossDeadline, loss <= now {
            self.isLost = true
            return .lost(self.leg)
        }
        return nil
    }
}
