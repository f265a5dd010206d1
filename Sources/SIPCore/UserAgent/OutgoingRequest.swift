/// A request of ours other than INVITE and ACK on its way.
final class OutgoingRequest: Scheduled {
    enum Purpose {
        case cancel
        case bye(Farewell)
        /// The session's digit on its way.
        case info(Session)
        case register(OutgoingRegistration, RegistrationClient.Attempt)
        case message(OutgoingMessage)
        /// The session's `reference`.
        case refer(Session)
        /// Of the session's `receivedReference`.
        case notify(Session)
        case probe(OutgoingProbe)
        /// Its `Session.update`, in the dialog with the peer of that tag.
        case update(Session, tag: String)
        /// For a reliable provisional response in that dialog.
        case prack(Session, tag: String)
    }

    let key: ClientTransactionKey
    var request: SIPRequest
    var hop: Dialog.Hop
    /// The UDP hop to fall back to, where its size made it go to TCP (RFC 3261 §18.1.1).
    var fallback: Dialog.Hop?
    var machine: NonInviteClientTransaction
    let purpose: Purpose

    init(
        key: ClientTransactionKey,
        request: SIPRequest,
        hop: Dialog.Hop,
        fallback: Dialog.Hop?,
        machine: NonInviteClientTransaction,
        purpose: Purpose
    ) {
        self.key = key
        self.request = request
        self.hop = hop
        self.fallback = fallback
        self.machine = machine
        self.purpose = purpose
    }

    override func timeoutReached(in agent: SIPUserAgent, now: Instant) {
        agent.timeoutReached(self, now: now)
    }
}

/// The end of a dialog: what a BYE needs, challenges included.
struct Farewell {
    var dialog: Dialog
    var reason: SIPReason?
    var digest: DigestClient?
    /// The session that ends with it; nil for the dialog of a fork that lost.
    var session: Session?
}
