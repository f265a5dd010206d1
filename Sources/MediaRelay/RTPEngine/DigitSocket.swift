import Glibc
import MediaCore

/// Takes what instances of rtpengine say of digits that came (`--dtmf-log-dest`).
@safe final class DigitSocket {
    /// One byte more than is read, to tell what is too long.
    private static let roomSize = DigitNotice.lengthLimit + 1

    let socket: UDPSocket
    private let room: UnsafeMutableRawPointer

    /// - Throws: where the address can't be bound.
    init(bound address: MediaAddress) throws(SocketError) {
        self.socket = try UDPSocket(bound: address)
        unsafe self.room = .allocate(byteCount: Self.roomSize, alignment: 64)
    }

    deinit {
        unsafe self.room.deallocate()
    }

    /// The next datagram that makes sense; nil where nothing has come.
    func receive() -> DigitNotice? {
        while true {
            let count = unsafe recv(self.socket.descriptor, self.room, Self.roomSize, 0)
            guard count >= 0 else { return nil }
            let bytes = unsafe [UInt8](UnsafeRawBufferPointer(start: self.room, count: count))
            if let notice = DigitNotice(bytes) { return notice }
        }
    }
}
