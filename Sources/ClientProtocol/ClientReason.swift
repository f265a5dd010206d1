/// The closed list of reasons for the end of a call (gateway-profile §6).
package enum ClientReason: String, CaseIterable, Hashable, Sendable {
    case busy
    case declined
    case notFound = "not_found"
    case unavailable
    case timeout
    case forbidden
    case media
    case routeDown = "route_down"
    case failed
    case cancelled
    case answeredElsewhere = "answered_elsewhere"
    case declinedElsewhere = "declined_elsewhere"
    case hungUp = "hung_up"
    case connectionLost = "connection_lost"
    case sessionExpired = "session_expired"
    case mediaTimeout = "media_timeout"
    case timeLimit = "time_limit"
    case transferred
    case overloaded
    case shuttingDown = "shutting_down"
}

/// Which messages a socket understands (gateway-profile §1).
package enum ClientProfile: Hashable, Sendable {
    /// The user's page, and `error`.
    case baseline
    /// Chosen by the WebSocket subprotocol `switchhook.v1`.
    case extended
}
