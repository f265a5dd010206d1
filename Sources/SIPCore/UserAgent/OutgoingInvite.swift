/// An INVITE of ours on its way: its client transaction, what it sent, and the ACKs of its 2xx responses.
///
/// It outlives its session: whoever gives an INVITE up still has to cancel it, and to ACK and end what was answered
/// meanwhile.
final class OutgoingInvite: Scheduled {
    /// What has become of our wish to cancel (RFC 3261 §9.1).
    enum Cancellation {
        case none
        /// Held back until a provisional response comes.
        case wanted(SIPReason?)
        case sent
    }

    /// An ACK that is sent again with each retransmission of its 2xx.
    struct Ack {
        /// The To tag of the 2xx: each fork has its own.
        var tag: String
        var message: SIPOutbound
        /// The UDP hop that it may fall back to, where its size made it go to TCP.
        var fallback: Dialog.Hop?
    }

    let branch: String
    /// As it was last sent.
    var request: SIPRequest
    var hop: Dialog.Hop
    /// The UDP hop to fall back to, where its size made it go to TCP (RFC 3261 §18.1.1).
    var fallback: Dialog.Hop?
    var machine: InviteClientTransaction
    /// Whose INVITE it is; nil once nobody waits for its responses.
    var session: Session?
    /// Set for a re-INVITE whose dialog has ended: a late 2xx is ACKed in it, and that is all.
    var endedDialog: Dialog?
    let isReinvite: Bool
    var cancellation = Cancellation.none
    /// When we stop waiting for the final response of an INVITE that nobody wants any more.
    var giveUpAt: Instant?
    var acks: [Ack] = []
    /// What its provisional responses have begun, one a fork; for a re-INVITE, the numbers of the reliable ones.
    var early: [EarlyDialog] = []
    /// What answered a challenge of it: the BYE of a fork that lost needs it too.
    let digest: DigestClient?

    init(
        branch: String,
        request: SIPRequest,
        hop: Dialog.Hop,
        fallback: Dialog.Hop?,
        machine: InviteClientTransaction,
        session: Session,
        digest: DigestClient?,
        isReinvite: Bool
    ) {
        self.branch = branch
        self.request = request
        self.hop = hop
        self.fallback = fallback
        self.machine = machine
        self.session = session
        self.digest = digest
        self.isReinvite = isReinvite
    }

    /// The time of the transaction, or of our patience.
    var deadline: Instant? {
        switch (self.machine.deadline, self.giveUpAt) {
        case (let first?, let second?): min(first, second)
        case (let first, let second): first ?? second
        }
    }

    /// The dialog that a response of the peer's makes or confirms.
    func dialog(_ response: SIPResponse, by flow: SIPFlow) -> Dialog {
        var dialog = Dialog(client: self.request, response: response, flow: flow)
        dialog.followsSource = self.hop.isSource
        return dialog
    }

    override func timeoutReached(in agent: SIPUserAgent, now: Instant) {
        agent.timeoutReached(self, now: now)
    }
}
