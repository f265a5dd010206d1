import CMediaSockets
import Glibc
package import MediaCore

/// The room that `recvmmsg` fills: up to 64 datagrams in one system call, and no allocation for any.
@safe package final class ReceiveBatch {
    package static let capacity = 64
    /// In bytes; a longer datagram is none of media, and is cut by the kernel and dropped by us.
    package static let datagramSize = 2048

    private let bytes: UnsafeMutableRawPointer
    private let addresses: UnsafeMutableRawPointer
    private let vectors: UnsafeMutablePointer<iovec>
    private let messages: UnsafeMutablePointer<media_message>

    package init() {
        unsafe self.bytes = .allocate(byteCount: Self.capacity * Self.datagramSize, alignment: 64)
        unsafe self.addresses = .allocate(byteCount: Self.capacity * MediaAddress.storageSize, alignment: 8)
        unsafe self.vectors = .allocate(capacity: Self.capacity)
        unsafe self.messages = .allocate(capacity: Self.capacity)
        for index in 0..<Self.capacity {
            let vector = unsafe iovec(iov_base: self.bytes + index * Self.datagramSize, iov_len: Self.datagramSize)
            unsafe (self.vectors + index).initialize(to: vector)
            var message = unsafe media_message()
            unsafe message.header.msg_name = self.addresses + index * MediaAddress.storageSize
            unsafe message.header.msg_namelen = socklen_t(MediaAddress.storageSize)
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

    /// Takes what has come to a socket; the number of datagrams, 0 where nothing has or the socket has failed.
    package func receive(from descriptor: Int32) -> Int {
        let count = unsafe media_receive(descriptor, self.messages, UInt32(Self.capacity))
        return count > 0 ? Int(count) : 0
    }

    /// A datagram of the last `receive`, 0 up to its count; nil where it was cut or came from no IP address.
    ///
    /// The bytes may be changed in place, and are good until the next `receive`.
    package func datagram(_ index: Int) -> (bytes: UnsafeMutableRawBufferPointer, source: MediaAddress)? {
        let message = unsafe self.messages + index
        let storage = unsafe self.addresses + index * MediaAddress.storageSize
        // The kernel shortened it to what it wrote.
        unsafe message.pointee.header.msg_namelen = socklen_t(MediaAddress.storageSize)
        guard unsafe message.pointee.header.msg_flags & Int32(MSG_TRUNC) == 0,
            let source = unsafe MediaAddress(storage: storage)
        else { return nil }
        let count = min(unsafe Int(message.pointee.length), Self.datagramSize)
        let start = unsafe self.bytes + index * Self.datagramSize
        return unsafe (UnsafeMutableRawBufferPointer(start: start, count: count), source)
    }
}
