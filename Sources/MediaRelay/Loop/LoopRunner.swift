import MediaCore
import Synchronization

/// What an engine is around its loop: started once, ordered from any thread, stopped.
final class LoopRunner: Sendable {
    private struct Running {
        var mailbox: LoopMailbox
        var thread: LoopThread
    }

    private enum State {
        case idle
        case running(Running)
        case stopped(RelayCounters)
    }

    private let state = Mutex(State.idle)

    /// Makes the loop and gives it a thread.
    ///
    /// - Parameter makeLoop: takes what the loop needs of the system.
    /// - Throws: `.startedBefore`, `.system`, or what `makeLoop` throws; it can be started again then.
    func start(_ makeLoop: (LoopMailbox) throws(RelayError) -> sending any ThreadLoop) throws(RelayError) {
        let failure = self.state.withLock { state -> RelayError? in
            guard case .idle = state else { return RelayError(.startedBefore) }
            do throws(RelayError) {
                state = .running(try Self.run(makeLoop))
                return nil
            } catch {
                return error
            }
        }
        if let failure { throw failure }
    }

    private static func run(
        _ makeLoop: (LoopMailbox) throws(RelayError) -> sending any ThreadLoop
    ) throws(RelayError) -> Running {
        let mailbox: LoopMailbox
        do throws(SocketError) {
            mailbox = try LoopMailbox()
        } catch {
            throw RelayError(.system, underlying: error)
        }
        let loop = try makeLoop(mailbox)
        do throws(SocketError) {
            return Running(mailbox: mailbox, thread: try LoopThread(running: loop))
        } catch {
            throw RelayError(.system, underlying: error)
        }
    }

    /// Waits for the end of the loop; it must not be called from there.
    func stop() {
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
    func perform(_ orders: [MediaOrder]) {
        self.state.withLock { state -> LoopMailbox? in
            guard case .running(let running) = state else { return nil }
            return running.mailbox
        }?.post(orders)
    }

    /// As they were at the end of the loop's last turn; from any thread.
    var counters: RelayCounters {
        self.state.withLock { state in
            switch state {
            case .idle: RelayCounters()
            case .running(let running): running.mailbox.published
            case .stopped(let counters): counters
            }
        }
    }
}
