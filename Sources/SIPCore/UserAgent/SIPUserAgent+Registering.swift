/// Phones that register here.
extension SIPUserAgent {
    /// A REGISTER came, and RFC 3261 §8.2 has nothing against it.
    func received(
        register request: SIPRequest,
        key: ServerTransactionKey,
        mergeKey: MergeKey?,
        flow: SIPFlow,
        now: Instant
    ) {
        guard let phones = self.phones else { return }
        let reply = phones.register(request, by: flow, number: self.tokens.number(upTo: .max), now: now)
        guard !PhoneRegistry.isUnproved(reply.status) else {
            // Whoever is not known yet costs us no memory (RFC 3261 §26.3.2.4).
            self.respondStatelessly(reply.status, to: request, flow: flow, fields: reply.fields)
            return
        }
        self.respond(
            reply.status,
            to: request,
            key: key,
            flow: flow,
            tag: self.tokens.tag(),
            mergeKey: mergeKey,
            fields: reply.fields,
            contacts: reply.contacts,
            now: now
        )
        if let change = reply.change { self.tell([change]) }
    }

    func tell(_ changes: [BindingChange]) {
        for change in changes { self.actions.append(.bindings(change)) }
    }
}
