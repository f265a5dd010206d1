/// What a gateway measures, as of one moment: the input of every exporter.
///
/// Each live count is 0 when nothing is going on, so that a leak shows.
package struct GatewayStatistics: Hashable, Sendable {
    /// Ended calls of one kind.
    package struct EndedCalls: Hashable, Sendable {
        /// Which parties: `app_to_phone` and the like.
        package var direction: String
        /// `answered`, or the reason why it never was.
        package var outcome: String
        package var count: Int

        package init(direction: String, outcome: String, count: Int) {
            self.direction = direction
            self.outcome = outcome
            self.count = count
        }
    }

    /// Messages over SIP since the start.
    package struct SIPTraffic: Hashable, Sendable {
        package var received = 0
        package var sent = 0
        /// Received ones that could not be read.
        package var malformed = 0
        /// Ones that could not be sent.
        package var failed = 0
        /// Open TCP connections.
        package var connections = 0

        package init() {}
    }

    /// What the apps' side has refused or dropped since the start.
    package struct ClientFaults: Hashable, Sendable {
        package var tokensRefused = 0
        package var requestsRefused = 0
        package var slowSocketsDropped = 0
        package var silentSocketsDropped = 0

        package init() {}
    }

    /// Passwords of phones since the start.
    package struct Passwords: Hashable, Sendable {
        /// Requests whose credentials were wrong.
        package var wrong = 0
        /// Requests that were not looked at, for too many wrong ones had come from there.
        package var turnedAway = 0

        package init() {}
    }

    /// A trunk, as of now.
    package struct Trunk: Hashable, Sendable {
        package var name: String
        /// Calls that ring or run there.
        package var calls: Int
        /// Whether each server that is probed is alive, by its URI.
        package var servers: [String: Bool]

        package init(name: String, calls: Int, servers: [String: Bool]) {
            self.name = name
            self.calls = calls
            self.servers = servers
        }
    }

    /// What the media relay carries.
    package struct Relay: Hashable, Sendable {
        /// UDP ports toward phones that are bound now.
        package var portsInUse = 0
        /// Legs of calls, apps' and phones'.
        package var legs = 0
        /// Datagrams since the start.
        package var packetsReceived: UInt64 = 0
        package var packetsSent: UInt64 = 0
        /// Those sent whose sound was turned into another codec.
        package var framesTranscoded: UInt64 = 0
        /// Received ones that went no further, by cause.
        package var packetsDropped: [String: UInt64] = [:]

        package init() {}
    }

    /// The release that runs.
    package var version: String
    /// Calls that ring or run.
    package var callsActive = 0
    package var callsEnded: [EndedCalls] = []
    /// From a call's start to its answer, in seconds; answered calls only.
    package var callSetup = Histogram(bounds: [], counts: [0], sum: 0)
    package var clientConnections = 0
    package var clientFaults = ClientFaults()
    package var sipTransactions = 0
    package var sipDialogs = 0
    package var sipTraffic = SIPTraffic()
    package var registrations = 0
    package var passwords = Passwords()
    package var trunks: [Trunk] = []
    package var relay = Relay()
    /// The longest that work on the signalling loop waited of late, in seconds.
    package var eventLoopLag: Double = 0
    /// Whether new calls are refused because the gateway is about to stop.
    package var isDraining = false

    package init(version: String) {
        self.version = version
    }
}
