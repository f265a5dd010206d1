package import CallCore

/// One trunk, for an operator.
package struct TrunkSummary: Hashable, Sendable {
    package struct Server: Hashable, Sendable {
        package var uri: String
        /// nil: it is not probed.
        package var health: ServerWatch.Health?

        package init(uri: String, health: ServerWatch.Health?) {
            self.uri = uri
            self.health = health
        }
    }

    package var name: String
    /// Calls that ring or run there.
    package var calls: Int
    /// nil: any number.
    package var limit: Int?
    package var servers: [Server]

    package init(name: String, calls: Int, limit: Int?, servers: [Server]) {
        self.name = name
        self.calls = calls
        self.limit = limit
        self.servers = servers
    }
}

/// A server of a trunk has come or gone.
package struct ServerNews: Hashable, Sendable {
    package var server: Trunk.ServerID
    package var isUp: Bool

    package init(server: Trunk.ServerID, isUp: Bool) {
        self.server = server
        self.isUp = isUp
    }
}
