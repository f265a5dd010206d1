import CallCore
import ClientProtocol
import SIPCore

extension CallTable {
    /// Moves the party on one side of a call into the place of a party of another; the first call is over with that.
    func merge(
        _ source: Entry,
        _ movingSide: Side,
        into entry: Entry,
        inPlaceOf side: Side,
        relay: RelayPolicy,
        now: Instant
    ) {
        // Who is who is told before anybody has moved.
        let id = self.partyID(of: source, movingSide)
        let username = self.username(of: source, movingSide)
        let isTold: Bool
        if case .rings = source.transfer { isTold = true } else { isTold = false }
        let peer = isTold ? source.call.parties.peer(of: movingSide) : self.partyID(of: entry, side.other)
        let peerUsername = isTold ? nil : self.username(of: entry, side.other)
        source.transfer = nil
        entry.transfer = nil
        let app = source.call.app(movingSide).flatMap { self.connections[$0.connection] }
        let user = app?.identity.userID.text ?? source.user(on: movingSide)
        guard let surrendered = source.call.surrender(movingSide) else { return }
        var newcomer = surrendered.newcomer
        let old = newcomer.leg.id
        newcomer.leg.id = entry.call.nextLegID()
        newcomer.id = id
        newcomer.username = username
        newcomer.peer = peer
        newcomer.peerUsername = peerUsername
        self.rebind(old, of: source, to: newcomer.leg.id, of: entry)
        switch newcomer.leg.kind {
        case .app(let app):
            self.callAliases[source.call.id] = entry.call.id
            entry.aliases.append(source.call.id)
            for alias in source.aliases { self.callAliases[alias] = entry.call.id }
            entry.aliases += source.aliases
            source.aliases = []
            self.join(app.connection, entry)
        case .sip:
            break
        }
        entry.newcomer = user
        self.carryOut(surrendered.action, of: source, now: now)
        self.carryOut(entry.call.take(newcomer, inPlaceOf: side, relay: relay, now: now), of: entry, now: now)
    }

    /// The session and the media of a leg are another call's from now on.
    private func rebind(_ old: LegID, of source: Entry, to new: LegID, of entry: Entry) {
        for bound in source.sessions where bound.leg == old {
            // It goes on counting toward its trunk.
            entry.sessions.append(LegSession(leg: new, session: bound.session, trunk: bound.trunk))
            self.sessions[bound.session] = (entry.call.id, new)
        }
        source.sessions.removeAll { $0.leg == old }
        for bound in source.media where bound.leg == old {
            entry.media.append(LegMedia(leg: new, media: bound.media))
            self.mediaLegs[bound.media] = (entry.call.id, new)
        }
        source.media.removeAll { $0.leg == old }
    }

    /// Whoever had part on that side has none any more, but for those who are there by another device, or on the other side.
    func replaceUser(on side: Side, of entry: Entry) {
        let user = entry.newcomer
        entry.newcomer = nil
        var leaving = entry.joinedUsers.filter { $0.side == side }.map { $0.user }
        entry.joinedUsers.removeAll { $0.side == side }
        switch side {
        case .caller:
            if let caller = entry.callingUser {
                self.users[caller]?.placed -= 1
                leaving.append(caller)
            }
            entry.callingUser = nil
        case .callee:
            leaving += entry.calledUsers.map { $0.text }
            entry.calledUsers = []
        }
        if let user {
            entry.joinedUsers.append((user, side))
            let calls = self.user(user).calls
            if !calls.contains(entry.call.id) { self.user(user).calls = calls + [entry.call.id] }
        }
        for user in leaving where !entry.hasPart(user) { self.leave(entry.call.id, user: user) }
    }

    // MARK: Who is who

    /// The party on that side: a user by the user's own id.
    func partyID(of entry: Entry, _ side: Side) -> PartyID {
        let app = entry.call.app(side).flatMap { self.connections[$0.connection] }
        return app?.identity.userID ?? entry.call.parties.peer(of: side.other)
    }

    /// The name of the party on that side, for people.
    func username(of entry: Entry, _ side: Side) -> String {
        if let app = entry.call.app(side), let identity = self.connections[app.connection]?.identity {
            return identity.username
        }
        if side == .caller { return entry.call.parties.callerUsername }
        return entry.call.parties.dialled.text
    }

    /// The party on that side as one that calls, with the permissions of `caller`.
    func calling(_ entry: Entry, _ side: Side, as caller: DialPlan.Caller) -> CallingParty {
        if let app = entry.call.app(side), let identity = self.connections[app.connection]?.identity {
            var calling = self.configuration.router.party(of: identity)
            calling.caller = caller
            return calling
        }
        let id = entry.call.parties.peer(of: side.other)
        let identity = CallerIdentity(
            user: SIPURI(id.text)?.unescapedUser ?? id.text,
            displayName: side == .caller ? entry.call.parties.callerUsername : nil
        )
        return CallingParty(caller: caller, id: id, username: self.username(of: entry, side), identity: identity)
    }

    /// How the media of the parties is anchored that those on these sides talk to, once they talk to each other.
    ///
    /// - Returns: nil: their media can't be led elsewhere, or both are one device, which would talk to itself.
    func relay(joining entry: Entry, _ side: Side, with second: Entry, _ secondSide: Side) -> RelayPolicy? {
        guard entry.call.isMovable(side.other), second.call.isMovable(secondSide.other) else { return nil }
        if let app = entry.call.app(side.other), app.connection == second.call.app(secondSide.other)?.connection {
            return nil
        }
        return self.relay(of: entry, second)
    }

    /// How the media of the party that stays, and of whoever comes in place of that side's, is anchored.
    ///
    /// - Returns: nil: it can't be led elsewhere.
    func relay(placing callees: Callees, for entry: Entry, inPlaceOf side: Side) -> RelayPolicy? {
        guard entry.call.isMovable(side.other) else { return nil }
        return entry.call.anchor ?? self.configuration.router.phoneRelay ?? callees.relay
    }

    /// How the media of the two calls' parties is anchored once they talk to each other; nil: it can't be.
    func relay(of entry: Entry, _ other: Entry) -> RelayPolicy? {
        entry.call.anchor ?? other.call.anchor ?? self.configuration.router.phoneRelay
    }
}
