/// The release of the gateway.
package enum GatewayVersion {
    /// By semantic versioning, without a `v`.
    package static let current = "0.1.0"
}
