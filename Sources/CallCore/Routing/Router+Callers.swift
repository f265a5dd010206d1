package import ClientProtocol
package import SIPCore

// Who calls.
extension Router {
    /// An app's user: toward phones the first alias, else the user id.
    package func party(of app: ClientIdentity) -> CallingParty {
        let entry = self.directory.user(id: app.userID.text)
        return CallingParty(
            caller: .user(app.userID),
            id: app.userID,
            username: app.username,
            identity: CallerIdentity(
                user: entry?.aliases.first ?? app.userID.text,
                displayName: entry?.username ?? app.username,
                owner: app.userID.text
            )
        )
    }

    /// On whose behalf a phone that registers here dials.
    package func caller(_ phone: String) -> DialPlan.Caller {
        .phone(.string(phone), user: self.directory.owner(of: phone)?.id)
    }

    /// A phone that registers here, and whose credentials were right.
    ///
    /// - Parameters:
    ///   - phone: its name.
    ///   - displayName: what the operator calls it, which goes before what it calls itself.
    ///   - headers: of its INVITE.
    /// - Returns: the caller, anonymous where it asks for that.
    package func party(of phone: String, displayName: String?, _ headers: SIPHeaders) -> CallingParty {
        let owner = self.directory.owner(of: phone)
        return self.party(
            caller: self.caller(phone),
            id: owner?.id ?? .string(phone),
            CallerIdentity(
                user: phone,
                displayName: displayName ?? headers.from.displayName,
                owner: owner?.id.text,
                privacy: SIPPrivacy(headers)
            ),
            headers
        )
    }

    /// A caller at a trunk: as the trunk asserts, where it is trusted, else as the caller says (RFC 3325 §5).
    package func party(at trunk: Trunk, _ headers: SIPHeaders) -> CallingParty {
        let asserted = trunk.isTrusted ? headers.assertedIdentity : nil
        let address = asserted ?? headers.from
        var privacy = SIPPrivacy(headers)
        if asserted == nil, address.isAnonymous { privacy.insert(.identity) }
        return self.party(
            caller: .trunk(trunk.name),
            id: self.callerID(of: address),
            CallerIdentity(
                user: address.uri.unescapedUser.map(self.dialPlan.normalized) ?? "anonymous",
                displayName: address.displayName,
                privacy: privacy,
                history: trunk.isTrusted ? headers.history : []
            ),
            headers
        )
    }

    private func party(
        caller: DialPlan.Caller,
        id: PartyID,
        _ identity: CallerIdentity,
        _ headers: SIPHeaders
    ) -> CallingParty {
        // Apps are not told either: they are whoever the call is for.
        let isAnonymous = identity.privacy.contains(.identity)
        return CallingParty(
            caller: caller,
            id: isAnonymous ? .string("anonymous") : id,
            username: isAnonymous ? "Anonymous" : identity.displayName ?? identity.user,
            identity: identity,
            maxForwards: (headers.maxForwards ?? 70) &- 1
        )
    }

    /// The trunk that a request from there belongs to: the longest matching prefix, then the trunk's own port.
    package func trunk(from address: SIPAddress) -> Trunk? {
        var best: (trunk: Trunk, length: Int, samePort: Bool)?
        for trunk in self.trunksByName {
            for prefix in trunk.acceptFrom where prefix.contains(address.host) {
                let samePort = trunk.servers.contains { $0.target.port == address.port }
                if let best, (best.length, best.samePort ? 1 : 0) >= (prefix.length, samePort ? 1 : 0) { continue }
                best = (trunk, prefix.length, samePort)
            }
        }
        return best?.trunk
    }

    /// How a SIP caller is presented to apps: as the user whose identity it is, else as a string that can be dialled.
    private func callerID(of address: NameAddress) -> PartyID {
        guard let user = address.uri.user else { return .string(address.uri.text) }
        let number = self.dialPlan.normalized(user)
        for name in user == number ? [user] : [user, number] {
            if let owner = self.directory.owner(of: name) ?? self.directory.user(id: name) { return owner.id }
        }
        switch self.dialPlan.match(user, by: .directory) {
        case .found: return .string(number)
        case .forbidden, .none: break
        }
        return .string(address.uri.scheme == .tel ? "tel:\(user)" : "sip:\(user)@\(address.uri.host)")
    }
}
