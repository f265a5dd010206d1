import SIPCore

/// Users on both sides that call, ring, answer, refuse, reinvite, update, refer and hang up at any moment, and watch what
/// they are told.
final class RacingUsers {
    let pair: AgentPair
    private(set) var faults: [String] = []
    private var alive: [Int: Set<SessionID>] = [0: [], 1: []]
    private(set) var answeredCount = 0
    /// How many offers came by UPDATE or PRACK, and how many in provisional responses.
    private(set) var updatedCount = 0
    private(set) var offeredCount = 0
    /// How many calls outlived several refreshes.
    private(set) var refreshedCount = 0
    /// How many REFERs came to their end.
    private(set) var referredCount = 0
    private var referring: [Int: Set<SessionID>] = [0: [], 1: []]
    private var referred: [Int: Set<SessionID>] = [0: [], 1: []]
    private var updated: [Int: Set<SessionID>] = [0: [], 1: []]
    private var offered: [Int: Set<SessionID>] = [0: [], 1: []]
    private var owing: [Int: Set<SessionID>] = [0: [], 1: []]
    private var waiting: [Int: [SessionID: Wait]] = [0: [:], 1: [:]]

    private enum Wait {
        case invited
        case reinvited
    }

    init(seed: UInt64) {
        self.pair = AgentPair(
            seed: seed,
            link: .init(
                lost: seed % 4 * 10,
                doubled: seed % 3 * 10,
                delay: 5...(seed % 2 == 0 ? 5 : 400),
                hidesAllow: seed % 5 == 4
            ),
            sessionTimers: SessionTimers(interval: 300)
        )
        self.pair.heard = { [unowned self] in self.heard($0, $1, $2) }
    }

    func run(calls: Int) {
        for _ in 0..<calls { self.call() }
        self.live(for: 100)
        self.stopRinging()
        // Whatever was lost, within the time of two transactions both sides agree on which calls live.
        self.pair.advance(.seconds(70))
        if self.alive[0]?.count != self.alive[1]?.count { self.faults.append("ghosts: \(self.alive)") }
        for _ in 0..<calls / 2 { self.call() }
        self.live(for: 10)
        self.stopRinging()
        // Each call that lasts is refreshed four times; over a bad link one may run out, on both sides.
        self.pair.advance(.seconds(650))
        if self.alive[0]?.count != self.alive[1]?.count { self.faults.append("ghosts, refreshed: \(self.alive)") }
        self.refreshedCount = self.alive[0]?.count ?? 0
        for side in 0...1 {
            // Whoever asked has long been told what came of it, or that there is no news.
            if self.referring[side]?.isEmpty == false { self.faults.append("\(side): nothing came of a REFER") }
            for id in (self.alive[side] ?? []).sorted(by: { $0.rawValue < $1.rawValue }) { self.end(side, id) }
        }
    }

    /// Nobody rings for ever: a caller that gave up before it heard anything could not say so.
    private func stopRinging() {
        self.pair.advance(.seconds(40))
        for side in 0...1 {
            for id in (self.alive[side] ?? []).sorted(by: { $0.rawValue < $1.rawValue })
            where self.waiting[side]?[id] == .invited {
                self.end(side, id)
            }
        }
    }

    private func call() {
        let side = Int(self.pair.number(upTo: 1))
        let offer: [UInt8]? =
            switch self.pair.number(upTo: 4) {
            case 0: nil
            case 1: [UInt8](repeating: 1, count: 1400)
            default: [1]
            }
        let transport: SIPTransportKind = self.pair.number(upTo: 4) == 0 ? .tcp : .udp
        let reliability: InviteOrder.Reliability =
            switch self.pair.number(upTo: 4) {
            case 0: .required
            case 1: .off
            case 2, 3: .supported
            default: .usual
            }
        let order = self.pair.order(from: side, offer: offer, transport: transport, reliability: reliability)
        self.alive[side]?.insert(self.pair.run(side) { $0.invite(order, now: $1) })
        self.live(for: 1)
    }

    /// Turns of 300 ms at most, in each of which some users do something.
    private func live(for turns: Int) {
        for _ in 0..<turns {
            self.pair.advance(.milliseconds(self.pair.number(upTo: 300)))
            for side in 0...1 {
                for id in (self.alive[side] ?? []).sorted(by: { $0.rawValue < $1.rawValue }) { self.act(side, id) }
            }
        }
    }

