import MediaRelay
import SIPCore
import Testing

@Suite("The queue of deadlines") struct LegDeadlinesTests {
    @Test("Entries come out in the order of time, and none before it is due") func order() {
        var queue = LegDeadlines()
        var random = RTPRandom(seed: 7)
        let times = (0..<500).map { _ in UInt64(random.below(1000)) }
        for (slot, time) in times.enumerated() {
            queue.insert(.init(deadline: Instant(nanoseconds: time), slot: slot, generation: 0))
        }
        #expect(queue.earliest?.nanoseconds == times.min())
        var taken: [UInt64] = []
        while let entry = queue.next(due: Instant(nanoseconds: 500)) { taken.append(entry.deadline.nanoseconds) }
        #expect(taken == times.filter { $0 <= 500 }.sorted())
        while let entry = queue.next(due: Instant(nanoseconds: 1000)) { taken.append(entry.deadline.nanoseconds) }
        #expect(taken == times.sorted())
        #expect(queue.earliest == nil)
    }
}
