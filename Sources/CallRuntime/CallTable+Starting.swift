import CallCore
import ClientProtocol
import SIPCore

extension CallTable {
    /// Whom a new call rings.
    struct Callees {
        var legs: [Leg.Kind] = []
        var user: PartyID?
        /// How the media of a phone among them is anchored; nil: it passes through.
        var relay: RelayPolicy?
        /// Why it can't ring anywhere.
        var refused: ClientReason?

        var connections: [ConnectionID] {
            self.legs.compactMap { leg in
                switch leg {
                case .app(let app): app.connection
                case .sip: nil
                }
            }
        }
    }

    /// Resolves what was dialled into the legs that ring: every connection of a user and the user's phones, or one phone.
    func callees(
        of dialled: PartyID,
        by calling: CallingParty,
        now: Instant,
        except own: ConnectionID? = nil
    ) -> Callees {
        let destination = self.destination(of: dialled, by: calling.caller)
        if let reason = self.refusesAll {
            var callees = Callees(refused: reason)
            if case .user(let user, _) = destination { callees.user = user }
            return callees
        }
        return self.callees(at: destination, by: calling, now: now) { $0 == own }
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

    /// The legs that ring at a destination.
    ///
    /// - Parameters:
    ///   - destination: as it was resolved.
    ///   - calling: who calls.
    ///   - redirects: what has led there; nil: it was dialled.
    ///   - now: the time.
    ///   - isOut: whether a connection is not to ring.
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
            let legs = self.phone(route, by: calling, following: redirects, now: now)
            return Callees(legs: legs, relay: router.relay(of: route))
        case .user(let user, let phones):
            guard self.users[user.text]?.ringing.count ?? 0 < self.configuration.limits.ringingPerUser else {
                return Callees(user: user, refused: .busy)
            }
            var legs: [Leg.Kind] = []
            for connection in self.users[user.text]?.connections ?? [] where !isOut(connection) {
                guard let profile = self.connections[connection]?.profile else { continue }
                legs.append(.app(AppLeg(connection: connection, profile: profile)))
            }
            for route in phones { legs += self.phone(route, by: calling, following: redirects, now: now) }
            return Callees(legs: legs, user: user, relay: phones.lazy.compactMap { router.relay(of: $0) }.first)
        }
    }

    /// Why no call at all is taken at the moment.
    private var refusesAll: ClientReason? {
        if self.isDraining { return .shuttingDown }
        return self.calls.count >= self.configuration.limits.calls ? .overloaded : nil
    }

    /// The legs of a way to a phone: one for each binding, none where nobody is registered there.
    func phone(
        _ route: Router.Route,
        by calling: CallingParty,
        following redirects: Redirects?,
        now: Instant
    ) -> [Leg.Kind] {
        let router = self.configuration.router
        let orders: [InviteOrder]
        if route.trunk == nil {
            // Every binding rings; which of them is asked first `q` would tell to a fork in turn.
            orders =
                self.userAgent.phones?.targets(of: route.number, now: now).map {
                    router.order(
                        for: route.number,
                        at: $0,
                        from: calling.identity,
                        maxForwards: calling.maxForwards
                    )
                } ?? []
        } else {
            orders = [
                router.order(for: route, from: calling.identity, maxForwards: calling.maxForwards)
            ].compactMap { $0 }
        }
        let offersSDES = router.relay(of: route)?.offersSDES
        return orders.map {
            .sip(
                .outbound(
                    $0,
                    origin: self.newOrigin(),
                    offersSDES: offersSDES,
                    route: route,
                    redirects: redirects
                )
            )
        }
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
        let call = Call(
            id: CallID(text: self.newToken()),
            parties: parties,
            caller: caller,
            timers: self.configuration.timers,
            relay: relay,
            seed: (self.random.next(), self.random.next()),
            now: now
        )
        let toPhone = callees.user == nil
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
            calledUser: callees.user
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
