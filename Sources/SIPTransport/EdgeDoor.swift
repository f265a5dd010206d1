internal import NIOCore
internal import SIPCore

/// The way into an `Edge` from other threads.
struct EdgeDoor: Sendable {
    let eventLoop: any EventLoop
    private let edge: NIOLoopBoundBox<Edge>

    init(lane: Int, eventLoop: any EventLoop, context: TransportContext) {
        self.eventLoop = eventLoop
        self.edge = NIOLoopBoundBox.makeBoxSendingValue(
            Edge(lane: lane, eventLoop: eventLoop, context: context),
            eventLoop: eventLoop
        )
    }

    /// Runs `body` on the edge's loop: at once where we are there already.
    func enter(_ body: @escaping @Sendable (Edge) -> Void) {
        if self.eventLoop.inEventLoop {
            body(self.edge.value)
        } else {
            let edge = self.edge
            self.eventLoop.execute { body(edge.value) }
        }
    }

    func send(_ batch: [SIPOutbound]) {
        if self.eventLoop.inEventLoop {
            self.edge.value.send(batch)
        } else {
            let edge = self.edge
            self.eventLoop.execute { edge.value.send(batch) }
        }
    }

    func bindDatagrams(at address: SocketAddress, index: UInt16) async throws -> any Channel {
        let edge = self.edge
        return try await self.eventLoop.flatSubmit { edge.value.bindDatagrams(at: address, index: index) }.get()
    }

    /// Opens a listener whose connections are dealt out to the loops of `group`; `doors` are those of the same loops.
    func bindStreams(
        at address: SocketAddress,
        index: UInt16,
        group: any EventLoopGroup,
        _ doors: [EdgeDoor]
    ) async throws -> any Channel {
        let edge = self.edge
        return try await self.eventLoop.flatSubmit {
            edge.value.bindStreams(at: address, index: index, group: group, doors)
        }.get()
    }

    /// Fills the pipeline of an accepted connection; only on the edge's loop.
    func configure(_ channel: any Channel, origin: Connection.Origin) throws {
        try self.edge.value.configure(channel, origin: origin)
    }

    func shutdown() async {
        let edge = self.edge
        // The future never fails, but that is not in its type.
        try? await self.eventLoop.flatSubmit { edge.value.shutdown() }.get()
    }
}
