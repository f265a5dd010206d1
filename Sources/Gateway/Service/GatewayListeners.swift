/// What a gateway has bound, with the actual ports.
package struct GatewayListeners: Hashable, Sendable, CustomStringConvertible {
    package var client: HostPort
    /// Whether apps connect with `wss`.
    package var isClientSecure: Bool
    package var sip: [SIPListenAddress]
    package var admin: HostPort

    /// The line that `switchhook serve` prints once everything is bound.
    package var description: String {
        let scheme = self.isClientSecure ? "wss" : "ws"
        let sip = self.sip.map(\.description).joined(separator: ",")
        return "ready client=\(scheme)://\(self.client)/ws/call/ sip=\(sip) admin=http://\(self.admin)"
    }
}
