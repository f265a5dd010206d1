package import SIPCore

/// A SIP peer that calls go to and come from: a PBX, a carrier.
package struct Trunk: Sendable {
    /// One of the ways to it.
    package struct Server: Hashable, Sendable {
        /// What a request to it is addressed to; the user part is the called number's.
        package let uri: SIPURI
        /// Where requests for it go: it itself, or the first of the trunk's `route`.
        package var target: SIPTarget
        /// The lowest is tried first.
        package var priority: UInt16
        /// Its part of the calls among those of one priority (RFC 2782).
        package var weight: UInt16

        package init(uri: SIPURI, target: SIPTarget, priority: UInt16 = 0, weight: UInt16 = 0) {
            self.uri = uri
            self.target = target
            self.priority = priority
            self.weight = weight
            self.name = uri.text
        }

        /// Its own URI, which tells it from the others of its trunk.
        package let name: String
    }

    /// What tells the servers of all trunks apart.
    package struct ServerID: Hashable, Sendable {
        package var trunk: String
        /// See `Server.name`.
        package var server: String

        package init(trunk: String, server: String) {
            self.trunk = trunk
            self.server = server
        }
    }

    package var name: String
    /// Never empty.
    package var servers: [Server]
    /// Proxies on the way to it, the nearest first (RFC 3261 §8.1.2).
    package var route: [NameAddress]
    package var credentials: DigestCredentials?
    /// Source addresses whose requests need no digest.
    package var acceptFrom: [AddressPrefix]
    /// The user part of From toward it, in place of the app's own.
    package var fromUser: String?
    /// The same, made from the caller's own; goes before `fromUser`.
    package var callerIDs = NumberRules()
    /// What is dialled here for a number that it calls, which is nobody's where no row matches; nil: the number itself.
    package var inbound: NumberRules?
    /// Whether what it says of who calls is believed, and what a caller withholds is told to it (RFC 3325).
    package var isTrusted: Bool
    /// No response at all from a server within this time: the next one, then `route_down`.
    package var tryTimeout: Span
    /// The session timer of calls with it.
    package var sessionTimer: InviteOrder.SessionTimer
    /// Whether provisional responses go and come reliably.
    package var reliability: InviteOrder.Reliability
    /// How media of calls with it is anchored; nil: it passes through.
    package var relay: RelayPolicy?
    /// How often its servers are asked whether they are alive; nil: never, they are taken for it.
    package var probe: Span?
    /// Calls that it may have at once, in both directions together; nil: any number.
    package var calls: Int?

    package init(
        name: String,
        servers: [Server],
        route: [NameAddress] = [],
        credentials: DigestCredentials? = nil,
        acceptFrom: [AddressPrefix] = [],
        fromUser: String? = nil,
        isTrusted: Bool = false,
        tryTimeout: Span = .seconds(3),
        sessionTimer: InviteOrder.SessionTimer = .usual,
        reliability: InviteOrder.Reliability = .usual,
        relay: RelayPolicy? = nil,
        probe: Span? = nil,
        calls: Int? = nil
    ) {
        precondition(!servers.isEmpty, "A trunk has a server")
        self.name = name
        self.servers = servers
        self.route = route
        self.credentials = credentials
        self.acceptFrom = acceptFrom
        self.fromUser = fromUser
        self.isTrusted = isTrusted
        self.tryTimeout = tryTimeout
        self.sessionTimer = sessionTimer
        self.reliability = reliability
        self.relay = relay
        self.probe = probe
        self.calls = calls
    }

    /// What tells that server of it from all others.
    package func id(of server: Server) -> ServerID { ServerID(trunk: self.name, server: server.name) }

    /// The places of its servers in the order in which they are tried; `random` decides among those of one priority.
    func inTurn(_ random: inout some RandomNumberGenerator) -> [Int] {
        guard self.servers.count > 1 else { return [0] }
        return WeightedOrder.arrange(
            Array(self.servers.indices),
            by: { (self.servers[$0].priority, self.servers[$0].weight) },
            random: &random
        )
    }

    /// Whether a URI names the trunk itself: by the host of a server or one of its addresses, and by no other port.
    func isAt(_ uri: SIPURI) -> Bool {
        switch uri.scheme {
        case .sip, .sips: break
        case .tel, .other: return false
        }
        let servers = self.servers.filter { server in uri.port.map { $0 == server.target.port } ?? true }
        guard !servers.isEmpty else { return false }
        return servers.contains { uri.host.equalsIgnoringCase($0.uri.host) }
            || self.acceptFrom.contains { $0.contains(uri.host) }
    }
}
