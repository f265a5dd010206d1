import CMediaSockets
import Glibc
package import MediaCore

/// A non-blocking UDP socket that is closed with its last reference.
package final class UDPSocket: Sendable {
    package let descriptor: Int32
    /// Where it is bound, with the port that the kernel chose where 0 was asked for.
    package let address: MediaAddress

    /// Binds one.
    ///
    /// - Parameters:
    ///   - address: its unspecified IPv6 form takes IPv4 as well.
    ///   - bufferSize: of either direction in bytes; the kernel gives what it permits. Nil: the system's default.
    /// - Throws: the reason as the system names it.
    package init(bound address: MediaAddress, bufferSize: Int32? = nil) throws(SocketError) {
        let descriptor = media_udp_socket(address.isIPv6 ? AF_INET6 : AF_INET)
        guard descriptor >= 0 else { throw SocketError(number: -descriptor) }
        guard let bound = Self.bind(descriptor, to: address, bufferSize: bufferSize) else {
            let error = SocketError(number: errno)
            _ = close(descriptor)
            throw error
        }
        self.descriptor = descriptor
        self.address = bound
    }

    deinit {
        _ = close(self.descriptor)
    }

    /// Where it is bound now; nil with `errno` set.
    private static func bind(_ descriptor: Int32, to address: MediaAddress, bufferSize: Int32?) -> MediaAddress? {
        if let bufferSize {
            // Less room is no fault: the counters of the kernel tell of what was lost.
            _ = Self.set(SO_RCVBUF, of: SOL_SOCKET, to: bufferSize, on: descriptor)
            _ = Self.set(SO_SNDBUF, of: SOL_SOCKET, to: bufferSize, on: descriptor)
        }
        if address.isIPv6 {
            let only: Int32 = address.isUnspecified ? 0 : 1
            guard Self.set(IPV6_V6ONLY, of: Int32(IPPROTO_IPV6), to: only, on: descriptor) else { return nil }
        }
        let isBound = unsafe withUnsafeTemporaryAllocation(
            byteCount: MediaAddress.storageSize,
            alignment: 8
        ) { storage in
            guard let base = storage.baseAddress else { return false }
            let length = unsafe address.write(to: base, socketIsIPv6: address.isIPv6)
            return unsafe Glibc.bind(descriptor, base.assumingMemoryBound(to: sockaddr.self), socklen_t(length)) == 0
        }
        guard isBound else { return nil }
        if address.port != 0 { return address }
        return Self.chosenPort(of: descriptor).map { address.with(port: $0) }
    }

    private static func chosenPort(of descriptor: Int32) -> UInt16? {
        unsafe withUnsafeTemporaryAllocation(byteCount: MediaAddress.storageSize, alignment: 8) { storage in
            guard let base = storage.baseAddress else { return nil }
            var length = socklen_t(MediaAddress.storageSize)
            guard unsafe getsockname(descriptor, base.assumingMemoryBound(to: sockaddr.self), &length) == 0 else {
                return nil
            }
            return unsafe MediaAddress(storage: base)?.port
        }
    }

    private static func set(_ option: Int32, of level: Int32, to value: Int32, on descriptor: Int32) -> Bool {
        var value = value
        return unsafe setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size)) == 0
    }
}
