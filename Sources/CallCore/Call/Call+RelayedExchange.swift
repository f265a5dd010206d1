package import ClientProtocol
import MediaCore
import SIPCore

/// The exchanges of a relayed call once it is answered.
extension Call {
    // MARK: What apps say

    mutating func relayedOffer(_ offer: JSONFragment, from side: Side) throws(ClientError) -> CallAction {
        let leg = self.leg(side).id
        guard self.mayOfferRelay(side) else {
            throw ClientError(
                code: .wrongState,
                message: "No offer is due from this side now: another one is under way."
            )
        }
        let description = try Self.audio(offer, type: "offer")
        var action = CallAction()
        self.withMedia(of: leg) { media in
            if media.received(offer: description) { action.media.append(.restartICE(leg)) }
        }
        self.noteUfrag(of: offer, from: side)
        self.advance(&action)
        return action
    }

    /// Whether an app's offer on that side would be taken; a callee's first exchange begins with ours.
    func mayOfferRelay(_ side: Side) -> Bool {
        let leg = self.leg(side)
        guard leg.app != nil, let media = leg.media, media.mayBeOffered else { return false }
        return media.peer != nil || !self.isOffered(side)
    }

    mutating func relayedAnswer(_ answer: JSONFragment, from side: Side) throws(ClientError) -> CallAction {
        var leg = self.leg(side)
        if var app = leg.app, app.owesOldAnswer {
            app.owesOldAnswer = false
            self.set(app, side)
            var action = CallAction()
            self.advance(&action)
            return action
        }
        let before = leg.media?.peer
        try leg.take(answer: answer)
        self.withMedia(of: leg.id) { media in
            if let taken = leg.media { media = taken }
        }
        var action = CallAction()
        if let peer = leg.media?.peer, peer != before { action.media.append(.update(leg.id, peer)) }
        self.noteUfrag(of: answer, from: side)
        self.advance(&action)
        return action
    }

    /// An app puts the other party on hold, or takes it back.
    ///
    /// - Throws: `wrong_state` before the call is answered.
    package mutating func receivedHold(_ isHeld: Bool, from side: Side) throws(ClientError) -> CallAction {
        guard case .answered(let answered) = self.state else {
            throw ClientError(code: .wrongState, message: "Only an answered call can be put on hold.")
        }
        var action = CallAction()
        let other = self.leg(side.other)
        guard answered.negotiation == nil else {
            guard other.app != nil else {
                throw ClientError(
                    code: .wrongState,
                    message: "The media of this call passes through the gateway: put it on hold by an `offer`."
                )
            }
            self.tellHold(isHeld, to: side.other, &action)
            return action
        }
        guard other.media?.isHeld != isHeld else { return action }
        self.withMedia(of: other.id) { $0.isHeld = isHeld }
        self.tellHold(isHeld, to: side.other, &action)
        self.advance(&action)
        return action
    }

    // MARK: What phones say

    mutating func relayedAcknowledgement(_ side: Side, sdp: [UInt8]?) -> CallAction {
        var action = CallAction()
        guard var media = self.leg(side).media else { return action }
        if media.owesAnswer {
            guard let sdp else { return self.end(CallOutcome(.media)) }
            do {
                try media.received(answer: try AudioDescription(sdp, for: .rtp))
            } catch {
                return self.end(CallOutcome(error))
            }
            self.noteReceived(sdp, from: side)
            self.agreed(media, side, &action)
        }
        self.advance(&action)
        return action
    }

    /// The relay answers a re-INVITE by itself.
    ///
    /// It goes before one of ours that waits after a 491, and the answer says what ours would have said: two sides that hold
    /// at once would else refuse each other for good. `before` is how far the session was.
    mutating func relayedReinvite(_ side: Side, sdp: [UInt8]?, after before: SIPLeg.Progress) -> CallAction {
        var action = CallAction()
        let leg = self.leg(side)
        guard var media = leg.media, var sip = leg.sip, let relay = self.relay else { return action }
        let other = self.leg(side.other).media
        let overtakes = media.withdrawOffer()
        let answer: [UInt8]?
        if let sdp {
            do {
                _ = media.received(offer: try AudioDescription(sdp, for: .rtp))
                answer = try media.answer(
                    codecs: Self.kept(relay, by: other),
                    only: true,
                    origin: &sip.origin,
                    last: sip.lastSent
                )
            } catch {
                sip.progress = before
                self.set(sip, side)
                return CallAction(sip: [.rejectReinvite(leg.id, status: 488, warning: error.explanation)])
            }
        } else {
            // It may pass this on to somebody else, who need not have what it has (RFC 3261 §14.2): what is in use goes
            // first, and all else that would do follows.
            let used = media.codecs ?? []
            let others = Self.allowed(relay, by: other).filter { !used.contains($0) }
            answer = media.offer(codecs: used + others, sdes: relay.offersSDES, origin: &sip.origin)
        }
        self.set(sip, side)
        guard let answer else {
            sip.progress = before
            self.set(sip, side)
            return CallAction(sip: [.rejectReinvite(leg.id, status: 491)])
        }
        if overtakes { action.sip.append(.withdrawReinvites(leg.id)) }
        self.send(answer, isOffer: sdp == nil, to: side, &action)
        self.agreed(media, side, &action)
        return action
    }

    mutating func relayedReinviteAnswer(_ side: Side, sdp: [UInt8]?) -> CallAction {
        var action = CallAction()
        guard var media = self.leg(side).media else { return action }
        do {
            guard let sdp else { return self.relayedOfferFailed(side, "The other side did not answer the offer.") }
            try media.received(answer: try AudioDescription(sdp, for: .rtp))
        } catch {
            // A 2xx stands, whatever it holds: the session would be another one on each side.
            return self.end(CallOutcome(error))
        }
        self.noteReceived(sdp, from: side)
        self.agreed(media, side, &action)
        self.advance(&action)
        return action
    }

    /// Our re-INVITE was refused, or came to nothing: the session goes on as it was.
    mutating func relayedOfferFailed(_ side: Side, _ explanation: String) -> CallAction {
        var action = CallAction()
        var isHoldRefused: Bool?
        self.withMedia(of: self.leg(side).id) { isHoldRefused = $0.closeOffer() }
        if let isHoldRefused {
            action.tell(
                self.leg(side.other),
                .error(
                    ClientError(code: .wrongState, message: explanation, action: isHoldRefused ? "hold" : "resume")
                )
            )
        }
        self.advance(&action)
        return action
    }

    // MARK: Steps

    /// Takes over what a phone's exchange came to.
    mutating func agreed(_ media: RelayedLeg, _ side: Side, _ action: inout CallAction) {
        let leg = self.leg(side)
        let held = leg.media?.holds ?? false
        self.withMedia(of: leg.id) { $0 = media }
        if let peer = media.peer, peer != leg.media?.peer { action.media.append(.update(leg.id, peer)) }
        if media.holds != held { self.tellHold(media.holds, to: side.other, &action) }
    }

    /// An extended app hears that the other side holds the call, or does no more, where that is news.
    mutating func tellHold(_ isHeld: Bool, to side: Side, _ action: inout CallAction) {
        let leg = self.leg(side)
        guard var app = leg.app, app.profile == .extended, app.isToldHold != isHeld else { return }
        app.isToldHold = isHeld
        self.set(app, side)
        action.tell(leg, isHeld ? .callHeld(callID: self.id.text) : .callResumed(callID: self.id.text))
    }
}
