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

    /// Takes the phones that an operator has set; those that are gone lose their bindings.
    package func setPhones(_ accounts: [PhoneAccount]) {
        self.tell(self.phones?.setAccounts(accounts) ?? [])
    }
}
