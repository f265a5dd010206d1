package import MediaCore
package import SIPCore

/// One leg whose media an rtpengine carries.
///
/// ## Overview
/// Our engines know single legs, which are joined and parted at will; rtpengine knows calls of two sides, by
/// offer and answer of whole descriptions. So each leg is a call of its own there: its outer side is the peer, its inner
/// side is ours, plain RTP. To join two legs is to tell the inner side of each that
/// its peer is the inner side of the other. Forks, transfers, legs opened before anybody knows their partner, and legs on
/// different instances are all the same then; the price is a second hop, and a second pair of ports, for every packet.
///
/// ## Function
/// - `open`: our inner side offers; what rtpengine would send the peer is the leg's endpoint. Phones' legs are offered
///   plain RTP with keys (OSRTP, RFC 8643), so that either may be chosen later.
/// - `update`: the peer's side as an answer; the reply tells where the inner side awaits packets. `port-latching` keeps
///   all ports for ever, and as the peer always answers, whoever offered in truth, the endpoint stays as it was told.
/// - A join, and later changes of the peer: the same exchange again, offer and answer, at once one after the other.
/// - `restartICE`: rtpengine changes its credentials only in answer to an offer that brings others, and the peer's
///   are not known yet. So the peer is said to have offered unheard-of ones; the true ones are taken in the next answer,
///   in which no restart is permitted.
/// - Sound, its absence, and the end of DTLS are found by asking (`query`): each `probe` until the leg is connected, each
///   `poll` after that. Where rtpengine doesn't know the call any more, the peer is lost.
///
/// ## Implementation
/// One request is on its way at a time; it is repeated under its cookie, by which rtpengine knows a repetition and
/// repeats its reply. What has changed meanwhile is one exchange afterwards, however many changes there were. A leg that
/// gets no reply to its first request tells `isUnreachable` and nothing to the call, for another instance may be tried.
///
/// Where payload types of the two sides differ, rtpengine decodes and encodes. So the inner side has those of the peer, and
/// of two joined legs those of one of them (`like`): nothing is encoded anew where both peers agree, else once.
///
/// Left to rtpengine: latching. Digits that come in are told by rtpengine itself, see `DigitNotice`. Not told: that DTLS
/// failed, of which rtpengine says nothing; nothing comes from such a peer, so that it is lost in the end.
package struct RTPEngineSession: ~Copyable {
    private enum State {
        case idle
        case opening
        case open
        /// It was told; only `close` is left.
        case failed
        case closing
        case over
    }

    private let leg: MediaLegID
    private let kind: MediaLegKind
    private let call: String
    private let timing: Timing

    private var state = State.idle
    private var request: Request?
    private var cookies: UInt64 = 0
    private var peer: MediaPeer?
    private var partner: MediaAddress?
    /// Whose payload types the inner side has; nil: the peer's own.
    private var pattern: MediaPeer?
    /// What the exchange that runs, or the last one, has told.
    private var offeredInner: String?
    private var answeredPeer: MediaPeer?
    private var mustOffer = false
    private var mustAnswer = false
    private var restart: Step?
    private var restarts = 0
    private var inner: MediaAddress?
    private var endpoint: MediaEndpoint?
    private var digits = DigitQueue()
    /// Digits were sent, or are about to be: rtpengine has to be told so beforehand.
    private var injects = false
    /// What was told last.
    private var isBlocked = false
    private var pollsAt: Instant?
    private var isConnected = false
    private var watch = EngineWatch()
    private var quality = EngineQuality()
    private var traffic = EngineTraffic()

    /// A leg whose `call` is its name at rtpengine, never used again: printable ASCII without spaces.
    package init(_ leg: MediaLegID, _ kind: MediaLegKind, call: String, timing: Timing = Timing()) {
        self.leg = leg
        self.kind = kind
        self.call = call
        self.timing = timing
    }

    /// When `reachedDeadline` is due; nil: never.
    package var deadline: Instant? {
        if let request { return request.deadline }
        guard case .open = self.state else { return nil }
        return [self.digits.deadline, self.pollsAt].compactMap { $0 }.min()
    }

    // MARK: Orders

    package mutating func open(now: Instant) -> Action {
        guard case .idle = self.state else { return Action() }
        self.state = .opening
        self.mustOffer = true
        return self.proceed(Action(), now: now)
    }

    package mutating func update(_ peer: MediaPeer, now: Instant) -> Action {
        guard self.peer != peer else { return Action() }
        self.peer = peer
        // The first answer answers the first offer, where its payload types are the peer's.
        self.mustOffer = self.mustOffer || self.answeredPeer != nil || self.offeredInner != self.innerTerms
        self.mustAnswer = true
        return self.proceed(Action(), now: now)
    }

    /// The joined leg's inner side awaits packets there; nil: there is no joined leg, or it has none yet.
    ///
    /// Between the two inner sides go the payload types of `pattern`; nil: those of this leg's peer.
    package mutating func join(_ partner: MediaAddress?, like pattern: MediaPeer? = nil, now: Instant) -> Action {
        self.partner = partner
        self.pattern = pattern
        guard self.offeredInner != self.innerTerms || self.mustOffer else { return Action() }
        self.mustOffer = true
        if self.peer != nil { self.mustAnswer = true }
        return self.proceed(Action(), now: now)
    }

    package mutating func restartICE(now: Instant) -> Action {
        guard case .open = self.state, self.kind == .webRTC, let endpoint else { return Action() }
        // Credentials that nobody has used yet are as good as new.
        guard self.answeredPeer != nil else { return Action(events: [.opened(self.leg, endpoint)]) }
        self.restarts += 1
        self.restart = .restartOffer
        return self.proceed(Action(), now: now)
    }

    /// The digits go out one after the other, and after those that wait.
    package mutating func sendDigits(_ digits: String, duration: Span, now: Instant) -> Action {
        if !self.injects, !digits.isEmpty {
            self.injects = true
            self.mustOffer = self.mustOffer || self.answeredPeer != nil
            self.mustAnswer = self.mustAnswer || self.answeredPeer != nil
        }
        self.digits.append(digits, duration: duration)
        return self.proceed(Action(), now: now)
    }

    /// Deletes the call; `isLast`: nobody will be there to take a reply.
    package mutating func close(isLast: Bool = false, now: Instant) -> Action {
        switch self.state {
        case .idle:
            self.state = .over
            return Action(isOver: true)
        case .opening, .open, .failed, .closing:
            // What nobody waits for any more is not waited for either, but for an offer: were it to arrive after the
            // deletion, it would begin the call anew.
            if let step = self.request?.step, step != .delete, isLast || !step.beginsCall { self.request = nil }
            self.state = .closing
            return self.proceed(Action(), now: now)
        case .over:
            return Action()
        }
    }

    // MARK: What comes

    /// A reply came; one that is not awaited is nothing.
    package mutating func received(_ reply: NGMessage, now: Instant) -> Action {
        guard let request, request.message.cookie == reply.cookie else { return Action() }
        self.request = nil
        if self.isClosing, request.step != .delete { return self.proceed(Action(), now: now) }
        switch reply.body["result"]?.text {
        case "ok": return self.succeeded(request.step, reply.body, now: now)
        case "load limit" where self.isOpening:
            self.state = .over
            return Action(isUnreachable: true, isOver: true)
        default: return self.wasRefused(request.step, reason: reply.body["error-reason"]?.text ?? "", now: now)
        }
    }

    package mutating func reachedDeadline(now: Instant) -> Action {
        guard var request else { return self.proceed(Action(), now: now) }
        guard request.deadline <= now else { return Action() }
        if request.repeat(timing: self.timing, isFirst: self.isOpening, now: now) {
            self.request = request
            return Action(send: request.message)
        }
        self.request = nil
        return self.gaveUp(request.step, now: now)
    }

    private var isOpening: Bool { self.state == .opening }
    private var isClosing: Bool { self.state == .closing }

    private mutating func succeeded(_ step: Step, _ body: Bencode, now: Instant) -> Action {
        switch step {
        case .offer:
            guard self.isOpening else { return self.proceed(Action(), now: now) }
            guard let endpoint = self.description(in: body).flatMap({ EngineTerms.endpoint(in: $0, self.kind) }) else {
                return self.fail(.unreachable)
            }
            self.endpoint = endpoint
            self.state = .open
            return self.proceed(Action(events: [.opened(self.leg, endpoint)]), now: now)
        case .answer:
            return self.wasAnswered(body, now: now)
        case .restartOffer:
            if self.restart == nil { self.restart = .restartAnswer }
            return self.proceed(Action(), now: now)
        case .restartAnswer:
            guard let endpoint = self.description(in: body).flatMap({ EngineTerms.endpoint(in: $0, self.kind) }) else {
                return self.fail(.unreachable)
            }
            self.endpoint = endpoint
            return self.proceed(Action(events: [.opened(self.leg, endpoint)]), now: now)
        case .query:
            return self.learned(body, now: now)
        case .digit, .block:
            return self.proceed(Action(), now: now)
        case .delete:
            self.state = .over
            return Action(isOver: true)
        }
    }

    private mutating func wasAnswered(_ body: Bencode, now: Instant) -> Action {
        guard let inner = self.description(in: body).flatMap(EngineTerms.address) else {
            return self.fail(.unreachable)
        }
        var action = Action()
        if self.inner != inner {
            self.inner = inner
            action.inner = inner
        }
        if !self.isConnected, self.kind == .rtp {
            self.isConnected = true
            action.events.append(.connected(self.leg))
        }
        if self.pollsAt == nil {
            self.watch.begin(now: now)
            self.pollsAt = now + (self.isConnected ? self.timing.poll : self.timing.probe)
        }
        return self.proceed(action, now: now)
    }

    private mutating func learned(_ body: Bencode, now: Instant) -> Action {
        let report = EngineReport(body)
        var action = Action()
        if !self.isConnected, report.isSecured {
            self.isConnected = true
            action.events.append(.connected(self.leg))
        }
        self.pollsAt = now + (self.isConnected ? self.timing.poll : self.timing.probe)
        action.traffic = self.traffic.growth(report)
        action.events += self.news(of: report.packets, now: now)
        if let quality = self.quality.observed(report, now: now) { action.events.append(.quality(self.leg, quality)) }
        return self.proceed(action, now: now)
    }

    private mutating func news(of packets: Int64?, now: Instant) -> [MediaEvent] {
        let owesSound = self.isConnected && self.peer?.owesSound == true
        // An app's checks of ICE come on hold too.
        let isHeld = self.kind == .rtp && self.peer?.owesSound == false
        let news = self.watch.observed(packets, owesSound: owesSound, isHeld: isHeld, timing: self.timing, now: now)
        return news.map { news in
            switch news {
            case .heard(let isHeard): .heard(self.leg, isHeard)
            case .lost: .lost(self.leg)
            }
        }
    }

    private mutating func wasRefused(_ step: Step, reason: String, now: Instant) -> Action {
        switch step {
        case .query where reason.hasPrefix("Unknown call-id"):
            // It has timed the call out itself, or was started anew.
            self.state = .failed
            return Action(events: [.lost(self.leg)])
        case .query:
            self.pollsAt = now + self.timing.poll
            return self.proceed(Action(), now: now)
        case .digit, .block:
            return self.proceed(Action(), now: now)
        case .delete:
            self.state = .over
            return Action(isOver: true)
        case .offer, .answer, .restartOffer, .restartAnswer:
            return self.fail(reason.contains("port") ? .noPort : .unreachable)
        }
    }

    private mutating func gaveUp(_ step: Step, now: Instant) -> Action {
        if self.isClosing, step != .delete { return self.proceed(Action(), now: now) }
        if self.isOpening {
            self.state = .over
            // Should it only have been asleep, it forgets the call again.
            let farewell = NGMessage(cookie: "\(self.call)_last", body: EngineRequest.delete(self.call))
            return Action(send: farewell, isUnreachable: true, isOver: true)
        }
        switch step {
        case .query:
            // Media may flow for all that; with nothing known for long enough the peer counts as lost.
            self.pollsAt = now + self.timing.poll
            return self.proceed(Action(events: self.news(of: nil, now: now)), now: now)
        case .digit, .block:
            return self.proceed(Action(), now: now)
        case .delete:
            self.state = .over
            return Action(isOver: true)
        case .offer, .answer, .restartOffer, .restartAnswer:
            return self.fail(.unreachable)
        }
    }

    private mutating func fail(_ failure: MediaFailure) -> Action {
        self.state = .failed
        self.digits.removeAll()
        return Action(events: [.failed(self.leg, failure)])
    }

    private func description(in body: Bencode) -> SessionDescription? {
        body["sdp"]?.bytes.flatMap { try? SessionDescription($0) }
    }

    // MARK: What goes

    /// Sends the next request where none is on its way.
    private mutating func proceed(_ action: Action, now: Instant) -> Action {
        guard self.request == nil, let (step, body) = self.next(now: now) else { return action }
        self.cookies += 1
        let message = NGMessage(cookie: "\(self.call)_\(self.cookies)", body: body)
        self.request = Request(message, step, timing: self.timing, now: now)
        var action = action
        action.send = message
        return action
    }

    private mutating func next(now: Instant) -> (Step, Bencode)? {
        switch self.state {
        case .idle, .failed, .over: return nil
        case .closing: return (.delete, EngineRequest.delete(self.call))
        case .opening: return self.exchange()
        case .open: return self.restarting() ?? self.exchange() ?? self.routine(now: now)
        }
    }

    /// What our inner side says now.
    private var innerTerms: String {
        EngineTerms.inner(joinedTo: self.partner, like: self.pattern ?? self.peer)
    }

    /// The next half of an exchange; an offer that went is answered before another goes.
    private mutating func exchange() -> (Step, Bencode)? {
        if self.mustOffer {
            // Without a peer only the first offer goes: there is nobody to answer another.
            guard self.isOpening || self.peer != nil else { return nil }
            self.mustOffer = false
            let inner = self.innerTerms
            self.offeredInner = inner
            let known = self.answeredPeer == nil ? nil : self.peer
            return (.offer, EngineRequest.offer(self.call, self.kind, inner: inner, to: known, injects: self.injects))
        }
        guard self.mustAnswer, case .open = self.state, let peer else { return nil }
        self.mustAnswer = false
        self.answeredPeer = peer
        return (
            .answer,
            EngineRequest.answer(self.call, outer: EngineTerms.outer(peer, to: self.endpoint), injects: self.injects)
        )
    }

    private mutating func restarting() -> (Step, Bencode)? {
        switch self.restart {
        // An exchange is brought to its end first, so that offers don't cross.
        case .restartOffer where !self.mustAnswer || self.mustOffer:
            guard let peer = self.answeredPeer else { return nil }
            self.restart = nil
            let outer = EngineTerms.outer(peer, to: self.endpoint, ufrag: "restart\(self.restarts)")
            return (.restartOffer, EngineRequest.restartOffer(self.call, outer: outer, injects: self.injects))
        case .restartAnswer:
            self.restart = nil
            let inner = self.innerTerms
            return (.restartAnswer, EngineRequest.restartAnswer(self.call, inner: inner, injects: self.injects))
        case .restartOffer, .offer, .answer, .block, .query, .digit, .delete, nil:
            return nil
        }
    }

    private mutating func routine(now: Instant) -> (Step, Bencode)? {
        guard self.answeredPeer != nil else { return nil }
        if let peer, peer.sends == self.isBlocked {
            self.isBlocked = !peer.sends
            return (.block, EngineRequest.block(self.call, self.isBlocked))
        }
        if let next = self.digits.next(now: now) {
            return (.digit, EngineRequest.digit(self.call, next.digit, duration: next.duration))
        }
        guard let pollsAt, pollsAt <= now else { return nil }
        return (.query, EngineRequest.query(self.call))
    }
}
