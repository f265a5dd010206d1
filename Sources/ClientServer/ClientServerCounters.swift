package import Synchronization

/// What has happened at the apps' side since the start; any thread may read it.
package final class ClientServerCounters: Sendable {
    /// WebSockets that are open now.
    package let connections = Atomic<Int>(0)
    /// WebSockets that were ever opened.
    package let connectionsAccepted = Atomic<Int>(0)
    /// Upgrades answered with 401.
    package let tokensRefused = Atomic<Int>(0)
    /// Other HTTP requests that were refused.
    package let requestsRefused = Atomic<Int>(0)
    /// Sockets dropped because their queue was full.
    package let slowSocketsDropped = Atomic<Int>(0)
    /// Sockets dropped because two pings went unanswered.
    package let silentSocketsDropped = Atomic<Int>(0)

    init() {}
}
