import CallCore
import ClientProtocol
import SIPCore

extension CallTable {
    /// A phone calls.
    func invited(_ session: SessionID, _ invite: IncomingInvite, now: Instant) {
        let origin: SIPOrigin
        switch self.origin(of: invite.request, by: invite.flow, phone: invite.phone) {
        case .known(let known): origin = known
        case .refused(let status): return self.refuse(session, status: status, now: now)
        }
        if let trunk = origin.trunk { self.userAgent.setSessionTimer(session, trunk.sessionTimer) }
        if let replaces = invite.replaces {
            return self.replace(replaces, by: session, sdp: invite.sdp, origin, now: now)
        }
        guard !origin.number.isEmpty else { return self.refuse(session, status: 404, now: now) }
        let callees =
            origin.trunk.map(self.hasRoom) ?? true
            ? self.callees(of: .string(origin.number), by: origin.calling, now: now) : Callees(refused: .overloaded)
        let entry = self.newCall(
            origin.calling,
            dialled: .string(origin.number),
            leg: .sip(.inbound(origin: self.newOrigin(), peer: origin.peer)),
            callees,
            relay: origin.relay(by: self.configuration.router) ?? callees.relay,
            callingUser: nil,
            now: now
        )
        entry.ringsReliably = origin.trunk?.reliability.ringsReliably
        self.enter(entry)
        self.bind(session, to: .caller, of: entry, trunk: origin.trunk?.name)
        for connection in callees.connections { self.join(connection, entry) }
        if let refused = callees.refused {
            self.carryOut(entry.call.end(refused), of: entry, now: now)
        } else {
            self.carryOut(entry.call.begin(callees.hunt, sdp: invite.sdp, now: now), of: entry, now: now)
        }
    }

    func refuse(_ session: SessionID, status: UInt16, now: Instant) {
        self.userAgent.end(session, SessionEnding(status: status), now: now)
    }

    /// Something happened to a phone's session.
    func happened(_ event: SessionEvent, to session: SessionID, now: Instant) {
        guard let bound = self.sessions[session], let entry = self.calls[bound.call] else { return }
        let leg = bound.leg
        let action: CallAction
        switch event {
        case .provisional(let status, let sdp):
            action = entry.call.receivedProvisional(leg, status: status, sdp: sdp)
        case .answered(let sdp):
            action = entry.call.receivedAnswer(leg, sdp: sdp, now: now)
        case .refused(let refusal):
            self.unbind(session, entry)
            action = self.refused(leg, refusal, of: entry, now: now)
        case .cancelled(let reason):
            self.unbind(session, entry)
            action = entry.call.receivedCancel(leg, reason: reason)
        case .acknowledged(let sdp):
            action = entry.call.receivedAcknowledgement(leg, sdp: sdp)
        case .reinvited(let sdp):
            action = entry.call.receivedReinvite(leg, sdp: sdp, now: now)
        case .offered(_, let sdp):
            action = entry.call.receivedProvisionalOffer(leg, sdp: sdp)
        case .updated(let sdp):
            action = entry.call.receivedUpdate(leg, sdp: sdp, now: now)
        case .redescribed(let sdp):
            action = entry.call.receivedRedescription(leg, sdp: sdp)
        case .provisionalAcknowledged, .updateAnswered, .updateRefused:
            // A call offers nothing in provisional responses, and orders no UPDATE.
            return
        case .reinviteAnswered(let sdp):
            action = entry.call.receivedReinviteAnswer(leg, sdp: sdp, now: now)
        case .reinviteRefused(let refusal):
            action = entry.call.receivedReinviteRefusal(leg, refusal)
        case .referral(let news):
            return self.referred(news, entry, now: now)
        case .referred(let target, let referrer):
            return self.referred(session, leg, to: target, by: referrer, entry, now: now)
        case .digit(let digit):
            action = entry.call.receivedDigit(digit, leg)
        case .ended(let end):
            self.unbind(session, entry)
            action = entry.call.sessionEnded(leg, end, now: now)
        }
        self.carryOut(action, of: entry, now: now)
    }

    func unbind(_ session: SessionID, _ entry: Entry) {
        self.sessions[session] = nil
        guard let index = entry.sessions.firstIndex(where: { $0.session == session }) else { return }
        self.releaseTrunk(of: entry.sessions.remove(at: index))
    }
}

extension InviteOrder.Reliability {
    /// See `CallTable.Entry.ringsReliably`.
    fileprivate var ringsReliably: Bool? {
        switch self {
        case .usual, .supported: nil
        case .required: true
        case .off: false
        }
    }
}
