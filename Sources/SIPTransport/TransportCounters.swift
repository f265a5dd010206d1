internal import Synchronization

/// Counts of all edges together, for metrics; each is right by itself, not as of one moment.
final class TransportCounters: Sendable {
    let received = Atomic<Int>(0)
    let sent = Atomic<Int>(0)
    let malformed = Atomic<Int>(0)
    let failed = Atomic<Int>(0)
    let turnedAway = Atomic<Int>(0)
}

extension Atomic where Value == Int {
    var now: Int { self.load(ordering: .relaxed) }

    func increment() {
        self.add(1)
    }

    func add(_ count: Int) {
        self.wrappingAdd(count, ordering: .relaxed)
    }
}
