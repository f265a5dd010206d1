import CMediaSockets
import Glibc
import MediaCore

/// The socket toward one instance of rtpengine.
@safe final class ControlSocket {
    /// The most that a datagram holds.
    private static let datagramSize = 65_536
    private static let bufferSize: Int32 = 4_194_304

    let socket: UDPSocket
    private let peer: MediaAddress
    private let room: UnsafeMutableRawPointer

    /// - Throws: where the system has no socket left.
    init(to peer: MediaAddress) throws(SocketError) {
        let any = peer.isIPv6 ? MediaAddress(ipv6: 0, 0, port: 0) : MediaAddress(ipv4: 0, port: 0)
        self.socket = try UDPSocket(bound: any, bufferSize: Self.bufferSize)
        self.peer = peer
        unsafe self.room = .allocate(byteCount: Self.datagramSize, alignment: 64)
        // Only what the instance sends is taken, and the system tells at once where nobody listens.
        let isConnected = unsafe withUnsafeTemporaryAllocation(
            byteCount: MediaAddress.storageSize,
            alignment: 8
        ) { storage in
            guard let base = storage.baseAddress else { return false }
            let length = unsafe peer.write(to: base, socketIsIPv6: peer.isIPv6)
            let address = unsafe base.assumingMemoryBound(to: sockaddr.self)
            return unsafe connect(self.socket.descriptor, address, socklen_t(length)) == 0
        }
        guard isConnected else { throw SocketError(number: errno) }
    }

    deinit {
        unsafe self.room.deallocate()
    }

    /// What does not go out is repeated by the machine that sent it.
    func send(_ message: NGMessage) {
        let bytes = message.bytes
        _ = unsafe bytes.withUnsafeBytes { unsafe Glibc.send(self.socket.descriptor, $0.baseAddress, $0.count, 0) }
    }

    /// The next datagram that makes sense; nil where nothing has come.
    func receive() -> NGMessage? {
        while true {
            let count = unsafe recv(self.socket.descriptor, self.room, Self.datagramSize, 0)
            if count < 0 {
                // An earlier datagram found nobody: that error is taken, and the next one looked for.
                if errno == ECONNREFUSED { continue }
                return nil
            }
            let bytes = unsafe [UInt8](UnsafeRawBufferPointer(start: self.room, count: count))
            if let message = NGMessage(bytes) { return message }
        }
    }
}
