/// A registration of ours at another's registrar.
final class OutgoingRegistration: Scheduled {
    let id: RegistrationID
    let order: RegistrationOrder
    var client: RegistrationClient
    /// Whence the last grant came.
    var registrar: String?
    /// Where the target in use, which is named, can be reached, the one in use first; empty until it is found.
    var located: [SIPTarget] = []
    /// The target that they are of.
    var name: SIPTarget?
    /// Where the registration stands: it is renewed there as long as that is one of the target's addresses.
    var home: SIPTarget?
    /// What is sent once the addresses are found.
    var waiting: RegistrationClient.Attempt?

    init(id: RegistrationID, order: RegistrationOrder, client: RegistrationClient) {
        self.id = id
        self.order = order
        self.client = client
    }

    override func timeoutReached(in agent: SIPUserAgent, now: Instant) {
        agent.timeoutReached(self, now: now)
    }
}
