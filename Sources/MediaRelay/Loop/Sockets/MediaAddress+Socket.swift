import CMediaSockets
import Glibc
import MediaCore

/// Socket addresses as the kernel reads and writes them, without a detour through objects.
///
/// The fields lie where RFC 3493 §3.3 and the Linux ABI put them: family at 0, port at 2, an IPv4 address at 4, an IPv6
/// one at 8.
extension MediaAddress {
    /// The room that one socket address needs, IPv6 included, rounded up.
    static let storageSize = 32

    /// Reads what the kernel wrote; nil where it is neither IPv4 nor IPv6.
    ///
    /// An IPv4 address that a dual-stack socket wraps into IPv6 is read as IPv4.
    init?(storage: UnsafeRawPointer) {
        let port = UInt16(bigEndian: unsafe storage.loadUnaligned(fromByteOffset: 2, as: UInt16.self))
        switch unsafe Int32(storage.loadUnaligned(as: sa_family_t.self)) {
        case AF_INET:
            let bits = UInt32(bigEndian: unsafe storage.loadUnaligned(fromByteOffset: 4, as: UInt32.self))
            self.init(ipv4: bits, port: port)
        case AF_INET6:
            let high = UInt64(bigEndian: unsafe storage.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
            let low = UInt64(bigEndian: unsafe storage.loadUnaligned(fromByteOffset: 16, as: UInt64.self))
            if high == 0, low >> 32 == 0xFFFF {
                self.init(ipv4: UInt32(truncatingIfNeeded: low), port: port)
            } else {
                self.init(ipv6: high, low, port: port)
            }
        default:
            return nil
        }
    }

    /// Writes the address for a socket of one family; the bytes that it took, or 0 where the socket can't reach it.
    func write(to storage: UnsafeMutableRawPointer, socketIsIPv6: Bool) -> Int {
        unsafe storage.initializeMemory(as: UInt8.self, repeating: 0, count: Self.storageSize)
        unsafe storage.storeBytes(of: self.port.bigEndian, toByteOffset: 2, as: UInt16.self)
        guard socketIsIPv6 else {
            if self.isIPv6 { return 0 }
            unsafe storage.storeBytes(of: sa_family_t(AF_INET), as: sa_family_t.self)
            let bits = UInt32(truncatingIfNeeded: self.low).bigEndian
            unsafe storage.storeBytes(of: bits, toByteOffset: 4, as: UInt32.self)
            return MemoryLayout<sockaddr_in>.size
        }
        unsafe storage.storeBytes(of: sa_family_t(AF_INET6), as: sa_family_t.self)
        let low = self.isIPv6 ? self.low : 0xFFFF_0000_0000 | self.low
        unsafe storage.storeBytes(of: self.high.bigEndian, toByteOffset: 8, as: UInt64.self)
        unsafe storage.storeBytes(of: low.bigEndian, toByteOffset: 16, as: UInt64.self)
        return MemoryLayout<sockaddr_in6>.size
    }
}
