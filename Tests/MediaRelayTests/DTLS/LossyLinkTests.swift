import MediaRelay
import SIPCore
import Testing

/// OpenSSL decides by the wall clock when a flight is due again, so these tests let real time pass; many handshakes
/// pass it together.
@Suite("DTLS on links that lose, double and reorder")
struct LossyLinkTests {
    @Test("100 handshakes come to their end though a quarter of all datagrams is lost")
    func lossyHandshakes() throws {
        let clock = ContinuousClock()
        let begin = clock.now
        func now() -> Instant {
            let (seconds, attoseconds) = (clock.now - begin).components
            return .test + Span(nanoseconds: UInt64(seconds) * 1_000_000_000 + UInt64(attoseconds / 1_000_000_000))
        }

        var random = SeededRandom(seed: 5764)
        let pairs = try (0..<100).map { _ in try DTLSPair(retransmission: .milliseconds(20)) }
        for pair in pairs { pair.start(now: now()) }
        var open = pairs
        var lost = 0
        while !open.isEmpty, now() < .test + .seconds(25) {
            for pair in open {
                while !pair.flying.isEmpty {
                    let index = random.happens(20) ? pair.flying.indices.randomElement(using: &random) ?? 0 : 0
                    let (side, datagram) = pair.flying.remove(at: index)
                    if random.happens(25) {
                        lost += 1
                        continue
                    }
                    pair.deliver(datagram, to: side, now: now())
                    if random.happens(10) { pair.deliver(datagram, to: side, now: now()) }
                }
                for side in DTLSPair.Side.allCases {
                    if let deadline = pair[side].deadline, deadline <= now() {
                        pair.run(side, pair[side].timeoutReached(now: now()))
                    }
                }
            }
            open.removeAll { $0.keys(.client) != nil && $0.keys(.server) != nil }
        }
        #expect(open.isEmpty)
        #expect(lost > 50)
        #expect(pairs.allSatisfy { $0.keys(.client)?.ours == $0.keys(.server)?.theirs })
        #expect(pairs.allSatisfy { $0.sent.allSatisfy { $0.datagram.count <= DTLSSession.mtu } })
    }
}
