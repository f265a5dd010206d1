package import ClientProtocol
import MediaCore
package import SIPCore

/// INVITEs by which a phone takes the place of another one (RFC 3891): of a party, or of a callee that still rings.
///
/// A party leaves once it is sure that its successor can be accepted: the relay has laid out that one's media, and its offer
/// has a codec for whoever stays. Until then nothing has changed (§3), unless the party hangs up by itself.
extension Call {
    /// A phone asks for the place of the party on that side, which is a phone, too.
    ///
    /// - Parameters:
    ///   - arrival: the phone, whose session is this call's already.
    ///   - side: whose place it asks for.
    ///   - relay: how media is anchored from then on, where it was not.
    ///   - now: the time.
    /// - Returns: what is to be done.
    package mutating func receivedReplacement(
        by arrival: Arrival,
        of side: Side,
        relay: RelayPolicy,
        now: Instant
    ) -> CallAction {
        guard case .answered(var answered) = self.state, answered.transfer == nil else { return CallAction() }
        var action = CallAction()
        do throws(RelayFault) {
            var leg = try arrival.relayedLeg()
            leg.openMedia(&action)
            let newcomer = Newcomer(
                leg: leg,
                ufrag: nil,
                origin: self.appOrigin,
                formerPeer: self.parties.peer(of: side),
                id: arrival.id,
                username: arrival.username,
                peer: self.parties.peer(of: side),
                peerUsername: nil
            )
            let replacement = Replacement(newcomer: newcomer, relay: relay, since: now)
            answered.transfer = Transfer(by: side, kind: .replacing(replacement))
            // The party may hang up meanwhile: the other one waits alone.
            answered.deadline = now + self.timers.negotiation
            self.state = .answered(answered)
            return action
        } catch {
            return CallAction(sip: [.end(arrival.leg, CallOutcome(error).ending)])
        }
    }

    /// A phone answers in the place of one that rings, as if that one had answered.
    ///
    /// - Parameters:
    ///   - arrival: the phone, whose session is this call's already.
    ///   - leg: the leg that rings.
    ///   - now: the time.
    /// - Returns: what is to be done; nil where that leg does not ring, or its media is not relayed.
    package mutating func receivedPickup(by arrival: Arrival, of leg: LegID, now: Instant) -> CallAction? {
        guard case .ringing(let ringing) = self.state, let relay = self.relay,
            let branch = ringing.branches.first(where: { $0.id == leg }), branch.media != nil
        else { return nil }
        var opening = CallAction()
        do throws(RelayFault) {
            var picker = try arrival.relayedLeg()
            picker.hunt = branch.hunt
            try picker.checkOffer(relay, beside: self.caller.media)
            picker.openMedia(&opening)
            var action = self.won(by: picker, of: ringing, nil, now: now)
            action.replaced = .callee
            action.append(opening)
            self.tellAnswered(&action)
            self.advance(&action)
            return action
        } catch {
            return CallAction(sip: [.end(arrival.leg, CallOutcome(error).ending)])
        }
    }

    // MARK: What becomes of it

    /// The relay has laid out a leg; nil where that is not one that waits for its place.
    mutating func replacementOpened(_ leg: LegID, _ endpoint: MediaEndpoint) -> CallAction? {
        guard case (var replacement, let side)? = self.replacement(by: leg) else { return nil }
        replacement.newcomer.leg.media?.opened(endpoint)
        do throws(RelayFault) {
            try replacement.newcomer.leg.checkOffer(replacement.relay, beside: self.leg(side.other).media)
        } catch {
            return self.refuseReplacement(replacement, of: side, CallOutcome(error))
        }
        return self.take(
            replacement.newcomer,
            inPlaceOf: side,
            relay: replacement.relay,
            now: replacement.since
        )
    }

    /// The relay has no place for a leg; nil where that is not one that waits for its place.
    mutating func replacementFailed(_ leg: LegID) -> CallAction? {
        guard let (replacement, side) = self.replacement(by: leg) else { return nil }
        return self.refuseReplacement(replacement, of: side, CallOutcome(.media))
    }

    /// A phone has withdrawn its INVITE; nil where that is not one that waits for its place.
    mutating func replacementCancelled(_ leg: LegID) -> CallAction? {
        guard let (replacement, side) = self.replacement(by: leg) else { return nil }
        return self.endReplacement(replacement, of: side, CallOutcome(.hungUp))
    }

    private func replacement(by leg: LegID) -> (Replacement, Side)? {
        guard case .answered(let answered) = self.state, let transfer = answered.transfer,
            case .replacing(let replacement) = transfer.kind, replacement.newcomer.leg.id == leg
        else { return nil }
        return (replacement, transfer.by)
    }

    private mutating func refuseReplacement(
        _ replacement: Replacement,
        of side: Side,
        _ outcome: CallOutcome
    ) -> CallAction {
        var action = CallAction(sip: [.end(replacement.newcomer.leg.id, outcome.ending)])
        action.append(self.endReplacement(replacement, of: side, outcome))
        return action
    }

    /// Nobody takes the place: the call goes on as it was, or is over where the party has gone.
    private mutating func endReplacement(
        _ replacement: Replacement,
        of side: Side,
        _ outcome: CallOutcome
    ) -> CallAction {
        guard case .answered(var answered) = self.state else { return CallAction() }
        answered.transfer = nil
        self.state = .answered(answered)
        guard self.sip(side)?.progress != .gone else { return self.end(outcome, silent: side) }
        var action = CallAction()
        self.closeMedia(of: replacement.newcomer.leg, &action)
        return action
    }

    /// The call ends while a phone waits for its place in it.
    func refuseArrival(_ action: inout CallAction) {
        guard case .answered(let answered) = self.state, case .replacing(let replacement)? = answered.transfer?.kind
        else { return }
        // It is not to ring or alert for a call that has just ended (§3).
        action.sip.append(.end(replacement.newcomer.leg.id, SessionEnding(status: 603)))
    }
}

/// A phone whose INVITE asks for the place of another one.
package struct Arrival: Sendable {
    /// An identity of the call that it comes to.
    package var leg: LegID
    package var sip: SIPLeg
    /// Its offer; nil: it asks for ours.
    package var sdp: [UInt8]?
    /// How whoever stays knows it.
    package var id: PartyID
    package var username: String

    package init(leg: LegID, sip: SIPLeg, sdp: [UInt8]?, id: PartyID, username: String) {
        self.leg = leg
        self.sip = sip
        self.sdp = sdp
        self.id = id
        self.username = username
    }

    /// The leg with its offer, whose media is yet to be laid out.
    fileprivate func relayedLeg() throws(RelayFault) -> Leg {
        var sip = self.sip
        var media = RelayedLeg(.rtp)
        if let sdp = self.sdp {
            _ = media.received(offer: try AudioDescription(sdp, for: .rtp))
            sip.lastReceivedOrigin = originLine(of: sdp)
        }
        return Leg(id: self.leg, kind: .sip(sip), media: media)
    }
}

extension Leg {
    /// Finds out whether the offer that waits can be answered, as far as that is known.
    fileprivate func checkOffer(_ relay: RelayPolicy, beside other: RelayedLeg?) throws(RelayFault) {
        guard var media = self.media, let offer = media.pendingOffer else { return }
        let codecs = Call.choices(relay, by: other)
        guard offer.formats.contains(where: { codecs.contains($0.codec) }) else { throw .noCodec }
        var origin = SessionOrigin(sessionID: 0)
        _ = try media.answer(codecs: codecs, only: true, origin: &origin)
    }
}
