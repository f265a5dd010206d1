internal import NIOCore
internal import SIPCore

extension SIPAddress {
    /// The text of a socket's address; nil for one that is not of the internet.
    init?(_ address: SocketAddress) {
        guard let port = address.port.flatMap({ UInt16(exactly: $0) }) else { return nil }
        switch address {
        case .v4:
            // Where sin_addr lies in a sockaddr_in on every system.
            let bits = unsafe address.withSockAddr { pointer, _ in
                unsafe UnsafeRawPointer(pointer).load(fromByteOffset: 4, as: UInt32.self)
            }
            self.init(host: Self.text(ofIPv4: UInt32(bigEndian: bits)), port: port)
        case .v6:
            guard let host = address.ipAddress else { return nil }
            self.init(host: host, port: port)
        case .unixDomainSocket:
            return nil
        }
    }

    /// Short enough to take no allocation, unlike what NIO does.
    private static func text(ofIPv4 bits: UInt32) -> String {
        unsafe String(unsafeUninitializedCapacity: 15) { buffer in
            var count = 0
            func append(_ byte: UInt8) {
                unsafe buffer.initializeElement(at: count, to: byte)
                count += 1
            }
            for position in 0..<4 {
                let octet = UInt8(truncatingIfNeeded: bits >> UInt32(24 - 8 * position))
                if position > 0 { append(UInt8(ascii: ".")) }
                if octet >= 100 { append(UInt8(ascii: "0") + octet / 100) }
                if octet >= 10 { append(UInt8(ascii: "0") + octet / 10 % 10) }
                append(UInt8(ascii: "0") + octet % 10)
            }
            return count
        }
    }
}
