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
        _ callID: String?, peer: PartyID?, of connection: ConnectionID, due: (Entry, Side) -> Bool
    ) throws(ClientError) -> Found {
        if let callID { return try self.find(CallID(text: callID), peer: peer, of: connection) }
        guard let peer else {
            throw ClientError(code: .badMessage, message: "a call_id or the id of the peer is needed")
        }
        var found: [Found] = []
        for id in self.connections[connection]?.calls ?? [] {
            guard let entry = self.calls[id], let side = entry.call.side(of: connection),
                self.names(peer, entry, side)
            else { continue }
            found.append(Found(entry: entry, side: side))
        }
        guard let first = found.first else {
            throw ClientError(code: .unknownCall, message: "there is no call with that peer")
        }
        if found.count == 1 { return first }
        let fitting = found.filter { due($0.entry, $0.side) }
        guard let fit = fitting.first, fitting.count == 1 else {
            throw ClientError(code: .ambiguousCall, message: "there is more than one call with that peer: say which")
        }
        return fit
    }

    private func find(
        _ id: CallID, peer: PartyID?, of connection: ConnectionID
    ) throws(ClientError) -> Found {
        guard let entry = self.calls[id] else {
            throw ClientError(code: .unknownCall, message: "there is no such call")
        }
        guard let side = entry.call.side(of: connection) else {
            let user = self.connections[connection]?.identity.userID
            if let user, entry.call.isAnswered, entry.calledUser?.names(user) == true {
                throw ClientError(code: .alreadyAnswered, message: "another device has answered")
            }
            throw ClientError(code: .notYourCall, message: "that call is not yours")
        }
        if let peer, !self.names(peer, entry, side) {
            throw ClientError(code: .notYourCall, message: "that peer is not in that call")
        }
        return Found(entry: entry, side: side)
    }

    /// Whether that is the other party: as the caller dialled it, or by the user's own id.
    private func names(_ peer: PartyID, _ entry: Entry, _ side: Side) -> Bool {
        if entry.call.parties.peer(of: side).names(peer) { return true }
        return side == .caller && entry.calledUser?.names(peer) == true
    }
}
