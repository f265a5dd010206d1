import ClientProtocol
package import MediaCore
package import SIPCore

/// Calls whose media the gateway anchors: each leg has an offer/answer of its own with the relay.
extension Call {
    // MARK: What the media engine says

    /// The leg's endpoint is laid out, or has new ICE credentials.
    package mutating func mediaOpened(_ leg: LegID, _ endpoint: MediaEndpoint) -> CallAction {
        if let action = self.replacementOpened(leg, endpoint) { return action }
        var action = CallAction()
        self.withMedia(of: leg) { $0.opened(endpoint) }
        self.inviteWaitingBranches(&action)
        self.tellWaitingDevice(leg, &action)
        self.advance(&action)
        return action
    }

    /// The leg's peer can be sent to.
    package mutating func mediaConnected(_ leg: LegID) -> CallAction {
        var action = CallAction()
        self.withMedia(of: leg) { $0.isConnected = true }
        self.advance(&action)
        return action
    }

    /// The leg is of no use: while it rings that branch is out, else the call is over.
    package mutating func mediaFailed(_ leg: LegID, now: Instant) -> CallAction {
        if let action = self.replacementFailed(leg) { return action }
        guard self.isAnchored(leg) else { return CallAction() }
        switch self.state {
        case .ringing(var ringing) where leg != .caller:
            guard let branch = ringing.remove(leg) else { return CallAction() }
            var action = CallAction()
            self.drop(branch, CallOutcome(.media), &action)
            ringing.note(CallOutcome(.media))
            self.state = .ringing(ringing)
            self.proceed(branch.hunt, now: now, &action)
            return action
        case .ringing, .answered:
            return self.end(CallOutcome(.media))
        case .ended:
            return CallAction()
        }
    }

    /// The leg's peer has fallen silent for good.
    package mutating func mediaLost(_ leg: LegID) -> CallAction {
        guard self.isAnchored(leg) else { return CallAction() }
        switch self.state {
        case .answered: return self.end(CallOutcome(.mediaTimeout))
        // While it rings nobody need send.
        case .ringing, .ended: return CallAction()
        }
    }

    /// How the leg has fared since the last report.
    package mutating func mediaMeasured(_ leg: LegID, _ quality: MediaQuality) -> CallAction {
        var action = CallAction()
        self.withMedia(of: leg) { $0.quality = quality }
        guard case .answered = self.state, let side = self.side(of: leg) else { return action }
        self.tellQuality(side, &action)
        return action
    }

    /// The leg ought to send, and has fallen silent, or is heard again.
    package mutating func mediaHeard(_ leg: LegID, _ isHeard: Bool) -> CallAction {
        var action = CallAction()
        self.withMedia(of: leg) { $0.isSilent = !isHeard }
        guard case .answered = self.state else { return action }
        self.tellQuality(.caller, &action)
        self.tellQuality(.callee, &action)
        return action
    }

    /// An extended app hears of both legs whenever there is news of its own.
    private func tellQuality(_ side: Side, _ action: inout CallAction) {
        let leg = self.leg(side)
        guard leg.app?.profile == .extended else { return }
        action.tell(
            leg,
            .callQuality(
                callID: self.id.text,
                own: leg.media?.reportedQuality,
                other: self.leg(side.other).media?.reportedQuality
            )
        )
    }

    // MARK: What begins a call

    /// Gives the leg a part of the relay where its media is anchored, and orders what it needs.
    func preparingMedia(of leg: Leg, _ action: inout CallAction) -> Leg {
        guard self.relay != nil, leg.media == nil else { return leg }
        var leg = leg
        switch (leg.kind, self.caller.kind) {
        case (.sip, _):
            leg.media = RelayedLeg(.rtp)
            leg.openMedia(&action)
        case (.app, .app) where leg.id != .caller && self.caller.media?.peer == nil:
            // Apps reach each other by themselves, but for one that has the relay's answer since it heard a phone.
            break
        case (.app(var app), _):
            leg.media = RelayedLeg(.webRTC)
            // A baseline callee hears the offer after its answer: until then it needs nothing.
            guard leg.id == .caller || app.profile == .extended else { break }
            leg.openMedia(&action)
            guard leg.id != .caller else { break }
            app.isTold = false
            leg.kind = .app(app)
        }
        return leg
    }

    /// A phone's INVITE; returns why it can't be taken.
    mutating func relayedInvite(_ sdp: [UInt8]?) -> RelayFault? {
        guard let sdp else { return nil }
        do throws(RelayFault) {
            let offer = try AudioDescription(sdp, for: .rtp)
            guard self.hasCodec(offer) else { throw RelayFault.noCodec }
            _ = self.caller.media?.received(offer: offer)
            return nil
        } catch {
            return error
        }
    }

