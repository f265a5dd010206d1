import NIOCore
import NIOPosix

/// Many apps on one event loop, and the calls that they place and answer.
final class Fleet {
    struct User {
        var id: String
        var token: String
    }

    /// Sockets that connect at the same time.
    private static let connecting = 32
    /// How long a call may take to get on: longer than any timer of the gateway that a lost packet sets off.
    static let patience = TimeAmount.seconds(30)

    let loop: any EventLoop
    private let host: String
    private let port: Int
    private let users: [User]
    private(set) var sockets: [AppSocket] = []
    private(set) var socketsLost = 0
    var placed: [String: PlacedCall] = [:]
    private(set) var offerSize = AppMessage.OfferSize.small
    var batch: Batch?
    var incoming = IncomingCalls()

    init(loop: any EventLoop, host: String, port: Int, users: [User]) {
        self.loop = loop
        self.host = host
        self.port = port
        self.users = users
    }

    /// Carries out one command; the result is its line of JSON.
    func run(_ command: Command) -> EventLoopFuture<String> {
        switch command {
        case .connect(let count):
            self.connect(count)
        case .calls(let count, let perSecond, let hold, let first):
            self.place(count, perSecond: perSecond, hold: hold, first: first)
        case .hold(let count, let perSecond, let first):
            self.place(count, perSecond: perSecond, hold: nil, first: first)
        case .incoming(let count):
            self.incoming.wait(for: count, on: self.loop).assumeIsolated().map { tally in
                tally.json(seconds: 0, socketsLost: self.socketsLost)
            }.nonisolated()
        case .offers(let size):
            self.changeOffers(to: size)
        }
    }

    private func changeOffers(to size: AppMessage.OfferSize) -> EventLoopFuture<String> {
        self.offerSize = size
        return self.loop.makeSucceededFuture("{}")
    }

    // MARK: Sockets

    private func connect(_ count: Int) -> EventLoopFuture<String> {
        guard count <= self.users.count else {
            return self.loop.makeSucceededFuture(#"{"error":"there are only \#(self.users.count) users"}"#)
        }
        let lanes = (0..<Self.connecting).map { _ in self.connectNext(upTo: count) }
        return EventLoopFuture.andAllSucceed(lanes, on: self.loop).assumeIsolated().map {
            #"{"connected":\#(self.sockets.count),"sockets_lost":\#(self.socketsLost)}"#
        }.flatMapErrorThrowing { error in
            #"{"error":"connecting failed: \#(String(describing: error).filter { $0 != "\"" })"}"#
        }.nonisolated()
    }

    private var begun = 0

    private func connectNext(upTo count: Int) -> EventLoopFuture<Void> {
        guard self.begun < count else { return self.loop.makeSucceededVoidFuture() }
        let user = self.users[self.begun]
        self.begun += 1
        let upgraded = self.loop.makePromise(of: Void.self)
        let socket = AppSocket(
            user: user.id,
            token: user.token,
            host: "\(self.host):\(self.port)",
            upgraded: upgraded,
            received: { self.received($1, on: $0) },
            lost: { _ in self.socketsLost += 1 }
        )
        let bound = NIOLoopBound(socket, eventLoop: self.loop)
        let connected = ClientBootstrap(group: self.loop)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 4_096))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(bound.value) }
            }
            .connect(host: self.host, port: self.port)
        connected.whenFailure { upgraded.fail($0) }
        return upgraded.futureResult.assumeIsolated().flatMap {
            self.sockets.append(socket)
            return self.connectNext(upTo: count)
        }.nonisolated()
    }

    // MARK: Events

    private func received(_ event: ServerEvent, on socket: AppSocket) {
        switch event.text("type") {
        case "incoming_call": self.incoming.began(event, on: socket)
        case "call_offer": self.incoming.offered(event, on: socket)
        case "call_hanged_up" where self.incoming.ended(event): break
        case "call_answered": self.answered(event)
        case "call_answer": self.established(event)
        case "ice_candidate": break
        case let type:
            let reason = [type, event.text("code") ?? event.text("reason")].compactMap(\.self).joined(separator: " ")
            self.refused(event, on: socket, reason: reason)
        }
    }
}
