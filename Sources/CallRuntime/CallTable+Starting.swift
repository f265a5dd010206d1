import CallCore
import ClientProtocol
import SIPCore

extension CallTable {
    /// Whom a new call rings.
    struct Callees {
        var hunt = Hunt([])
        /// Whose devices ring; none where it is a phone.
        var users: [PartyID] = []
        /// How the media of a phone among them is anchored; nil: it passes through.
        var relay: RelayPolicy?
        /// Why it can't ring anywhere.
        var refused: ClientReason?

        var connections: [ConnectionID] { self.hunt.connections }
    }

    /// Resolves what was dialled into the legs that ring: every connection of a user and the user's phones, or one phone.
    ///
    /// `isOut` is as in `callees(at:by:following:now:except:)`.
    func callees(
        of dialled: PartyID,
        by calling: CallingParty,
        now: Instant,
        except isOut: (ConnectionID) -> Bool = { _ in false }
    ) -> Callees {
        let destination = self.destination(of: dialled, by: calling.caller)
        if let reason = self.refusesAll {
            var callees = Callees(refused: reason)
            if case .user(let user, _) = destination { callees.users = [user] }
            return callees
        }
        return self.callees(at: destination, by: calling, now: now, except: isOut)
    }

    /// What the directory, the phones and the dial plan make of what was dialled.
    func destination(of dialled: PartyID, by caller: DialPlan.Caller) -> Router.Destination {
        self.configuration.router.destination(
            of: dialled,
            by: caller,
            isKnown: { self.knownUsers.contains($0) },
            isPhone: { self.userAgent.phones?.account($0) != nil }
        )
    }

    /// What they make of the target of a redirect or of a REFER.
    func destination(ofRedirect uri: SIPURI, by trunk: String?, for caller: DialPlan.Caller) -> Router.Destination {
        self.configuration.router.destination(
            ofRedirect: uri,
            by: trunk,
            for: caller,
            isKnown: { self.knownUsers.contains($0) },
            isPhone: { self.userAgent.phones?.account($0) != nil }
        )
    }

    /// The legs that ring at a destination.
    ///
    /// - Parameters:
    ///   - destination: as it was resolved.
    ///   - calling: who calls.
    ///   - redirects: what has led there; nil: it was dialled.
    ///   - now: the time.
    ///   - isOut: whether a connection is not to ring, beside the device that calls.
    /// - Returns: who rings, or why nobody can.
    func callees(
        at destination: Router.Destination,
        by calling: CallingParty,
        following redirects: Redirects? = nil,
        now: Instant,
        except isOut: (ConnectionID) -> Bool
    ) -> Callees {
        let router = self.configuration.router
        switch destination {
        case .refused(let reason):
            return Callees(refused: reason)
        case .phone(let route):
            let hunt = self.phone(route, by: calling, following: redirects, now: now)
            return Callees(hunt: hunt, relay: router.relay(of: route))
        case .user(let user, let phones):
            guard self.users[user.text]?.ringing.count ?? 0 < self.configuration.limits.ringingPerUser else {
                return Callees(users: [user], refused: .busy)
            }
            var turn = Turn([])
            for connection in self.users[user.text]?.connections ?? [] {
                guard calling.device?.isApp(connection) != true, !isOut(connection) else { continue }
                guard let profile = self.connections[connection]?.profile else { continue }
                turn.callees.append(.app(AppLeg(connection: connection, profile: profile)))
            }
            for route in phones { turn.add(self.phone(route, by: calling, following: redirects, now: now)) }
            return Callees(
                hunt: Hunt([turn], party: .user(user.text)),
                users: [user],
                relay: phones.lazy.compactMap { router.relay(of: $0) }.first
            )
        case .group(let group, let members):
            let members = members.map {
                self.callees(at: $0, by: calling, following: redirects, now: now, except: isOut)
            }
            return self.callees(of: group, members)
        }
    }

