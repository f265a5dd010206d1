package import MediaCore
package import SIPCore

/// The lite ICE agent of one app's leg (RFC 8445 §2.5).
///
/// ## Overview
///
/// A lite agent sits at an address that everyone reaches. It sends no checks: it answers those of the peer, learns from
/// them where the peer is, and sends media where the peer says by USE-CANDIDATE. It is always the controlled one.
///
/// ## Function
///
/// Requests come in, answers go out in a buffer of the caller's, and an `Action` tells what changed. Only a request with
/// the right MESSAGE-INTEGRITY changes anything; one that does not even name our user name fragment gets no answer, so
/// that the port reflects nothing. Checks can be answered before the peer's description is read, for they are signed
/// with our password; the peer's half of USERNAME is compared from when it is known.
///
/// ## Implementation
///
/// There are one or two `ICEGeneration`s: after `restart` the old one serves on, media and nominations too, until the
/// peer nominates with the new one. At most `maximumRemotes` addresses are remembered; one more takes the place of that
/// which was silent longest. What was heard from the selected address is the sign of life (RFC 7675 §5.1): a lite agent
/// sends no consent checks of its own, it lives on those of the peer.
package struct ICELiteAgent: ~Copyable {
    /// How many of the peer's addresses are remembered.
    package static let maximumRemotes = 16
    /// How long the selected address can be silent (RFC 7675 §5.1).
    package static let consentTimeout = Span.seconds(30)
    /// The longest time between two consent checks (RFC 7675 §5.1): a peer that nominates with every check has left an
    /// address from which nothing came for longer.
    private static let checkInterval = Span.seconds(6)

    private var current: ICEGeneration
    /// Of a restart that the peer has not yet acted on.
    private var pending: ICEGeneration?
    /// Of the generation before the current one, which a late update can still tell of.
    private var retiredPeerUfrag: [UInt8]?
    /// Never removed from, only replaced: an index stays good.
    private var remotes: [ICERemote] = []
    private var selectedIndex: Int?

    /// - Parameters:
    ///   - ours: As `ICECredentials(random:)` makes them: the user name fragment has 8 bytes.
    ///   - peer: Nil: not told yet.
    package init(ours: ICECredentials, peer: ICECredentials? = nil) {
        self.current = ICEGeneration(ours: ours, peerUfrag: peer.map { Array($0.ufrag.utf8) })
    }

    /// Where media goes; nil before the first nomination and after the peer was lost.
    package var selected: MediaAddress? { self.selectedIndex.map { self.remotes[$0].address } }

    /// Whether `restart` was called and the peer has not nominated with the new credentials yet.
    package var isRestarting: Bool { self.pending != nil }

    /// When `timeoutReached` is due; nil: nothing is awaited.
    package var deadline: Instant? { self.selectedIndex.map { self.remotes[$0].heard + Self.consentTimeout } }

    /// The peer's description told its credentials, for the first time, once more, or anew in an ICE restart.
    ///
    /// It makes no difference whether new ones come before `restart` or after it, nor whether an update with the old ones
    /// still comes behind it.
    package mutating func receivedPeer(_ credentials: ICECredentials) {
        let ufrag = Array(credentials.ufrag.utf8)
        guard ufrag != self.retiredPeerUfrag else { return }
        if self.pending != nil {
            guard ufrag != self.current.peerUfrag else { return }
            self.pending?.peerUfrag = ufrag
        } else if self.current.peerUfrag == nil {
            self.current.peerUfrag = ufrag
        } else if ufrag != self.current.peerUfrag {
            self.current.nextPeerUfrag = ufrag
        }
    }

    /// An ICE restart: the peer is going to be told these credentials of ours.
    ///
    /// - Returns: `retires` where an earlier restart is overtaken that the peer never acted on.
    package mutating func restart(ours: ICECredentials) -> Action {
        let overtaken = self.pending
        self.pending = ICEGeneration(ours: ours, peerUfrag: self.current.nextPeerUfrag)
        self.current.nextPeerUfrag = nil
        return Action(retires: overtaken?.key)
    }

    /// A STUN message came whose USERNAME, or whose source, is this leg's.
    ///
    /// Anything but a Binding request with FINGERPRINT and one of our user name fragments is dropped.
    ///
    /// - Parameters:
    ///   - message: Read from `bytes`.
    ///   - bytes: The datagram.
    ///   - source: Where it came from: what XOR-MAPPED-ADDRESS says. On a socket for both families an IPv4 address has
    ///     to be given as one.
    ///   - now: The moment of its arrival.
    ///   - answer: Overwritten where the action says that there is an answer, else without meaning.
    /// - Returns: What to do; an empty action where the message is dropped.
    package mutating func received(
        _ message: STUNMessage,
        in bytes: Swift.Span<UInt8>,
        from source: MediaAddress,
        now: Instant,
        answer: inout [UInt8]
    ) -> Action {
        guard message.kind == .request, message.method == STUNMessage.binding, message.hasFingerprint, source.port != 0,
            let key = message.receiverUfrag(in: bytes)
        else { return Action() }
        if key == self.current.key {
            guard self.authenticate(message, in: bytes, by: self.current) else {
                return Self.refuse(message, answer: &answer)
            }
            if let refusal = Self.reject(message, by: self.current, answer: &answer) { return refusal }
            self.current.nominatesDeliberately = self.current.nominatesDeliberately || !message.usesCandidate
            return self.accept(message, from: source, isNew: false, now: now, answer: &answer)
        }
        guard let pending = self.pending, key == pending.key else { return Action() }
        guard self.authenticate(message, in: bytes, by: pending) else { return Self.refuse(message, answer: &answer) }
        if let refusal = Self.reject(message, by: pending, answer: &answer) { return refusal }
        self.pending?.nominatesDeliberately = pending.nominatesDeliberately || !message.usesCandidate
        return self.accept(message, from: source, isNew: true, now: now, answer: &answer)
    }

    /// The deadline has come, or any later or earlier moment.
    ///
    /// Where the selected address has been silent for 30 s, media goes on with another one that the peer has nominated
    /// and is heard from, else the peer is lost. A later nomination ends that state.
    package mutating func timeoutReached(now: Instant) -> Action {
        guard let deadline = self.deadline, now >= deadline else { return Action() }
        let others = self.remotes.indices.filter {
            self.remotes[$0].isNominated && now < self.remotes[$0].heard + Self.consentTimeout
        }
        guard let next = others.max(by: { self.remotes[$0].heard < self.remotes[$1].heard }) else {
            self.selectedIndex = nil
            for index in self.remotes.indices { self.remotes[index].isNominated = false }
            return Action(isLost: true)
        }
        self.selectedIndex = next
        return Action(selects: self.remotes[next].address)
    }

    /// Whether the sender is the peer (RFC 8489 §9.1.3).
    private func authenticate(
        _ message: STUNMessage,
        in bytes: Swift.Span<UInt8>,
        by generation: ICEGeneration
    ) -> Bool {
        generation.names(message, in: bytes) && message.isIntact(in: bytes, password: generation.password)
    }

    /// The sender proved nothing, and so does the answer (RFC 8489 §9.1.3).
    private static func refuse(_ message: STUNMessage, answer: inout [UInt8]) -> Action {
        let failure: STUNFailure = message.hasIntegrity ? .unauthenticated : .badRequest
        return Action(
            answers: STUNWriter.writeFailure(failure, to: message.transactionID, password: nil, into: &answer)
        )
    }

    /// The peer's request is one that we can't follow; nil where we can.
    private static func reject(
        _ message: STUNMessage,
        by generation: ICEGeneration,
        answer: inout [UInt8]
    ) -> Action? {
        let failure: STUNFailure
        if !message.unknownAttributes.isEmpty {
            failure = .unknownAttribute
        } else if message.role == .controlled {
            // Beside a lite agent there is no choice of roles, so the tiebreaker is not looked at (RFC 8445 §6.1.1).
            failure = .roleConflict
        } else {
            return nil
        }
        return Action(
            answers: STUNWriter.writeFailure(
                failure,
                to: message.transactionID,
                unknownAttributes: message.unknownAttributes,
                password: generation.password,
                into: &answer
            )
        )
    }

    /// The check succeeds (RFC 8445 §7.3.1.2 to §7.3.2).
    private mutating func accept(
        _ message: STUNMessage,
        from source: MediaAddress,
        isNew: Bool,
        now: Instant,
        answer: inout [UInt8]
    ) -> Action {
        let password = isNew ? self.pending?.password ?? [] : self.current.password
        guard
            STUNWriter.writeSuccess(
                to: message.transactionID,
                mappedAddress: source,
                password: password,
                into: &answer
            )
        else { return Action() }
        var action = Action(answers: true, binds: source)
        let index = self.remember(source, message.priority ?? 0, now: now, &action)
        guard message.usesCandidate else { return action }
        if isNew {
            action.retires = self.adoptPending()
        } else {
            guard self.follows(nominationOf: index, now: now) else {
                self.remotes[index].isNominated = true
                return action
            }
            if self.current.nominatesDeliberately, let selectedIndex = self.selectedIndex {
                self.remotes[selectedIndex].isNominated = false
            }
        }
        self.remotes[index].isNominated = true
        if self.selectedIndex != index {
            self.selectedIndex = index
            action.selects = source
        }
        return action
    }

    private mutating func remember(
        _ source: MediaAddress,
        _ priority: UInt32,
        now: Instant,
        _ action: inout Action
    ) -> Int {
        var stalest: Int?
        for index in self.remotes.indices {
            if self.remotes[index].address == source {
                self.remotes[index].priority = priority
                self.remotes[index].heard = max(self.remotes[index].heard, now)
                return index
            }
            guard index != self.selectedIndex else { continue }
            if let candidate = stalest, self.remotes[candidate].heard <= self.remotes[index].heard { continue }
            stalest = index
        }
        let remote = ICERemote(address: source, priority: priority, heard: now)
        guard self.remotes.count >= Self.maximumRemotes, let stalest else {
            self.remotes.append(remote)
            return self.remotes.count - 1
        }
        action.unbinds = self.remotes[stalest].address
        self.remotes[stalest] = remote
        return stalest
    }

    /// The peer acts on the restart: the old credentials and what was nominated with them are of the past.
    private mutating func adoptPending() -> ICEUfragKey? {
        guard let pending = self.pending else { return nil }
        let retired = self.current.key
        self.retiredPeerUfrag = self.current.peerUfrag == pending.peerUfrag ? nil : self.current.peerUfrag
        self.current = pending
        self.pending = nil
        for index in self.remotes.indices { self.remotes[index].isNominated = false }
        return retired
    }

    /// Whether media goes to an address that was just nominated.
    ///
    /// The latest nomination counts: a browser that leaves one network for another nominates a pair of less priority.
    /// Only where USE-CANDIDATE is in every check does it mean nothing by itself, and the priority decides (RFC 5245
    /// §8.1.1.2), unless the selected address is silent.
    private func follows(nominationOf index: Int, now: Instant) -> Bool {
        guard let selectedIndex = self.selectedIndex, selectedIndex != index, !self.current.nominatesDeliberately else {
            return true
        }
        let selected = self.remotes[selectedIndex]
        return self.remotes[index].priority >= selected.priority || now > selected.heard + Self.checkInterval
    }
}
