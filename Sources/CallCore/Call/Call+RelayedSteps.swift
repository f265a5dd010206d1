import ClientProtocol
import MediaCore
import SIPCore

/// What a relayed call does by itself, and the one function that looks what has become due.
extension Call {
    /// Does all that has become possible: answers offers, makes those that are due, and joins the two legs.
    ///
    /// Called after everything that happens to a relayed call; where nothing is due it does nothing.
    mutating func advance(_ action: inout CallAction) {
        switch self.state {
        case .ringing(let ringing):
            guard self.caller.media != nil, let branch = ringing.branches.first, ringing.branches.count == 1,
                let far = branch.media, far.peer != nil
            else { return }
            self.advanceEarlyMedia(branch, far, &action)
        case .answered(let answered):
            guard answered.negotiation == nil else { return }
            self.advance(.callee, &action)
            self.advance(.caller, &action)
            self.tune(.callee, &action)
            self.tune(.caller, &action)
            self.join(&action)
        case .ended:
            return
        }
    }

    /// The caller hears what the phone sends before it answers, once both have agreed with the relay.
    private mutating func advanceEarlyMedia(_ branch: Leg, _ far: RelayedLeg, _ action: inout CallAction) {
        guard var media = self.caller.media, case .ringing(var ringing) = self.state, let relay = self.relay else {
            return
        }
        // The caller has its answer from the early media of a former turn.
        if let peer = media.peer { return self.rejoin(peer, branch, far, relay, &action) }
        guard media.pendingOffer != nil else { return }
        let codecs = Self.allowed(relay, by: far)
        switch self.caller.kind {
        case .app(let app):
            guard let sdp = try? media.answer(codecs: codecs, only: false, origin: &self.appOrigin) else { return }
            self.caller.media = media
            self.hand(sdp, isOffer: false, to: .caller, &action)
            if app.profile == .extended {
                action.tell(
                    self.caller,
                    .callRinging(callID: self.id.text, calleeID: self.parties.dialled, earlyMedia: true)
                )
            }
        case .sip(var sip):
            guard let sdp = try? media.answer(codecs: codecs, only: true, origin: &sip.origin) else { return }
            sip.lastSent = sdp
            self.caller.kind = .sip(sip)
            self.caller.media = media
            action.sip.append(.ring(.caller, status: max(ringing.earlyStatus, 183), sdp: sdp))
        }
        ringing.toldEarlyMedia = true
        ringing.toldRinging = true
        ringing.joined = branch.id
        self.state = .ringing(ringing)
        if let peer = media.peer { action.media.append(.update(.caller, peer)) }
        action.media.append(.join(.caller, branch.id))
    }

    private mutating func rejoin(
        _ near: MediaPeer,
        _ branch: Leg,
        _ far: RelayedLeg,
        _ relay: RelayPolicy,
        _ action: inout CallAction
    ) {
        guard case .ringing(var ringing) = self.state, ringing.joined == nil, let wanted = far.codecs,
            near.formats.contains(where: { relay.carries($0.codec, to: wanted) })
        else { return }
        ringing.joined = branch.id
        self.state = .ringing(ringing)
        action.media.append(.join(.caller, branch.id))
    }

    private mutating func advance(_ side: Side, _ action: inout CallAction) {
        let leg = self.leg(side)
        guard case .answered = self.state, let media = leg.media, let relay = self.relay, media.endpoint != nil else {
            return
        }
        let other = self.leg(side.other).media
        let codecs = Self.allowed(relay, by: other)
        switch leg.kind {
        case .app(let app):
            if media.pendingOffer != nil {
                guard let other, other.peer != nil, !self.mayComeRound(side.other, to: media) else { return }
                self.answerApp(side, media, codecs, &action)
            } else if media.peer == nil, self.isOffered(side), media.mayBeOffered, !app.owesOldAnswer,
                other?.codecs != nil || other?.offersFirst == true
            {
                // A phone that asked for our offer chooses first: an app that chose would be bound by nothing.
                self.offerApp(side, media, other.map { self.choices(for: side, with: $0) } ?? codecs, &action)
            }
        case .sip(let sip):
            switch sip.progress {
            case .invited:
                guard self.mayAccept(side, other) else { return }
                self.accept(side, media, sip, &action)
            case .established:
                guard media.holdIsNews else { return }
                self.reinvite(side, media, sip, media.codecs ?? codecs, &action)
            case .waiting, .inviting, .accepted, .acknowledging, .reinviting, .reinvited, .gone:
                return
            }
        }
    }

    /// Whether it is the relay that offers first to the app on that side.
    func isOffered(_ side: Side) -> Bool {
        side == .callee || self.leg(side).media?.offersFirst == true
    }

