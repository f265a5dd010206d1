/// A request of a peer other than INVITE and ACK, and its server transaction.
final class ReceivedRequest: Scheduled {
    let key: ServerTransactionKey
    /// Under which a merged copy is found; nil for a request within a dialog, and for a merged copy itself.
    let mergeKey: MergeKey?
    var machine: NonInviteServerTransaction
    var lastResponse: SIPOutbound?

    init(key: ServerTransactionKey, mergeKey: MergeKey?, machine: NonInviteServerTransaction) {
        self.key = key
        self.mergeKey = mergeKey
        self.machine = machine
    }

    override func timeoutReached(in agent: SIPUserAgent, now: Instant) {
        agent.timeoutReached(self, now: now)
    }
}
