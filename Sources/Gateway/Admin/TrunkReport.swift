/// One trunk, as `/api/v1/trunks` gives it and `switchhook trunks` prints it.
package struct TrunkReport: Hashable, Sendable, Codable {
    package enum State: String, Hashable, Sendable, Codable {
        case up
        case down
        /// Its first probe is under way.
        case unknown
        case unprobed
    }

    package struct Server: Hashable, Sendable, Codable {
        package var uri: String
        package var state: State

        package init(uri: String, state: State) {
            self.uri = uri
            self.state = state
        }
    }

    package var name: String
    /// Calls that ring or run there.
    package var calls: Int
    /// The most that there may be; null: any number.
    package var limit: Int?
    package var servers: [Server]

    package init(name: String, calls: Int, limit: Int?, servers: [Server]) {
        self.name = name
        self.calls = calls
        self.limit = limit
        self.servers = servers
    }

    /// `pbx  2/30 calls  sip:192.0.2.5 up  sip:192.0.2.6 down`.
    package var line: String {
        let calls = self.limit.map { "\(self.calls)/\($0)" } ?? "\(self.calls)"
        return (["\(self.name)  \(calls) calls"] + self.servers.map { "\($0.uri) \($0.state.rawValue)" })
            .joined(separator: "  ")
    }
}

/// The body of `/api/v1/trunks`.
struct TrunkReportList: Hashable, Sendable, Codable {
    var trunks: [TrunkReport]
}
