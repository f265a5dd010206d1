/// The phones of the house: who may register, who is registered, and who is calling.
///
/// ### Overview
/// A pure machine, joined by one user agent and whoever routes calls. It puts a digest server in front of a registrar: a
/// REGISTER, and any request whose From names a phone of ours, must come with that phone's credentials.
///
/// Not `Sendable`: it lives on one event loop.
package final class PhoneRegistry {
    package struct Configuration: Sendable {
        /// Our host names and addresses: an address of a phone is one of its name at one of them.
        package var domains: [String]
        package var digest: DigestServer.Configuration
        package var limits: RegistrarLimits
        package var guesses: GuessLimits
        /// The Unix time, in seconds, at the origin of the clock that `Instant` counts from; tells the Date.
        package var unixTimeAtOrigin: UInt64

        package init(
            domains: [String],
            digest: DigestServer.Configuration,
            limits: RegistrarLimits = RegistrarLimits(),
            guesses: GuessLimits = GuessLimits(),
            unixTimeAtOrigin: UInt64 = 0
        ) {
            self.domains = domains
            self.digest = digest
            self.limits = limits
            self.guesses = guesses
            self.unixTimeAtOrigin = unixTimeAtOrigin
        }
    }

    /// Who a request comes from.
    package enum Identity: Hashable, Sendable {
        /// From names no phone of ours.
        case stranger
        /// A phone of ours, whose credentials were right.
        case phone(String)
        /// It names a phone of ours and has not proved to be that: this response is due.
        case refused(UInt16, [SIPHeaders.Field])
    }

    private let configuration: Configuration
    private var digest: DigestServer
    private var registrar: Registrar
    private var guesses: GuessGuard
    /// What has become of wrong passwords.
    package private(set) var guessCounters = GuessCounters()
    private var accounts: [String: PhoneAccount] = [:]

    /// - Parameters:
    ///   - configuration: stays as it is.
    ///   - accounts: the phones that may register; see `setAccounts`.
    ///   - key: 32 random bytes, for the nonces.
    package init(configuration: Configuration, accounts: [PhoneAccount], key: [UInt8]) {
        self.configuration = configuration
        self.digest = DigestServer(configuration: configuration.digest, key: key)
        self.registrar = Registrar(limits: configuration.limits)
        self.guesses = GuessGuard(limits: configuration.guesses)
        _ = self.setAccounts(accounts)
    }

    // MARK: The operator's side

    /// Takes the phones that there are now; of two of one name the first counts.
    ///
    /// - Returns: the phones that are gone and were registered.
    package func setAccounts(_ accounts: [PhoneAccount]) -> [BindingChange] {
        let before = self.accounts.keys.sorted()
        self.accounts = Dictionary(accounts.map { ($0.name, $0) }) { first, _ in first }
        return before.filter { self.accounts[$0] == nil }.compactMap { self.registrar.remove($0) }
    }

    /// Takes the bindings that a store kept, but for phones that are gone.
    package func restore(_ kept: [BindingChange], now: Instant) {
        self.registrar.restore(kept.filter { self.accounts[$0.phone] != nil }, now: now)
    }

    /// Whether there is any phone that may register; without one REGISTER is not a method of ours.
    package var hasAccounts: Bool { !self.accounts.isEmpty }

    package func account(_ phone: String) -> PhoneAccount? { self.accounts[phone] }

    /// How many bindings there are, of all phones.
    package var bindingCount: Int { self.registrar.count }

    package func bindings(of phone: String, now: Instant) -> [Binding] {
        self.registrar.bindings(of: phone, now: now)
    }

    /// See `Registrar.targets(of:now:)`.
    package func targets(of phone: String, now: Instant) -> [PhoneTarget] {
        self.registrar.targets(of: phone, now: now)
    }

    // MARK: Requests

    /// Whether a response of ours says that the peer has not proved who it is, or is not let try.
    static func isUnproved(_ status: UInt16) -> Bool { status == 401 || status == 503 }

    /// Whether requests of ours should go to where that request came from rather than to its Contact.
    static func isBehindNAT(_ request: SIPRequest, _ flow: SIPFlow) -> Bool {
        guard flow.transport == .udp, request.headers.via.count == 1, let via = request.headers.via.first,
            let contact = request.headers.contact.first?.address
        else { return false }
        return via.rport != .absent || contact.uri.host != flow.remote.host
    }

    /// Tells who a request comes from that opens a dialog, or stands outside any.
    ///
    /// - Parameters:
    ///   - request: as it came.
    ///   - flow: the way it came.
    ///   - number: random, for a nonce.
    ///   - now: the time.
    /// - Returns: who it is, or the response that is due.
    package func identify(_ request: SIPRequest, by flow: SIPFlow, number: UInt64, now: Instant) -> Identity {
        guard let name = self.phone(request.headers.from.uri), self.accounts[name] != nil else { return .stranger }
        switch self.prove(request, by: flow, number: number, now: now) {
        // Nobody speaks in another's name.
        case .phone(let proved) where proved != name: return .refused(403, [])
        case let identity: return identity
        }
    }

    /// Whose credentials a request has, whatever it says of itself.
    private func prove(_ request: SIPRequest, by flow: SIPFlow, number: UInt64, now: Instant) -> Identity {
        let peer = flow.remote.host
        if let name = self.digest.username(of: request),
            let wait = self.guesses.wait(
                of: name,
                from: peer,
                isKnownThere: { self.isRegistered(name, from: peer, now: now) },
                now: now
            )
        {
            self.guessCounters.turnedAway += 1
            let seconds = wait.nanoseconds / 1_000_000_000 + 1
            return .refused(503, [SIPHeaders.Field("Retry-After", String(seconds))])
        }
        switch self.digest.judge(request, from: peer, secrets: { self.accounts[$0]?.secrets }, now: now) {
        case .accepted(let name):
            self.guesses.wasRight(name, from: peer)
            return .phone(name)
        case .wrong(let name):
            self.guessCounters.wrong += 1
            self.guesses.wasWrong(name, from: peer, now: now)
            return self.challenge(isStale: false, peer, number, now)
        case .required:
            return self.challenge(isStale: false, peer, number, now)
        case .stale:
            return self.challenge(isStale: true, peer, number, now)
        }
    }

    private func challenge(isStale: Bool, _ peer: String, _ number: UInt64, _ now: Instant) -> Identity {
        .refused(401, self.digest.challenges(isStale: isStale, number: number, toward: peer, now: now))
    }

    private func isRegistered(_ name: String, from host: String, now: Instant) -> Bool {
        self.registrar.bindings(of: name, now: now).contains { $0.flow?.remote.host == host }
    }

    /// Processes a REGISTER (RFC 3261 §10.3).
    ///
    /// - Parameters:
    ///   - request: as it came, with what RFC 3581 puts into its Via.
    ///   - flow: the way it came.
    ///   - number: random, for a nonce.
    ///   - now: the time.
    /// - Returns: the response to it, and what it changed.
    package func register(_ request: SIPRequest, by flow: SIPFlow, number: UInt64, now: Instant) -> RegistrationReply {
        guard self.isOurs(request.uri.host), request.uri.scheme != .tel else { return RegistrationReply(status: 404) }
        // Before all else that tells whom we know.
        switch self.prove(request, by: flow, number: number, now: now) {
        case .stranger:
            return RegistrationReply(status: 403)
        case .refused(let status, let fields):
            return RegistrationReply(status: status, fields: fields)
        case .phone(let username):
            guard let name = self.phone(request.headers.to.uri) else { return RegistrationReply(status: 404) }
            guard name == username else { return RegistrationReply(status: 403) }
            var reply = self.registrar.register(request, of: name, by: flow, now: now)
            if reply.status == 200 {
                let unixTime = self.configuration.unixTimeAtOrigin &+ now.nanoseconds / 1_000_000_000
                reply.fields.append(SIPHeaders.Field("Date", SIPDate.text(unixTime)))
                reply.fields.append(SIPHeaders.Field("Supported", "path, outbound"))
            }
            return reply
        }
    }

    /// The name in an address of ours; nil where it is no such address.
    private func phone(_ uri: SIPURI) -> String? {
        switch uri.scheme {
        case .sip, .sips: self.isOurs(uri.host) ? uri.unescapedUser : nil
        case .tel, .other: nil
        }
    }

    private func isOurs(_ host: String) -> Bool {
        self.configuration.domains.contains { $0.equalsIgnoringCase(host) }
    }

    // MARK: Time and connections

    package var nextDeadline: Instant? { self.registrar.nextDeadline }

    package func timeoutReached(now: Instant) -> [BindingChange] {
        self.registrar.timeoutReached(now: now)
    }

    package func closed(_ flow: SIPFlow) -> [BindingChange] {
        self.registrar.closed(flow)
    }
}