    /// Whether a calling phone's 200 is due.
    private func mayAccept(_ side: Side, _ other: RelayedLeg?) -> Bool {
        guard case .answered(let answered) = self.state, let other else { return false }
        switch other.kind {
        // A callee that calls by itself, to pick up, is answered before the caller.
        case .rtp: return other.peer != nil || side == .callee
        case .webRTC:
            return self.relay?.answering == .fast || other.isConnected || answered.safeDeadline == nil
                || self.caller.media?.codecs == nil
        }
    }

    private mutating func answerApp(
        _ side: Side,
        _ media: RelayedLeg,
        _ codecs: [AudioCodec],
        _ action: inout CallAction
    ) {
        var media = media
        let before = media.peer
        do {
            guard let sdp = try media.answer(codecs: codecs, only: false, origin: &self.appOrigin) else { return }
            self.withMedia(of: self.leg(side).id) { $0 = media }
            self.hand(sdp, isOffer: false, to: side, &action)
            if let peer = media.peer, peer != before { action.media.append(.update(self.leg(side).id, peer)) }
        } catch {
            // The first exchange is all that there is; a later one leaves the call as it was.
            guard media.peer != nil else { return action.append(self.end(CallOutcome(error))) }
            media.refuse()
            self.withMedia(of: self.leg(side).id) { $0 = media }
            action.tell(
                self.leg(side),
                .error(ClientError(code: .badMessage, message: error.explanation, action: "offer"))
            )
        }
    }

    private mutating func offerApp(
        _ side: Side,
        _ media: RelayedLeg,
        _ codecs: [AudioCodec],
        _ action: inout CallAction
    ) {
        var media = media
        guard let sdp = media.offer(codecs: codecs, sdes: false, origin: &self.appOrigin) else { return }
        self.withMedia(of: self.leg(side).id) { $0 = media }
        self.hand(sdp, isOffer: true, to: side, &action)
    }

    /// The 200 of a calling phone: our answer, or our offer where its INVITE had none.
    private mutating func accept(
        _ side: Side,
        _ media: RelayedLeg,
        _ sip: SIPLeg,
        _ action: inout CallAction
    ) {
        guard let relay = self.relay else { return }
        let other = self.leg(side.other).media
        var (media, sip) = (media, sip)
        do {
            if media.pendingOffer != nil {
                let codecs = Self.choices(relay, by: other)
                guard let sdp = try media.answer(codecs: codecs, only: true, origin: &sip.origin) else { return }
                self.set(sip, side)
                self.send(sdp, isOffer: false, to: side, &action)
                self.agreed(media, side, &action)
            } else if media.peer != nil, let sdp = sip.lastSent {
                // It has this answer since a provisional response.
                self.send(sdp, isOffer: false, to: side, &action)
            } else {
                let codecs = Self.allowed(relay, by: other)
                guard let sdp = media.offer(codecs: codecs, sdes: relay.offersSDES, origin: &sip.origin) else { return }
                self.set(sip, side)
                self.send(sdp, isOffer: true, to: side, &action)
                self.withMedia(of: self.leg(side).id) { $0 = media }
            }
        } catch {
            return action.append(self.end(CallOutcome(error)))
        }
        guard case .answered(var answered) = self.state else { return }
        answered.safeDeadline = nil
        self.state = .answered(answered)
    }

    private mutating func reinvite(
        _ side: Side,
        _ media: RelayedLeg,
        _ sip: SIPLeg,
        _ codecs: [AudioCodec],
        _ action: inout CallAction
    ) {
        var (media, sip) = (media, sip)
        guard let sdp = media.offer(codecs: codecs, sdes: false, origin: &sip.origin) else { return }
        self.set(sip, side)
        self.withMedia(of: self.leg(side).id) { $0 = media }
        self.send(sdp, isOffer: true, to: side, &action)
    }

    // MARK: One codec for both

    /// Asks a phone that would send what the other leg does not take for what it takes, once.
    ///
    /// That happens where the phone had to choose before the app had told what it takes: an app that offers late, or
    /// whose answer a calling phone did not wait for; and after a transfer, where an app may be asked, too, and goes first.
    private mutating func tune(_ side: Side, _ action: inout CallAction) {
        let leg = self.leg(side)
        guard case .answered = self.state, var media = leg.media, let other = self.leg(side.other).media,
            self.isOutOfTune(side, with: other), !self.isTransferred || !other.owesAnswer
        else { return }
        let codecs = self.choices(for: side, with: other)
        guard media.mayBeOffered, !codecs.isEmpty else { return }
        media.isTuned = true
        switch leg.kind {
        case .app: self.offerApp(side, media, codecs, &action)
        case .sip(let sip):
            guard sip.progress == .established else { return }
            self.reinvite(side, media, sip, codecs, &action)
        }
    }

