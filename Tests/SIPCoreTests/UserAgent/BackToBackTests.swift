import SIPCore
import Testing

@Suite("Two user agents back to back")
struct BackToBackTests {
    @Test("A whole call over a good link takes exactly these messages", arguments: [SIPTransportKind.udp, .tcp])
    func wholeCall(transport: SIPTransportKind) {
        let pair = AgentPair(seed: 1)
        var heard: [[SessionEvent?]] = [[], []]
        pair.heard = { side, id, event in
            heard[side].append(event)
            if event == nil {
                pair.run(side) { $0.ring(id, status: 180, sdp: nil, now: $1) }
                pair.run(side) { $0.accept(id, sdp: [2], now: $1) }
            }
            if case .acknowledged = event { pair.run(side) { $0.end(id, SessionEnding(), now: $1) } }
        }
        _ = pair.run(0) { $0.invite(pair.order(from: 0, offer: [1], transport: transport), now: $1) }
        pair.advance(.milliseconds(499))
        #expect(
            pair.lines == [
                "0 INVITE", "1 100 INVITE", "1 180 INVITE", "1 200 INVITE", "0 ACK", "1 BYE", "0 200 BYE",
            ]
        )
        #expect(heard[0] == [.provisional(status: 180, sdp: nil), .answered(sdp: [2]), .ended(.bye(nil))])
        #expect(heard[1] == [nil, .acknowledged(sdp: nil)])
        pair.expectIdle()
        #expect(pair.lines.count == 7)
    }

    @Test("Both reinvite at once: both get 491, wait by turns, and both succeed")
    func reinviteGlare() {
        let pair = AgentPair(seed: 3)
        var sessions: [Int: SessionID] = [:]
        var succeeded: [Int] = []
        pair.heard = { side, id, event in
            switch event {
            case nil:
                sessions[side] = id
                pair.run(side) { $0.accept(id, sdp: [2], now: $1) }
            case .reinvited: pair.run(side) { $0.acceptReinvite(id, sdp: [4], now: $1) }
            case .reinviteAnswered: succeeded.append(side)
            default: break
            }
        }
        sessions[0] = pair.run(0) { $0.invite(pair.order(from: 0, offer: [1]), now: $1) }
        pair.advance(.seconds(1))
        for (side, id) in sessions { pair.run(side) { $0.reinvite(id, sdp: [3], now: $1) } }
        pair.advance(.seconds(10))
        #expect(pair.lines.filter { $0.hasSuffix("491 INVITE") }.sorted() == ["0 491 INVITE", "1 491 INVITE"])
        // The callee does not own the Call-ID: it goes first.
        #expect(succeeded == [1, 0])
        if let id = sessions[0] { pair.run(0) { $0.end(id, SessionEnding(), now: $1) } }
        pair.expectIdle()
    }

    @Test("Every ACK lost: the callee ends the call, and both sides know")
    func everyAckLost() {
        let pair = AgentPair(
            seed: 4,
            link: .init(drops: { _, message in
                if case .request(let request) = message { request.method == .ack } else { false }
            })
        )
        var ended: [Int: SessionEvent] = [:]
        pair.heard = { side, id, event in
            if event == nil { pair.run(side) { $0.accept(id, sdp: [2], now: $1) } }
            if case .ended = event { ended[side] = event }
        }
        _ = pair.run(0) { $0.invite(pair.order(from: 0, offer: [1]), now: $1) }
        pair.advance(.seconds(40))
        #expect(ended == [0: .ended(.bye(nil)), 1: .ended(.noAcknowledgement)])
        pair.expectIdle()
    }

    @Test("Calls of racing users over a bad link all end, and leave nothing", arguments: 0..<60 as Range<UInt64>)
    func racingUsers(seed: UInt64) {
        let users = RacingUsers(seed: seed)
        users.run(calls: 20)
        #expect(users.faults == [])
        // Each run has its share of calls that come to be.
        #expect(users.answeredCount >= 8)
        users.pair.expectIdle()
    }
}

/// Users on both sides that call, answer, refuse, reinvite and hang up at any moment, and watch what they are told.
private final class RacingUsers {
    let pair: AgentPair
    private(set) var faults: [String] = []
    private var alive: [Int: Set<SessionID>] = [0: [], 1: []]
    private(set) var answeredCount = 0
    private var owing: [Int: Set<SessionID>] = [0: [], 1: []]
    private var waiting: [Int: [SessionID: Wait]] = [0: [:], 1: [:]]

    private enum Wait {
        case invited
        case reinvited
    }

    init(seed: UInt64) {
        self.pair = AgentPair(
            seed: seed,
            link: .init(lost: seed % 4 * 10, doubled: seed % 3 * 10, delay: 5...(seed % 2 == 0 ? 5 : 400))
        )
        self.pair.heard = { [unowned self] in self.heard($0, $1, $2) }
    }

    func run(calls: Int) {
        for _ in 0..<calls {
            let side = Int(self.pair.number(upTo: 1))
            let offer: [UInt8]? =
                switch self.pair.number(upTo: 4) {
                case 0: nil
                case 1: [UInt8](repeating: 1, count: 1400)
                default: [1]
                }
            let transport: SIPTransportKind = self.pair.number(upTo: 4) == 0 ? .tcp : .udp
            let order = self.pair.order(from: side, offer: offer, transport: transport)
            self.alive[side]?.insert(self.pair.run(side) { $0.invite(order, now: $1) })
            self.live(for: 1)
        }
        self.live(for: 100)
        // Whatever was lost, within the time of two transactions both sides agree on which calls live.
        self.pair.advance(.seconds(70))
        if self.alive[0]?.count != self.alive[1]?.count { self.faults.append("ghosts: \(self.alive)") }
        for side in 0...1 {
            for id in (self.alive[side] ?? []).sorted(by: { $0.rawValue < $1.rawValue }) { self.end(side, id) }
        }
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
        } else if dice < 60 {
            switch self.waiting[side]?.removeValue(forKey: id) {
            case .invited:
                self.pair.run(side) { $0.ring(id, status: 180, sdp: nil, now: $1) }
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

    private func end(_ side: Int, _ id: SessionID) {
        self.alive[side]?.remove(id)
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
        case .provisional, .acknowledged, .reinviteRefused, .digit: break
        case .answered:
            self.answeredCount += 1
            self.owing[side]?.insert(id)
        case .reinviteAnswered: self.owing[side]?.insert(id)
        case .reinvited: self.waiting[side]?[id] = .reinvited
        case .refused, .cancelled, .ended: self.alive[side]?.remove(id)
        }

    }
}
