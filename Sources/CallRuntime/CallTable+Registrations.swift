package import SIPCore

extension CallTable {
    /// A registration of ours at another's registrar.
    struct Registration {
        var id: RegistrationID
        var order: RegistrationOrder
        /// Of the last event; nil before the first.
        var event: RegistrationEvent?
    }

    /// Keeps exactly these registrations from now on, each under a name of the caller's; others are taken back.
    ///
    /// One whose order is as it was goes on undisturbed.
    package func setRegistrations(_ orders: [String: RegistrationOrder], now: Instant) {
        // In one order, so that a run can be replayed.
        for (name, running) in self.registrations.sorted(by: { $0.key < $1.key }) where orders[name] != running.order {
            self.registrations[name] = nil
            self.userAgent.unregister(running.id, now: now)
        }
        for (name, order) in orders.sorted(by: { $0.key < $1.key }) where self.registrations[name] == nil {
            self.registrations[name] = Registration(id: self.userAgent.register(order, now: now), order: order)
        }
        self.settle(now: now)
    }

    /// The names of the registrations that stand.
    package var standingRegistrations: [String] {
        self.registrations.filter { self.userAgent.isRegistered($0.value.id) }.keys.sorted()
    }

    /// Whether a registration still is, or waits to be taken back.
    package var hasRegistrations: Bool { self.userAgent.hasRegistrations }

    func happened(_ event: RegistrationEvent, to id: RegistrationID) {
        guard let name = self.registrations.first(where: { $0.value.id == id })?.key else { return }
        self.registrations[name]?.event = event
        self.registrationNews.append(RegistrationNews(name: name, event: event))
    }

    /// What has become of registrations since the last time.
    package func takeRegistrationNews() -> [RegistrationNews] {
        guard !self.registrationNews.isEmpty else { return [] }
        defer { self.registrationNews.removeAll() }
        return self.registrationNews
    }

    /// Takes the phones that may register here; those that are gone lose their bindings.
    package func setPhones(_ accounts: [PhoneAccount], now: Instant) {
        self.userAgent.setPhones(accounts)
        self.settle(now: now)
    }
}

/// What has become of a registration of ours, under the name that it was ordered by.
package struct RegistrationNews: Hashable, Sendable {
    package var name: String
    package var event: RegistrationEvent
}
