/// Registrations of ours at others' registrars.
extension SIPUserAgent {
    /// Registers, and keeps that up until `unregister`.
    ///
    /// - Parameters:
    ///   - order: what to register, and where.
    ///   - now: the time.
    /// - Returns: its identifier; events follow.
    package func register(_ order: RegistrationOrder, now: Instant) -> RegistrationID {
        let registration = OutgoingRegistration(
            id: RegistrationID(rawValue: self.nextID().rawValue),
            order: order,
            client: RegistrationClient(order, callID: self.tokens.callID(), tag: self.tokens.tag())
        )
        self.registrations[registration.id] = registration
        self.carryOut(registration.client.start(now: now), of: registration, now: now)
        return registration.id
    }

    /// Takes a registration back; its last event, `ended`, follows within its time to try.
    package func unregister(_ id: RegistrationID, now: Instant) {
        guard let registration = self.registrations[id] else { return }
        self.carryOut(registration.client.stop(now: now), of: registration, now: now)
    }

    /// Whether a registration stands.
    package func isRegistered(_ id: RegistrationID) -> Bool {
        self.registrations[id]?.client.isRegistered ?? false
    }

    /// The address of the registrar that holds a registration which stands; nil for any other.
    package func registrar(of id: RegistrationID) -> String? {
        self.registrations[id].flatMap { $0.client.isRegistered ? $0.registrar : nil }
    }

    /// Whether there is one that stands, is tried, or waits to be taken back.
    package var hasRegistrations: Bool { !self.registrations.isEmpty }

    private func carryOut(
        _ action: RegistrationClient.Action,
        of registration: OutgoingRegistration,
        now: Instant
    ) {
        var action = action
        while true {
            if let event = action.event { self.actions.append(.registration(registration.id, event)) }
            guard let attempt = action.send, !self.send(attempt, of: registration, now: now) else { break }
            // There is no socket for that target.
            action = registration.client.failed(
                attempt.number,
                status: 503,
                random: self.tokens.number(upTo: .max),
                now: now
            )
        }
        if !registration.client.isTrying {
            // The next time its addresses may be others.
            registration.home = registration.client.isRegistered ? registration.located.first ?? registration.home : nil
            registration.located = []
            registration.waiting = nil
            registration.client.spares = 0
        }
        self.deadlines.set(registration, registration.client.nextDeadline)
        if registration.client.hasEnded { self.registrations[registration.id] = nil }
    }

    /// - Returns: false where we have no socket for the target.
    private func send(
        _ attempt: RegistrationClient.Attempt,
        of registration: OutgoingRegistration,
        now: Instant
    ) -> Bool {
        var attempt = attempt
        if attempt.target.isNamed {
            if registration.name != attempt.target { registration.located = [] }
            registration.name = attempt.target
            // One that has failed has been given up by the client.
            registration.located.removeFirst(max(0, registration.located.count - registration.client.spares - 1))
            guard let target = registration.located.first else {
                registration.waiting = attempt
                self.actions.append(.locate(LocationID(rawValue: registration.id.rawValue), attempt.target))
                return true
            }
            attempt.target = target
        }
        guard let contact = self.contact(of: registration, attempt.target) else { return false }
        var request = registration.client.request(attempt, contact: contact, cnonce: self.tokens.clientNonce())
        request.headers.fields.share(self.ownFields.request)
        return self.send(
            consume request,
            to: Dialog.Hop(target: attempt.target),
            purpose: .register(registration, attempt),
            now: now
        )
    }

    /// The addresses of a registrar that is named have been found.
    func located(_ registration: OutgoingRegistration, _ targets: [SIPTarget], now: Instant) {
        guard let attempt = registration.waiting else { return }
        registration.waiting = nil
        var targets = targets
        if let home = registration.home, let place = targets.firstIndex(of: home) { targets.swapAt(0, place) }
        registration.located = targets
        registration.client.spares = max(0, targets.count - 1)
        guard targets.isEmpty || !self.send(attempt, of: registration, now: now) else { return }
        let action = registration.client.failed(
            attempt.number,
            status: 503,
            random: self.tokens.number(upTo: .max),
            now: now
        )
        self.carryOut(action, of: registration, now: now)
    }

    private func contact(of registration: OutgoingRegistration, _ target: SIPTarget) -> NameAddress? {
        self.contact(
            target.transport,
            toward: target.host,
            user: registration.order.contactUser,
            isSecure: registration.order.registrar.scheme == .sips
        )?.address
    }

    /// A response to a REGISTER of ours came.
    func registerAnswered(
        _ registration: OutgoingRegistration,
        _ attempt: RegistrationClient.Attempt,
        _ response: SIPResponse,
        by flow: SIPFlow,
        now: Instant
    ) {
        if (200..<300).contains(response.status) { registration.registrar = flow.remote.host }
        guard let contact = self.contact(of: registration, attempt.target) else { return }
        let action = registration.client.received(
            response,
            to: attempt.number,
            contact: contact,
            random: self.tokens.number(upTo: .max),
            now: now
        )
        self.carryOut(action, of: registration, now: now)
    }

    /// A REGISTER of ours found nobody.
    func registerLost(
        _ registration: OutgoingRegistration,
        _ attempt: RegistrationClient.Attempt,
        isTimeout: Bool,
        now: Instant
    ) {
        let action = registration.client.failed(
            attempt.number,
            status: isTimeout ? 408 : 503,
            random: self.tokens.number(upTo: .max),
            now: now
        )
        self.carryOut(action, of: registration, now: now)
    }

    func timeoutReached(_ registration: OutgoingRegistration, now: Instant) {
        let action = registration.client.timeoutReached(random: self.tokens.number(upTo: .max), now: now)
        self.carryOut(action, of: registration, now: now)
    }
}
