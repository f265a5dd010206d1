import NIOCore
import NIOPosix
import TestSupport

/// A UDP socket on loopback that knows nothing of SIP or RTP.
struct UDPSocket: Sendable {
    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = AddressedEnvelope<ByteBuffer>
        private let inbox: Inbox<[UInt8]>

        init(_ inbox: Inbox<[UInt8]>) {
            self.inbox = inbox
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            self.inbox.put(Array(self.unwrapInboundIn(data).data.readableBytesView))
        }
    }

    let inbox = Inbox<[UInt8]>()
    let port: UInt16
    private let channel: any Channel

    init() async throws {
        let inbox = self.inbox
        self.channel = try await DatagramBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 65_536))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Handler(inbox))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        self.port = UInt16(self.channel.localAddress?.port ?? 0)
    }

    func send(_ bytes: [UInt8], to port: UInt16) async throws {
        let remote = try SocketAddress(ipAddress: "127.0.0.1", port: Int(port))
        try await self.channel.writeAndFlush(AddressedEnvelope(remoteAddress: remote, data: ByteBuffer(bytes: bytes)))
    }

    func close() async throws {
        try await self.channel.close()
    }
}
