internal import CallRuntime
internal import ClientProtocol
internal import Logging
internal import ServiceLifecycle

/// Lets running calls end before the gateway stops.
///
/// It is the last service of the group, so the first to be stopped, and
/// the edges stop only after it.
struct DrainService: Service {
    /// How often the calls are counted while the gateway waits for their end.
    private static let interval = Duration.milliseconds(100)
    /// How long the peers of calls that we end have to answer.
    private static let farewell = Duration.seconds(2)

    var loop: SignallingLoop
    /// Refuses new calls and turns readiness off.
    var beginDraining: @Sendable () async -> Void
    /// How long running calls may go on.
    var patience: @Sendable () -> Duration
    var logger: Logger

    func run() async throws {
        try? await gracefulShutdown()
        await self.beginDraining()
        let patience = self.patience()
        let calls = await self.statistics()?.calls ?? 0
        self.logger.info("Draining", metadata: ["calls": "\(calls)", "patience": "\(DurationText.print(patience))"])
        if await self.wait(atMost: patience, until: { $0.calls == 0 }) { return }
        let left = await self.statistics()?.calls ?? 0
        self.logger.notice("Ending the calls that are left", metadata: ["calls": "\(left)"])
        // The loop refuses only when it has stopped itself.
        try? await self.loop.endAllCalls(.shuttingDown)
        _ = await self.wait(atMost: Self.farewell) { $0.calls == 0 && $0.dialogs == 0 }
    }

    private func statistics() async -> CallTableStatistics? {
        try? await self.loop.statistics()
    }

    /// Whether the condition came true in time.
    private func wait(atMost patience: Duration, until isTrue: (CallTableStatistics) -> Bool) async -> Bool {
        let end = ContinuousClock.now + patience
        while let statistics = await self.statistics() {
            if isTrue(statistics) { return true }
            if ContinuousClock.now >= end { return false }
            // Cancelled, there is no waiting any more.
            guard (try? await Task.sleep(for: Self.interval)) != nil else { return false }
        }
        return true
    }
}
