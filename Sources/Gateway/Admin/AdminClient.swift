internal import Foundation
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix

/// Asks the admin interface of a running gateway.
package struct AdminClient: Sendable {
    private static let patience = TimeAmount.seconds(5)
    private static let largestBody = 64 << 20

    private let admin: GatewayConfiguration.Admin

    package init(_ admin: GatewayConfiguration.Admin) {
        self.admin = admin
    }

    /// The live calls, oldest first.
    package func calls() async throws(GatewayError) -> [CallReport] {
        try await self.ask("/api/v1/calls", as: CallReportList.self).calls
    }

    /// The trunks, by name.
    package func trunks() async throws(GatewayError) -> [TrunkReport] {
        try await self.ask("/api/v1/trunks", as: TrunkReportList.self).trunks
    }

    /// Has the gateway take the phones and users that the storage has now.
    package func readDirectory() async throws(GatewayError) {
        _ = try await self.ask(.POST, "/api/v1/directory")
    }

    /// Where a listener of every address is reached from here: on the loopback address.
    private var address: HostPort {
        var address = self.admin.listen
        if address.isWildcard { address.host = IPAddressText(address.host)?.isIPv6 == true ? "::1" : "127.0.0.1" }
        return address
    }

    private func ask<Answer: Decodable>(_ path: String, as: Answer.Type) async throws(GatewayError) -> Answer {
        let body = try await self.ask(.GET, path)
        guard let answer = try? JSONDecoder().decode(Answer.self, from: Data(body)) else {
            throw GatewayError(.refused, "\(self.address) does not speak as an admin interface does")
        }
        return answer
    }

    private func ask(_ method: HTTPMethod, _ path: String) async throws(GatewayError) -> [UInt8] {
        let address = self.address
        let token = self.admin.token
        let response: AdminReply
        do {
            response = try await Self.request(method, path, address, token)
        } catch {
            throw GatewayError(
                .unreachable,
                "no gateway answers at admin.listen, \(address): \(GatewayError.reason(error))"
            )
        }
        guard response.status == 200 else {
            throw GatewayError(.refused, "the gateway at \(address) answers \(response.status) to \(path)")
        }
        return response.body
    }

    private static func request(
        _ method: HTTPMethod,
        _ path: String,
        _ address: HostPort,
        _ token: Secret?
    ) async throws -> AdminReply {
        let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
        let promise = eventLoop.makePromise(of: AdminReply.self)
        let timeout = eventLoop.scheduleTask(in: Self.patience) {
            promise.fail(ChannelError.connectTimeout(Self.patience))
        }
        promise.futureResult.whenComplete { _ in timeout.cancel() }
        let bootstrap = ClientBootstrap(group: eventLoop)
            .connectTimeout(Self.patience)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHTTPClientHandlers()
                    try channel.pipeline.syncOperations.addHandler(
                        AdminReplyHandler(promise: promise, largestBody: Self.largestBody)
                    )
                }
            }
        let channel: any Channel
        do {
            channel = try await bootstrap.connect(host: address.host, port: Int(address.port)).get()
        } catch {
            promise.fail(error)
            _ = try? await promise.futureResult.get()
            throw error
        }
        var headers = HTTPHeaders([("Host", address.description), ("Connection", "close")])
        if method == .POST { headers.add(name: "Content-Length", value: "0") }
        if let token { headers.add(name: "Authorization", value: "Bearer \(token.reveal())") }
        let head = HTTPRequestHead(version: .http1_1, method: method, uri: path, headers: headers)
        channel.write(HTTPClientRequestPart.head(head), promise: nil)
        channel.writeAndFlush(HTTPClientRequestPart.end(nil), promise: nil)
        promise.futureResult.whenComplete { _ in channel.close(promise: nil) }
        return try await promise.futureResult.get()
    }
}

/// What came back.
private struct AdminReply: Sendable {
    var status: Int
    var body: [UInt8]
}

/// Gathers one response.
private final class AdminReplyHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart

    private let promise: EventLoopPromise<AdminReply>
    private let largestBody: Int
    private var reply = AdminReply(status: 0, body: [])

    init(promise: EventLoopPromise<AdminReply>, largestBody: Int) {
        self.promise = promise
        self.largestBody = largestBody
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch self.unwrapInboundIn(data) {
        case .head(let head):
            self.reply.status = Int(head.status.code)
        case .body(let body):
            self.reply.body.append(contentsOf: body.readableBytesView)
            if self.reply.body.count > self.largestBody { context.close(promise: nil) }
        case .end:
            self.promise.succeed(self.reply)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        self.promise.fail(error)
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.promise.fail(ChannelError.eof)
    }
}
