import NIOCore
import NIOPosix
import SIPCore
import SIPTransport
import Synchronization
import TestSupport

/// A transport on loopback.
struct Station: Sendable {
    let transport: SIPTransport
    let listeners: [SIPListener]
    /// What came, in order, however it was batched.
    let inbox: Inbox<SIPInbound>

    func send(_ message: SIPMessage, to destination: SIPOutbound.Destination, as transaction: String? = nil) {
        self.transport.send([Self.outbound(message, to: destination, as: transaction)])
    }

    static func outbound(
        _ message: SIPMessage,
        to destination: SIPOutbound.Destination,
        as transaction: String? = nil
    ) -> SIPOutbound {
        SIPOutbound(
            message: message,
            destination: destination,
            transaction: transaction.map { ClientTransactionKey(branch: $0, method: .options) }
        )
    }

    static func failed(_ transaction: String, _ failure: SIPTransportFailure) -> SIPInbound {
        .failed(ClientTransactionKey(branch: transaction, method: .options), failure)
    }

    /// The target that leads to one of the listeners.
    func target(_ index: Int = 0) -> SIPTarget {
        let listener = self.listeners[index]
        return SIPTarget(transport: listener.transport, host: listener.address.host, port: listener.address.port)
    }

    /// The next message and its flow; any other news throws.
    func message() async throws -> (SIPMessage, SIPFlow) {
        switch try await self.inbox.next() {
        case .message(let message, let flow): return (message, flow)
        case let other: throw Unexpected(what: "\(other)")
        }
    }
}

/// What came instead of what a test waits for.
struct Unexpected: Error {
    var what: String
}

extension SIPTransport.Configuration.Listener {
    static let udp = Self(transport: .udp, host: "127.0.0.1", port: 0)
    static let udp6 = Self(transport: .udp, host: "::1", port: 0)
    static let tcp = Self(transport: .tcp, host: "127.0.0.1", port: 0)
    static let tcp6 = Self(transport: .tcp, host: "::1", port: 0)
    static let tls = Self(transport: .tls, host: "127.0.0.1", port: 0)
}

/// A setting that differs from the default.
struct Tuning {
    var apply: (inout SIPTransport.Configuration) -> Void

    static func set<Value>(_ path: WritableKeyPath<SIPTransport.Configuration, Value>, _ value: Value) -> Tuning {
        Tuning { $0[keyPath: path] = value }
    }
}

/// Runs `body` with a transport, and ends it.
///
/// `answer` is what is sent for each thing that comes, from within the transport's own callback.
func withStation(
    _ listeners: SIPTransport.Configuration.Listener...,
    threads: Int = 1,
    names: (@Sendable () -> any NameSource)? = nil,
    tuning: Tuning? = nil,
    answer: (@Sendable (SIPInbound) -> SIPOutbound?)? = nil,
    _ body: (Station) async throws -> Void
) async throws {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: threads)
    let inbox = Inbox<SIPInbound>()
    var configuration = SIPTransport.Configuration(listeners: listeners)
    tuning?.apply(&configuration)
    let door = Mutex<SIPTransport?>(nil)
    let transport = SIPTransport(configuration: configuration, group: group, names: names) { batch in
        inbox.put(batch)
        guard let answer else { return }
        door.withLock { $0 }?.send(batch.compactMap(answer))
    }
    door.withLock { $0 = transport }
    let result: Result<Void, any Error>
    do {
        let bound = try await transport.start()
        try await body(Station(transport: transport, listeners: bound, inbox: inbox))
        result = .success(())
    } catch {
        result = .failure(error)
    }
    await transport.shutdown()
    try await group.shutdownGracefully()
    try result.get()
}
