package import MediaCore
import Synchronization

/// The media engine of this process: it relays every packet between an app and a phone, or any other two legs.
package final class RelayEngine: MediaEngine {
    private struct Running {
        var mailbox: LoopMailbox
        var thread: LoopThread
    }

    private enum State {
        case idle
        case running(Running)
        case stopped(RelayCounters)
    }

    private let configuration: RelayConfiguration
    private let tell: @Sendable ([MediaEvent]) -> Void
    private let state = Mutex(State.idle)

    /// - Parameters:
    ///   - configuration: how it is laid out.
    ///   - tell: takes the events of a turn, on the loop's thread, and must return at once.
    package init(_ configuration: RelayConfiguration, tell: @escaping @Sendable ([MediaEvent]) -> Void) {
        self.configuration = configuration
        self.tell = tell
    }

    deinit {
        self.stop()
    }

    /// Binds the apps' port and starts the loop.
    ///
    /// - Throws: what could not be bound; nothing is left bound then, and the engine can be started again.
    package func start() throws(RelayError) {
        let failure = self.state.withLock { state -> RelayError? in
            guard case .idle = state else { return RelayError(.startedBefore) }
            do throws(RelayError) {
                state = .running(try Self.run(self.configuration, tell: self.tell))
                return nil
            } catch {
                return error
            }
        }
        if let failure { throw failure }
    }

    /// Closes every leg, says goodbye to their peers, and waits for the end of the loop.
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

    /// As they were at the end of the loop's last turn; from any thread.
    package var counters: RelayCounters {
        self.state.withLock { state in
            switch state {
            case .idle: RelayCounters()
            case .running(let running): running.mailbox.published
            case .stopped(let counters): counters
            }
        }
    }

    private static func run(
        _ configuration: RelayConfiguration,
        tell: @escaping @Sendable ([MediaEvent]) -> Void
    ) throws(RelayError) -> Running {
        let sockets = try RelaySockets.bind(configuration)
        guard SRTPSession.prepare(), let certificate = try? DTLSCertificate() else { throw RelayError(.system) }
        do throws(SocketError) {
            let mailbox = try LoopMailbox()
            let poller = try Poller(bell: mailbox.bell)
            let loop = try MediaLoop(
                configuration,
                certificate: certificate,
                shared: sockets,
                poller: poller,
                mailbox: mailbox,
                tell: tell
            )
            return Running(mailbox: mailbox, thread: try LoopThread(running: loop))
        } catch {
            throw RelayError(.system, underlying: error)
        }
    }
}
