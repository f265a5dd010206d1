import MediaRelay
import SIPCore
import Testing

@Suite("Damaged DTLS")
struct DTLSMutationTests {
    /// All datagrams of one handshake and its end, with who got them.
    private static func recording() throws -> [(to: DTLSPair.Side, datagram: [UInt8])] {
        let pair = try DTLSPair()
        pair.start()
        pair.deliverAll()
        pair.run(.client, pair.client.close())
        return pair.sent
    }

    @Test("Damaged datagrams before the association do no harm")
    func duringHandshake() throws {
        var random = SeededRandom(seed: FuzzPlan.seed(6347))
        let recorded = try Self.recording()
        var fed = 0
        var failed = 0
        while fed < FuzzPlan.packets / 2 {
            // A handshake of which each datagram comes damaged some times before it comes whole.
            let pair = try DTLSPair()
            pair.start()
            var steps = 0
            while let (side, datagram) = pair.flying.first, steps < 6 {
                for _ in 0..<20 {
                    let base = random.happens(50) ? datagram : recorded.randomElement(using: &random)?.datagram ?? []
                    let action = pair[side].received(random.mutated(base), now: .test)
                    fed += 1
                    switch action.event {
                    case nil: continue
                    case .failed: failed += 1
                    case .connected, .closed: Issue.record("A damaged datagram connected")
                    }
                }
                pair.deliverOne()
                steps += 1
            }
        }
        // Both happens: what breaks the handshake, and what is passed over.
        #expect(failed > 0)
        #expect(failed < fed / 10)
    }

    @Test("Damaged datagrams after the handshake change nothing")
    func onceConnected() throws {
        var random = SeededRandom(seed: FuzzPlan.seed(6348))
        let recorded = try Self.recording()
        let pair = try DTLSPair()
        pair.start()
        pair.deliverAll()
        var bases = recorded.map(\.datagram) + pair.sent.map(\.datagram)
        bases.append([21, 0xFE, 0xFD, 0, 1, 0, 0, 0, 0, 0, 1, 0, 26] + Array(repeating: 0, count: 26))
        for _ in 0..<FuzzPlan.packets / 4 {
            let damaged = random.mutated(bases.randomElement(using: &random) ?? [])
            #expect(pair.client.received(damaged, now: .test).event == nil)
            #expect(pair.server.received(damaged, now: .test).event == nil)
        }
        pair.run(.client, pair.client.close())
        pair.deliverAll()
        #expect(pair.events[.server]?.last == .closed)
    }

    @Test("Bytes that are no DTLS are passed over in every state")
    func noise() throws {
        var random = SeededRandom(seed: FuzzPlan.seed(6349))
        let fresh = try DTLSPair()
        let started = try DTLSPair()
        started.start()
        let connected = try DTLSPair()
        connected.start()
        connected.deliverAll()
        for _ in 0..<5_000 {
            let count = Int.random(in: 0..<200, using: &random)
            let noise = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
            for pair in [fresh, started, connected] {
                #expect(pair.client.received(noise, now: .test) == DTLSAction())
                #expect(pair.server.received(noise, now: .test) == DTLSAction())
            }
        }
        started.deliverAll()
        #expect(started.keys(.client) != nil)
        #expect(fresh.client.deadline == nil)
    }
}
