package import NIOCore
internal import Synchronization

/// Measures how long work waits on an event loop, by a task that should run every 100 ms.
///
/// It tells the longest wait of the last 5 to 10 s: a scraper that looks every few seconds misses no hiccup.
package final class EventLoopLagProbe: Sendable {
    private static let interval = TimeAmount.milliseconds(100)
    private static let ticksPerWindow = 50

    /// Nanoseconds; of the window that runs, and of the one before.
    private let current = Atomic<Int64>(0)
    private let previous = Atomic<Int64>(0)
    private let eventLoop: any EventLoop
    private let isStopped = Atomic<Bool>(false)

    package init(eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    package func start() {
        self.schedule(tick: 0)
    }

    package func stop() {
        self.isStopped.store(true, ordering: .relaxed)
    }

    /// The longest wait of late, in seconds.
    package var seconds: Double {
        Double(max(self.current.load(ordering: .relaxed), self.previous.load(ordering: .relaxed))) / 1e9
    }

    private func schedule(tick: Int) {
        let due = NIODeadline.now() + Self.interval
        self.eventLoop.scheduleTask(deadline: due) {
            guard !self.isStopped.load(ordering: .relaxed) else { return }
            self.measured((NIODeadline.now() - due).nanoseconds)
            var tick = tick + 1
            if tick == Self.ticksPerWindow {
                self.rotate()
                tick = 0
            }
            self.schedule(tick: tick)
        }
    }

    func measured(_ nanoseconds: Int64) {
        if nanoseconds > self.current.load(ordering: .relaxed) {
            self.current.store(nanoseconds, ordering: .relaxed)
        }
    }

    func rotate() {
        self.previous.store(self.current.load(ordering: .relaxed), ordering: .relaxed)
        self.current.store(0, ordering: .relaxed)
    }
}
