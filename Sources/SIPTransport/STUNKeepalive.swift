package import SIPCore

/// Answers the keepalives of phones that register by a flow of datagrams (RFC 5626 §3.5.2, §5.4).
///
/// A phone sends a STUN Binding request to the socket of SIP and learns from the response that its flow stands, and by
/// which address its NAT shows it. Nothing else of STUN (RFC 8489) is served here.
package enum STUNKeepalive {
    private static let cookie: UInt32 = 0x2112_A442

    /// The response to a Binding request; nil for whatever else has come.
    ///
    /// It is no longer than 24 bytes beyond its request, and holds nothing but where that came from.
    package static func response(to request: some Collection<UInt8>, from source: SIPAddress) -> [UInt8]? {
        let head = Array(request.prefix(20))
        guard head.count == 20, head[0] == 0, head[1] == 1,
            head[4..<8].elementsEqual(self.bytes(self.cookie)),
            Int(head[2]) << 8 | Int(head[3]) == request.count - 20, head[3] & 3 == 0
        else { return nil }
        let transaction = head[8..<20]
        var value: [UInt8] = []
        if let address = IPv4Literal(source.host[...]) {
            value = [0, 1] + self.port(source.port) + self.bytes(address.bits ^ self.cookie)
        } else if let address = IPv6Literal(source.host[...]) {
            let mask = self.bytes(self.cookie) + transaction
            value = [0, 2] + self.port(source.port)
            value += zip(self.bytes(address.high) + self.bytes(address.low), mask).map { $0 ^ $1 }
        } else {
            return nil
        }
        // XOR-MAPPED-ADDRESS (RFC 8489 §14.2).
        let attribute: [UInt8] = [0x00, 0x20, 0, UInt8(value.count)] + value
        return [1, 1, 0, UInt8(attribute.count)] + self.bytes(self.cookie) + transaction + attribute
    }

    private static func port(_ port: UInt16) -> [UInt8] {
        self.bytes(port ^ UInt16(truncatingIfNeeded: self.cookie >> 16))
    }

    /// In network order.
    private static func bytes<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
        stride(from: Number.bitWidth - 8, through: 0, by: -8).map { UInt8(truncatingIfNeeded: number >> $0) }
    }
}
