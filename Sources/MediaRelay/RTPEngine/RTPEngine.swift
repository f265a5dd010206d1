package import MediaCore

/// The media engine that leaves packets to rtpengine, over its ng control protocol.
package final class RTPEngine: MediaEngine {
    private let configuration: RTPEngineConfiguration
    private let tell: @Sendable ([MediaEvent]) -> Void
    private let runner = LoopRunner()

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
        try self.runner.start { mailbox throws(RelayError) in
            do throws(SocketError) {
                return try RTPEngineLoop(self.configuration, mailbox: mailbox, tell: self.tell)
            } catch {
                throw RelayError(.control, underlying: error)
            }
        }
    }

    /// Deletes every leg's call, without waiting for the replies, and waits for the end of the thread.
    ///
    /// It must not be called from the closure that takes the events.
    package func stop() {
        self.runner.stop()
    }

    package func perform(_ orders: [MediaOrder]) {
        self.runner.perform(orders)
    }

    /// The legs and the ports that rtpengine holds for them now, and its packets as it has told of them so far; it tells of
    /// none that it dropped.
    package var counters: RelayCounters { self.runner.counters }
}
