import CallCore
import ClientProtocol
import SIPCore

/// Transfers that apps order: by REFER where the phone on the other side reaches the target by itself, else by the gateway.
extension CallTable {
    /// - Throws: `transfer_failed`, `wrong_state`, and what finding the second call throws.
    func transfer(
        _ found: Found,
        to target: ClientAction.TransferTarget,
        requestID: JSONFragment?,
        by connection: ConnectionID,
        _ sender: Connection,
        now: Instant
    ) throws(ClientError) {
        guard found.entry.call.mayTransfer else {
            throw ClientError(
                code: .wrongState,
                message: "Only an answered call that is not being transferred already, nor has been too often, can be."
            )
        }
        switch target {
        case .party(let party):
            try self.transfer(found, to: party, requestID: requestID, sender, now: now)
        case .call(let id):
            let other = try self.find(id, peer: nil, of: connection) { _, _ in true }
            try self.transfer(found, into: other, requestID: requestID, connection, now: now)
        }
    }

    static func transferFailed(_ explanation: String) -> ClientError {
        ClientError(code: .transferFailed, message: explanation, action: "transfer")
    }

    private static let apart = "The two can't be joined: the media of one stays where it is, or both are one device."
    private static let unanchored = "The media of this call passes through the gateway, which can't lead it elsewhere."

    // MARK: Blind

    private func transfer(
        _ found: Found,
        to target: PartyID,
        requestID: JSONFragment?,
        _ sender: Connection,
        now: Instant
    ) throws(ClientError) {
        let entry = found.entry
        guard self.callRates.take(sender.identity.userID.text, limits: self.configuration.limits, now: now) else {
            throw ClientError(code: .rateLimited, message: "This user has placed too many calls; try again later.")
        }
        let user = DialPlan.Caller.user(sender.identity.userID)
        if let phone = entry.call.phone(found.side.other), let peer = phone.peer,
            let session = self.session(of: phone.leg, entry), self.userAgent.mayRefer(session),
            let uri = self.uri(of: target, reachedBy: peer, allowed: user)
        {
            entry.transfer = .refers(to: target)
            let action = entry.call.beginReferral(
                by: found.side,
                to: ReferTarget(uri: uri),
                requestID: requestID
            )
            return self.carryOut(action, of: entry, now: now)
        }
        try self.place(target, as: user, for: entry, inPlaceOf: found.side, requestID: requestID, now: now)
    }

    /// Calls the target for the party that stays.
    private func place(
        _ target: PartyID,
        as user: DialPlan.Caller,
        for entry: Entry,
        inPlaceOf side: Side,
        requestID: JSONFragment?,
        now: Instant
    ) throws(ClientError) {
        let calling = self.calling(entry, side.other, as: user)
        // Another device of a party may take the call over, but not one that talks in it.
        let callees = self.callees(of: target, by: calling, now: now) { entry.call.side(of: $0) != nil }
        if let refused = callees.refused { throw Self.transferFailed("It can't be called: \(refused.rawValue).") }
        guard let relay = self.relay(placing: callees, for: entry, inPlaceOf: side) else {
            throw Self.transferFailed(Self.unanchored)
        }
        self.place(
            callees,
            by: calling,
            dialled: target,
            for: entry,
            inPlaceOf: side,
            relay: relay,
            requestID: requestID,
            now: now
        )
    }

    /// What a phone has to call to reach the target by itself; nil where it can't, or the app may not.
    private func uri(
        of target: PartyID,
        reachedBy peer: SIPPeer,
        allowed user: DialPlan.Caller
    ) -> SIPURI? {
        let router = self.configuration.router
        switch (peer, self.destination(of: target, by: user)) {
        case (.trunk(let name), .phone(let route)) where route.trunk == name:
            return router.uri(of: route)
        case (.phone(let name), .phone), (.phone(let name), .user), (.phone(let name), .group):
            if case .refused = self.destination(of: target, by: router.caller(name)) { return nil }
            guard SIPURI(target.text) == nil, let domain = router.domains.first else { return nil }
            return SIPURI(user: SIPURI.escapedUser(target.text), host: domain)
        case (.trunk, _), (.phone, .refused):
            return nil
        }
    }

    // MARK: Attended

    private func transfer(
        _ found: Found,
        into other: Found,
        requestID: JSONFragment?,
        _ connection: ConnectionID,
        now: Instant
    ) throws(ClientError) {
        let (entry, second) = (found.entry, other.entry)
        guard second !== entry, second.call.mayTransfer else {
            throw ClientError(
                code: .wrongState,
                message: "`with_call_id` is not another answered call that is not being transferred."
            )
        }
        if let asked = entry.call.phone(found.side.other), let there = second.call.phone(other.side.other),
            case .trunk(let name)? = asked.peer, there.peer == .trunk(name),
            let session = self.session(of: asked.leg, entry), self.userAgent.mayRefer(session),
            let target = self.session(of: there.leg, second).flatMap({ self.userAgent.replacement(of: $0) })
        {
            second.call.beginReplacement(by: other.side)
            entry.transfer = .replaces(second.call.id)
            let action = entry.call.beginReferral(by: found.side, to: target, requestID: requestID)
            return self.carryOut(action, of: entry, now: now)
        }
        guard let relay = self.relay(joining: entry, found.side, with: second, other.side) else {
            throw Self.transferFailed(Self.apart)
        }
        self.merge(second, other.side.other, into: entry, inPlaceOf: found.side, relay: relay, now: now)
        self.confirm(requestID, to: connection)
    }

