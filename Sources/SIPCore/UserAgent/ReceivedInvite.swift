/// An INVITE of a peer and its server transaction.
final class ReceivedInvite: Scheduled {
    let key: ServerTransactionKey
    let request: SIPRequest
    let flow: SIPFlow
    /// Under which a merged copy is found; nil for an INVITE within a dialog, and for a merged copy itself.
    let mergeKey: MergeKey?
    var machine: InviteServerTransaction
    /// The To tag of our responses.
    let tag: String?
    var lastResponse: SIPOutbound?
    /// Whose INVITE it is, until it has its final response.
    var session: Session?

    init(
        key: ServerTransactionKey,
        request: SIPRequest,
        flow: SIPFlow,
        mergeKey: MergeKey?,
        machine: InviteServerTransaction,
        tag: String?,
        session: Session?
    ) {
        self.key = key
        self.request = request
        self.flow = flow
        self.mergeKey = mergeKey
        self.machine = machine
        self.tag = tag
        self.session = session
    }

    override func timeoutReached(in agent: SIPUserAgent, now: Instant) {
        agent.timeoutReached(self, now: now)
    }
}
