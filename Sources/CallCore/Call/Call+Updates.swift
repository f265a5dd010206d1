import ClientProtocol
import MediaCore
package import SIPCore

/// What phones change by other means than a re-INVITE: by UPDATE, also before the answer, and in the answer to a refresh.
extension Call {
    /// An UPDATE or PRACK came with an offer (RFC 3311, RFC 3262 §5).
    ///
    /// Once the session is answered it is as a re-INVITE. Before that the relay answers by itself; where media passes
    /// through, the other party can't be asked yet.
    package mutating func receivedUpdate(_ leg: LegID, sdp: [UInt8], now: Instant) -> CallAction {
        guard let early = self.earlyLeg(leg) else { return self.receivedReinvite(leg, sdp: sdp, now: now) }
        guard var media = early.media, var sip = early.sip, let relay = self.relay else {
            return CallAction(sip: [
                .rejectReinvite(leg, status: 488, warning: "The media of this call can change once it is answered.")
            ])
        }
        // The answer to our own offer came reliably, so no other will.
        media.closeOffer()
        let before = media.peer
        let answer: [UInt8]?
        do throws(RelayFault) {
            _ = media.received(offer: try AudioDescription(sdp, for: .rtp))
            answer = try media.answer(
                codecs: Self.kept(relay, by: self.earlyPeer(of: leg)),
                only: true,
                origin: &sip.origin,
                last: sip.lastSent
            )
        } catch {
            return CallAction(sip: [.rejectReinvite(leg, status: 488, warning: error.explanation)])
        }
        guard let answer else { return CallAction(sip: [.rejectReinvite(leg, status: 491)]) }
        sip.lastSent = answer
        self.setEarly(leg, sip, media)
        var action = CallAction(sip: [.acceptReinvite(leg, sdp: answer)])
        if let peer = media.peer, peer != before { action.media.append(.update(leg, peer)) }
        self.advance(&action)
        return action
    }

    /// A reliable provisional response held an offer, for the INVITE of that leg had none (RFC 3262 §5).
    ///
    /// An app offers after the answer, so the phone hears of nothing until then (RFC 3725, flow III). A phone that asked for
    /// an offer itself takes one with its 200 only.
    package mutating func receivedProvisionalOffer(_ leg: LegID, sdp: [UInt8]) -> CallAction {
        guard case .ringing(var ringing) = self.state,
            let index = ringing.branches.firstIndex(where: { $0.id == leg }), var sip = ringing.branches[index].sip
        else { return CallAction() }
        guard self.caller.app != nil, ringing.branches[index].media == nil,
            let answer = self.inactiveAnswer(sdp, of: &sip)
        else {
            let branch = ringing.branches.remove(at: index)
            if ringing.best == nil { ringing.best = CallOutcome(.media) }
            self.state = .ringing(ringing)
            var action = CallAction()
            self.drop(branch, CallOutcome(.media), &action)
            if ringing.branches.isEmpty { action.append(self.end(ringing.best ?? CallOutcome(.media))) }
            return action
        }
        sip.lastSent = answer
        sip.isAnsweredInactive = true
        ringing.branches[index].kind = .sip(sip)
        self.state = .ringing(ringing)
        var action = CallAction(sip: [.answerProvisional(leg, sdp: answer)])
        self.callerHearsRinging(&action)
        return action
    }

    /// The answer to a refresh of the session has other media than the peer's last description: as if it had offered that,
    /// but that nothing need be answered.
    package mutating func receivedRedescription(_ leg: LegID, sdp: [UInt8]) -> CallAction {
        guard case .answered(let answered) = self.state, let side = self.side(of: leg), let sip = self.sip(side),
            sip.progress == .established
        else { return CallAction() }
        // Where media passes through, the other party's answer would have nowhere to go: a phone that wants it may offer.
        guard answered.negotiation == nil else { return CallAction() }
        return self.relayedRedescription(side, sip, sdp)
    }

    private mutating func relayedRedescription(_ side: Side, _ leg: SIPLeg, _ sdp: [UInt8]) -> CallAction {
        var action = CallAction()
        guard var media = self.leg(side).media, let relay = self.relay, media.mayBeOffered else { return action }
        // What the phone has of us stays as it is, and so does the codec where it is still there.
        var origin = leg.origin
        let codecs = (media.codecs ?? []) + Self.kept(relay, by: self.leg(side.other).media)
        do throws(RelayFault) {
            _ = media.received(offer: try AudioDescription(sdp, for: .rtp))
            guard try media.answer(codecs: codecs, only: true, origin: &origin) != nil else { return action }
        } catch {
            // The session goes on as it was agreed on: whether the phone is heard, the engine finds out.
            return action
        }
        self.noteReceived(sdp, from: side)
        self.agreed(media, side, &action)
        self.advance(&action)
        return action
    }

    // MARK: Legs before their answer

    /// A phone whose session has no 2xx yet: a calling one, or one that rings.
    private func earlyLeg(_ leg: LegID) -> Leg? {
        if leg == .caller { return self.caller.sip?.progress == .invited ? self.caller : nil }
        switch self.state {
        case .ringing(let ringing): return ringing.branches.first { $0.id == leg }
        case .answered, .ended: return nil
        }
    }

    /// The part of the relay that the leg will be joined with.
    private func earlyPeer(of leg: LegID) -> RelayedLeg? {
        guard leg == .caller else { return self.caller.media }
        switch self.state {
        case .ringing(let ringing): return ringing.branches.count == 1 ? ringing.branches.first?.media : nil
        case .answered(let answered): return answered.callee.media
        case .ended: return nil
        }
    }

    private mutating func setEarly(_ leg: LegID, _ sip: SIPLeg, _ media: RelayedLeg) {
        self.withMedia(of: leg) { $0 = media }
        guard leg != .caller else {
            self.caller.kind = .sip(sip)
            return
        }
        guard case .ringing(var ringing) = self.state, let index = ringing.branches.firstIndex(where: { $0.id == leg })
        else { return }
        ringing.branches[index].kind = .sip(sip)
        self.state = .ringing(ringing)
    }
}
