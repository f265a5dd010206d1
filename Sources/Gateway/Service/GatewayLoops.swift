internal import NIOCore
internal import NIOPosix

/// The event loops of a gateway: one for signalling, the others for its edges.
struct GatewayLoops: Sendable {
    /// Owns every call.
    let signalling: any EventLoop
    /// Sockets, frames, parsing.
    let edges: MultiThreadedEventLoopGroup
    private let own: MultiThreadedEventLoopGroup?

    /// - Parameter cores: How many the machine has. Up to two, one loop does everything: a hop to another thread would
    ///   cost more than it gains.
    init(cores: Int) {
        let edges = MultiThreadedEventLoopGroup(numberOfThreads: max(1, cores - 1))
        self.edges = edges
        if cores > 2 {
            let own = MultiThreadedEventLoopGroup(numberOfThreads: 1)
            self.own = own
            self.signalling = own.next()
        } else {
            self.own = nil
            self.signalling = edges.next()
        }
    }

    /// Ends the threads; nothing may use the loops any more.
    func shutdown() async {
        // It fails only where it was done before.
        try? await self.edges.shutdownGracefully()
        try? await self.own?.shutdownGracefully()
    }
}
