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

    @Test("A call that lasts for days is refreshed, and nobody hears of it")
    func refreshed() {
        let pair = AgentPair(seed: 5, sessionTimers: .init(interval: 1800))
        var heard: [[SessionEvent?]] = [[], []]
        pair.heard = { side, id, event in
            heard[side].append(event)
            if event == nil { pair.run(side) { $0.accept(id, sdp: [2], now: $1) } }
        }
        let id = pair.run(0) { $0.invite(pair.order(from: 0, offer: [1]), now: $1) }
        pair.advance(.seconds(2 * 86_400))
        #expect(heard == [[.answered(sdp: [2])], [nil, .acknowledged(sdp: nil)]])
        #expect(pair.lines.filter { $0 == "0 UPDATE" }.count == 191)
        #expect(pair.lines.filter { $0 == "1 200 UPDATE" }.count == 191)
        pair.run(0) { $0.end(id, SessionEnding(), now: $1) }
        pair.expectIdle()
    }

    @Test("Where UPDATE is not known a call is refreshed by re-INVITEs, and nobody hears of it")
    func refreshedByReinvite() {
        let pair = AgentPair(seed: 5, link: .init(hidesAllow: true))
        let sdp = Array("v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n".utf8)
        var heard: [[SessionEvent?]] = [[], []]
        pair.heard = { side, id, event in
            heard[side].append(event)
            if event == nil { pair.run(side) { $0.accept(id, sdp: sdp, now: $1) } }
        }
        let id = pair.run(0) { $0.invite(pair.order(from: 0, offer: sdp), now: $1) }
        pair.advance(.seconds(86_400))
        #expect(heard == [[.answered(sdp: sdp)], [nil, .acknowledged(sdp: nil)]])
        #expect(pair.lines.filter { $0 == "0 INVITE" }.count == 96)
        pair.run(0) { $0.end(id, SessionEnding(), now: $1) }
        pair.expectIdle()
    }

    @Test("A peer that vanishes in mid-call: both sides end the call within the session interval")
    func vanished() {
        let box = Switch()
        let pair = AgentPair(seed: 6, link: .init(drops: { _, _ in box.isOff }))
        var ended: [Int: SessionEvent] = [:]
        pair.heard = { side, id, event in
            if event == nil { pair.run(side) { $0.accept(id, sdp: [2], now: $1) } }
            if case .ended = event { ended[side] = event }
        }
        _ = pair.run(0) { $0.invite(pair.order(from: 0, offer: [1]), now: $1) }
        pair.advance(.seconds(1))
        box.isOff = true
        pair.advance(.seconds(1800))
        #expect(ended == [0: .ended(.dialogGone), 1: .ended(.sessionExpired)])
        pair.expectIdle()
    }

    @Test("Early media, reliably: the 2xx waits for the PRACK", arguments: [SIPTransportKind.udp, .tcp])
    func reliableCall(transport: SIPTransportKind) {
        let pair = AgentPair(seed: 7)
        var heard: [[SessionEvent?]] = [[], []]
        pair.heard = { side, id, event in
            heard[side].append(event)
            if event == nil {
                pair.run(side) { $0.ring(id, status: 183, sdp: [2], reliably: true, now: $1) }
                pair.run(side) { $0.accept(id, sdp: [2], now: $1) }
            }
            if case .acknowledged = event { pair.run(side) { $0.end(id, SessionEnding(), now: $1) } }
        }
        _ = pair.run(0) { $0.invite(pair.order(from: 0, offer: [1], transport: transport), now: $1) }
        pair.advance(.milliseconds(499))
        #expect(
            pair.lines == [
                "0 INVITE", "1 100 INVITE", "1 183 INVITE", "0 PRACK", "1 200 PRACK", "1 200 INVITE", "0 ACK", "1 BYE",
                "0 200 BYE",
            ]
        )
        #expect(heard[0] == [.provisional(status: 183, sdp: [2]), .answered(sdp: [2]), .ended(.bye(nil))])
        #expect(heard[1] == [nil, .provisionalAcknowledged(sdp: nil), .acknowledged(sdp: nil)])
        pair.expectIdle()
    }

    @Test("Both send an UPDATE at once: both get 491, wait by turns, and both succeed")
    func updateGlare() {
        let pair = AgentPair(seed: 8)
        var sessions: [Int: SessionID] = [:]
        var succeeded: [Int] = []
        pair.heard = { side, id, event in
            switch event {
            case nil:
                sessions[side] = id
                pair.run(side) { $0.accept(id, sdp: [2], now: $1) }
            case .updated: pair.run(side) { $0.acceptReinvite(id, sdp: [4], now: $1) }
            case .updateAnswered: succeeded.append(side)
            default: break
            }
        }
        sessions[0] = pair.run(0) { $0.invite(pair.order(from: 0, offer: [1]), now: $1) }
        pair.advance(.seconds(1))
        for side in 0...1 {
            if let id = sessions[side] { pair.run(side) { $0.update(id, sdp: [3, UInt8(side)], now: $1) } }
        }
        pair.advance(.seconds(10))
        #expect(pair.lines.filter { $0.hasSuffix("491 UPDATE") }.sorted() == ["0 491 UPDATE", "1 491 UPDATE"])
        #expect(succeeded == [1, 0])
        if let id = sessions[0] { pair.run(0) { $0.end(id, SessionEnding(), now: $1) } }
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

extension BackToBackTests {
    @Test("Racing users get into every corner: offers by UPDATE and in provisional responses, refreshed calls, REFER")
    func corners() {
        let runs = (60..<70 as Range<UInt64>).map { seed in
            let users = RacingUsers(seed: seed)
            users.run(calls: 20)
            return users
        }
        #expect(runs.reduce(0) { $0 + $1.updatedCount } > 40)
        #expect(runs.reduce(0) { $0 + $1.offeredCount } > 0)
        #expect(runs.reduce(0) { $0 + $1.refreshedCount } > 10)
        #expect(runs.reduce(0) { $0 + $1.referredCount } > 40)
    }
}

/// What a link's drops are told by.
private final class Switch {
    var isOff = false
}