    // MARK: What becomes of a REFER of ours

    func referred(_ news: ReferClient.News, _ entry: Entry, now: Instant) {
        if case .refused = news, self.transferInstead(entry, now: now) { return }
        self.carryOut(entry.call.receivedReferral(news), of: entry, now: now)
        guard entry.call.mayTransfer else { return }
        if case .replaces(let id)? = entry.transfer { self.calls[id]?.call.endReplacement() }
        entry.transfer = nil
    }

    /// A phone that says in Allow that it knows REFER, and refuses each, is not rare: what it was asked for is done here.
    ///
    /// - Returns: false where that can't be: then the transfer has failed.
    private func transferInstead(_ entry: Entry, now: Instant) -> Bool {
        guard let side = entry.call.transferor, let app = entry.call.app(side),
            let user = self.connections[app.connection]?.identity.userID
        else { return false }
        switch entry.transfer {
        case .refers(let target):
            guard entry.call.isMovable(side.other), let order = entry.call.withdrawReferral() else { return false }
            entry.transfer = nil
            do {
                try self.place(
                    target,
                    as: .user(user),
                    for: entry,
                    inPlaceOf: side,
                    requestID: order.requestID,
                    now: now
                )
            } catch {
                var error = error
                error.requestID = order.requestID
                self.clientOutbound.append(.send(app.connection, .error(error)))
            }
            return true
        case .replaces(let id):
            guard let second = self.calls[id], let secondSide = second.call.transferor,
                let relay = self.relay(joining: entry, side, with: second, secondSide),
                let order = entry.call.withdrawReferral()
            else { return false }
            second.call.endReplacement()
            self.merge(second, secondSide.other, into: entry, inPlaceOf: side, relay: relay, now: now)
            self.confirm(order.requestID, to: app.connection)
            return true
        case .waits, .rings, nil:
            return false
        }
    }

    // MARK: By a call of the gateway's

    /// Calls whoever is to take that side's place.
    func place(
        _ callees: Callees,
        by calling: CallingParty,
        dialled: PartyID,
        for entry: Entry,
        inPlaceOf side: Side,
        relay: RelayPolicy,
        requestID: JSONFragment?,
        now: Instant
    ) {
        let new = self.newCall(
            calling,
            dialled: dialled,
            leg: .sip(.inbound(origin: self.newOrigin())),
            callees,
            relay: relay,
            callingUser: nil,
            now: now
        )
        new.transfer = .rings(for: entry.call.id)
        entry.transfer = .waits(for: new.call.id)
        entry.call.beginTransfer(by: side, requestID: requestID, now: now)
        self.arm(entry)
        let action = new.call.begin(callees.hunt, now: now)
        self.enter(new)
        for connection in callees.connections { self.join(connection, new) }
        self.carryOut(action, of: new, now: now)
    }

    /// A call rings on behalf of another one: the phone that transfers that hears of it.
    func reportRinging(of entry: Entry, status: UInt16, now: Instant) {
        guard case .rings(let id)? = entry.transfer, let waiting = self.calls[id] else { return }
        self.carryOut(waiting.call.transferProgressed(status: min(status, 199)), of: waiting, now: now)
    }

    /// A call that rang on behalf of another one is answered: its callee moves over.
    func completeTransfer(with entry: Entry, now: Instant) {
        guard case .rings(let id)? = entry.transfer else { return }
        guard let waiting = self.calls[id], let side = waiting.call.transferor,
            let relay = self.relay(of: waiting, entry), entry.call.isMovable(.callee)
        else { return self.carryOut(entry.call.end(.failed), of: entry, now: now) }
        self.merge(entry, .callee, into: waiting, inPlaceOf: side, relay: relay, now: now)
    }

    /// A call is over: what it was to another one is decided.
    func endTransfer(of entry: Entry, _ outcome: CallOutcome, now: Instant) {
        let role = entry.transfer
        entry.transfer = nil
        switch role {
        case .waits(let id):
            guard let ringing = self.calls[id] else { return }
            ringing.transfer = nil
            self.carryOut(ringing.call.end(.cancelled), of: ringing, now: now)
        case .rings(let id):
            guard let waiting = self.calls[id] else { return }
            waiting.transfer = nil
            self.carryOut(waiting.call.transferFailed(outcome), of: waiting, now: now)
        case .replaces(let id):
            guard let second = self.calls[id] else { return }
            if outcome.reason == .transferred {
                self.carryOut(second.call.end(.transferred), of: second, now: now)
            } else {
                second.call.endReplacement()
            }
        case .refers, nil:
            break
        }
    }
}
