import MediaRelay
import SIPCore
import Testing

@Suite("The pool of ports") struct PortPoolTests {
    private static let start = Instant(nanoseconds: 1_000_000_000)

    @Test("Each pair is given out once, even with its odd neighbour inside the range") func pairs() {
        var pool = PortPool(range: 20_001...20_010, quarantine: .seconds(5))
        var ports: Set<UInt16> = []
        while let port = pool.take(now: Self.start) { ports.insert(port) }
        #expect(ports == [20_002, 20_004, 20_006, 20_008])
        let inUse = pool.inUse
        #expect(inUse == 4)
    }

    @Test("A pair that came back rests before it is given out again") func quarantine() throws {
        var pool = PortPool(range: 20_000...20_001, quarantine: .seconds(5))
        let taken = pool.take(now: Self.start)
        let port = try #require(taken)
        pool.giveBack(port, now: Self.start)
        let inUse = pool.inUse
        #expect(inUse == 0)
        let early = pool.take(now: Self.start + .milliseconds(4999))
        #expect(early == nil)
        let late = pool.take(now: Self.start + .seconds(5))
        #expect(late == port)
    }

    @Test("The order is not that of the numbers") func order() {
        var pool = PortPool(range: 16_384...32_767, quarantine: .seconds(5))
        let first = (0..<64).compactMap { _ in pool.take(now: Self.start) }
        #expect(first != first.sorted())
    }

    @Test("Thousands of calls one after the other leave every pair free") func turnover() {
        var pool = PortPool(range: 20_000...20_099, quarantine: .seconds(1))
        var now = Self.start
        for _ in 0..<5000 {
            now = now + .milliseconds(100)
            guard let port = pool.take(now: now) else {
                Issue.record("No port was free")
                return
            }
            pool.giveBack(port, now: now)
        }
        var count = 0
        while pool.take(now: now + .seconds(2)) != nil { count += 1 }
        #expect(count == 50)
    }
}
