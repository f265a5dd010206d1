internal import NIOCore
internal import NIOHTTP1

/// One connection of the admin interface: requests one after another, each answered before the next is read.
final class AdminHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    /// From the connection's start, or the last response, to the end of a request; and from there to its response.
    private static let patience = TimeAmount.seconds(10)
    /// A GET has no use for a body; what is more than this ends the connection.
    private static let largestBody = 65_536

    private let responder: AdminResponder
    private var head: HTTPRequestHead?
    private var bodyBytes = 0
    private var timeout: Scheduled<Void>?

    init(responder: AdminResponder) {
        self.responder = responder
    }

    func channelActive(context: ChannelHandlerContext) {
        self.waitAgain(context)
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.timeout?.cancel()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch self.unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            self.bodyBytes = 0
        case .body(let body):
            self.bodyBytes += body.readableBytes
            if self.bodyBytes > Self.largestBody { context.close(promise: nil) }
        case .end:
            guard let head = self.head else { return }
            self.head = nil
            self.answer(head, context)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private func answer(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        self.waitAgain(context)
        let responder = self.responder
        let (method, uri) = (head.method.rawValue, head.uri)
        let authorization = head.headers.first(name: "authorization")
        let isKeptAlive = head.isKeepAlive
        let bound = context.loopBound
        context.eventLoop
            .makeFutureWithTask {
                await responder.respond(method: method, uri: uri, authorization: authorization)
            }
            .assumeIsolated()
            .whenSuccess { response in
                self.send(response, isKeptAlive, bound.value)
            }
    }

    private func send(_ response: AdminResponse, _ isKeptAlive: Bool, _ context: ChannelHandlerContext) {
        var headers = HTTPHeaders()
        headers.add(name: "Content-Type", value: response.contentType)
        headers.add(name: "Content-Length", value: String(response.body.utf8.count))
        headers.add(name: "Cache-Control", value: "no-store")
        for (name, value) in response.headers.sorted(by: { $0.key < $1.key }) { headers.add(name: name, value: value) }
        if !isKeptAlive { headers.add(name: "Connection", value: "close") }
        let head = HTTPResponseHead(
            version: .http1_1,
            status: HTTPResponseStatus(statusCode: response.status),
            headers: headers
        )
        context.write(self.wrapOutboundOut(.head(head)), promise: nil)
        context.write(self.wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: response.body)))), promise: nil)
        let bound = context.loopBound
        context.writeAndFlush(self.wrapOutboundOut(.end(nil))).assumeIsolated().whenComplete { _ in
            if !isKeptAlive { bound.value.close(promise: nil) }
        }
        self.waitAgain(context)
    }

    /// Starts the clock for the next step; who takes too long is cut off.
    private func waitAgain(_ context: ChannelHandlerContext) {
        self.timeout?.cancel()
        self.timeout = context.eventLoop.assumeIsolated().scheduleTask(in: Self.patience) {
            context.close(promise: nil)
        }
    }
}
