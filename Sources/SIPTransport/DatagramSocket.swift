internal import Glibc
internal import NIOCore

/// A UDP socket of ours, as the system knows it; NIO reads from it and closes it, we send by it.
///
/// NIO's own way out closes the socket on every send error but two. A target comes from the wire, and some (a broadcast
/// address, port 0, an address without a route) make the system refuse: one datagram of a stranger would end the
/// listener. Besides, this way takes no allocation.
struct DatagramSocket: Sendable {
    let descriptor: CInt

    /// Bytes that the system shall keep for us, each way: some thousand messages of a burst.
    private static let bufferSize: CInt = 4 << 20

    init(boundTo address: SocketAddress) throws(IOError) {
        let isIPv6 = address.protocol == .inet6
        let kind = CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue) | CInt(SOCK_NONBLOCK.rawValue)
        self.descriptor = socket(isIPv6 ? AF_INET6 : AF_INET, kind, 0)
        guard self.descriptor >= 0 else { throw IOError(errnoCode: errno, reason: "socket") }
        // Less than asked for is no fault.
        self.set(SOL_SOCKET, SO_RCVBUF, to: Self.bufferSize)
        self.set(SOL_SOCKET, SO_SNDBUF, to: Self.bufferSize)
        // Each family has a listener of its own; without this, `::` would take IPv4 too.
        if isIPv6 { self.set(CInt(IPPROTO_IPV6), IPV6_V6ONLY, to: 1) }
        let descriptor = self.descriptor
        let result = unsafe address.withSockAddr { pointer, length in
            unsafe bind(descriptor, pointer, socklen_t(length))
        }
        guard result == 0 else {
            let error = IOError(errnoCode: errno, reason: "bind")
            close(descriptor)
            throw error
        }
    }

    private func set(_ level: CInt, _ option: CInt, to value: CInt) {
        var value = value
        _ = unsafe setsockopt(self.descriptor, level, option, &value, socklen_t(MemoryLayout<CInt>.size))
    }

    /// Sends one datagram.
    ///
    /// - Returns: 0, or the system's error number. A full buffer is no error: the network, too, loses datagrams.
    func send(_ bytes: [UInt8], to address: SocketAddress) -> CInt {
        let descriptor = self.descriptor
        while true {
            let sent = unsafe bytes.withUnsafeBytes { bytes in
                unsafe address.withSockAddr { pointer, length in
                    unsafe sendto(
                        descriptor,
                        bytes.baseAddress,
                        bytes.count,
                        CInt(MSG_NOSIGNAL),
                        pointer,
                        socklen_t(length)
                    )
                }
            }
            guard sent < 0 else { return 0 }
            switch errno {
            case EINTR: continue
            case EAGAIN, ENOBUFS: return 0
            case let error: return error
            }
        }
    }
}
