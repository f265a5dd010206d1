import CMediaSockets
import Glibc
package import MediaCore

/// Datagrams that wait for the end of the turn, so that one `sendmmsg` takes many of them.
///
/// A packet is built right in the room that it is sent from: `room()`, then `append`.
@safe package final class SendQueue {
    package static let capacity = 64
    /// In bytes.
    package static let datagramSize = 2048

    /// What became of the datagrams since the beginning.
    package struct Counters: Equatable, Sendable {
        package var sent: UInt64
        package var sentBytes: UInt64
        /// The socket's buffer was full.
        package var congested: UInt64
        /// The system refused: no route, not permitted.
        package var refused: UInt64

        package init(sent: UInt64 = 0, sentBytes: UInt64 = 0, congested: UInt64 = 0, refused: UInt64 = 0) {
            self.sent = sent
            self.sentBytes = sentBytes
            self.congested = congested
            self.refused = refused
        }
    }

    package private(set) var counters = Counters()
    package private(set) var count = 0
    private let bytes: UnsafeMutableRawPointer
    private let addresses: UnsafeMutableRawPointer
    private let vectors: UnsafeMutablePointer<iovec>
    private let messages: UnsafeMutablePointer<media_message>
    private var descriptors = [Int32](repeating: -1, count: SendQueue.capacity)

    package init() {
        unsafe self.bytes = .allocate(byteCount: Self.capacity * Self.datagramSize, alignment: 64)
        unsafe self.addresses = .allocate(byteCount: Self.capacity * MediaAddress.storageSize, alignment: 8)
        unsafe self.vectors = .allocate(capacity: Self.capacity)
        unsafe self.messages = .allocate(capacity: Self.capacity)
        for index in 0..<Self.capacity {
            let vector = unsafe iovec(iov_base: self.bytes + index * Self.datagramSize, iov_len: 0)
            unsafe (self.vectors + index).initialize(to: vector)
            var message = unsafe media_message()
            unsafe message.header.msg_name = self.addresses + index * MediaAddress.storageSize
            unsafe message.header.msg_iov = self.vectors + index
            unsafe message.header.msg_iovlen = 1
            unsafe (self.messages + index).initialize(to: message)
        }
    }

    deinit {
        unsafe self.messages.deallocate()
        unsafe self.vectors.deallocate()
        unsafe self.addresses.deallocate()
        unsafe self.bytes.deallocate()
    }

    /// Where the next datagram is to be written; a full queue is sent first.
    package func room() -> UnsafeMutableRawBufferPointer {
        if self.count == Self.capacity { self.flush() }
        let start = unsafe self.bytes + self.count * Self.datagramSize
        return unsafe UnsafeMutableRawBufferPointer(start: start, count: Self.datagramSize)
    }

    /// Queues the datagram that stands in the room that `room()` gave last.
    package func append(byteCount: Int, to address: MediaAddress, from socket: UDPSocket) {
        guard byteCount > 0, byteCount <= Self.datagramSize, self.count < Self.capacity else { return }
        let index = self.count
        let storage = unsafe self.addresses + index * MediaAddress.storageSize
        let length = unsafe address.write(to: storage, socketIsIPv6: socket.address.isIPv6)
        guard length > 0 else {
            self.counters.refused &+= 1
            return
        }
        unsafe self.messages[index].header.msg_namelen = socklen_t(length)
        unsafe self.vectors[index].iov_len = byteCount
        self.descriptors[index] = socket.descriptor
        self.count = index + 1
    }

    /// Queues a copy of these bytes; more than fit are dropped.
    package func append(_ bytes: UnsafeRawBufferPointer, to address: MediaAddress, from socket: UDPSocket) {
        guard bytes.count <= Self.datagramSize else { return }
        unsafe self.room().copyMemory(from: bytes)
        self.append(byteCount: bytes.count, to: address, from: socket)
    }

    /// Sends all, in their order for each socket.
    ///
    /// It must run before a socket is closed whose datagrams may be here: its number may be another's afterwards.
    package func flush() {
        var start = 0
        while start < self.count {
            let descriptor = self.descriptors[start]
            var end = start + 1
            while end < self.count, self.descriptors[end] == descriptor { end += 1 }
            self.send(start..<end, over: descriptor)
            start = end
        }
        self.count = 0
    }

    private func send(_ range: Range<Int>, over descriptor: Int32) {
        var next = range.lowerBound
        while next < range.upperBound {
            let result = unsafe media_send(descriptor, self.messages + next, UInt32(range.upperBound - next))
            if result > 0 {
                let sent = next..<min(next + Int(result), range.upperBound)
                for index in sent { unsafe self.counters.sentBytes &+= UInt64(self.vectors[index].iov_len) }
                self.counters.sent &+= UInt64(sent.count)
                next = sent.upperBound
            } else if result == -EAGAIN || result == -ENOBUFS {
                // Late audio is worth nothing: it is not kept for a better time.
                self.counters.congested &+= UInt64(range.upperBound - next)
                return
            } else if result != -EINTR {
                self.counters.refused &+= 1
                next += 1
            }
        }
    }
}
