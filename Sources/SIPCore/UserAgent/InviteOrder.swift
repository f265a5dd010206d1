/// All that the user agent must know to send an INVITE that opens a session.
package struct InviteOrder: Hashable, Sendable {
    /// The session timer of one session (RFC 4028).
    package enum SessionTimer: Hashable, Sendable {
        /// As `SessionTimers` says.
        case usual
        /// With a session interval of its own, in seconds; one below Min-SE is raised to that.
        case interval(UInt32)
        /// None: `timer` is not supported in that session.
        case off
    }

    /// Whether provisional responses may come reliably (RFC 3262).
    package enum Reliability: Hashable, Sendable {
        /// Supported where the INVITE holds an offer: whoever asks for the peer's expects it in the 2xx.
        case usual
        /// Supported without an offer, too: the call side answers those in provisional responses, see
        /// `SessionEvent.offered`.
        case supported
        /// The peer has to send them so, or to refuse the INVITE.
        case required
        case off
    }

    private struct Values: Hashable, Sendable {
        var uri: SIPURI
        var target: SIPTarget
        var flow: SIPFlow?
        var route: [NameAddress]
        var from: NameAddress
        var to: NameAddress
        var maxForwards: UInt8
        var offer: [UInt8]?
        var credentials: DigestCredentials?
        var tryTimeout: Span
        var fields: [SIPHeaders.Field]
        var sessionTimer: SessionTimer
        var reliability: Reliability
    }

    /// Never empty.
    ///
    /// A call keeps its order in its state, which is copied with every message: so it is one reference.
    private var storage: ContiguousArray<Values>

    package init(
        uri: SIPURI,
        target: SIPTarget,
        flow: SIPFlow? = nil,
        route: [NameAddress] = [],
        from: NameAddress,
        to: NameAddress,
        maxForwards: UInt8 = 70,
        offer: [UInt8]?,
        credentials: DigestCredentials? = nil,
        tryTimeout: Span = .seconds(32),
        fields: [SIPHeaders.Field] = [],
        sessionTimer: SessionTimer = .usual,
        reliability: Reliability = .usual
    ) {
        let values = Values(
            uri: uri,
            target: target,
            flow: flow,
            route: route,
            from: from,
            to: to,
            maxForwards: maxForwards,
            offer: offer,
            credentials: credentials,
            tryTimeout: tryTimeout,
            fields: fields,
            sessionTimer: sessionTimer,
            reliability: reliability
        )
        self.storage = [values]
    }

    package var uri: SIPURI {
        get { self.storage[0].uri }
        _modify { yield &self.storage[0].uri }
    }

    /// Where it is sent first; in-dialog requests then follow the route set and the remote target.
    package var target: SIPTarget {
        get { self.storage[0].target }
        _modify { yield &self.storage[0].target }
    }

    /// The way by which the callee itself reached us, taken as long as it is open; see `SIPOutbound.Destination`.
    package var flow: SIPFlow? {
        get { self.storage[0].flow }
        _modify { yield &self.storage[0].flow }
    }

    /// Proxies on the way to the callee, the nearest first; `target` is the first of them.
    package var route: [NameAddress] {
        get { self.storage[0].route }
        _modify { yield &self.storage[0].route }
    }

    /// Without a tag: the user agent adds it.
    package var from: NameAddress {
        get { self.storage[0].from }
        _modify { yield &self.storage[0].from }
    }

    package var to: NameAddress {
        get { self.storage[0].to }
        _modify { yield &self.storage[0].to }
    }

    package var maxForwards: UInt8 {
        get { self.storage[0].maxForwards }
        _modify { yield &self.storage[0].maxForwards }
    }

    /// nil: an INVITE that asks the peer for its offer; the session then owes an `acknowledge`.
    package var offer: [UInt8]? {
        get { self.storage[0].offer }
        _modify { yield &self.storage[0].offer }
    }

    /// Answers a 401 or a 407, where the peer asks (RFC 3261 §22).
    package var credentials: DigestCredentials? {
        get { self.storage[0].credentials }
        _modify { yield &self.storage[0].credentials }
    }

    /// No response at all within this time: the session fails with `.noResponse`.
    package var tryTimeout: Span {
        get { self.storage[0].tryTimeout }
        _modify { yield &self.storage[0].tryTimeout }
    }

    package var fields: [SIPHeaders.Field] {
        get { self.storage[0].fields }
        _modify { yield &self.storage[0].fields }
    }

    package var sessionTimer: SessionTimer {
        get { self.storage[0].sessionTimer }
        _modify { yield &self.storage[0].sessionTimer }
    }

    package var reliability: Reliability {
        get { self.storage[0].reliability }
        _modify { yield &self.storage[0].reliability }
    }
}

/// A user name and a password for digest authentication (RFC 7616).
package struct DigestCredentials: Hashable, Sendable, CustomStringConvertible {
    package var username: String
    package var password: String

    package init(username: String, password: String) {
        self.username = username
        self.password = password
    }

    /// Never the password.
    package var description: String { "\(self.username):***" }
}
