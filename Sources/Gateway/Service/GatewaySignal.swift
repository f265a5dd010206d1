@preconcurrency internal import Dispatch
internal import Foundation

/// What the operating system tells the gateway by a signal.
package enum GatewaySignal: Hashable, Sendable {
    /// SIGTERM or SIGINT.
    case stop
    /// SIGHUP.
    case reload

    /// The signals of this process, from now on; they no longer do what they do by themselves.
    package static func arriving() -> AsyncStream<GatewaySignal> {
        let (stream, continuation) = AsyncStream.makeStream(of: GatewaySignal.self)
        let sources = [(SIGTERM, GatewaySignal.stop), (SIGINT, .stop), (SIGHUP, .reload)].map { number, meaning in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number)
            source.setEventHandler { continuation.yield(meaning) }
            source.resume()
            return source
        }
        // Holds the sources for as long as somebody listens.
        continuation.onTermination = { _ in
            for source in sources { source.cancel() }
        }
        return stream
    }
}
