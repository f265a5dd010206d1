/// A probe on its way, and the addresses that are left to try.
final class OutgoingProbe: Scheduled {
    let id: ProbeID
    let order: ProbeOrder
    var targets: [SIPTarget] = []
    /// Its OPTIONS; nil while its addresses are being found.
    var request: OutgoingRequest?

    init(id: ProbeID, order: ProbeOrder) {
        self.id = id
        self.order = order
    }

    override func timeoutReached(in agent: SIPUserAgent, now: Instant) {
        agent.tryNext(self, now: now)
    }
}
