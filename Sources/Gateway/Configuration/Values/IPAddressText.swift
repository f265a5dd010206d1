#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// An IPv4 or IPv6 address as bytes, and as the one text that stands for it.
package struct IPAddressText: Hashable, Sendable, CustomStringConvertible {
    /// 4 or 16 bytes, in network order.
    package let bytes: [UInt8]

    /// Reads `127.0.0.1` or `::1`, without brackets and without a zone; nil where it is neither.
    package init?(_ text: String) {
        var four = in_addr()
        var sixteen = in6_addr()
        if inet_pton(AF_INET, text, &four) == 1 {
            self.bytes = withUnsafeBytes(of: &four) { Array($0) }
        } else if inet_pton(AF_INET6, text, &sixteen) == 1 {
            self.bytes = withUnsafeBytes(of: &sixteen) { Array($0) }
        } else {
            return nil
        }
    }

    package var isIPv6: Bool { self.bytes.count == 16 }

    /// 127.0.0.0/8 or ::1.
    package var isLoopback: Bool {
        self.isIPv6 ? self.bytes.dropLast().allSatisfy { $0 == 0 } && self.bytes.last == 1 : self.bytes.first == 127
    }

    /// 0.0.0.0 or ::, which as a listener means every address of the machine.
    package var isWildcard: Bool { self.bytes.allSatisfy { $0 == 0 } }

    package var description: String {
        var buffer = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        let family = self.isIPv6 ? AF_INET6 : AF_INET
        let printed = self.bytes.withUnsafeBytes { inet_ntop(family, $0.baseAddress, &buffer, socklen_t(buffer.count)) }
        guard printed != nil else { return "" }
        return String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
