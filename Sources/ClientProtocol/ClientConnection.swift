/// One WebSocket of a client, unique for the life of the process.
package struct ConnectionID: Hashable, Sendable {
    package var rawValue: UInt64

    package init(rawValue: UInt64) {
        self.rawValue = rawValue
    }
}

/// Who a token says that a client is.
package struct ClientIdentity: Hashable, Sendable {
    package var userID: PartyID
    /// The name that callees see; the user id where the token tells none.
    package var username: String
    /// When the token expires, in seconds since 1970; nil where it never does.
    package var expiresAt: UInt64?

    package init(userID: PartyID, username: String, expiresAt: UInt64? = nil) {
        self.userID = userID
        self.username = username
        self.expiresAt = expiresAt
    }
}

/// What the client's side tells the core, in the order it happened on each connection.
package enum ClientInbound: Hashable, Sendable {
    case connected(ConnectionID, ClientIdentity, ClientProfile)
    case received(ConnectionID, ClientRequest)
    /// Said once, whoever closed it; nothing follows for that connection.
    case disconnected(ConnectionID)
}

/// What the core orders of the client's side.
package enum ClientOutbound: Hashable, Sendable {
    case send(ConnectionID, ClientEvent)
    case close(ConnectionID, ClientClose)
}

/// Why the server closes a WebSocket (RFC 6455 §7.4).
package enum ClientClose: UInt16, Hashable, Sendable {
    case goingAway = 1001
    case invalidUTF8 = 1007
    /// Too slow to take its messages, or over a limit.
    case policyViolation = 1008
    case messageTooBig = 1009
    case tokenExpired = 4401
}
