package import ClientProtocol
package import SIPCore

/// Who calls, as each side may know it.
package struct CallingParty: Hashable, Sendable {
    /// On whose behalf is dialled.
    package var caller: DialPlan.Caller
    /// As apps know the caller (`caller_id`).
    package var id: PartyID
    package var username: String
    /// As phones and trunks know the caller.
    package var identity: CallerIdentity
    /// What is called from; nil: none of ours.
    package var device: CallingDevice?
    /// Of the INVITEs that this call leads to.
    package var maxForwards: UInt8

    package init(
        caller: DialPlan.Caller,
        id: PartyID,
        username: String,
        identity: CallerIdentity,
        maxForwards: UInt8 = 70
    ) {
        self.caller = caller
        self.id = id
        self.username = username
        self.identity = identity
        self.maxForwards = maxForwards
    }
}

/// A caller's name toward phones, and what else its INVITEs tell about how the call came.
package struct CallerIdentity: Hashable, Sendable {
    /// The user part of From.
    package var user: String
    package var displayName: String?
    /// The id of the user whose app or phone calls: one with an extension at a trunk calls there by that.
    package var owner: String?
    /// What the caller wants to be kept from whom we do not trust (RFC 3323).
    package var privacy: SIPPrivacy
    /// Diversion and History-Info, from whom we trust and from ourselves.
    package var history: [SIPHeaders.Field]

    package init(
        user: String,
        displayName: String?,
        owner: String? = nil,
        privacy: SIPPrivacy = [],
        history: [SIPHeaders.Field] = []
    ) {
        self.user = user
        self.displayName = displayName
        self.owner = owner
        self.privacy = privacy
        self.history = history
    }

    /// From, as the callee gets to see it.
    ///
    /// - Parameters:
    ///   - user: the user part, where it is not the caller's own.
    ///   - domain: the host part.
    /// - Returns: the address, without a tag.
    func from(_ user: String? = nil, at domain: String) -> NameAddress {
        self.privacy.contains(.identity) ? .anonymous : self.address(user ?? self.user, at: domain)
    }

    /// The fields of an INVITE that say more: nothing that the caller withholds goes to whom we do not trust.
    ///
    /// - Parameters:
    ///   - user: as `from`.
    ///   - domain: as `from`.
    ///   - isTrusted: whether the peer may know who calls, and keeps it to itself (RFC 3325 §7).
    /// - Returns: P-Asserted-Identity, Privacy, Diversion and History-Info, as far as they may be sent.
    func fields(_ user: String? = nil, at domain: String, isTrusted: Bool) -> [SIPHeaders.Field] {
        var fields: [SIPHeaders.Field] = []
        if isTrusted {
            fields.append(.init("P-Asserted-Identity", self.address(user ?? self.user, at: domain).text))
        }
        if self.privacy.contains(.identity) { fields.append(.init("Privacy", "id")) }
        if isTrusted || self.privacy.isEmpty { fields += self.history }
        return fields
    }

    private func address(_ user: String, at domain: String) -> NameAddress {
        NameAddress(displayName: self.displayName, uri: SIPURI(user: SIPURI.escapedUser(user), host: domain))
    }
}
