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
        /// The Unix time, in seconds, at the origin of the clock that `Instant` counts from; tells the Date.
        package var unixTimeAtOrigin: UInt64

        package init(
            domains: [String],
            digest: DigestServer.Configuration,
            limits: RegistrarLimits = RegistrarLimits(),
            unixTimeAtOrigin: UInt64 = 0
        ) {
            self.domains = domains
            self.digest = digest
            self.limits = limits
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
    private var accounts: [String: PhoneAccount] = [:]

    /// - Parameters:
    ///   - configuration: stays as it is.
    ///   - accounts: the phones that may register; see `setAccounts`.
    ///   - key: 32 random bytes, for the nonces.
    package init(configuration: Configuration, accounts: [PhoneAccount], key: [UInt8]) {
        self.configuration = configuration
        self.digest = DigestServer(configuration: configuration.digest, key: key)
        self.registrar = Registrar(limits: configuration.limits)
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
    ///   - number: random, for a nonce.
    ///   - now: the time.
    /// - Returns: who it is, or the response that is due.
    package func identify(_ request: SIPRequest, number: UInt64, now: Instant) -> Identity {
        guard let name = self.phone(request.headers.from.uri), self.accounts[name] != nil else { return .stranger }
        switch self.digest.judge(request, secrets: { self.accounts[$0]?.secrets }, now: now) {
        case .accepted(let username):
            // Nobody speaks in another's name.
            return username == name ? .phone(name) : .refused(403, [])
        case .required:
            return .refused(401, self.digest.challenges(isStale: false, number: number, now: now))
        case .stale:
            return .refused(401, self.digest.challenges(isStale: true, number: number, now: now))
        }
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
        switch self.digest.judge(request, secrets: { self.accounts[$0]?.secrets }, now: now) {
        case .required:
            return RegistrationReply(
                status: 401,
                fields: self.digest.challenges(isStale: false, number: number, now: now)
            )
        case .stale:
            return RegistrationReply(
                status: 401,
                fields: self.digest.challenges(isStale: true, number: number, now: now)
            )
        case .accepted(let username):
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
