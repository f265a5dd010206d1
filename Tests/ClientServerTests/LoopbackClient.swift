import ClientProtocol
import NIOCore
import NIOPosix
import NIOSSL

/// A small WebSocket client on a real socket.
final class LoopbackClient: Sendable {
    /// What the server did.
    enum Event: Equatable {
        case response(String)
        case frame(ServerFrame)
        case ended
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private let events: AsyncStream<Event>.Continuation
        private var bytes: [UInt8] = []
        private var isUpgraded = false

        init(events: AsyncStream<Event>.Continuation) {
            self.events = events
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            self.bytes += self.unwrapInboundIn(data).readableBytesView
            if !self.isUpgraded,
                let end = self.bytes.indices.first(where: { self.bytes[$0...].starts(with: [13, 10, 13, 10]) })
            {
                self.isUpgraded = true
                self.events.yield(.response(String(decoding: self.bytes[..<end], as: UTF8.self)))
                self.bytes.removeFirst(end + 4)
            }
            while self.isUpgraded, let frame = ServerFrame.first(in: &self.bytes) { self.events.yield(.frame(frame)) }
        }

        func channelInactive(context: ChannelHandlerContext) {
            self.events.yield(.ended)
            self.events.finish()
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            context.close(promise: nil)
        }
    }

    let channel: any Channel
    private let events: AsyncStream<Event>

    init(_ address: SocketAddress, tls: NIOSSLContext? = nil, autoRead: Bool = true) async throws {
        let (events, continuation) = AsyncStream.makeStream(of: Event.self)
        self.events = events
        self.channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.autoRead, value: autoRead)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let tls {
                        try channel.pipeline.syncOperations.addHandler(
                            NIOSSLClientHandler(context: tls, serverHostname: "localhost")
                        )
                    }
                    try channel.pipeline.syncOperations.addHandler(Handler(events: continuation))
                }
            }
            .connect(to: address).get()
    }

    /// Upgrades, and gives the status line.
    func upgrade(token: String) async throws -> String {
        try await self.send(Array(UpgradeText.request(token: token).utf8))
        guard case .response(let text) = await self.next() else { return "" }
        return String(text.prefix { $0 != "\r\n" })
    }

    func send(_ bytes: [UInt8]) async throws {
        try await self.channel.writeAndFlush(ByteBuffer(bytes: bytes)).get()
    }

    func next() async -> Event? {
        for await event in self.events { return event }
        return nil
    }
}
