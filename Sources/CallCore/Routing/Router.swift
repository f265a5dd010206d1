package import ClientProtocol
package import SIPCore

/// Decides who is called, by whom, and whether that may be: directory, dial plan, trunks, and the domains that are ours.
package struct Router: Sendable {
    package var directory: Directory
    package var dialPlan: DialPlan
    let trunks: [String: Trunk]
    /// In the order of their names, so that of two that fit alike it is always the same one.
    let trunksByName: [Trunk]
    /// Host names and addresses that are ours; the first one stands in From.
    package var domains: [String]
    /// How media of calls with phones that register here is anchored; nil: it passes through.
    package var phoneRelay: RelayPolicy?
    /// No response at all from such a phone within this time: it is not there.
    package var phoneTryTimeout = Span.seconds(4)

    package init(
        directory: Directory,
        dialPlan: DialPlan,
        trunks: [Trunk],
        domains: [String],
        phoneRelay: RelayPolicy? = nil
    ) {
        self.phoneRelay = phoneRelay
        self.directory = directory
        self.dialPlan = dialPlan
        self.trunks = Dictionary(trunks.map { ($0.name, $0) }) { first, _ in first }
        self.trunksByName = self.trunks.values.sorted { $0.name < $1.name }
        self.domains = domains
    }

    // MARK: Who is called

    /// Where a call goes.
    package enum Destination: Hashable, Sendable {
        /// A user: every connection rings, and these phones.
        case user(PartyID, phones: [Route])
        case phone(Route)
        /// Those members of a group that there are.
        case group(Group, [Destination])
        case refused(ClientReason)
    }

    /// A way to a phone.
    package struct Route: Hashable, Sendable {
        /// nil: the phone registers here.
        package var trunk: String?
        /// Which of the trunk's servers, by its place among them.
        package var server = 0
        /// The trunks that stand in for it where it fails, in their order.
        package var standIns: [String] = []
        /// The user part, or a whole URI; of a phone that registers here its name.
        package var number: String
        /// How long a call by it may last from its answer on; nil: no end is set.
        package var maxDuration: Span?

        package init(trunk: String?, server: Int = 0, number: String) {
            self.trunk = trunk
            self.server = server
            self.number = number
        }

        init(trunks: [String], number: String, maxDuration: Span?) {
            self.trunk = trunks.first
            self.standIns = Array(trunks.dropFirst())
            self.number = number
            self.maxDuration = maxDuration
        }
    }

    /// Resolves what was dialled (gateway-profile §2).
    ///
    /// `isKnown` tells whether a user is connected, or has been; `isPhone`, whether a phone of that name may register here,
    /// which goes before the dial plan.
    package func destination(
        of dialled: PartyID,
        by caller: DialPlan.Caller,
        isKnown: (String) -> Bool,
        isPhone: (String) -> Bool = { _ in false }
    ) -> Destination {
        self.named(dialled.text, isKnown: isKnown, isPhone: isPhone)
            ?? (isKnown(dialled.text) ? .user(dialled, phones: []) : nil)
            ?? self.phone(dialled.text, by: caller, isKnown: isKnown, isPhone: isPhone)
    }

    /// Whom the operator has given that name: a user, or a group.
    private func named(
        _ name: String,
        isKnown: (String) -> Bool,
        isPhone: (String) -> Bool
    ) -> Destination? {
        if let user = self.user(name, isPhone: isPhone) { return user }
        return self.directory.group(number: name).map { group in
            .group(group, group.members.map { self.member($0, isKnown: isKnown, isPhone: isPhone) })
        }
    }

    /// A member that is nobody else is a user who has not been here yet.
    private func member(
        _ member: PartyID,
        isKnown: (String) -> Bool,
        isPhone: (String) -> Bool
    ) -> Destination {
        if let user = self.user(member.text, isPhone: isPhone) { return user }
        guard !isKnown(member.text), self.directory.group(number: member.text) == nil else {
            return .user(member, phones: [])
        }
        switch self.phone(member.text, by: .directory, isKnown: isKnown, isPhone: isPhone) {
        case .refused(.notFound): return .user(member, phones: [])
        case let found: return found
        }
    }

    private func user(_ name: String, isPhone: (String) -> Bool) -> Destination? {
        (self.directory.user(id: name) ?? self.directory.user(alias: name)).map {
            .user($0.id, phones: self.routes(to: $0, isPhone: isPhone))
        }
    }

    private func phone(
        _ dialled: String,
        by caller: DialPlan.Caller,
        isKnown: (String) -> Bool,
        isPhone: (String) -> Bool
    ) -> Destination {
        var number = dialled
        if let uri = SIPURI(dialled) {
            switch uri.scheme {
            case .tel:
                number = uri.dialledNumber ?? dialled
            case .sip, .sips:
                guard self.isOurs(uri.host) else { break }
                // Written out in full, it is the same number.
                guard let user = uri.dialledNumber else { return .refused(.notFound) }
                number = user
            case .other:
                return .refused(.notFound)
            }
        }
        // As a URI, normalized or as it is: an alias or an id reaches its user. No group is a member of a group.
        let normalized = self.dialPlan.normalized(number)
        for name in number == normalized ? [number] : [number, normalized] {
            if name != dialled {
                let named =
                    caller == .directory
                    ? self.user(name, isPhone: isPhone)
                    : self.named(name, isKnown: isKnown, isPhone: isPhone)
                if let named { return named }
                if isKnown(name) { return .user(.string(name), phones: []) }
            }
            if isPhone(name) { return .phone(Route(trunk: nil, number: name)) }
        }
        switch self.dialPlan.match(number, by: caller, permitted: self.permitted(caller)) {
        case .found(let trunks, let number, let maxDuration):
            return .phone(Route(trunks: trunks, number: number, maxDuration: maxDuration))
        case .forbidden: return .refused(.forbidden)
        case .none: return .refused(.notFound)
        }
    }

    /// The names of the rows that whoever dials may use; nil: all of them.
    private func permitted(_ caller: DialPlan.Caller) -> [String]? {
        switch caller {
        case .user(let user), .phone(_, user: let user?): self.directory.user(id: user.text)?.mayCall
        case .phone(_, user: nil), .trunk, .directory: nil
        }
    }

    private func routes(to user: Directory.User, isPhone: (String) -> Bool) -> [Route] {
        user.phones.compactMap { phone in
            if isPhone(phone) { return Route(trunk: nil, number: phone) }
            return switch self.dialPlan.match(phone, by: .directory) {
            case .found(let trunks, let number, let maxDuration):
                Route(trunks: trunks, number: number, maxDuration: maxDuration)
            case .forbidden, .none: nil
            }
        }
    }

    /// Resolves what a phone or a trunk sent a call on to (gateway-profile §6): a number at the trunk's own host is the
    /// trunk's; anything else is taken as if this caller had dialled it.
    ///
    /// Nothing is ever sent to the address that a redirect names, but to a trunk or a phone of ours.
    ///
    /// - Parameters:
    ///   - redirected: the Contact of the 3xx.
    ///   - trunk: the name of the trunk that redirects; nil: a phone that registers here does.
    ///   - caller: on whose behalf.
    ///   - isKnown: as in `destination(of:by:isKnown:isPhone:)`.
    ///   - isPhone: as there.
    /// - Returns: where the call goes on, or why it does not.
    package func destination(
        ofRedirect redirected: SIPURI,
        by trunk: String?,
        for caller: DialPlan.Caller,
        isKnown: (String) -> Bool,
        isPhone: (String) -> Bool = { _ in false }
    ) -> Destination {
        guard let number = redirected.unescapedUser, !number.isEmpty else { return .refused(.notFound) }
        if let trunk = trunk.flatMap({ self.trunks[$0] }), trunk.isAt(redirected) {
            return .phone(Route(trunk: trunk.name, number: number))
        }
        let address = SIPURI(
            scheme: redirected.scheme,
            user: redirected.user,
            host: redirected.host,
            port: redirected.port
        )
        return self.destination(of: .string(address.text), by: caller, isKnown: isKnown, isPhone: isPhone)
    }

    /// Whether a Request-URI's host is one of ours.
    package func isOurs(_ host: String) -> Bool {
        self.domains.contains { $0.equalsIgnoringCase(host) }
    }

    package func trunk(named name: String) -> Trunk? { self.trunks[name] }

    /// How long a call of that caller may last from its answer on; nil: no end is set.
    package func maxDuration(of caller: CallerIdentity) -> Span? {
        caller.owner.flatMap { self.directory.user(id: $0) }?.maxDuration
    }

    /// What is dialled here where a trunk calls that number; nil: nobody, for the trunk's numbers are told and it is none.
    package func inbound(_ number: String, at trunk: Trunk) -> String? {
        guard let inbound = trunk.inbound else { return number }
        return inbound.rewritten(self.dialPlan.normalized(number))
    }

    /// Whom a peer means that sends a call of its own on to somebody: a trunk by its numbers here, or somebody at the trunk.
    ///
    /// - Parameters:
    ///   - uri: the Refer-To of its REFER.
    ///   - trunk: its name; nil: a phone that registers here.
    /// - Returns: what is dialled for it; nil: the trunk's numbers are told and it is none.
    package func inbound(_ uri: SIPURI, by trunk: String?) -> SIPURI? {
        guard let trunk = trunk.flatMap({ self.trunks[$0] }), trunk.inbound != nil, !trunk.isAt(uri) else { return uri }
        return uri.dialledNumber.flatMap { self.inbound($0, at: trunk) }.map {
            SIPURI(user: SIPURI.escapedUser($0), host: self.domains.first ?? uri.host)
        }
    }

    /// Every trunk, by name.
    package var allTrunks: [Trunk] { self.trunksByName }

    /// The same route server by server: those of its trunk in their turn, then those of the trunks that stand in for it.
    ///
    /// - Parameters:
    ///   - route: to a trunk.
    ///   - random: decides among servers of one priority.
    /// - Returns: none where the trunks are gone.
    package func ways(of route: Route, random: inout some RandomNumberGenerator) -> [Route] {
        if route.standIns.isEmpty, route.trunk.flatMap({ self.trunks[$0] })?.servers.count == 1 { return [route] }
        var ways: [Route] = []
        for trunk in ([route.trunk] + route.standIns).compactMap({ $0.flatMap { self.trunks[$0] } }) {
            for server in trunk.inTurn(&random) {
                var way = Route(trunk: trunk.name, server: server, number: route.number)
                way.maxDuration = route.maxDuration
                ways.append(way)
            }
        }
        return ways
    }

    /// The server of a trunk that a route leads to; nil where it is gone, or there is none.
    private func server(of route: Route) -> Trunk.Server? {
        guard let servers = route.trunk.flatMap({ self.trunks[$0] })?.servers, servers.indices.contains(route.server)
        else { return nil }
        return servers[route.server]
    }

    /// What tells that server from all others; nil as above.
    package func serverID(of route: Route) -> Trunk.ServerID? {
        guard let trunk = route.trunk, let server = self.server(of: route) else { return nil }
        return Trunk.ServerID(trunk: trunk, server: server.name)
    }

    /// A question to a trunk's server whether it is alive.
    package func probe(of server: Trunk.Server, of trunk: Trunk) -> ProbeOrder {
        ProbeOrder(
            uri: server.uri,
            target: server.target,
            route: trunk.route,
            from: NameAddress(uri: SIPURI(host: self.domains.first ?? server.uri.host)),
            tryTimeout: trunk.tryTimeout
        )
    }

    // MARK: Media

    /// How the media of a call over that route is anchored; nil: it passes through.
    package func relay(of route: Route) -> RelayPolicy? {
        guard let name = route.trunk else { return self.phoneRelay }
        return self.trunks[name]?.relay
    }

    // MARK: The INVITE

    /// As whom the callee on that route is called, wherever it is; nil where the trunk is gone.
    package func uri(of route: Route) -> SIPURI? {
        guard route.trunk != nil else {
            return SIPURI(user: SIPURI.escapedUser(route.number), host: self.domains.first ?? "localhost")
        }
        return self.server(of: route).map { Self.uri(of: route.number, at: $0) }
    }

    private static func uri(of number: String, at server: Trunk.Server) -> SIPURI {
        if var whole = SIPURI(number), whole.scheme == .sip || whole.scheme == .sips {
            // Header fields behind `?` have no place in a Request-URI (RFC 3261 §19.1.1).
            whole.headers = nil
            // A trunk that is to be reached by TLS all the way stays one (RFC 5630 §3.1.2).
            if server.uri.scheme == .sips { whole.scheme = .sips }
            return whole
        }
        var uri = server.uri
        uri.user = SIPURI.escapedUser(number)
        return uri
    }

    /// Everything of an INVITE on that route but its offer; nil where the trunk is gone, or there is none.
    package func order(
        for route: Route,
        from caller: CallerIdentity,
        maxForwards: UInt8 = 70
    ) -> InviteOrder? {
        guard let trunk = route.trunk.flatMap({ self.trunks[$0] }), let server = self.server(of: route) else {
            return nil
        }
        let uri = Self.uri(of: route.number, at: server)
        let owner = caller.owner.flatMap { self.directory.user(id: $0) }
        let account = owner?.account(at: trunk.name)
        // Whoever has an extension there calls from it, with the address that it is registered by.
        let own = owner?.callerID ?? caller.user
        let user = account?.username ?? trunk.callerIDs.rewritten(own) ?? trunk.fromUser ?? own
        let domain = (account == nil ? self.domains.first : nil) ?? server.uri.host
        let to = SIPURI(scheme: uri.scheme, user: uri.user, host: uri.host, port: uri.port)
        return InviteOrder(
            uri: uri,
            target: server.target,
            route: trunk.route,
            from: caller.from(user, at: domain),
            to: NameAddress(uri: to),
            maxForwards: maxForwards,
            offer: nil,
            credentials: account ?? trunk.credentials,
            tryTimeout: trunk.tryTimeout,
            fields: caller.fields(user, at: domain, isTrusted: trunk.isTrusted),
            sessionTimer: trunk.sessionTimer,
            reliability: trunk.reliability
        )
    }

    /// Everything of an INVITE for a phone that registers here but its offer.
    package func order(
        for phone: String,
        at target: PhoneTarget,
        from caller: CallerIdentity,
        maxForwards: UInt8 = 70
    ) -> InviteOrder {
        let domain = self.domains.first ?? target.uri.host
        return InviteOrder(
            uri: target.uri,
            target: target.target,
            flow: target.flow,
            route: target.route,
            from: caller.from(at: domain),
            to: NameAddress(uri: SIPURI(user: SIPURI.escapedUser(phone), host: domain)),
            maxForwards: maxForwards,
            offer: nil,
            tryTimeout: self.phoneTryTimeout,
            fields: caller.fields(at: domain, isTrusted: false)
        )
    }
}
