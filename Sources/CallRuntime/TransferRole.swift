import CallCore
import ClientProtocol

/// What a call is to another one in a transfer.
enum TransferRole {
    /// The other call rings for whoever is to take a party's place here.
    case waits(for: CallID)
    /// It rings on behalf of the other call.
    case rings(for: CallID)
    /// Our phone here has been asked to call whoever that is.
    case refers(to: PartyID)
    /// Our phone here has been asked to take our place in the other call.
    case replaces(CallID)
}

extension CallTable.Entry {
    /// The user on that side, be it by an app or by a phone of the user's.
    func user(on side: Side) -> String? {
        if let joined = self.joinedUsers.last(where: { $0.side == side }) { return joined.user }
        switch side {
        case .caller: return self.callingUser
        case .callee: return self.call.answeringUser ?? self.calledUsers.first?.text
        }
    }

    /// Whether that user is the caller, is called, or has been brought here.
    func hasPart(_ user: String) -> Bool { self.callingUser == user || self.rings(for: user) || self.hasJoined(user) }

    /// Whether a transfer has brought that user here.
    func hasJoined(_ user: String) -> Bool { self.joinedUsers.contains { $0.user == user } }

    /// The side of a user who has part in the call.
    func side(ofUser user: String) -> Side {
        if let joined = self.joinedUsers.last(where: { $0.user == user }) { return joined.side }
        // A call to oneself comes in at every device but the one that placed it.
        return self.rings(for: user) ? .callee : .caller
    }
}