    private func act(_ side: Int, _ id: SessionID) {
        let dice = self.pair.number(upTo: 99)
        if dice < 3 {
            self.end(side, id)
        } else if dice < 8 {
            self.pair.run(side) { $0.reinvite(id, sdp: dice < 6 ? [5] : nil, now: $1) }
        } else if dice < 12 {
            self.pair.run(side) { $0.update(id, sdp: dice < 10 ? [UInt8(dice), 8] : nil, now: $1) }
        } else if dice < 14 {
            self.refer(side, id)
        } else if dice < 60 {
            self.answerReference(side, id, dice)
            self.answerOffers(side, id, isAccepted: dice < 50)
            switch self.waiting[side]?.removeValue(forKey: id) {
            case .invited:
                self.pair.run(side) {
                    $0.ring(id, status: 180, sdp: dice % 3 == 0 ? [2] : nil, reliably: dice % 2 == 0, now: $1)
                }
                // Some ring on before they answer.
                if dice < 25 {
                    self.waiting[side]?[id] = .invited
                    return
                }
                if dice > 55 { self.end(side, id) } else { self.pair.run(side) { $0.accept(id, sdp: [2], now: $1) } }
            case .reinvited:
                if dice > 50 {
                    self.pair.run(side) { $0.rejectReinvite(id, status: 488, warning: "no", now: $1) }
                } else {
                    self.pair.run(side) { $0.acceptReinvite(id, sdp: [6], now: $1) }
                }
            case nil: break
            }
            if self.owing[side]?.remove(id) != nil {
                self.pair.run(side) { $0.acknowledge(id, sdp: [7], now: $1) }
            }
        }
    }

    private func refer(_ side: Int, _ id: SessionID) {
        guard self.pair.run(side, { agent, _ in agent.mayRefer(id) }) else { return }
        self.referring[side]?.insert(id)
        let target = ReferTarget(uri: SIPURI(user: "carol", host: "192.0.2.9"))
        self.pair.run(side) { $0.refer(id, to: target, now: $1) }
    }

    /// Some refuse, some tell at once how it went, and some never do.
    private func answerReference(_ side: Int, _ id: SessionID, _ dice: UInt64) {
        guard self.referred[side]?.remove(id) != nil else { return }
        guard dice < 50 else { return self.pair.run(side) { $0.rejectRefer(id, status: 603, now: $1) } }
        self.pair.run(side) { $0.acceptRefer(id, now: $1) }
        self.pair.run(side) { $0.reportReferral(id, status: 180, now: $1) }
        if dice < 40 { self.pair.run(side) { $0.reportReferral(id, status: dice < 25 ? 200 : 486, now: $1) } }
    }

    private func answerOffers(_ side: Int, _ id: SessionID, isAccepted: Bool) {
        if self.updated[side]?.remove(id) != nil {
            if isAccepted {
                self.pair.run(side) { $0.acceptReinvite(id, sdp: [9], now: $1) }
            } else {
                self.pair.run(side) { $0.rejectReinvite(id, status: 488, warning: nil, now: $1) }
            }
        }
        if self.offered[side]?.remove(id) != nil {
            self.pair.run(side) { $0.answerProvisional(id, sdp: [10], now: $1) }
        }
    }

    private func end(_ side: Int, _ id: SessionID) {
        self.alive[side]?.remove(id)
        self.referring[side]?.remove(id)
        self.pair.run(side) { $0.end(id, SessionEnding(status: 486), now: $1) }
    }

    private func heard(_ side: Int, _ id: SessionID, _ event: SessionEvent?) {
        guard let event else {
            self.alive[side]?.insert(id)
            self.waiting[side]?[id] = .invited
            return
        }
        if self.alive[side]?.contains(id) != true {
            self.faults.append("\(side) \(id.rawValue): \(event) after its end")
        }
        switch event {
        case .provisional, .acknowledged, .reinviteRefused, .digit, .updateRefused, .updateAnswered: break
        case .provisionalAcknowledged, .redescribed: break
        case .referral(let news):
            if self.referring[side]?.contains(id) != true { self.faults.append("\(side): \(news) of no REFER") }
            switch news {
            case .accepted, .progress: break
            case .succeeded, .refused, .failed:
                self.referring[side]?.remove(id)
                self.referredCount += 1
            }
        case .referred: self.referred[side]?.insert(id)
        case .offered:
            self.offeredCount += 1
            self.offered[side]?.insert(id)
        case .updated:
            self.updatedCount += 1
            self.updated[side]?.insert(id)
        case .answered:
            self.answeredCount += 1
            self.owing[side]?.insert(id)
        case .reinviteAnswered: self.owing[side]?.insert(id)
        case .reinvited: self.waiting[side]?[id] = .reinvited
        case .refused, .cancelled, .ended:
            self.alive[side]?.remove(id)
            self.referring[side]?.remove(id)
        }
    }
}
