internal import Glibc
package import NIOCore

/// How host names become addresses; the answer may take a while.
package struct HostLookup: Sendable {
    /// Gives the addresses of a name, the best first, whatever their port; none where it has none.
    ///
    /// It may block.
    package var addresses: @Sendable (String) -> [SocketAddress]

    package init(addresses: @escaping @Sendable (String) -> [SocketAddress]) {
        self.addresses = addresses
    }

    /// As the system does it: its files and its name servers, in the order of RFC 6724.
    package static let system = HostLookup { host in
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, nil, &hints, &list) == 0 else { return [] }
        defer { freeaddrinfo(list) }
        var addresses: [SocketAddress] = []
        var next = list
        while let entry = next?.pointee {
            next = entry.ai_next
            guard let address = UnsafeRawPointer(entry.ai_addr) else { continue }
            switch entry.ai_family {
            case AF_INET where Int(entry.ai_addrlen) >= MemoryLayout<sockaddr_in>.size:
                addresses.append(SocketAddress(address.loadUnaligned(as: sockaddr_in.self)))
            case AF_INET6 where Int(entry.ai_addrlen) >= MemoryLayout<sockaddr_in6>.size:
                addresses.append(SocketAddress(address.loadUnaligned(as: sockaddr_in6.self)))
            default: continue
            }
        }
        return addresses
    }
}