    /// An app's offer, which waits until it is known what it can be answered with.
    ///
    /// - Throws: `bad_message`.
    mutating func keepRelayedOffer(_ offer: JSONFragment) throws(ClientError) {
        let description = try Self.audio(offer, type: "offer")
        guard self.hasCodec(description) else {
            throw ClientError(code: .badMessage, message: RelayFault.noCodec.explanation)
        }
        _ = self.caller.media?.received(offer: description)
    }

    private func hasCodec(_ offer: AudioDescription) -> Bool {
        offer.formats.contains { self.relay?.codecs.contains($0.codec) == true }
    }

    /// The relay's offer to a phone that is invited; nil while there is no endpoint.
    func relayedOffer(to media: inout RelayedLeg, _ sip: inout SIPLeg) -> [UInt8]? {
        guard let relay = self.relay else { return nil }
        let codecs = Self.allowed(relay, by: self.caller.media)
        return media.offer(codecs: codecs, sdes: sip.offersSDES ?? relay.offersSDES, origin: &sip.origin)
    }

    /// An extended app hears of the call together with the relay's offer.
    private mutating func tellWaitingDevice(_ leg: LegID, _ action: inout CallAction) {
        guard case .ringing(var ringing) = self.state, let relay = self.relay,
            let index = ringing.branches.firstIndex(where: { $0.id == leg }),
            case .app(var app) = ringing.branches[index].kind, !app.isTold,
            var media = ringing.branches[index].media
        else { return }
        // A phone that asked for our offer chooses first.
        let sdp =
            self.caller.media?.codecs == nil
            ? nil
            : media.offer(codecs: Self.allowed(relay, by: self.caller.media), sdes: false, origin: &self.appOrigin)
        app.isTold = true
        app.hasOffer = sdp != nil
        ringing.branches[index].kind = .app(app)
        ringing.branches[index].media = media
        self.state = .ringing(ringing)
        let offer = sdp.map { JSONFragment.sessionDescription(type: "offer", sdp: $0) }
        self.tellIncoming(ringing.branches[index], offer: offer, &action)
        self.callerHearsRinging(&action)
    }

    // MARK: What is heard before the answer

    /// A phone that rings sends an answer: early media.
    mutating func relayedEarlyMedia(_ sdp: [UInt8], status: UInt16, from branch: Leg) -> CallAction {
        guard case .ringing(var ringing) = self.state, var media = branch.media,
            let index = ringing.branches.firstIndex(where: { $0.id == branch.id })
        else { return CallAction() }
        var action = CallAction()
        // One that can't be read is as good as none: the final answer counts.
        guard let answer = try? AudioDescription(sdp, for: .rtp),
            (try? media.received(answer: answer, isFinal: false)) != nil, let peer = media.peer
        else {
            self.callerHearsRinging(&action)
            return action
        }
        ringing.branches[index].media = media
        ringing.earlyStatus = status
        self.state = .ringing(ringing)
        if peer != branch.media?.peer { action.media.append(.update(branch.id, peer)) }
        self.advance(&action)
        self.callerHearsRinging(&action)
        return action
    }

    // MARK: What answers a call

    /// An app takes a phone's call.
    ///
    /// - Throws: `bad_message` where its answer can't be read; then the call rings on.
    mutating func relayedAnswerCall(
        by branch: Leg,
        _ ringing: Ringing,
        _ answer: JSONFragment?,
        now: Instant
    ) throws(ClientError) -> CallAction {
        var branch = branch
        var opening = CallAction()
        if let answer {
            try branch.take(answer: answer)
            self.calleeUfrag = answer.iceUfrag
        } else if branch.media?.isOrdered == false {
            branch.openMedia(&opening)
        }
        var action = self.won(by: branch, of: ringing, nil, now: now)
        action.append(opening)
        self.tellAnswered(&action)
        if let relay = self.relay, relay.answering == .safe, self.caller.sip != nil,
            case .answered(var answered) = self.state
        {
            answered.safeDeadline = now + relay.safeLimit
            self.state = .answered(answered)
        }
        if let peer = branch.media?.peer { action.media.append(.update(branch.id, peer)) }
        self.advance(&action)
        return action
    }