    /// Whether its parties have not been the same from the beginning: then each has agreed on what a third one has.
    private var isTransferred: Bool { !self.formerPeers.isEmpty }

    /// What that side is asked for so that the other one can hear it.
    ///
    /// After a transfer more than the other is known to take, as long as that is a phone that can be asked next.
    private func choices(for side: Side, with other: RelayedLeg) -> [AudioCodec] {
        guard let relay = self.relay else { return [] }
        let codecs = Self.allowed(relay, by: other)
        guard self.isTransferred, other.kind == .rtp, !other.isTuned, let own = self.leg(side).media else {
            return codecs
        }
        // A phone would choose what it has now.
        let used = own.kind == .rtp ? own.codecs ?? [] : []
        return codecs + relay.codecs.filter { !codecs.contains($0) && !used.contains($0) }
    }

    /// Whether the app on that side has been asked for nothing yet that its new peer takes.
    private func mayBeAskedAgain(_ side: Side) -> Bool {
        let leg = self.leg(side)
        guard let app = leg.app, let media = leg.media else { return false }
        return self.isTransferred && app.profile == .extended && media.peer != nil && !media.isTuned
    }

    /// Whether the phone on that side has to be asked for another codec, and has not been yet.
    ///
    /// Where sound can be turned into another codec, that is so for the sake of one that both have, and of none else.
    private func isOutOfTune(_ side: Side, with other: RelayedLeg) -> Bool {
        guard let relay = self.relay, let media = self.leg(side).media, !media.isTuned,
            let own = media.peer?.formats.map(\.codec), let leading = own.first, let wanted = other.codecs
        else { return false }
        let isHeard = own.contains { relay.carries($0, to: wanted) }
        guard media.kind == .rtp else { return self.mayBeAskedAgain(side) && other.peer != nil && !isHeard }
        if !isHeard, self.mayBeAskedAgain(side.other) { return false }
        // To what the other leg only offers so far, any common one may still be the answer.
        guard other.peer != nil else { return !isHeard }
        guard !wanted.contains(leading) else { return false }
        return own.contains { wanted.contains($0) } || !relay.carries(leading, to: wanted)
    }

    /// Whether the party on that side, which has nothing that this leg could hear, may still get it: it is asked for it
    /// now, or will be once its ACK is here.
    private func mayComeRound(_ side: Side, to leg: RelayedLeg) -> Bool {
        guard let relay = self.relay, let media = self.leg(side).media,
            media.kind == .rtp || media.owesAnswer && self.isTransferred || self.mayBeAskedAgain(side),
            let own = media.peer?.formats, let wanted = leg.codecs,
            !own.contains(where: { relay.carries($0.codec, to: wanted) }), !Self.allowed(relay, by: leg).isEmpty
        else { return false }
        return media.owesAnswer || !media.isTuned
    }

    /// Whether the phone on that side has been asked for a codec without which the other's first offer has no answer.
    func isComingRound(_ side: Side) -> Bool {
        guard let relay = self.relay, let media = self.leg(side).media, media.isTuned,
            let own = media.peer?.formats, let other = self.leg(side.other).media, other.peer == nil,
            other.pendingOffer != nil, let wanted = other.codecs
        else { return false }
        return !own.contains { relay.carries($0.codec, to: wanted) }
    }

    private mutating func join(_ action: inout CallAction) {
        guard case .answered(var answered) = self.state, let relay = self.relay,
            let near = self.caller.media, let far = answered.callee.media, let ours = near.peer, let theirs = far.peer
        else { return }
        let wanted = theirs.formats.map(\.codec)
        guard ours.formats.contains(where: { relay.carries($0.codec, to: wanted) }) else {
            guard !self.mayComeRound(.caller, to: far), !self.mayComeRound(.callee, to: near) else { return }
            return action.append(self.end(CallOutcome(RelayFault.noCodec)))
        }
        guard !answered.isJoined else { return }
        answered.isJoined = true
        self.state = .answered(answered)
        action.media.append(.join(self.caller.id, answered.callee.id))
    }

    private func hand(_ sdp: [UInt8], isOffer: Bool, to side: Side, _ action: inout CallAction) {
        let peer = self.parties.peer(of: side)
        let fragment = JSONFragment.sessionDescription(type: isOffer ? "offer" : "answer", sdp: sdp)
        action.tell(
            self.leg(side),
            isOffer
                ? .callOffer(callID: self.id.text, callerID: peer, offer: fragment)
                : .callAnswer(callID: self.id.text, calleeID: peer, answer: fragment)
        )
    }
}
