import MediaRelay
import SIPCore
import Testing

@Suite("Instances of rtpengine") struct EngineInstancesTests {
    private let start = Instant(nanoseconds: 1_000_000_000)

    @Test("The first that lives is chosen, then what was not tried, then nothing") func choice() {
        var instances = EngineInstances(count: 3, now: self.start)
        #expect(instances.choose(without: []) == 0)
        instances.failed(0)
        #expect(instances.choose(without: []) == 1)
        #expect(instances.choose(without: [1]) == 2)
        #expect(instances.choose(without: [1, 2]) == 0)
        #expect(instances.choose(without: [0, 1, 2]) == nil)
        instances.answered(0)
        #expect(instances.choose(without: []) == 0)
    }

    @Test("Two pings without an answer make a dead one, and any answer makes it live") func pings() {
        var instances = EngineInstances(count: 2, now: self.start)
        var now = self.start
        for _ in 0..<2 {
            #expect(instances.reachedDeadline(now: now, prefix: "p").map(\.cookie).count == 2)
            instances.answered(1)
            #expect(instances.isAlive(0))
            now = now + EngineInstances.interval
        }
        _ = instances.reachedDeadline(now: now, prefix: "p")
        #expect(!instances.isAlive(0))
        #expect(instances.isAlive(1))
        instances.answered(0)
        #expect(instances.isAlive(0))
    }

    @Test("Each instance gets its own ping each interval") func rhythm() {
        var instances = EngineInstances(count: 2, now: self.start)
        #expect(instances.reachedDeadline(now: self.start, prefix: "p").map(\.cookie) == ["p0_1", "p1_1"])
        #expect(instances.reachedDeadline(now: self.start + .seconds(1), prefix: "p") == [])
        #expect(instances.deadline == self.start + .seconds(2))
        #expect(
            instances.reachedDeadline(now: self.start + .seconds(2), prefix: "p").map(\.cookie) == ["p0_2", "p1_2"]
        )
    }
}
