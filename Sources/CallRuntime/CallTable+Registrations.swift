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

    /// How long a user without a connection stays registered: a socket that comes and goes is no reason to bother the
    /// registrar each time.
    package static let linger = Span.seconds(10)

    /// A user has come or gone: what is registered for the user follows, at once where the user came.
    func reviewRegistrations(of user: String, now: Instant) {
        guard let names = self.planNames[user] else { return }
        if self.users[user]?.connections.isEmpty == false {
            self.awaySince[user] = nil
        } else {
            self.awaySince[user] = now
            self.arm(registrationsOf: user, at: now + Self.linger)
        }
        for name in names { self.review(name, now: now) }
    }

    /// A user may have been away for long enough.
    func lingered(_ user: String, now: Instant) {
        guard let since = self.awaySince[user], since + Self.linger <= now else { return }
        self.awaySince[user] = nil
        for name in self.planNames[user] ?? [] { self.review(name, now: now) }
    }

    /// Whether what is registered for a user stays so, or is to be.
    private func isWanted(_ plan: RegistrationPlan, isRunning: Bool) -> Bool {
        guard let user = plan.user else { return true }
        return self.users[user]?.connections.isEmpty == false || (isRunning && self.awaySince[user] != nil)
    }

    /// Registers or takes back, as the plan of that name has it now.
    private func review(_ name: String, now: Instant) {
        let plan = self.registrationPlans[name]
        let isRunning = self.registrations[name] != nil
        let isWanted = plan.map { self.isWanted($0, isRunning: isRunning) } ?? false
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
    ///
    /// - Returns: the trunk, and whether the registration is a user's.
    func registeredTrunk(calling user: String?, from address: SIPAddress) -> (trunk: Trunk, isOfUser: Bool)? {
        for name in user.flatMap({ self.planContacts[$0] }) ?? [] {
            guard let running = self.registrations[name], self.userAgent.registrar(of: running.id) == address.host,
                let plan = self.registrationPlans[name], let trunk = plan.trunk
            else { continue }
            return self.configuration.router.trunk(named: trunk).map { ($0, plan.user != nil) }
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
