import NIOCore
import NIOPosix
import SIPCore
import TestSupport

/// A UDP socket that knows nothing of SIP.
struct RawDatagrams: Sendable {
    struct Datagram: Hashable, Sendable {
        var text: String
        var source: SIPAddress
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = AddressedEnvelope<ByteBuffer>
        private let inbox: Inbox<Datagram>

        init(_ inbox: Inbox<Datagram>) {
            self.inbox = inbox
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let envelope = self.unwrapInboundIn(data)
            let source = SIPAddress(
                host: envelope.remoteAddress.ipAddress ?? "",
                port: UInt16(envelope.remoteAddress.port ?? 0)
            )
            self.inbox.put(Datagram(text: String(buffer: envelope.data), source: source))
        }
    }

    let address: SIPAddress
    let inbox = Inbox<Datagram>()
    private let channel: any Channel

    init(_ host: String = "127.0.0.1") async throws {
        let inbox = self.inbox
        self.channel = try await DatagramBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 65_536))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Handler(inbox))
                }
            }
            .bind(host: host, port: 0).get()
        self.address = SIPAddress(host: host, port: UInt16(self.channel.localAddress?.port ?? 0))
    }

    func send(_ bytes: [UInt8], to listener: SIPListener) async throws {
        let remote = try SocketAddress(ipAddress: listener.address.host, port: Int(listener.address.port))
        try await self.channel.writeAndFlush(AddressedEnvelope(remoteAddress: remote, data: ByteBuffer(bytes: bytes)))
    }

    func send(_ text: String, to listener: SIPListener) async throws {
        try await self.send(Array(text.utf8), to: listener)
    }

    func close() async throws {
        try await self.channel.close()
    }
}

/// A TCP connection that knows nothing of SIP.
struct RawStream: Sendable {
    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private let inbox: Inbox<UInt8?>

        init(_ inbox: Inbox<UInt8?>) {
            self.inbox = inbox
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            self.inbox.put(self.unwrapInboundIn(data).readableBytesView.map { $0 })
        }

        func channelInactive(context: ChannelHandlerContext) {
            self.inbox.put(nil)
        }

        /// A reset is as good an end as any.
        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            context.close(promise: nil)
        }
    }

    /// Byte by byte; nil at the end.
    let inbox: Inbox<UInt8?>
    /// Ours.
    let address: SIPAddress
    private let channel: any Channel

    init(inbox: Inbox<UInt8?>, channel: any Channel) {
        self.inbox = inbox
        self.channel = channel
        // A closed channel has none any more.
        self.address = SIPAddress(
            host: channel.localAddress?.ipAddress ?? "",
            port: UInt16(channel.localAddress?.port ?? 0)
        )
    }

    static func configure(_ channel: any Channel, _ inbox: Inbox<UInt8?>) -> EventLoopFuture<Void> {
        channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHandler(Handler(inbox))
        }
    }

    static func connect(to listener: SIPListener, isReading: Bool = true) async throws -> RawStream {
        let inbox = Inbox<UInt8?>()
        return try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.autoRead, value: isReading)
            .channelInitializer { RawStream.configure($0, inbox) }
            .connect(host: listener.address.host, port: Int(listener.address.port))
            .map { RawStream(inbox: inbox, channel: $0) }.get()
    }

    func send(_ text: String) async throws {
        try await self.channel.writeAndFlush(ByteBuffer(string: text))
    }

    /// As many bytes as `text` has.
    func receive(asMuchAs text: String) async throws -> String {
        let bytes = try await self.inbox.next(text.utf8.count).compactMap { $0 }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// What comes up to and with an empty line.
    func head() async throws -> String {
        var text = ""
        while !text.hasSuffix("\r\n\r\n") {
            guard let byte = try await self.inbox.next() else { throw Unexpected(what: "end of stream") }
            text.unicodeScalars.append(UnicodeScalar(byte))
        }
        return text
    }

    /// Waits for the end, and gives what came before it.
    func end() async throws -> String {
        var bytes: [UInt8] = []
        while let byte = try await self.inbox.next() { bytes.append(byte) }
        return String(decoding: bytes, as: UTF8.self)
    }

    func close() async throws {
        try await self.channel.close()
    }
}

/// A TCP listener that knows nothing of SIP.
struct RawListener: Sendable {
    let accepted = Inbox<RawStream>()
    let address: SIPAddress
    private let channel: any Channel

    init(_ host: String = "127.0.0.1") async throws {
        let accepted = self.accepted
        self.channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                let inbox = Inbox<UInt8?>()
                return RawStream.configure(channel, inbox).map {
                    accepted.put(RawStream(inbox: inbox, channel: channel))
                }
            }
            .bind(host: host, port: 0).get()
        self.address = SIPAddress(host: host, port: UInt16(self.channel.localAddress?.port ?? 0))
    }

    var target: SIPTarget { SIPTarget(transport: .tcp, host: self.address.host, port: self.address.port) }

    func close() async throws {
        try await self.channel.close()
    }
}
