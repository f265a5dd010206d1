/// A request of a peer other than INVITE and ACK, and its server transaction.
final class ReceivedRequest: Scheduled {
    let key: ServerTransactionKey
    let request: SIPRequest
    let flow: SIPFlow
    /// Under which a merged copy is found; nil for a request within a dialog, and for a merged copy itself.
    let mergeKey: MergeKey?
    var machine: NonInviteServerTransaction
    var lastResponse: SIPOutbound?

    init(
        key: ServerTransactionKey,
        request: SIPRequest,
        flow: SIPFlow,
        mergeKey: MergeKey?,
        machine: NonInviteServerTransaction
    ) {
        self.key = key
        self.request = request
        self.flow = flow
        self.mergeKey = mergeKey
        self.machine = machine
    }

    override func timeoutReached(in agent: SIPUserAgent, now: Instant) {
        agent.timeoutReached(self, now: now)
    }
}
