internal import ServiceLifecycle

/// A part of the gateway that has been started, as a service: it runs until it is told to stop, and then stops.
struct EdgeService: Service {
    var stop: @Sendable () async -> Void

    func run() async throws {
        // Cancelled or asked to stop, what is left to do is the same.
        try? await gracefulShutdown()
        await self.stop()
    }
}
