import CallCore
package import ClientProtocol
import HeapModule
package import MediaCore
package import SIPCore

/// Every call, client connection and SIP session of the process.
///
/// ## Overview
/// Not `Sendable`, no locks, no clock: whoever owns it feeds it what came in, one thing after another, and takes away
/// what must go out. In the gateway that is `SignallingLoop`; in the simulator, a loop with a manual clock.
///
/// ## Implementation
/// One input is carried to its end, with all that follows from it in the user agent and in other calls, before the next
/// one is looked at. `CallTable+Clients` reads what apps say, `CallTable+Sessions` what phones say, `CallTable+Lookup`
/// finds the call that a message means, `CallTable+Messages` carries texts, `CallTable+Transfers` moves parties from call to
/// call, `CallTable+Replacements` takes phones into calls, `CallTable+Media` reads what the media engine says, `CallTable+Carrying` carries out what a call decides.
package final class CallTable {
    /// A call and what the table must know of it.
    final class Entry {
        var call: Call
        let direction: CallDirection
        /// The user who called, where it is an app; counts toward the user's limit.
        var callingUser: String?
        /// The users who are called, as it was dialled or by redirects; none where it is a phone.
        var calledUsers: [PartyID]
        let calling: CallingParty
        /// How many redirects have been followed, in all branches.
        var redirects = 0
        /// Users whom a transfer has brought here, and their sides.
        var joinedUsers: [(user: String, side: Side)] = []
        /// The ids of calls that parties have come from, who know this call by them.
        var aliases: [CallID] = []
        var transfer: TransferRole?
        /// Whose device is about to take a party's place here; nil: nobody's.
        var newcomer: String?
        var sessions: [LegSession] = []
        /// The legs that the media engine holds for the call.
        var media: [LegMedia] = []
        /// The entry of the deadline queue that will wake this call.
        var deadline: Instant?
        var wasAnswered = false
        /// Whether a calling phone that may take them so hears all provisional responses with PRACK, or none; nil: those
        /// that hold a description.
        var ringsReliably: Bool?

        init(
            call: consuming Call,
            direction: CallDirection,
            calling: CallingParty,
            callingUser: String?,
            calledUsers: [PartyID]
        ) {
            self.call = call
            self.direction = direction
            self.calling = calling
            self.callingUser = callingUser
            self.calledUsers = calledUsers
        }

        /// Whether the call is for that user, as it was dialled or by a redirect.
        func rings(for user: String) -> Bool { self.calledUsers.contains { $0.text == user } }
    }

    struct LegSession {
        var leg: LegID
        var session: SessionID
        /// The trunk that it counts toward.
        var trunk: String?
    }

    struct LegMedia {
        var leg: LegID
        var media: MediaLegID
    }

    /// By reference, as `User`: a value in a dictionary would be copied out and in with each change.
    final class Connection {
        let identity: ClientIdentity
        let profile: ClientProfile
        /// The calls in which it is, or was while they rang, a party.
        var calls: [CallID] = []
        /// Its token is no longer good: the socket goes when its last call is over, for expiry never ends a call.
        var isExpired = false

        init(identity: ClientIdentity, profile: ClientProfile) {
            self.identity = identity
            self.profile = profile
        }
    }

    final class User {
        var connections: [ConnectionID] = []
        /// The calls that ring for the user: a device that connects joins them.
        var ringing: [CallID] = []
        /// The calls that the user has placed or is called in, and that are not over: what a new device is told.
        var calls: [CallID] = []
        /// How many calls the user has placed that are not over.
        var placed = 0

        var isIdle: Bool { self.connections.isEmpty && self.calls.isEmpty }
    }

    package var configuration: Configuration
    let userAgent: SIPUserAgent
    var random: any RandomNumberGenerator
    var calls: [CallID: Entry] = [:]
    /// Calls that are over, whose parties know another by their ids.
    var callAliases: [CallID: CallID] = [:]
    var connections: [ConnectionID: Connection] = [:]
    var users: [String: User] = [:]
    var sessions: [SessionID: (call: CallID, leg: LegID)] = [:]
    var mediaLegs: [MediaLegID: (call: CallID, leg: LegID)] = [:]
    var lastMediaLeg = MediaLegID(number: 0)
    var mediaOutbound: [MediaOrder] = []
    var knownUsers = KnownUsers()
    var callRates = CallRates()
    var counters = CallCounters()
    private var deadlines = Heap<Deadline>()
    var clientOutbound: [ClientOutbound] = []
    private var sipOutbound: [SIPOutbound] = []
    private var locationRequests: [LocationRequest] = []
    private var bindingChanges: [BindingChange] = []
    /// The calls of each trunk that has any.
    var trunkCalls: [String: Int] = [:]
    /// The servers of trunks that are probed.
    var watches: [Trunk.ServerID: Watched] = [:]
    var serverNews: [ServerNews] = []
    /// Texts on their way to phones.
    var messages: [MessageID: MessageOrigin] = [:]
    var registrations: [String: Registration] = [:]
    var registrationNames: [RegistrationID: String] = [:]
    var registrationPlans: [String: RegistrationPlan] = [:]
    /// Of the plans that depend on a user, by the user's id.
    var planNames: [String: [String]] = [:]
    /// Of the plans that have a trunk call us by that name.
    var planContacts: [String: [String]] = [:]
    var registrationNews: [RegistrationNews] = []
    /// Users of plans whose last connection has gone lately.
    var awaySince: [String: Instant] = [:]
    package private(set) var isDraining = false

    /// The Unix time, in seconds, at the origin of the clock that `Instant` counts from; tells when a token expires.
    let unixTimeAtOrigin: UInt64

    package init(
        configuration: Configuration,
        userAgent: SIPUserAgent,
        random: any RandomNumberGenerator,
        unixTimeAtOrigin: UInt64 = 0
    ) {
        self.configuration = configuration
        self.unixTimeAtOrigin = unixTimeAtOrigin
        self.userAgent = userAgent
        self.random = random
    }

    // MARK: In

    package func receive(_ inbound: ClientInbound, now: Instant) {
        switch inbound {
        case .connected(let connection, let identity, let profile):
            self.connected(connection, identity, profile, now: now)
        case .received(let connection, let request):
            self.received(request, from: connection, now: now)
        case .disconnected(let connection):
            self.disconnected(connection, now: now)
        }
        self.settle(now: now)
    }

    package func receive(_ inbound: SIPInbound, now: Instant) {
        self.userAgent.receive(inbound, now: now)
        self.settle(now: now)
    }

    package func receive(_ event: MediaEvent, now: Instant) {
        self.happened(event, now: now)
        self.settle(now: now)
    }

    /// Wakes all whose time has come.
    package func timeoutReached(now: Instant) {
        self.userAgent.timeoutReached(now: now)
        self.settle(now: now)
        while let first = self.deadlines.min, first.instant <= now {
            self.deadlines.removeMin()
            switch first.subject {
            case .call(let id):
                guard let entry = self.calls[id], entry.deadline == first.instant else { continue }
                entry.deadline = nil
                self.carryOut(entry.call.timeoutReached(now: now), of: entry, now: now)
                self.settle(now: now)
            case .token(let connection):
                self.checkToken(of: connection, now: now)
            case .registrations(let user):
                self.lingered(user, now: now)
                self.settle(now: now)
            case .server(let id):
                self.probeIfDue(id, now: now)
                self.settle(now: now)
            }
        }
    }

    /// The earliest moment at which `timeoutReached` has something to do.
    package var nextDeadline: Instant? {
        switch (self.userAgent.nextDeadline, self.deadlines.min?.instant) {
        case (let left?, let right?): min(left, right)
        case (let left, let right): left ?? right
        }
    }

    // MARK: Out

    /// What must go to clients, in this order, since the last time.
    package func takeClientOutbound() -> [ClientOutbound] {
        guard !self.clientOutbound.isEmpty else { return [] }
        defer { self.clientOutbound.removeAll() }
        return self.clientOutbound
    }

    /// What must go to phones, in this order, since the last time.
    package func takeSIPOutbound() -> [SIPOutbound] {
        guard !self.sipOutbound.isEmpty else { return [] }
        defer { self.sipOutbound.removeAll() }
        return self.sipOutbound
    }

    /// What the media engine must do, in this order, since the last time.
    package func takeMediaOutbound() -> [MediaOrder] {
        guard !self.mediaOutbound.isEmpty else { return [] }
        defer { self.mediaOutbound.removeAll() }
        return self.mediaOutbound
    }

    /// The names that must be looked for since the last time.
    package func takeLocationRequests() -> [LocationRequest] {
        guard !self.locationRequests.isEmpty else { return [] }
        defer { self.locationRequests.removeAll() }
        return self.locationRequests
    }

    /// What has become of phones' bindings since the last time, for a store.
    package func takeBindingChanges() -> [BindingChange] {
        guard !self.bindingChanges.isEmpty else { return [] }
        defer { self.bindingChanges.removeAll() }
        return self.bindingChanges
    }

    // MARK: Draining

    /// Refuses new calls from now on; those that run go on.
    package func beginDraining() {
        self.isDraining = true
    }

    /// Ends every call that still runs, with that reason.
    package func endAllCalls(_ reason: ClientReason, now: Instant) {
        // In one order, so that a run can be replayed.
        let entries = self.calls.values.sorted {
            ($0.call.started, $0.call.id.text) < ($1.call.started, $1.call.id.text)
        }
        for entry in entries {
            self.carryOut(entry.call.end(reason), of: entry, now: now)
            self.settle(now: now)
        }
    }

    // MARK: Steps

    /// Carries on until nothing follows from what was done.
    func settle(now: Instant) {
        while let action = self.userAgent.popAction() {
            switch action {
            case .send(let outbound): self.sipOutbound.append(outbound)
            case .locate(let id, let target): self.locationRequests.append(LocationRequest(id: id, target: target))
            case .invited(let session, let invite): self.invited(session, invite, now: now)
            case .session(let session, let event): self.happened(event, to: session, now: now)
            case .message(let id, let message): self.received(message, id, now: now)
            case .messageAnswered(let id, let status): self.messageAnswered(id, status: status, now: now)
            case .bindings(let change): self.bindingChanges.append(change)
            case .registration(let id, let event): self.happened(event, to: id)
            case .probed(let id, let isAlive): self.probed(id, isAlive: isAlive, now: now)
            }
        }
    }

    /// Sees to it that the call is woken at its next deadline or earlier.
    ///
    /// A deadline that moves away leaves its entry where it is: the call is woken once too often, and the queue holds
    /// few entries for each call.
    func arm(_ entry: Entry) {
        guard let deadline = entry.call.nextDeadline else { return }
        if let armed = entry.deadline, armed <= deadline { return }
        entry.deadline = deadline
        self.deadlines.insert(Deadline(instant: deadline, subject: .call(entry.call.id)))
    }

    /// Sees to it that what is registered for a user is looked at then.
    func arm(registrationsOf user: String, at instant: Instant) {
        self.deadlines.insert(Deadline(instant: instant, subject: .registrations(user)))
    }

    /// Sees to it that the connection hears when its token expires.
    func arm(_ connection: ConnectionID, tokenExpiresAt unixTime: UInt64, now: Instant) {
        let seconds = unixTime > self.unixTimeAtOrigin ? unixTime - self.unixTimeAtOrigin : 0
        let expiry = Instant(nanoseconds: seconds.multipliedReportingOverflow(by: 1_000_000_000).partialValue)
        // Looked at now and then, so that what a socket leaves in the queue when it goes does not stay for the months that
        // a token may be good for.
        let look = seconds < UInt64.max / 1_000_000_000 ? min(expiry, now + .seconds(600)) : now + .seconds(600)
        self.deadlines.insert(Deadline(instant: look, subject: .token(connection)))
    }

    /// Sees to it that a server is probed when that is due.
    func arm(_ server: Trunk.ServerID) {
        guard let deadline = self.watches[server]?.watch.nextDeadline else { return }
        self.deadlines.insert(Deadline(instant: deadline, subject: .server(server)))
    }

    private struct Deadline: Comparable {
        enum Subject: Equatable {
            case call(CallID)
            case token(ConnectionID)
            /// Of the user with that id, who is away.
            case registrations(String)
            case server(Trunk.ServerID)
        }

        var instant: Instant
        var subject: Subject

        static func < (left: Deadline, right: Deadline) -> Bool { left.instant < right.instant }
    }
}
