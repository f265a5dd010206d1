package import Observability

/// What the admin interface shows and does; the gateway gives it, a test gives its own.
package protocol AdminSource: Sendable {
    /// Whether new calls are taken: all listeners are bound, and the gateway isn't about to stop.
    var isReady: Bool { get }

    func statistics() async throws -> GatewayStatistics

    /// The live calls, oldest first.
    func calls() async throws -> [CallReport]

    /// The trunks, by name.
    func trunks() async throws -> [TrunkReport]

    /// Takes the phones and users that the storage has now.
    func readDirectory() async throws
}
