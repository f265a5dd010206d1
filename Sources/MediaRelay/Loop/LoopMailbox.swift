import MediaCore
import Synchronization

/// What passes between a media loop and the threads around it: orders in, counters out.
final class LoopMailbox: Sendable {
    private struct Content {
        var orders: [MediaOrder] = []
        var isStopping = false
    }

    let bell: LoopBell
    private let content = Mutex(Content())
    private let counters = Mutex(RelayCounters())
    /// Read between any two packets, hence beside the lock.
    private let hasNewsFlag = Atomic<Bool>(false)

    init() throws(SocketError) {
        self.bell = try LoopBell()
    }

    /// From any thread.
    func post(_ orders: [MediaOrder]) {
        guard !orders.isEmpty else { return }
        self.content.withLock { $0.orders.append(contentsOf: orders) }
        self.announce()
    }

    /// From any thread: the loop is to close all and end.
    func stop() {
        self.content.withLock { $0.isStopping = true }
        self.announce()
    }

    private func announce() {
        // Whoever finds it set knows that the bell was rung and not answered yet.
        if !self.hasNewsFlag.exchange(true, ordering: .acquiringAndReleasing) { self.bell.ring() }
    }

    /// On the loop: whether there are orders, at the cost of one load.
    var hasNews: Bool { self.hasNewsFlag.load(ordering: .acquiring) }

    /// On the loop: takes what has come.
    func take() -> (orders: [MediaOrder], isStopping: Bool) {
        self.bell.answer()
        self.hasNewsFlag.store(false, ordering: .releasing)
        return self.content.withLock { content in
            let orders = content.orders
            content.orders = []
            return (orders, content.isStopping)
        }
    }

    /// On the loop.
    func publish(_ counters: RelayCounters) {
        self.counters.withLock { $0 = counters }
    }

    /// From any thread.
    var published: RelayCounters { self.counters.withLock { $0 } }
}
