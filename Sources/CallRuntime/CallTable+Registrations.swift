import CallCore
package import SIPCore

extension CallTable {
    /// A registration of ours at another's registrar.
    struct Registration {
        var id: RegistrationID
        var order: RegistrationOrder
    }

    /// Keeps exactly these registrations from now on, each under a name of the caller's; others are taken back.
    ///
    /// One whose order is as it was goes on undisturbed.
    package func setRegistrations(_ plans: [String: RegistrationPlan], now: Instant) {
        self.registrationPlans = plans
        self.planNames = [:]
        self.planContacts = [:]
        // In one order, so that a run can be replayed.
        for (name, plan) in plans.sorted(by: { $0.key < $1.key }) {
            if let user = plan.user { self.planNames[user, default: []].append(name) }
            if let contact = plan.contact { self.planContacts[contact, default: []].append(name) }
        }
        for name in Set(plans.keys).union(self.registrations.keys).sorted() { self.review(name, now: now) }
        self.settle(now: now)
    }

    /// A user has come or gone: what is registered for the user follows.
    func reviewRegistrations(of user: String, now: Instant) {
        for name in self.planNames[user] ?? [] { self.review(name, now: now) }
    }

    /// Registers or takes back, as the plan of that name has it now.
    private func review(_ name: String, now: Instant) {
        let plan = self.registrationPlans[name]
        let isWanted = plan.map { $0.user.map { self.users[$0]?.connections.isEmpty == false } ?? true } ?? false
        let order = isWanted ? plan?.order : nil
        if let running = self.registrations[name], running.order != order {
            self.registrations[name] = nil
            self.registrationNames[running.id] = nil
            self.userAgent.unregister(running.id, now: now)
        }
        if let order, self.registrations[name] == nil {
            let id = self.userAgent.register(order, now: now)
            self.registrations[name] = Registration(id: id, order: order)
            self.registrationNames[id] = name
        }
    }

    /// The names of the registrations that stand.
    package var standingRegistrations: [String] {
        self.registrations.filter { self.userAgent.isRegistered($0.value.id) }.keys.sorted()
    }

    /// Whether a registration still is, or waits to be taken back.
    package var hasRegistrations: Bool { self.userAgent.hasRegistrations }

    /// The trunk that a call belongs to by a registration of ours: it is for the Contact that we have registered there,
    /// and comes from the address of the registrar.
    func registeredTrunk(calling user: String?, from address: SIPAddress) -> Trunk? {
        for name in user.flatMap({ self.planContacts[$0] }) ?? [] {
            guard let running = self.registrations[name], self.userAgent.registrar(of: running.id) == address.host,
                let trunk = self.registrationPlans[name]?.trunk
            else { continue }
            return self.configuration.router.trunk(named: trunk)
        }
        return nil
    }

    func happened(_ event: RegistrationEvent, to id: RegistrationID) {
        guard let name = self.registrationNames[id] else { return }
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

/// A registration of ours, and when it is kept.
package struct RegistrationPlan: Hashable, Sendable {
    package var order: RegistrationOrder
    /// The id of the user whose it is: it is kept while the user is connected; nil: always.
    package var user: String?
    /// The trunk whose calls come in by it.
    package var trunk: String?

    package init(order: RegistrationOrder, user: String? = nil, trunk: String? = nil) {
        self.order = order
        self.user = user
        self.trunk = trunk
    }

    /// Whom a call that comes in by it is for.
    var contact: String? {
        self.trunk == nil ? nil : SIPURI(user: self.order.contactUser, host: "").unescapedUser
    }
}

/// What has become of a registration of ours, under the name that it was ordered by.
package struct RegistrationNews: Hashable, Sendable {
    package var name: String
    package var event: RegistrationEvent

    package init(name: String, event: RegistrationEvent) {
        self.name = name
        self.event = event
    }
}
