/// A registration of ours at another's registrar.
final class OutgoingRegistration: Scheduled {
    let id: RegistrationID
    let order: RegistrationOrder
    var client: RegistrationClient
    /// Whence the last grant came.
    var registrar: String?

    init(id: RegistrationID, order: RegistrationOrder, client: RegistrationClient) {
        self.id = id
        self.order = order
        self.client = client
    }

    override func timeoutReached(in agent: SIPUserAgent, now: Instant) {
        agent.timeoutReached(self, now: now)
    }
}
