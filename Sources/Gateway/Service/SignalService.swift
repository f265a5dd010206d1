internal import Logging
internal import ServiceLifecycle

/// Does what the signals ask for.
///
/// It is the first service of the group, so the last one to be stopped: while calls are
/// drained it still hears the second signal.
struct SignalService: Service {
    var signals: AsyncStream<GatewaySignal>
    var reload: @Sendable () async -> Void
    /// Told at the first `.stop`.
    var stop: @Sendable () async -> Void
    /// Told at the second one.
    var exitAtOnce: @Sendable () -> Void
    var logger: Logger

    func run() async throws {
        var isStopping = false
        for await signal in self.signals.cancelOnGracefulShutdown() {
            switch signal {
            case .reload:
                await self.reload()
            case .stop where isStopping:
                self.logger.notice("Exiting at once")
                self.exitAtOnce()
            case .stop:
                isStopping = true
                self.logger.notice("Stopping; a second signal exits at once")
                await self.stop()
            }
        }
        // Signals that end by themselves are no reason to stop.
        try? await gracefulShutdown()
    }
}
