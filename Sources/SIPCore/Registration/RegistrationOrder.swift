/// All that is needed to keep a registration of ours at another's registrar.
package struct RegistrationOrder: Hashable, Sendable {
    /// The times that no RFC fixes.
    package struct Timing: Hashable, Sendable {
        /// No response at all within this time: the next target is tried.
        package var tryTimeout: Span
        /// Where every target has failed: the wait after the first time; it doubles with each, and half of it or less is
        /// taken off by chance (RFC 5626 §4.5).
        package var firstWait: Span
        package var longestWait: Span
        /// How long after a password was refused it is tried once more; done twice, before the longer waits.
        package var passwordWait: Span

        package init(
            tryTimeout: Span = .seconds(4),
            firstWait: Span = .seconds(30),
            longestWait: Span = .seconds(1_800),
            passwordWait: Span = .seconds(2)
        ) {
            self.tryTimeout = tryTimeout
            self.firstWait = firstWait
            self.longestWait = longestWait
            self.passwordWait = passwordWait
        }
    }

    /// The Request-URI: the registrar's domain, without a user (RFC 3261 §10.2).
    package var registrar: SIPURI
    /// Where it can be reached, or the first proxy of `route` instead; the best first, never empty.
    package var targets: [SIPTarget]
    /// Proxies on the way to it, the nearest first (RFC 3261 §8.1.2).
    package var route: [NameAddress]
    /// The address that is registered; without a tag.
    package var address: NameAddress
    /// The user part of our Contact.
    package var contactUser: String?
    package var credentials: DigestCredentials?
    /// How long a registration shall last, in seconds, from 1 on; the registrar may shorten it.
    package var expires: UInt32
    package var timing: Timing

    package init(
        registrar: SIPURI,
        targets: [SIPTarget],
        route: [NameAddress] = [],
        address: NameAddress,
        contactUser: String?,
        credentials: DigestCredentials? = nil,
        expires: UInt32 = 3_600,
        timing: Timing = Timing()
    ) {
        precondition(!targets.isEmpty && expires > 0, "A registration needs a target and a time to last")
        self.registrar = registrar
        self.targets = targets
        self.route = route
        self.address = address
        self.contactUser = contactUser
        self.credentials = credentials
        self.expires = expires
        self.timing = timing
    }
}

/// One registration of ours, from its order to its end.
package struct RegistrationID: Hashable, Sendable {
    package var rawValue: UInt64

    package init(rawValue: UInt64) {
        self.rawValue = rawValue
    }
}

/// What has become of a registration of ours.
package enum RegistrationEvent: Hashable, Sendable {
    /// It stands, after it had not; the registrar keeps it for so many seconds and is asked again in time.
    case registered(expires: UInt32)
    /// It does not stand, and will be tried again later.
    ///
    /// The status is the last response's; 408 where there was none, 503 where the request could not be sent.
    case failed(status: UInt16)
    /// It was given up by our order, and taken back where the registrar still answers: the last event.
    case ended
}
