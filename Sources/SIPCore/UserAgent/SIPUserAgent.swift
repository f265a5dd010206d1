import DequeModule

/// The SIP side of the gateway: transactions, dialogs and INVITE sessions of one signalling loop.
///
/// ### Overview
/// A pure machine. What happens goes in by `receive`, `timeoutReached` and the orders (`invite`, `ring`, `accept`, …);
/// what has to be done comes out of `popAction`, in order. It reads no clock and draws no randomness but what it is given,
/// so a run can be replayed.
///
/// ### Function
/// - Transactions: RFC 3261 §17 and RFC 6026, retransmissions included; none is ever visible outside.
/// - The checks of RFC 3261 §8.2, OPTIONS, and every response that needs no decision.
/// - Sessions: forks, CANCEL, late 2xx, lost ACK and BYE, re-INVITE glare, digest, route sets.
/// - Texts by MESSAGE (RFC 3428); REFER both ways, and the NOTIFYs that tell what became of it (RFC 3515); which session an
///   INVITE is to take the place of (RFC 3891).
/// - Reliable provisional responses (RFC 3262), UPDATE (RFC 3311) and session timers (RFC 4028), whose refreshes are sent
///   and answered without the call side.
///
/// An order for an identifier that is unknown or dead, or that the session's state leaves no room for, does nothing: the
/// call side and the peer may race.
///
/// ### Implementation
/// Transactions stand in hash tables by branch, sessions by identifier, dialogs by Call-ID and our tag. Each waits in one
/// queue of deadlines. The cost of a message does not grow with the number of calls. 64·T1 after the last call ended all
/// tables are empty, and `counts` says so.
///
/// Not `Sendable`: it lives on one event loop.
package final class SIPUserAgent {
    let configuration: Configuration
    private(set) var ownFields: OwnFields
    let tokens: TokenSource
    /// The phones that may register here; nil: none may.
    package let phones: PhoneRegistry?
    /// The To tag of responses that leave no transaction behind: always the same, so that a repetition gets the same
    /// (RFC 3261 §8.2.7).
    let statelessTag: String
    var actions: Deque<UserAgentAction> = []
    var deadlines = DeadlineQueue<Scheduled>()
    var outgoingInvites: [String: OutgoingInvite] = [:]
    var outgoingRequests: [ClientTransactionKey: OutgoingRequest] = [:]
    var receivedInvites: [ServerTransactionKey: ReceivedInvite] = [:]
    var receivedRequests: [ServerTransactionKey: ReceivedRequest] = [:]
    /// The INVITEs whose ACK went to TCP because of its size, by the ACK's branch.
    var largeAcks: [String: OutgoingInvite] = [:]
    /// Known for some minutes, whatever becomes of calls.
    var streamRefusals = StreamRefusals()
    var merges: Set<MergeKey> = []
    var sessions: [SessionID: Session] = [:]
    var dialogs: [Dialog.Key: Session] = [:]
    var endedDialogs = EndedDialogs()
    var dialogCount = 0
    /// Those that we keep elsewhere.
    var registrations: [RegistrationID: OutgoingRegistration] = [:]
    /// Questions to servers whether they are alive.
    var probes: [ProbeID: OutgoingProbe] = [:]
    /// Texts of peers that the call side has not answered yet.
    var receivedMessages: [MessageID: ReceivedRequest] = [:]
    private var lastID: UInt64 = 0

    package init(configuration: Configuration, tokens: TokenSource, phones: PhoneRegistry? = nil) {
        self.configuration = configuration
        self.phones = phones
        self.ownFields = Self.ownFields(configuration, phones)
        self.tokens = tokens
        self.statelessTag = tokens.tag()
    }

    private static func ownFields(_ configuration: Configuration, _ phones: PhoneRegistry?) -> OwnFields {
        OwnFields(
            product: configuration.product,
            timers: configuration.sessionTimers,
            isRegistrar: phones?.hasAccounts ?? false
        )
    }

    /// Takes the phones that an operator has set; those that are gone lose their bindings.
    package func setPhones(_ accounts: [PhoneAccount]) {
        guard let phones = self.phones else { return }
        self.tell(phones.setAccounts(accounts))
        self.ownFields = Self.ownFields(self.configuration, phones)
    }

    /// Gauges of what is alive: transactions, early and confirmed dialogs, and sessions, those included that the call side
    /// has ended and that wait for an ACK or the response to a BYE.
    package var counts: (transactions: Int, dialogs: Int, sessions: Int) {
        (self.transactionCount, self.dialogCount, self.sessions.count)
    }

    /// Whether nothing is left of any call or registration of ours, in any table.
    package var isIdle: Bool {
        self.transactionCount == 0 && self.sessions.isEmpty && self.dialogs.isEmpty && self.dialogCount == 0
            && self.registrations.isEmpty && self.probes.isEmpty && self.receivedMessages.isEmpty && self.merges.isEmpty
            && self.largeAcks.isEmpty && self.deadlines.next == nil
    }

    var transactionCount: Int {
        self.outgoingInvites.count + self.outgoingRequests.count + self.receivedInvites.count
            + self.receivedRequests.count
    }

    /// When `timeoutReached` is due; nil where nothing waits.
    ///
    /// It changes with every input.
    package var nextDeadline: Instant? {
        guard let binding = self.phones?.nextDeadline else { return self.deadlines.next }
        return self.deadlines.next.map { min($0, binding) } ?? binding
    }

    /// The next thing to do.
    ///
    /// Ask until there is none after each input.
    package func popAction() -> UserAgentAction? {
        self.actions.popFirst()
    }

    /// Something came from the transport.
    ///
    /// A closed connection changes no call by itself: transactions have their timers, and the next request of a dialog
    /// opens a new one. A phone that was registered by it is not reached by it any more.
    package func receive(_ inbound: SIPInbound, now: Instant) {
        switch inbound {
        case .message(.request(let request), let flow): self.received(request, by: flow, now: now)
        case .message(.response(let response), let flow): self.received(response, by: flow, now: now)
        case .failed(let key, let failure): self.failed(key, failure, now: now)
        case .located(let id, let targets): self.located(id, targets, now: now)
        case .closed(let flow): self.tell(self.phones?.closed(flow) ?? [])
        }
    }

    /// Time has come to `now`; early calls do nothing.
    package func timeoutReached(now: Instant) {
        while let item = self.deadlines.popDue(now) {
            item.timeoutReached(in: self, now: now)
        }
        if let phones = self.phones, let deadline = phones.nextDeadline, deadline <= now {
            self.tell(phones.timeoutReached(now: now))
        }
    }

    func nextID() -> SessionID {
        self.lastID += 1
        return SessionID(rawValue: self.lastID)
    }

    func nextMessageID() -> MessageID {
        self.lastID += 1
        return MessageID(rawValue: self.lastID)
    }

    func emit(_ outbound: SIPOutbound) {
        self.actions.append(.send(outbound))
    }

    /// Tells the call side, unless it has done with that session.
    func notify(_ session: Session, _ event: SessionEvent) {
        guard !session.isSilent else { return }
        self.actions.append(.session(session.id, event))
    }

    /// Tells the call side the last it hears of that session.
    func notifyLast(_ session: Session, _ event: SessionEvent) {
        self.notify(session, event)
        session.isSilent = true
    }
}
