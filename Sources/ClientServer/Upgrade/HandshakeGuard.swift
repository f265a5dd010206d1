import NIOCore

/// Bounds what a connection may send in one request; it stands before the HTTP decoder.
final class HandshakeGuard: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    /// The connection has sent more than a request may hold.
    struct TooLarge: Error {}

    private let limit: Int
    private var count = 0

    init(limit: Int) {
        self.limit = limit
    }

    /// The next request may be as long as the first; what came with the end of this one is on it.
    func startOver() {
        guard self.count <= self.limit else { return }
        self.count = 0
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard self.count <= self.limit else { return }
        self.count += self.unwrapInboundIn(data).readableBytes
        if self.count <= self.limit {
            context.fireChannelRead(data)
        } else {
            context.fireErrorCaught(TooLarge())
        }
    }
}
