package import ClientProtocol
package import SIPCore

/// Who offers when, and who owes an answer, between the two parties of an answered call with media passed through.
///
/// ## Overview
/// Either side is an app, which offers and answers by JSON with trickled candidates, or a phone, which does it by SDP in
/// SIP messages. The machine knows one exchange at a time (RFC 3264 §4: no new offer before the answer) and tells the
/// call which description to hand to which side; in which SIP message it goes is the leg's business.
///
/// ## Function
/// ```
///              offer by an app, to an app; offer by a phone
///    ┌──────┐ ────────────────────────────────────────────▶ ┌─────────┐ answer by an app,
///    │ idle │      ┌──────────────┐  candidates complete    │ offered │ to a phone   ┌────────────┐
///    │      │ ───▶ │ offerWaiting │ ──────────────────────▶ │         │ ───────────▶ │ answerWaits│
///    └──────┘      └──────────────┘                         └─────────┘              └────────────┘
///       ▲  offer by an app, to a phone                           │ answer                  │ complete
///       └────────────────────────────────────────────────────────┴─────────────────────────┘
/// ```
/// A phone may also ask the other phone for its offer (an INVITE without SDP): `requested`.
package struct Negotiation: Hashable, Sendable {
    /// What kind of party is on a side.
    package enum Party: Hashable, Sendable {
        case app(ClientProfile)
        case phone
    }

    /// A description on its way, in the form that its receiver takes.
    package enum Description: Hashable, Sendable {
        case fragment(JSONFragment)
        /// SDP as a phone wrote it.
        case sdp([UInt8])
        /// An app's description for a phone, complete.
        case collected(TrickledDescription)
    }

    package enum Action: Hashable, Sendable {
        case offer(to: Side, Description)
        case answer(to: Side, Description)
        case candidate(to: Side, JSONFragment)
        /// Ask that phone for its offer.
        case requestOffer(from: Side)
        /// That phone's offer or request for one is refused with that status; the session goes on.
        case refuse(Side, status: UInt16)
        /// The phone's offer came too soon: answer it with nothing to hear, for the app offers next (RFC 3725, flow III).
        case answerInactive(Side)
        /// That phone's re-INVITE changes nothing: the last description again.
        case repeatLast(Side)
    }

    private enum State: Hashable, Sendable {
        case idle
        /// An app's offer for a phone: candidates are awaited.
        case offerWaiting(by: Side, TrickledDescription)
        case offered(by: Side, since: Instant)
        case requested(by: Side, since: Instant)
        /// An app's answer for a phone: candidates are awaited.
        case answerWaiting(by: Side, TrickledDescription)
    }

    private let caller: Party
    private let callee: Party
    private let timers: CallTimers
    private var state = State.idle
    /// Candidates of an app that came before its description.
    private var earlyCandidates: [JSONFragment] = []
    /// Whether a first exchange has come to its end: media may flow.
    package private(set) var isSettled = false

    package init(caller: Party, callee: Party, timers: CallTimers) {
        self.caller = caller
        self.callee = callee
        self.timers = timers
    }

    package func party(_ side: Side) -> Party {
        switch side {
        case .caller: self.caller
        case .callee: self.callee
        }
    }

    // MARK: What is due

    /// Whether an `offer` of that side would be taken now.
    package func mayOffer(_ side: Side) -> Bool {
        switch self.state {
        // Before the first exchange it is the caller who offers, as the user's page has it.
        case .idle: self.isSettled || side == .caller
        // A second offer of the same app replaces its first; the other app sees both, as browsers would.
        case .offered(let by, _): by == side && self.party(.caller) != .phone && self.party(.callee) != .phone
        case .offerWaiting, .requested, .answerWaiting: false
        }
    }

    /// Whether that side owes an `answer`.
    package func owesAnswer(_ side: Side) -> Bool {
        switch self.state {
        case .offered(let by, _): by != side
        case .idle, .offerWaiting, .requested, .answerWaiting: false
        }
    }

    /// Whether that side asked for the other's offer, and it has not come.
    package func isRequested(by side: Side) -> Bool {
        switch self.state {
        case .requested(let by, _): by == side
        case .idle, .offerWaiting, .offered, .answerWaiting: false
        }
    }

    /// The next moment at which `timeoutReached` has something to do.
    package var nextDeadline: Instant? {
        switch self.state {
        case .idle: nil
        case .offerWaiting(_, let description), .answerWaiting(_, let description): description.deadline
        case .offered(_, let since), .requested(_, let since):
            self.isSettled ? since + self.timers.negotiation : nil
        }
    }

    // MARK: What an app sends

    /// - Throws: `wrong_state` where no offer is due, `bad_message` where a phone could not read it.
    package mutating func receivedOffer(
        _ offer: JSONFragment,
        from side: Side,
        now: Instant
    ) throws(ClientError) -> [Action] {
        guard self.mayOffer(side) else {
            throw ClientError(
                code: .wrongState,
                message: "No offer is due from this side now: another one is under way."
            )
        }
        switch self.party(side.other) {
        case .app:
            self.state = .offered(by: side, since: now)
            return [.offer(to: side.other, .fragment(offer))]
        case .phone:
            var description = try TrickledDescription(
                fragment: offer,
                role: .offer,
                deadline: now + self.timers.candidates
            )
            self.addEarlyCandidates(to: &description)
            return self.offerCollected(description, by: side, now: now)
        }
    }

    /// An offer that the caller sent before the answer, with the candidates that came since.
    package mutating func receivedEarlyOffer(_ offer: TrickledDescription, now: Instant) -> [Action] {
        switch self.party(.callee) {
        case .app:
            self.state = .offered(by: .caller, since: now)
            return [.offer(to: .callee, .fragment(offer.fragment))]
                + offer.trickled.map { .candidate(to: .callee, $0) }
        case .phone:
            return self.offerCollected(offer, by: .caller, now: now)
        }
    }

    /// The callee has had the caller's offer already, with `incoming_call` or in the INVITE.
    package mutating func offerWasDelivered(now: Instant) {
        self.state = .offered(by: .caller, since: now)
    }

    /// - Throws: `wrong_state` where no answer is due, `bad_message` where a phone could not read it.
    package mutating func receivedAnswer(
        _ answer: JSONFragment,
        from side: Side,
        now: Instant
    ) throws(ClientError) -> [Action] {
        guard self.owesAnswer(side) else {
            throw ClientError(code: .wrongState, message: "No offer waits for an answer of this side.")
        }
        switch self.party(side.other) {
        case .app:
            self.settle()
            return [.answer(to: side.other, .fragment(answer))]
        case .phone:
            var description = try TrickledDescription(
                fragment: answer,
                role: .answer,
                deadline: now + self.timers.candidates
            )
            self.addEarlyCandidates(to: &description)
            guard description.isComplete else {
                self.state = .answerWaiting(by: side, description)
                return []
            }
            self.settle()
            return [.answer(to: side.other, .collected(description))]
        }
    }

    /// - Throws: `bad_message` where a phone's side could not read it.
    package mutating func receivedCandidate(
        _ candidate: JSONFragment,
        from side: Side,
        now: Instant
    ) throws(ClientError) -> [Action] {
        switch (self.party(side.other), self.state) {
        case (.app, _):
            return [.candidate(to: side.other, candidate)]
        case (.phone, .offerWaiting(let by, var description)) where by == side:
            try description.add(candidate)
            return self.offerCollected(description, by: side, now: now)
        case (.phone, .answerWaiting(let by, var description)) where by == side:
            try description.add(candidate)
            guard description.isComplete else {
                self.state = .answerWaiting(by: side, description)
                return []
            }
            self.settle()
            return [.answer(to: side.other, .collected(description))]
        case (.phone, .idle) where !self.isSettled:
            try self.keep(candidate)
            return []
        case (.phone, .offered(let by, _)) where by != side:
            try self.keep(candidate)
            return []
        case (.phone, .idle), (.phone, .offered), (.phone, .requested), (.phone, .offerWaiting),
            (.phone, .answerWaiting):
            // Its description is with the phone already, and a phone takes no trickle.
            return []
        }
    }

    // MARK: What a phone sends

    /// A phone offers: in its INVITE, a re-INVITE, or the 2xx of an INVITE that asked for it.
    ///
    /// `isRepeated`: the `o=` line is that of its last description.
    package mutating func receivedOffer(
        sdp: [UInt8],
        from side: Side,
        isRepeated: Bool,
        now: Instant
    ) -> [Action] {
        switch (self.state, self.party(side.other)) {
        case (.requested(let by, _), .phone) where by == side.other:
            self.state = .offered(by: side, since: now)
            return [.offer(to: side.other, .sdp(sdp))]
        case (.idle, _) where isRepeated && self.isSettled:
            return [.repeatLast(side)]
        case (.idle, .phone):
            self.state = .offered(by: side, since: now)
            return [.offer(to: side.other, .sdp(sdp))]
        case (.idle, .app) where !self.isSettled && side == .callee:
            return [.answerInactive(side)]
        case (.idle, .app(let profile)):
            // A baseline app knows one offer, that of its caller; it can't be asked about another.
            guard !self.isSettled || profile == .extended else { return [.refuse(side, status: 488)] }
            self.state = .offered(by: side, since: now)
            return [.offer(to: side.other, .fragment(.sessionDescription(type: "offer", sdp: sdp)))]
        case (.offerWaiting, _), (.offered, _), (.requested, _), (.answerWaiting, _):
            return [.refuse(side, status: 491)]
        }
    }

    /// A phone sent an INVITE or re-INVITE without SDP.
    package mutating func receivedOfferRequest(from side: Side, now: Instant) -> [Action] {
        switch (self.state, self.party(side.other)) {
        case (.idle, .phone):
            self.state = .requested(by: side, since: now)
            return [.requestOffer(from: side.other)]
        case (.idle, .app):
            return [.refuse(side, status: 488)]
        case (.offerWaiting, _), (.offered, _), (.requested, _), (.answerWaiting, _):
            return [.refuse(side, status: 491)]
        }
    }

    package mutating func receivedAnswer(sdp: [UInt8], from side: Side) -> [Action] {
        guard self.owesAnswer(side) else { return [] }
        self.settle()
        switch self.party(side.other) {
        case .app: return [.answer(to: side.other, .fragment(.sessionDescription(type: "answer", sdp: sdp)))]
        case .phone: return [.answer(to: side.other, .sdp(sdp))]
        }
    }

    /// The phone on that side refused an offer, or a request for one; the session goes on as it was.
    package mutating func receivedRefusal(from side: Side, status: UInt16) -> [Action] {
        switch self.state {
        case .offered(let by, _) where by != side, .requested(let by, _) where by != side:
            self.state = .idle
            return self.party(by) == .phone ? [.refuse(by, status: status)] : []
        case .idle, .offered, .requested, .offerWaiting, .answerWaiting:
            return []
        }
    }

    // MARK: Time

    package mutating func timeoutReached(now: Instant) -> [Action] {
        guard let deadline = self.nextDeadline, deadline <= now else { return [] }
        switch self.state {
        case .idle:
            return []
        case .offerWaiting(let by, var description):
            description.complete()
            return self.offerCollected(description, by: by, now: now)
        case .answerWaiting(let by, var description):
            description.complete()
            self.settle()
            return [.answer(to: by.other, .collected(description))]
        case .offered(let by, _), .requested(let by, _):
            // An app never answered an offer in mid-call. The call has media as it was, so it goes on.
            self.state = .idle
            return self.party(by) == .phone ? [.refuse(by, status: 488)] : []
        }
    }

    // MARK: Steps

    private mutating func offerCollected(_ offer: TrickledDescription, by side: Side, now: Instant) -> [Action] {
        guard offer.isComplete else {
            self.state = .offerWaiting(by: side, offer)
            return []
        }
        self.state = .offered(by: side, since: now)
        return [.offer(to: side.other, .collected(offer))]
    }

    private mutating func addEarlyCandidates(to description: inout TrickledDescription) {
        for candidate in self.earlyCandidates {
            // Each has been read when it came; one that is bad all the same is as good as none.
            try? description.add(candidate)
        }
        self.earlyCandidates = []
    }

    /// A candidate came before its description.
    private mutating func keep(_ candidate: JSONFragment) throws(ClientError) {
        _ = try candidate.candidate()
        guard self.earlyCandidates.count < TrickledDescription.candidateLimit,
            candidate.utf8.count <= TrickledDescription.candidateBytes
        else { return }
        self.earlyCandidates.append(candidate)
    }

    private mutating func settle() {
        self.state = .idle
        self.isSettled = true
    }
}
