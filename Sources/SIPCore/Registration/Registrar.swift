/// The bindings of every phone, and the processing of REGISTER (RFC 3261 §10.3, RFC 3327, RFC 5626 §6).
///
/// ### Overview
/// A pure machine. Who may register what has been decided before: `register` takes a request whose credentials were right,
/// and the phone whose bindings it is about. A REGISTER is granted as a whole, or changes nothing.
///
/// ### Implementation
/// Each phone stands in one queue of deadlines, by the first of its bindings to expire.
package struct Registrar: ~Copyable {
    private final class Phone: Schedulable {
        let name: String
        var bindings: [Binding]
        var queuePlace = -1

        init(name: String) {
            self.name = name
            self.bindings = []
        }
    }

    package var limits: RegistrarLimits
    private var phones: [String: Phone] = [:]
    private var deadlines = DeadlineQueue<Phone>()
    /// The phones that registered by a connection, by its number.
    private var connections: [UInt64: Set<String>] = [:]

    package init(limits: RegistrarLimits = RegistrarLimits()) {
        self.limits = limits
    }

    /// How many bindings there are, of all phones.
    package private(set) var count = 0

    /// The bindings of a phone that have not expired, in the order in which they came.
    package func bindings(of phone: String, now: Instant) -> [Binding] {
        self.phones[phone]?.bindings.filter { now < $0.expiresAt } ?? []
    }

    /// Where an INVITE for a phone goes: every binding that can be reached, the highest `q` first.
    package func targets(of phone: String, now: Instant) -> [PhoneTarget] {
        let targets = self.bindings(of: phone, now: now).compactMap { PhoneTarget($0) }
        guard targets.count > 1 else { return targets }
        // Of one `q` in the order in which they came.
        return targets.enumerated().sorted { ($1.element.q, $0.offset) < ($0.element.q, $1.offset) }.map { $0.element }
    }

    // MARK: REGISTER

    /// Grants a REGISTER for `phone`, or says why not.
    ///
    /// Of the reply's fields, Date is the caller's.
    package mutating func register(
        _ request: SIPRequest,
        of phone: String,
        by flow: SIPFlow,
        now: Instant
    ) -> RegistrationReply {
        let asked: RegistrationRequest
        do throws(RegistrationRequest.Objection) {
            asked = try RegistrationRequest(request, limits: self.limits)
        } catch {
            return RegistrationReply(status: error.status, fields: error.fields)
        }
        let current = self.bindings(of: phone, now: now)
        let headers = request.headers
        /// Whether a binding may be changed by this request (§10.3, 6 and 7): one of its own series must be newer.
        let isNewer = { (binding: Binding) in
            binding.callID != headers.callID || headers.cSeq.number > binding.cSeq
        }
        var changed = current
        switch asked.order {
        case .query:
            return self.granted(asked, current, change: nil, now: now)
        case .removeAll:
            guard current.allSatisfy(isNewer) else { return RegistrationReply(status: 500) }
            changed = []
        case .change(let wishes):
            for wish in wishes {
                let isMeant = { (binding: Binding) in
                    binding.isSame(as: wish.contact, wish.outbound, callID: headers.callID, by: flow)
                }
                if let binding = current.first(where: isMeant), !isNewer(binding) {
                    return RegistrationReply(status: 500)
                }
                // Named twice in one request: the later one counts.
                let index = changed.firstIndex(where: isMeant)
                if wish.expires == 0 {
                    if let index { changed.remove(at: index) }
                    continue
                }
                let binding = Self.binding(wish, of: request, path: asked.path, by: flow, now: now)
                if let index { changed[index] = binding } else { changed.append(binding) }
            }
        }
        while changed.count > self.limits.contacts,
            let first = changed.indices.min(by: { changed[$0].expiresAt < changed[$1].expiresAt })
        {
            changed.remove(at: first)
        }
        self.set(changed, of: phone)
        return self.granted(asked, changed, change: BindingChange(phone: phone, bindings: changed), now: now)
    }

    private func granted(
        _ asked: RegistrationRequest,
        _ bindings: [Binding],
        change: BindingChange?,
        now: Instant
    ) -> RegistrationReply {
        var fields: [SIPHeaders.Field] = []
        if asked.takesPath, !asked.path.isEmpty {
            fields.append(SIPHeaders.Field("Path", asked.path.map(\.text).joined(separator: ", ")))
        }
        if asked.isOutbound { fields.append(SIPHeaders.Field("Require", "outbound")) }
        var contacts: ShortList<Contact> = []
        for binding in bindings {
            var contact = binding.contact
            // Rounded up: who refreshes in time by our word is in time.
            let left = (binding.expiresAt - now).nanoseconds.addingReportingOverflow(999_999_999).partialValue
            contact.parameters.append(.init("expires", String(left / 1_000_000_000)))
            contacts.append(.address(contact))
        }
        return RegistrationReply(status: 200, contacts: contacts, fields: fields, change: change)
    }

    private static func binding(
        _ wish: RegistrationRequest.Wish,
        of request: SIPRequest,
        path: [NameAddress],
        by flow: SIPFlow,
        now: Instant
    ) -> Binding {
        // Nobody but whoever registers is called by it: a Contact, `maddr` or Path that names another, as a carrier that
        // trusts us, would have us call any number there.
        var followsFlow = (path.first ?? wish.contact).uri.target?.host != flow.remote.host
        if path.isEmpty, request.headers.via.count == 1 {
            let asksForPort = request.headers.via.first.map { $0.rport != .absent } ?? false
            followsFlow = followsFlow || wish.outbound != nil || (asksForPort && !flow.transport.isReliable)
        }
        if path.isEmpty {
            switch flow.transport {
            case .udp, .other: break
            // A Contact at the connection's own port names that connection: nobody listens there.
            case .tcp: followsFlow = followsFlow || wish.contact.uri.port == flow.remote.port
            // For one that we open the phone would need a certificate for where it happens to be.
            case .tls: followsFlow = true
            }
        }
        return Binding(
            contact: wish.contact,
            q: wish.q,
            expiresAt: now + .seconds(UInt64(wish.expires)),
            callID: request.headers.callID,
            cSeq: request.headers.cSeq.number,
            path: path,
            outbound: wish.outbound,
            flow: flow,
            followsFlow: followsFlow,
            product: request.headers["User-Agent"].map { String($0.prefix(80)) }
        )
    }

    // MARK: What else changes bindings

    /// Takes what a store kept, in place of what there is of these phones; what has expired is left out.
    ///
    /// Connections do not outlive a process, whatever its end was: what lived by one is left out too.
    package mutating func restore(_ kept: [BindingChange], now: Instant) {
        for change in kept {
            let bindings = change.bindings.filter { now < $0.expiresAt }.compactMap { binding in
                binding.flow?.transport.isReliable == false ? binding : binding.withoutConnection
            }
            self.set(Array(bindings.prefix(self.limits.contacts)), of: change.phone)
        }
    }

    /// Forgets the bindings of a phone, as where the operator has removed it.
    package mutating func remove(_ phone: String) -> BindingChange? {
        guard self.phones[phone] != nil else { return nil }
        self.set([], of: phone)
        return BindingChange(phone: phone, bindings: [])
    }

    /// A connection is gone: a binding that lives by it goes too, any other is reached by its Contact from now on.
    package mutating func closed(_ flow: SIPFlow) -> [BindingChange] {
        guard flow.connection != 0, let names = self.connections.removeValue(forKey: flow.connection) else { return [] }
        return names.sorted().compactMap { name in
            guard let phone = self.phones[name] else { return nil }
            let left = phone.bindings.compactMap { binding in
                binding.flow?.connection == flow.connection ? binding.withoutConnection : binding
            }
            self.set(left, of: name)
            return BindingChange(phone: name, bindings: left)
        }
    }

    /// When `timeoutReached` is due; nil where nobody is registered.
    package var nextDeadline: Instant? { self.deadlines.next }

    /// Takes away what has expired.
    ///
    /// - Returns: the phones that lost a binding, with what they have left.
    package mutating func timeoutReached(now: Instant) -> [BindingChange] {
        var changes: [BindingChange] = []
        while let phone = self.deadlines.popDue(now) {
            let left = phone.bindings.filter { now < $0.expiresAt }
            self.set(left, of: phone.name)
            changes.append(BindingChange(phone: phone.name, bindings: left))
        }
        return changes
    }

    private mutating func set(_ bindings: [Binding], of name: String) {
        let phone = self.phones[name] ?? Phone(name: name)
        let before = phone.bindings
        phone.bindings = bindings
        self.count += bindings.count - before.count
        self.phones[name] = bindings.isEmpty ? nil : phone
        self.deadlines.set(phone, bindings.lazy.map(\.expiresAt).min())
        for connection in before.compactMap({ $0.flow?.connection }) where connection != 0 {
            self.connections[connection]?.remove(name)
            if self.connections[connection]?.isEmpty == true { self.connections[connection] = nil }
        }
        for connection in bindings.compactMap({ $0.flow?.connection }) where connection != 0 {
            self.connections[connection, default: []].insert(name)
        }
    }
}
