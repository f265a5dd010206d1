import ClientProtocol
import ClientServer
import Logging
import NIOCore
import NIOEmbedded
import Synchronization

/// What a server handed over, in order.
final class Recorder: Sendable {
    private let values = Mutex<[[ClientInbound]]>([])

    func append(_ batch: [ClientInbound]) {
        self.values.withLock { $0.append(batch) }
    }

    /// The batches since the last call.
    func batches() -> [[ClientInbound]] {
        self.values.withLock { values in
            defer { values = [] }
            return values
        }
    }

    /// The values since the last call.
    func take() -> [ClientInbound] { self.batches().flatMap(\.self) }
}

/// Answers what a server hands over, within the call that does.
final class Reaction: Sendable {
    let server = Mutex<ClientServer?>(nil)
    let orders = Mutex<(@Sendable (ClientInbound) -> [[ClientOutbound]])?>(nil)

    func react(to batch: [ClientInbound]) {
        guard let server = self.server.withLock({ $0 }), let orders = self.orders.withLock({ $0 }) else { return }
        for inbound in batch {
            for order in orders(inbound) { server.deliver(order) }
        }
    }
}

/// Keeps every log line with its metadata.
struct CapturingLogHandler: LogHandler {
    final class Lines: Sendable {
        let texts = Mutex<[String]>([])
    }

    let lines: Lines
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.trace

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { self.metadata[key] }
        set { self.metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        self.lines.texts.withLock { $0.append("\(event.message) \(event.metadata ?? [:])") }
    }
}

/// A whole server on a loop whose time stands still, with clients that are bytes in memory.
final class EmbeddedServer {
    let loop = EmbeddedEventLoop()
    let recorder = Recorder()
    let reaction = Reaction()
    let lines = CapturingLogHandler.Lines()
    let server: ClientServer

    init(_ tokens: TokenVerifier, _ change: (inout ClientServerConfiguration) -> Void = { _ in }) {
        var configuration = ClientServerConfiguration(
            port: 0,
            pingInterval: .seconds(25),
            handshakeTimeout: .seconds(10),
            closeTimeout: .seconds(5)
        )
        configuration.limits.messageBytes = 1000
        change(&configuration)
        let recorder = self.recorder
        let reaction = self.reaction
        let lines = self.lines
        self.server = ClientServer(
            configuration: configuration,
            tokens: tokens,
            group: self.loop,
            logger: Logger(label: "test") { _ in CapturingLogHandler(lines: lines) },
            receive: { batch in
                recorder.append(batch)
                reaction.react(to: batch)
            }
        )
        self.reaction.server.withLock { $0 = self.server }
    }

    /// A connection that has sent nothing yet.
    func connect() throws -> EmbeddedClient {
        let channel = EmbeddedChannel(loop: self.loop)
        try self.server.adopt(channel)
        channel.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: 1), promise: nil)
        return EmbeddedClient(channel: channel)
    }

    /// An upgraded connection, and its id.
    func connectWebSocket(token: String, headers: [String] = []) throws -> (client: EmbeddedClient, id: ConnectionID) {
        let client = try self.connect()
        try client.send(text: UpgradeText.request(token: token, headers: headers))
        self.loop.run()
        guard try client.received().starts(with: Array("HTTP/1.1 101 ".utf8)) else { throw EmbeddedClient.Refused() }
        for case .connected(let id, _, _) in self.recorder.take() { return (client, id) }
        throw EmbeddedClient.Refused()
    }
}

/// The text of upgrade requests.
enum UpgradeText {
    static func request(
        path: String = "/ws/call/",
        token: String? = nil,
        method: String = "GET",
        headers: [String] = [],
        without left: String = ""
    ) -> String {
        let lines = [
            "Host: localhost", "Upgrade: websocket", "Connection: keep-alive, Upgrade",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13",
        ].filter { left.isEmpty || !$0.hasPrefix(left) }
        let query = token.map { "?token=" + $0 } ?? ""
        return "\(method) \(path)\(query) HTTP/1.1\r\n" + (lines + headers).map { $0 + "\r\n" }.joined() + "\r\n"
    }
}

/// A client of an ``EmbeddedServer``.
struct EmbeddedClient {
    struct Refused: Error {}

