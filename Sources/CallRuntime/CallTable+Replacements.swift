import CallCore
import ClientProtocol
import SIPCore

/// INVITEs with Replaces: a phone or a trunk takes the place of another in a call, or picks up what rings there (RFC 3891).
extension CallTable {
    /// Gives a phone the place that its INVITE asks for, or refuses it.
    ///
    /// Who it is has been found out; that it knows the tags of the dialog is not enough to be let in.
    func replace(
        _ replaces: Replaces,
        by session: SessionID,
        sdp: [UInt8]?,
        _ origin: SIPOrigin,
        now: Instant
    ) {
        switch self.userAgent.replaced(by: replaces) {
        case .established(let old):
            guard let (entry, leg) = self.bound(old), let side = entry.call.answeredSide(of: leg) else { break }
            guard self.mayReplace(entry.call.phone(side)?.peer, in: entry, side, origin) else {
                return self.refuse(session, status: 403, now: now)
            }
            guard !replaces.earlyOnly else { return self.refuse(session, status: 486, now: now) }
            guard entry.call.mayTransfer else { return self.refuse(session, status: 491, now: now) }
            guard entry.call.isMovable(side.other),
                let relay = entry.call.anchor ?? origin.relay(by: self.configuration.router)
            else { return self.refuse(session, status: 488, now: now) }
            let arrival = self.arrival(of: session, sdp: sdp, origin, at: entry)
            // A phone that calls does not count as its user's call, one that is called does.
            entry.newcomer = side == .callee ? origin.calling.identity.owner : nil
            let action = entry.call.receivedReplacement(by: arrival, of: side, relay: relay, now: now)
            return self.carryOut(action, of: entry, now: now)
        case .ringing(let old):
            guard let (entry, leg) = self.bound(old), entry.call.isRinging else { break }
            guard self.mayReplace(entry.call.ringingPhone(leg), in: entry, .callee, origin) else {
                return self.refuse(session, status: 403, now: now)
            }
            let arrival = self.arrival(of: session, sdp: sdp, origin, at: entry)
            entry.newcomer = origin.calling.identity.owner
            guard let action = entry.call.receivedPickup(by: arrival, of: leg, now: now) else {
                self.unbind(session, entry)
                return self.refuse(session, status: 488, now: now)
            }
            return self.carryOut(action, of: entry, now: now)
        case .over:
            return self.refuse(session, status: 603, now: now)
        case .unknown:
            break
        }
        self.refuse(session, status: 481, now: now)
    }

    private func bound(_ session: SessionID) -> (Entry, LegID)? {
        guard let bound = self.sessions[session], let entry = self.calls[bound.call] else { return nil }
        return (entry, bound.leg)
    }

    private func arrival(of session: SessionID, sdp: [UInt8]?, _ origin: SIPOrigin, at entry: Entry) -> Arrival {
        let leg = entry.call.nextLegID()
        self.bind(session, to: leg, of: entry, trunk: origin.trunk?.name)
        return Arrival(
            leg: leg,
            sip: .inbound(origin: self.newOrigin(), peer: origin.peer),
            sdp: sdp,
            id: origin.calling.id,
            username: origin.calling.username
        )
    }

    /// Whether somebody may take the place of that phone: it itself, another phone of its user, or whoever may call the
    /// party on the other side anyway.
    private func mayReplace(_ phone: SIPPeer?, in entry: Entry, _ side: Side, _ origin: SIPOrigin) -> Bool {
        switch (phone, origin.peer) {
        case (.trunk(let own)?, .trunk(let other)?) where own == other: return true
        case (.phone(let own)?, .phone(let other)?):
            let directory = self.configuration.router.directory
            if own == other { return true }
            if let owner = directory.owner(of: own)?.id, owner == directory.owner(of: other)?.id { return true }
        case (.trunk?, _), (.phone?, _), (nil, _): break
        }
        switch self.destination(of: self.partyID(of: entry, side.other), by: origin.calling.caller) {
        case .user, .phone, .group: return true
        case .refused: return false
        }
    }
}
