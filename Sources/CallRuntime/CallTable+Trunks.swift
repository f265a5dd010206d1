import CallCore
import ClientProtocol
package import SIPCore

/// What the table knows of trunks: how many calls each has, and which of their servers are alive.
extension CallTable {
    /// A server that is probed.
    struct Watched {
        var watch: ServerWatch
        let order: ProbeOrder
        let interval: Span
        /// The one that is under way.
        var probe: ProbeID?
    }

    // MARK: Calls

    /// Whether a trunk may have one more call.
    func hasRoom(_ trunk: Trunk) -> Bool {
        guard let limit = trunk.calls else { return true }
        return self.trunkCalls[trunk.name] ?? 0 < limit
    }

    /// Why an INVITE that a call orders is not sent; nil: it is.
    func objection(toInviting leg: LegID, of entry: Entry) -> ClientReason? {
        guard let route = entry.call.route(of: leg),
            let trunk = route.trunk.flatMap({ self.configuration.router.trunk(named: $0) })
        else { return nil }
        if self.isDown(route) { return .routeDown }
        return self.hasRoom(trunk) ? nil : .overloaded
    }

    /// A session that is no call's any more does not count toward its trunk.
    func releaseTrunk(of bound: LegSession) {
        guard let trunk = bound.trunk, let count = self.trunkCalls[trunk] else { return }
        self.trunkCalls[trunk] = count > 1 ? count - 1 : nil
    }

    // MARK: Servers

    /// Whether a route leads to a server that answers no probes.
    func isDown(_ route: Router.Route) -> Bool {
        guard !self.watches.isEmpty, let server = self.configuration.router.serverID(of: route) else { return false }
        return self.watches[server]?.watch.health == .down
    }

    /// Probes exactly the servers that the configuration says; one that is as it was goes on undisturbed.
    package func watchTrunks(now: Instant) {
        let router = self.configuration.router
        var watches: [Trunk.ServerID: Watched] = [:]
        var new: [Trunk.ServerID] = []
        for trunk in router.allTrunks {
            guard let interval = trunk.probe else { continue }
            for server in trunk.servers {
                let id = trunk.id(of: server)
                let order = router.probe(of: server, of: trunk)
                if let running = self.watches[id], running.order == order, running.interval == interval {
                    watches[id] = running
                } else {
                    let watch = ServerWatch(interval: interval, now: now)
                    watches[id] = Watched(watch: watch, order: order, interval: interval)
                    new.append(id)
                }
            }
        }
        self.watches = watches
        for id in new { self.probeIfDue(id, now: now) }
        self.settle(now: now)
    }

    func probeIfDue(_ id: Trunk.ServerID, now: Instant) {
        guard var watched = self.watches[id], watched.watch.timeoutReached(now: now) else { return }
        watched.probe = self.userAgent.probe(watched.order, now: now)
        self.watches[id] = watched
    }

    func probed(_ probe: ProbeID, isAlive: Bool, now: Instant) {
        guard let id = self.watches.first(where: { $0.value.probe == probe })?.key else { return }
        self.watches[id]?.probe = nil
        if self.watches[id]?.watch.probed(isAlive: isAlive, now: now) == true {
            self.serverNews.append(ServerNews(server: id, isUp: isAlive))
        }
        self.arm(id)
    }

    /// Which servers have come or gone since the last time.
    package func takeServerNews() -> [ServerNews] {
        guard !self.serverNews.isEmpty else { return [] }
        defer { self.serverNews.removeAll() }
        return self.serverNews
    }

    // MARK: For an operator

    /// Every trunk, by name.
    package var trunkSummaries: [TrunkSummary] {
        self.configuration.router.allTrunks.map { trunk in
            TrunkSummary(
                name: trunk.name,
                calls: self.trunkCalls[trunk.name] ?? 0,
                limit: trunk.calls,
                servers: trunk.servers.map { server in
                    TrunkSummary.Server(
                        uri: server.name,
                        health: trunk.probe == nil ? nil : self.watches[trunk.id(of: server)]?.watch.health ?? .unknown
                    )
                }
            )
        }
    }
}