    /// The members of a group, each of them once.
    private func callees(of group: Group, _ members: [Callees]) -> Callees {
        var callees = Callees()
        var hunts: [Hunt] = []
        for member in members where member.refused == nil {
            guard !member.users.contains(where: { user in callees.users.contains { $0.names(user) } }) else { continue }
            callees.users += member.users
            callees.relay = callees.relay ?? member.relay
            hunts.append(Hunt(member.hunt.turns, party: member.hunt.party ?? .phone))
        }
        switch group.ring {
        case .all: callees.hunt = Hunt([Turn([], hunts: hunts, limit: group.ringTime)])
        case .inTurn: callees.hunt = Hunt(hunts.map { Turn([], hunts: [$0], limit: group.ringTime) })
        }
        return callees
    }

    /// Why no call at all is taken at the moment.
    var refusesAll: ClientReason? {
        if self.isDraining { return .shuttingDown }
        return self.calls.count >= self.configuration.limits.calls ? .overloaded : nil
    }

    /// The devices of a phone: those that it prefers alike at once, the others after them (RFC 3261 §16.6); or the trunks
    /// of a route.
    ///
    /// None where nobody is registered there.
    func phone(
        _ route: Router.Route,
        by calling: CallingParty,
        following redirects: Redirects?,
        now: Instant
    ) -> Hunt {
        let router = self.configuration.router
        func leg(_ order: InviteOrder, _ way: Router.Route) -> Leg.Kind {
            .sip(
                .outbound(
                    order,
                    origin: self.newOrigin(),
                    offersSDES: router.relay(of: way)?.offersSDES,
                    route: way,
                    redirects: redirects
                )
            )
        }
        guard route.trunk == nil else {
            // A server or a trunk that stands in is called where the one before it has failed, and for no other reason.
            return Hunt(
                router.ways(of: route, random: &self.random).compactMap { way in
                    router.order(for: way, from: calling.identity, maxForwards: calling.maxForwards)
                        .map { Turn([leg($0, way)], after: .unreached) }
                }
            )
        }
        var hunt = Hunt([])
        var last: UInt16?
        for target in self.userAgent.phones?.targets(of: route.number, now: now) ?? []
        where calling.device?.isPhone(route.number, at: target) != true {
            let order = router.order(
                for: route.number,
                at: target,
                from: calling.identity,
                maxForwards: calling.maxForwards
            )
            if target.q == last {
                hunt.turns[hunt.turns.count - 1].callees.append(leg(order, route))
            } else {
                // The last ones ring for as long as the call may.
                if last != nil { hunt.turns[hunt.turns.count - 1].limit = self.configuration.timers.turn }
                hunt.turns.append(Turn([leg(order, route)]))
            }
            last = target.q
        }
        return hunt
    }

    func newCall(
        _ calling: CallingParty,
        dialled: PartyID,
        leg caller: Leg.Kind,
        _ callees: Callees,
        relay: RelayPolicy?,
        callingUser: String?,
        now: Instant
    ) -> Entry {
        let parties = CallParties(callerID: calling.id, callerUsername: calling.username, dialled: dialled)
        var timers = self.configuration.timers
        if let limit = self.configuration.router.maxDuration(of: calling.identity) {
            timers.call = timers.call.map { min($0, limit) } ?? limit
        }
        let call = Call(
            id: CallID(text: self.newToken()),
            parties: parties,
            caller: caller,
            timers: timers,
            relay: relay,
            seed: (self.random.next(), self.random.next()),
            now: now
        )
        let toPhone = callees.users.isEmpty
        let direction: CallDirection =
            switch caller {
            case .app: toPhone ? .appToPhone : .appToApp
            case .sip: toPhone ? .phoneToPhone : .phoneToApp
            }
        return Entry(
            call: call,
            direction: direction,
            calling: calling,
            callingUser: callingUser,
            calledUsers: callees.users
        )
    }

    func newOrigin() -> SessionOrigin {
        SessionOrigin(sessionID: self.random.next() >> 2)
    }

    private static let tokenAlphabet = Array("0123456789abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ".utf8)

    /// 15 characters, 87 bits, that nobody guesses; short enough to cost no allocation.
    func newToken() -> String {
        String(unsafeUninitializedCapacity: 15) { buffer in
            for index in 0..<15 {
                let digit = self.random.next(upperBound: UInt64(Self.tokenAlphabet.count))
                buffer[index] = Self.tokenAlphabet[Int(digit)]
            }
            return 15
        }
    }
}
