package import MediaCore
import Synchronization

/// The media engine that leaves packets to rtpengine, over its ng control protocol.
package final class RTPEngine: MediaEngine {
    private struct Running {
        var mailbox: LoopMailbox
        var thread: LoopThread
    }

    private enum State {
        case idle
        case running(Running)
        case stopped(RelayCounters)
    }

    private let configuration: RTPEngineConfiguration
    private let tell: @Sendable ([MediaEvent]) -> Void
    private let state = Mutex(State.idle)

    /// - Parameters:
    ///   - configuration: where rtpengine is controlled.
    ///   - tell: takes the events of a turn, on the engine's thread, and must return at once.
    package init(_ configuration: RTPEngineConfiguration, tell: @escaping @Sendable ([MediaEvent]) -> Void) {
        self.configuration = configuration
        self.tell = tell
    }

    deinit {
        self.stop()
    }

    /// Opens the sockets and starts the thread; whether any rtpengine lives is found out afterwards.
    ///
    /// - Throws: what the system refused; the engine can be started again then.
    package func start() throws(RelayError) {
        let failure = self.state.withLock { state -> RelayError? in
            guard case .idle = state else { return RelayError(.startedBefore) }
            do throws(SocketError) {
                let mailbox = try LoopMailbox()
                let loop = try RTPEngineLoop(self.configuration, mailbox: mailbox, tell: self.tell)
                state = .running(Running(mailbox: mailbox, thread: try LoopThread(running: loop)))
                return nil
            } catch {
                return RelayError(.control, underlying: error)
            }
        }
        if let failure { throw failure }
    }

    /// Deletes every leg's call, without waiting for the replies, and waits for the end of the thread.
    ///
    /// It must not be called from the closure that takes the events.
    package func stop() {
        let running = self.state.withLock { state -> Running? in
            guard case .running(let running) = state else { return nil }
            state = .stopped(running.mailbox.published)
            return running
        }
        guard let running else { return }
        running.mailbox.stop()
        running.thread.join()
        let last = running.mailbox.published
        self.state.withLock { $0 = .stopped(last) }
    }

    /// Orders before the start and after the stop are nothing.
    package func perform(_ orders: [MediaOrder]) {
        self.state.withLock { state -> LoopMailbox? in
            guard case .running(let running) = state else { return nil }
            return running.mailbox
        }?.post(orders)
    }

    /// The legs and the ports that rtpengine holds for them now, and its packets as it has told of them so far; it tells of
    /// none that it dropped.
    package var counters: RelayCounters {
        self.state.withLock { state in
            switch state {
            case .idle: RelayCounters()
            case .running(let running): running.mailbox.published
            case .stopped(let counters): counters
            }
        }
    }
}
