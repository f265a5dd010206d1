package import MediaCore

/// The media engine of this process: it relays every packet between an app and a phone, or any other two legs.
package final class RelayEngine: MediaEngine {
    private let configuration: RelayConfiguration
    private let tell: @Sendable ([MediaEvent]) -> Void
    private let runner = LoopRunner()

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
        try self.runner.start { mailbox throws(RelayError) in
            let sockets = try RelaySockets.bind(self.configuration)
            guard SRTPSession.prepare(), let certificate = try? DTLSCertificate() else { throw RelayError(.system) }
            do throws(SocketError) {
                return try MediaLoop(
                    self.configuration,
                    certificate: certificate,
                    shared: sockets,
                    poller: try Poller(bell: mailbox.bell),
                    mailbox: mailbox,
                    tell: self.tell
                )
            } catch {
                throw RelayError(.system, underlying: error)
            }
        }
    }

    /// Closes every leg, says goodbye to their peers, and waits for the end of the loop.
    ///
    /// It must not be called from the closure that takes the events.
    package func stop() {
        self.runner.stop()
    }

    package func perform(_ orders: [MediaOrder]) {
        self.runner.perform(orders)
    }

    package var counters: RelayCounters { self.runner.counters }
}