    let channel: EmbeddedChannel

    func send(_ bytes: [UInt8]) throws {
        guard self.channel.isActive else { return }
        try self.channel.writeInbound(ByteBuffer(bytes: bytes))
    }

    func send(text: String) throws { try self.send(Array(text.utf8)) }

    /// All bytes that the server has sent since the last call.
    func received() throws -> [UInt8] {
        var bytes: [UInt8] = []
        while let buffer = try self.channel.readOutbound(as: ByteBuffer.self) { bytes += buffer.readableBytesView }
        return bytes
    }

    /// The frames since the last call.
    func frames() throws -> [ServerFrame] { ServerFrame.all(in: try self.received()) }
}

/// Frames of a client, built by hand.
enum ClientFrame {
    static let mask: [UInt8] = [0x37, 0xFA, 0x21, 0x3D]

    static func make(
        _ first: UInt8,
        _ payload: [UInt8],
        mask: [UInt8] = Self.mask,
        claimedLength: Int? = nil
    ) -> [UInt8] {
        let length = claimedLength ?? payload.count
        var frame = [first]
        switch length {
        case ...125: frame.append(0x80 | UInt8(length))
        case ...65535: frame += [0x80 | 126, UInt8(length >> 8), UInt8(length & 0xFF)]
        default: frame += [0x80 | 127] + (0..<8).map { UInt8(truncatingIfNeeded: length >> (56 - 8 * $0)) }
        }
        return frame + mask + payload.enumerated().map { $1 ^ mask[$0 % 4] }
    }

    static func text(_ text: String) -> [UInt8] { Self.make(0x81, Array(text.utf8)) }

    static func close(_ code: UInt16) -> [UInt8] { Self.make(0x88, [UInt8(code >> 8), UInt8(code & 0xFF)]) }
}

/// A frame of the server, which is never masked or fragmented.
struct ServerFrame: Equatable, CustomStringConvertible {
    var opcode: UInt8
    var payload: [UInt8]

    static func text(_ text: String) -> ServerFrame { ServerFrame(opcode: 1, payload: Array(text.utf8)) }
    static func close(_ code: UInt16) -> ServerFrame {
        ServerFrame(opcode: 8, payload: [UInt8(code >> 8), UInt8(code & 0xFF)])
    }
    static let ping = ServerFrame(opcode: 9, payload: [])
    static func pong(_ payload: [UInt8]) -> ServerFrame { ServerFrame(opcode: 10, payload: payload) }
    static func event(_ event: ClientEvent) -> ServerFrame {
        var payload: [UInt8] = []
        ClientMessageWriter.write(event, into: &payload)
        return ServerFrame(opcode: 1, payload: payload)
    }

    /// The code of an `error` message.
    var errorCode: String? {
        let text = String(decoding: self.payload, as: UTF8.self)
        guard self.opcode == 1, text.hasPrefix(#"{"type":"error","code":""#) else { return nil }
        return String(text.dropFirst(#"{"type":"error","code":""#.count).prefix { $0 != "\"" })
    }

    var description: String { "\(self.opcode):\(String(decoding: self.payload, as: UTF8.self))" }

    /// Takes the first frame from `bytes`, if it is all there.
    static func first(in bytes: inout [UInt8]) -> ServerFrame? {
        guard bytes.count >= 2, bytes[0] & 0xF0 == 0x80, bytes[1] & 0x80 == 0 else { return nil }
        var length = Int(bytes[1])
        var start = 2
        if length >= 126 {
            let count = length == 126 ? 2 : 8
            guard bytes.count >= 2 + count else { return nil }
            length = bytes[2..<2 + count].reduce(0) { $0 << 8 | Int($1) }
            start += count
        }
        guard bytes.count >= start + length else { return nil }
        let frame = ServerFrame(opcode: bytes[0] & 0xF, payload: Array(bytes[start..<start + length]))
        bytes.removeFirst(start + length)
        return frame
    }

    static func all(in bytes: [UInt8]) -> [ServerFrame] {
        var rest = bytes
        var frames: [ServerFrame] = []
        while let frame = Self.first(in: &rest) { frames.append(frame) }
        return rest.isEmpty ? frames : frames + [ServerFrame(opcode: 255, payload: rest)]
    }
}
