internal import NIOCore
internal import SIPCore

/// IP addresses as text, with what the system wants instead; a peer is written to many times.
struct AddressCache {
    private static let limit = 4096

    private var known: [SIPAddress: SocketAddress] = [:]

    /// The address that `host` spells; nil where it spells none.
    mutating func literal(_ host: String, port: UInt16) -> SocketAddress? {
        let key = SIPAddress(host: host, port: port)
        if let address = self.known[key] { return address }
        guard host.isIPv4Literal || host.isIPv6Literal,
            let address = try? SocketAddress(ipAddress: host, port: Int(port))
        else { return nil }
        // Which of them goes does not matter, and all at once is cheapest.
        if self.known.count >= Self.limit { self.known.removeAll(keepingCapacity: true) }
        self.known[key] = address
        return address
    }
}
