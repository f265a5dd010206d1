/// The value of a `c=` line (RFC 8866 §5.7).
package struct SDPConnection: Hashable, Sendable {
    /// `IN`.
    package var networkType: Substring
    /// `IP4` or `IP6`.
    package var addressType: Substring
    /// The address, of multicast with `/ttl` and the like.
    package var address: Substring

    /// The address of a host; its type follows from its form.
    package init(address: some StringProtocol) {
        self.networkType = "IN"
        self.addressType = SDPConnection.addressType(of: address)
        self.address = Substring(address)
    }

    /// Reads the value; nil unless it is three fields.
    init?(_ text: Substring) {
        var scanner = SDPFields(text)
        guard let networkType = scanner.next(), let addressType = scanner.next(), let address = scanner.next(),
            scanner.next() == nil
        else { return nil }
        self.networkType = networkType
        self.addressType = addressType
        self.address = address
    }

    package var text: String {
        String(fields: self.networkType, self.addressType, self.address)
    }

    /// Whether it is `0.0.0.0` or `::`, which old phones offer for hold (RFC 3264 §8.4).
    package var isUnspecified: Bool {
        self.address == "0.0.0.0" || (IPv6Literal(self.address).map { $0.high == 0 && $0.low == 0 } ?? false)
    }

    static func addressType(of address: some StringProtocol) -> Substring {
        address.utf8.contains(UInt8(ascii: ":")) ? "IP6" : "IP4"
    }
}
