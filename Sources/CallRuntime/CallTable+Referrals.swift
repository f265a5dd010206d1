import CallCore
import ClientProtocol
import SIPCore

/// Transfers that phones ask for by REFER (RFC 3515): the gateway calls the target with the phone's own permissions.
extension CallTable {
    /// A phone asks us to call somebody in its place.
    func referred(
        _ session: SessionID,
        _ leg: LegID,
        to target: ReferTarget,
        by referrer: NameAddress?,
        _ entry: Entry,
        now: Instant
    ) {
        guard let side = entry.call.answeredSide(of: leg), let peer = entry.call.phone(side)?.peer else {
            return self.userAgent.rejectRefer(session, status: 403, now: now)
        }
        guard entry.call.mayTransfer else { return self.userAgent.rejectRefer(session, status: 491, now: now) }
        if let replaces = target.replaces, case .established(let other) = self.userAgent.replaced(by: replaces) {
            return self.referred(session, peer, entry, side, to: other, now: now)
        }
        let calling = self.calling(entry, side.other, as: self.caller(of: peer))
        let callees = self.callees(of: target, by: calling, peer, referrer, entry, now: now)
        if let refused = callees.refused {
            return self.userAgent.rejectRefer(session, status: CallOutcome(refused).ending.status, now: now)
        }
        guard let relay = self.relay(placing: callees, for: entry, inPlaceOf: side) else {
            return self.userAgent.rejectRefer(session, status: 488, now: now)
        }
        self.userAgent.acceptRefer(session, now: now)
        self.place(
            callees,
            by: calling,
            dialled: .string(target.uri.dialledNumber ?? target.uri.text),
            for: entry,
            inPlaceOf: side,
            relay: relay,
            requestID: nil,
            now: now
        )
    }

    /// The phone has asked the target itself, in a call through us: the two parties that it talks to are joined.
    private func referred(
        _ session: SessionID,
        _ peer: SIPPeer,
        _ entry: Entry,
        _ side: Side,
        to other: SessionID,
        now: Instant
    ) {
        guard let bound = self.sessions[other], let second = self.calls[bound.call], second !== entry,
            let ownSide = second.call.answeredSide(of: bound.leg), second.call.mayTransfer
        else { return self.userAgent.rejectRefer(session, status: 481, now: now) }
        // Nobody hands on calls that are not its own.
        guard second.call.phone(ownSide)?.peer == peer else {
            return self.userAgent.rejectRefer(session, status: 403, now: now)
        }
        guard let relay = self.relay(joining: entry, side, with: second, ownSide) else {
            return self.userAgent.rejectRefer(session, status: 488, now: now)
        }
        self.userAgent.acceptRefer(session, now: now)
        entry.call.beginTransfer(by: side, requestID: nil, now: now)
        self.merge(second, ownSide.other, into: entry, inPlaceOf: side, relay: relay, now: now)
    }

    /// On whose behalf a phone's REFER dials.
    private func caller(of peer: SIPPeer) -> DialPlan.Caller {
        switch peer {
        case .trunk(let name): .trunk(name)
        case .phone(let name): self.configuration.router.caller(name)
        }
    }

    /// Whom a Refer-To means: as the target of a redirect by the same peer, so that nobody's PBX becomes an open relay.
    private func callees(
        of target: ReferTarget,
        by calling: CallingParty,
        _ peer: SIPPeer,
        _ referrer: NameAddress?,
        _ entry: Entry,
        now: Instant
    ) -> Callees {
        let trunk: String?
        switch peer {
        case .trunk(let name): trunk = name
        case .phone: trunk = nil
        }
        guard let uri = self.configuration.router.inbound(target.uri, by: trunk) else {
            return Callees(refused: .notFound)
        }
        let destination = self.destination(ofRedirect: uri, by: trunk, for: calling.caller)
        if let reason = self.refusesAll { return Callees(refused: reason) }
        var callees = self.callees(at: destination, by: calling, now: now) { entry.call.side(of: $0) != nil }
        var fields: [SIPHeaders.Field] = []
        // A dialog that is none of ours is the callee's own business.
        if let replaces = target.replaces {
            fields = [SIPHeaders.Field("Replaces", replaces.headerValue), SIPHeaders.Field("Require", "replaces")]
        }
        if let referrer { fields.append(SIPHeaders.Field("Referred-By", referrer.text)) }
        guard !fields.isEmpty else { return callees }
        callees.hunt.changeCallees { kind in
            guard case .sip(var sip) = kind else { return }
            sip.order?.fields += fields
            kind = .sip(sip)
        }
        return callees
    }
}
