package import ClientProtocol
package import SIPCore

/// Decides who is called, by whom, and whether that may be: directory, dial plan, trunks, and the domains that are ours.
package struct Router: Sendable {
    package var directory: Directory
    package var dialPlan: DialPlan
    private let trunks: [String: Trunk]
    /// In the order of their names, so that of two that fit alike it is always the same one.
    private let trunksByName: [Trunk]
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
        case refused(ClientReason)
    }

    /// A way to a phone.
    package struct Route: Hashable, Sendable {
        /// nil: the phone registers here.
        package var trunk: String?
        /// The user part, or a whole URI; of a phone that registers here its name.
        package var number: String
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
        if let user = self.user(dialled.text, isPhone: isPhone) { return user }
        if isKnown(dialled.text) { return .user(dialled, phones: []) }
        return self.phone(dialled.text, by: caller, isKnown: isKnown, isPhone: isPhone)
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
        // As a URI or as it is: an alias or an id reaches its user.
        if number != dialled {
            if let user = self.user(number, isPhone: isPhone) { return user }
            if isKnown(number) { return .user(.string(number), phones: []) }
        }
        if isPhone(number) { return .phone(Route(trunk: nil, number: number)) }
        switch self.dialPlan.match(number, by: caller) {
        case .found(let trunk, let number): return .phone(Route(trunk: trunk, number: number))
        case .forbidden: return .refused(.forbidden)
        case .none: return .refused(.notFound)
        }
    }

    private func routes(to user: Directory.User, isPhone: (String) -> Bool) -> [Route] {
        user.phones.compactMap { phone in
            if isPhone(phone) { return Route(trunk: nil, number: phone) }
            return switch self.dialPlan.match(phone, by: .directory) {
            case .found(let trunk, let number): Route(trunk: trunk, number: number)
            case .forbidden, .none: nil
            }
        }
    }

    /// Whether a Request-URI's host is one of ours.
    package func isOurs(_ host: String) -> Bool {
        self.domains.contains { $0.equalsIgnoringCase(host) }
    }

    // MARK: Who calls

    /// On whose behalf an authenticated phone dials, and how it appears to apps.
    package func party(of phone: String) -> (caller: DialPlan.Caller, id: PartyID) {
        let owner = self.directory.owner(of: phone)
        return (.phone(.string(phone), user: owner?.id), owner?.id ?? .string(phone))
    }

    /// The trunk that a request from there belongs to: the longest matching prefix, then the trunk's own port.
    package func trunk(from address: SIPAddress) -> Trunk? {
        var best: (trunk: Trunk, length: Int, samePort: Bool)?
        for trunk in self.trunksByName {
            for prefix in trunk.acceptFrom where prefix.contains(address.host) {
                let samePort = trunk.target.port == address.port
                if let best, (best.length, best.samePort ? 1 : 0) >= (prefix.length, samePort ? 1 : 0) { continue }
                best = (trunk, prefix.length, samePort)
            }
        }
        return best?.trunk
    }

    /// How a SIP caller is presented to apps: as the user whose identity it is, else as a string that can be dialled.
    package func callerID(of from: NameAddress) -> PartyID {
        guard let user = from.uri.user else { return .string(from.uri.text) }
        if let owner = self.directory.owner(of: user) ?? self.directory.user(id: user) { return owner.id }
        switch self.dialPlan.match(user, by: .directory) {
        case .found: return .string(user)
        case .forbidden, .none: return .string("sip:\(user)@\(from.uri.host)")
        }
    }

    // MARK: Media

    /// How the media of a call over that route is anchored; nil: it passes through.
    package func relay(of route: Route) -> RelayPolicy? {
        guard let name = route.trunk else { return self.phoneRelay }
        return self.trunks[name]?.relay
    }

    // MARK: The INVITE

    /// Everything of an INVITE on that route but its offer; nil where the trunk is gone, or there is none.
    package func order(
        for route: Route,
        from caller: CallerIdentity,
        maxForwards: UInt8 = 70
    ) -> InviteOrder? {
        guard let trunk = route.trunk.flatMap({ self.trunks[$0] }) else { return nil }
        var uri = trunk.uri
        if var whole = SIPURI(route.number), whole.scheme == .sip || whole.scheme == .sips {
            // Header fields behind `?` have no place in a Request-URI (RFC 3261 §19.1.1).
            whole.headers = nil
            uri = whole
        } else {
            uri.user = SIPURI.escapedUser(route.number)
        }
        let domain = self.domains.first ?? trunk.uri.host
        let user = trunk.fromUser ?? caller.user
        let to = SIPURI(scheme: uri.scheme, user: uri.user, host: uri.host, port: uri.port)
        return InviteOrder(
            uri: uri,
            target: trunk.target,
            from: NameAddress(
                displayName: caller.displayName,
                uri: SIPURI(user: SIPURI.escapedUser(user), host: domain)
            ),
            to: NameAddress(uri: to),
            maxForwards: maxForwards,
            offer: nil,
            credentials: trunk.credentials,
            tryTimeout: trunk.tryTimeout
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
            from: NameAddress(
                displayName: caller.displayName,
                uri: SIPURI(user: SIPURI.escapedUser(caller.user), host: domain)
            ),
            to: NameAddress(uri: SIPURI(user: SIPURI.escapedUser(phone), host: domain)),
            maxForwards: maxForwards,
            offer: nil,
            tryTimeout: self.phoneTryTimeout
        )
    }

    /// How an app's user appears to phones: the first alias, else the user id.
    package func identity(of user: ClientIdentity) -> CallerIdentity {
        let entry = self.directory.user(id: user.userID.text)
        return CallerIdentity(
            user: entry?.aliases.first ?? user.userID.text,
            displayName: entry?.username ?? user.username
        )
    }
}

/// A caller's name toward phones.
package struct CallerIdentity: Hashable, Sendable {
    /// The user part of From.
    package var user: String
    package var displayName: String?

    package init(user: String, displayName: String?) {
        self.user = user
        self.displayName = displayName
    }
}
