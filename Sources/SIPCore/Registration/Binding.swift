/// One way to a phone, as its REGISTER gave it (RFC 3261 §10.3): a Contact, and the path that requests take to it.
package struct Binding: Hashable, Sendable {
    /// What makes a binding outlive a change of its Contact (RFC 5626 §6).
    package struct Outbound: Hashable, Sendable {
        /// `+sip.instance`, as it came, quotes and all.
        package var instance: String
        /// `reg-id`.
        package var registration: UInt32

        package init(instance: String, registration: UInt32) {
            self.instance = instance
            self.registration = registration
        }
    }

    /// The Contact without `expires`; other parameters as they came.
    package var contact: NameAddress
    /// Thousandths, 0 to 1000; higher is asked first (RFC 3261 §20.10).
    package var q: UInt16
    package var expiresAt: Instant
    /// Of the REGISTER that last refreshed it.
    package var callID: String
    /// Of the REGISTER that last refreshed it.
    package var cSeq: UInt32
    /// Nearest proxy first (RFC 3327).
    package var path: [NameAddress]
    /// nil: a binding that goes by its Contact alone.
    package var outbound: Outbound?
    /// The way the REGISTER came by; nil once that connection is gone, or after a restart.
    package var flow: SIPFlow?
    /// Requests go to where the REGISTER came from, and not to where Contact or Path say: the phone sits behind a NAT, or
    /// there is no other way to it.
    package var followsFlow: Bool
    /// User-Agent, for people to read.
    package var product: String?

    package init(
        contact: NameAddress,
        q: UInt16 = 1000,
        expiresAt: Instant,
        callID: String,
        cSeq: UInt32,
        path: [NameAddress] = [],
        outbound: Outbound? = nil,
        flow: SIPFlow? = nil,
        followsFlow: Bool = false,
        product: String? = nil
    ) {
        self.contact = contact
        self.q = q
        self.expiresAt = expiresAt
        self.callID = callID
        self.cSeq = cSeq
        self.path = path
        self.outbound = outbound
        self.flow = flow
        self.followsFlow = followsFlow
        self.product = product
    }

    /// What is left of it once the connection that it came by is gone: nothing where it lives by that, else it is reached by
    /// its Contact, or by the first proxy of its Path, whose connection it was.
    var withoutConnection: Binding? {
        guard !self.followsFlow else { return nil }
        var left = self
        left.flow = nil
        return left
    }

    /// Whether a Contact with that instance means this binding: by its flow where both have one, else by the URI.
    ///
    /// Behind NATs that URI is nobody's alone: two phones of one number, at home and at work, may both have 192.168.1.20.
    /// One that comes from elsewhere is this one only where it goes on with the same series of requests.
    func isSame(as contact: NameAddress, _ outbound: Outbound?, callID: String, by flow: SIPFlow) -> Bool {
        if self.outbound != nil || outbound != nil { return self.outbound == outbound }
        guard self.contact.uri.isEquivalent(to: contact.uri) else { return false }
        guard self.followsFlow, let own = self.flow else { return true }
        return own.remote.host == flow.remote.host || self.callID == callID
    }
}

/// What has become of one phone's bindings.
package struct BindingChange: Hashable, Sendable {
    /// The phone's extension.
    package var phone: String
    /// All that it has now; empty: it is registered nowhere.
    package var bindings: [Binding]

    package init(phone: String, bindings: [Binding]) {
        self.phone = phone
        self.bindings = bindings
    }
}
