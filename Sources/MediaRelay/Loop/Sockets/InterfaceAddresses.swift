import Glibc
import MediaCore

/// The addresses of this machine's interfaces.
enum InterfaceAddresses {
    /// Those that are up, loopback last; without the link-local ones of IPv6, which mean nothing without a zone.
    ///
    /// - Parameters:
    ///   - port: what they are to bear.
    ///   - withIPv6: whether IPv6 addresses are wanted beside the IPv4 ones.
    /// - Returns: each once; empty where the system doesn't tell.
    static func list(port: UInt16, withIPv6: Bool) -> [MediaAddress] {
        var first: UnsafeMutablePointer<ifaddrs>?
        guard unsafe getifaddrs(&first) == 0 else { return [] }
        defer { unsafe freeifaddrs(first) }
        var outward: [MediaAddress] = []
        var loopback: [MediaAddress] = []
        var next = unsafe first
        while let entry = unsafe next {
            unsafe next = entry.pointee.ifa_next
            let flags = unsafe entry.pointee.ifa_flags
            guard flags & UInt32(IFF_UP) != 0,
                let socketAddress = unsafe entry.pointee.ifa_addr,
                let address = unsafe MediaAddress(storage: UnsafeRawPointer(socketAddress))?.with(port: port),
                !address.isIPv6 || (withIPv6 && address.high >> 54 != 0xFE80 >> 6)
            else { continue }
            let isLoopback = flags & UInt32(IFF_LOOPBACK) != 0
            if isLoopback, !loopback.contains(address) { loopback.append(address) }
            if !isLoopback, !outward.contains(address) { outward.append(address) }
        }
        return outward + loopback
    }
}
