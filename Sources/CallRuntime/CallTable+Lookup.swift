import CallCore
import ClientProtocol
import SIPCore

extension CallTable {
    /// The call that a client's message means, and the side that the client is on.
    struct Found {
        var entry: Entry
        var side: Side
    }

    /// Finds it by `call_id`, or as the one call with that peer in which the message is due.
    ///
    /// - Throws: `unknown_call`, `not_your_call`, `already_answered`, `ambiguous_call`.
    func find(
        _ callID: String?,
        peer: PartyID?,
        of connection: ConnectionID,
        due: (Entry, Side) -> Bool
    ) throws(ClientError) -> Found {
        if let callID { return try self.find(CallID(text: callID), peer: peer, of: connection) }
        guard let peer else {
            throw ClientError(code: .badMessage, message: "A `call_id` or the id of the peer is needed.")
        }
        var found: [Found] = []
        for id in self.connections[connection]?.calls ?? [] {
            guard let entry = self.calls[id], let side = entry.call.side(of: connection),
                self.names(peer, entry, side)
            else { continue }
            found.append(Found(entry: entry, side: side))
        }
        guard let first = found.first else {
            throw ClientError(code: .unknownCall, message: "There is no call with this peer on this connection.")
        }
        if found.count == 1 { return first }
        let fitting = found.filter { due($0.entry, $0.side) }
        guard let fit = fitting.first, fitting.count == 1 else {
            throw ClientError(
                code: .ambiguousCall,
                message: "There is more than one call with this peer: name one by its `call_id`."
            )
        }
        return fit
    }

    private func find(
        _ id: CallID,
        peer: PartyID?,
        of connection: ConnectionID
    ) throws(ClientError) -> Found {
        guard let entry = self.calls[self.callAliases[id] ?? id] else {
            throw ClientError(code: .unknownCall, message: "There is no call with this `call_id`; it may be over.")
        }
        guard let side = entry.call.side(of: connection) else {
            let user = self.connections[connection]?.identity.userID
            if let user, entry.call.isAnswered, entry.rings(for: user.text) {
                throw ClientError(code: .alreadyAnswered, message: "Another device has answered this call.")
            }
            throw ClientError(
                code: .notYourCall,
                message: "This connection has no part in the call with this `call_id`."
            )
        }
        if let peer, !self.names(peer, entry, side) {
            throw ClientError(code: .notYourCall, message: "This peer has no part in the call with this `call_id`.")
        }
        return Found(entry: entry, side: side)
    }

    /// Whether that is the other party: as the caller dialled it, or by the user's own id.
    private func names(_ peer: PartyID, _ entry: Entry, _ side: Side) -> Bool {
        if entry.call.parties.peer(of: side).names(peer) { return true }
        // Before it has read `call_transferred` it knows the one who has left.
        if entry.call.formerPeer(of: side)?.names(peer) == true { return true }
        return side == .caller && entry.calledUsers.contains { $0.names(peer) }
    }
}