    /// A phone takes the call.
    mutating func relayedAnswer(by branch: Leg, _ ringing: Ringing, sdp: [UInt8]?, now: Instant) -> CallAction {
        var branch = branch
        guard var media = branch.media, case .sip(var sip) = branch.kind else { return CallAction() }
        do {
            // After an UPDATE of its own it has offered, and has our answer.
            if let sdp, media.owesAnswer {
                try media.received(answer: try AudioDescription(sdp, for: .rtp))
            } else {
                // Some phones answer the offer in a provisional response, and not again.
                media.closeOffer()
            }
        } catch {
            return self.end(CallOutcome(error))
        }
        guard let peer = media.peer else { return self.end(CallOutcome(.media)) }
        let isNews = peer != branch.media?.peer
        sip.progress = .established
        branch.kind = .sip(sip)
        branch.media = media
        var action = self.won(by: branch, of: ringing, nil, now: now)
        self.noteReceived(sdp, from: .callee)
        if isNews { action.media.append(.update(branch.id, peer)) }
        self.tellAnswered(&action)
        if media.holds { self.tellHold(true, to: .caller, &action) }
        self.advance(&action)
        return action
    }

    // MARK: The words of both sides

    /// What may be agreed on with a leg: what the relay speaks, in the order of what the other leg is known to take, and
    /// after it what can be turned into that.
    static func allowed(_ relay: RelayPolicy, by other: RelayedLeg?) -> [AudioCodec] {
        guard let codecs = other?.codecs else { return relay.codecs }
        let common = codecs.filter { relay.codecs.contains($0) }
        return common + relay.codecs.filter { !common.contains($0) && relay.carries($0, to: common) }
    }

    /// The same for an answer that has to choose one codec, and at once.
    ///
    /// As long as an app has not told what it takes, those go first that each app must take (RFC 7874 §3).
    static func choices(_ relay: RelayPolicy, by other: RelayedLeg?) -> [AudioCodec] {
        let codecs = Self.allowed(relay, by: other)
        guard let other, other.codecs == nil, other.kind == .webRTC else { return codecs }
        return codecs.filter { $0 != .g722 } + codecs.filter { $0 == .g722 }
    }

    /// The same for a phone's offer in mid-call: an app goes on with what it sends, for nobody asks it about another.
    static func kept(_ relay: RelayPolicy, by other: RelayedLeg?) -> [AudioCodec] {
        let codecs = Self.choices(relay, by: other)
        guard other?.kind == .webRTC, other?.peer != nil, let sent = codecs.first else { return codecs }
        return codecs.filter { relay.carries(sent, to: [$0]) }
    }

    static func audio(_ fragment: JSONFragment, type: String) throws(ClientError) -> AudioDescription {
        let (stated, sdp) = try fragment.sessionDescription()
        guard stated == type else {
            throw ClientError(code: .badMessage, message: "The `type` in `\(type)` is not `\(type)`.")
        }
        do {
            return try AudioDescription(sdp, for: .webRTC)
        } catch {
            throw ClientError(code: .badMessage, message: error.explanation)
        }
    }

    /// Whether the relay serves that leg.
    private func isAnchored(_ leg: LegID) -> Bool {
        if leg == self.caller.id { return self.caller.media != nil }
        switch self.state {
        case .ringing(let ringing): return ringing.branches.contains { $0.id == leg && $0.media != nil }
        case .answered(let answered): return answered.callee.id == leg && answered.callee.media != nil
        case .ended: return false
        }
    }

    func closeMedia(of leg: Leg, _ action: inout CallAction) {
        if leg.media?.isOrdered == true { action.media.append(.close(leg.id)) }
    }

    mutating func withMedia(of leg: LegID, _ body: (inout RelayedLeg) -> Void) {
        if leg == self.caller.id {
            guard var media = self.caller.media else { return }
            body(&media)
            self.caller.media = media
            return
        }
        switch self.state {
        case .ringing(var ringing):
            guard let index = ringing.branches.firstIndex(where: { $0.id == leg }),
                var media = ringing.branches[index].media
            else { return }
            body(&media)
            ringing.branches[index].media = media
            self.state = .ringing(ringing)
        case .answered(var answered):
            guard answered.callee.id == leg, var media = answered.callee.media else { return }
            body(&media)
            answered.callee.media = media
            self.state = .answered(answered)
        case .ended:
            return
        }
    }
}

extension Leg {
    /// Has the media engine lay out what the leg needs.
    mutating func openMedia(_ action: inout CallAction) {
        guard let kind = self.media?.kind else { return }
        self.media?.isOrdered = true
        action.media.append(.open(self.id, kind))
    }

    /// Takes an app's answer to the relay's offer.
    ///
    /// - Throws: `wrong_state` where nothing was offered, `bad_message`.
    mutating func take(answer: JSONFragment) throws(ClientError) {
        guard var media = self.media, media.owesAnswer else {
            throw ClientError(code: .wrongState, message: "No offer waits for an answer of this side.")
        }
        let description = try Call.audio(answer, type: "answer")
        do {
            try media.received(answer: description)
        } catch {
            throw ClientError(code: .badMessage, message: error.explanation)
        }
        self.media = media
    }
}
