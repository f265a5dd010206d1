import CMediaSockets
import Glibc

/// The sockets that the loop waits for (`epoll`, level-triggered), and its bell.
@safe final class Poller {
    /// Tokens that one wait tells of at most.
    static let capacity = 256
    /// The bell's token; no socket has it.
    static let bell = UInt64.max

    private let descriptor: Int32
    private let events: UnsafeMutablePointer<epoll_event>

    /// - Parameter bell: rings when others have something for the loop.
    /// - Throws: where the system has no descriptor left.
    init(bell: LoopBell) throws(SocketError) {
        let descriptor = media_epoll()
        guard descriptor >= 0 else { throw SocketError(number: -descriptor) }
        self.descriptor = descriptor
        unsafe self.events = .allocate(capacity: Self.capacity)
        unsafe self.events.initialize(repeating: epoll_event(), count: Self.capacity)
        try self.add(bell.descriptor, token: Self.bell)
    }

    deinit {
        _ = close(self.descriptor)
        unsafe self.events.deallocate()
    }

    /// Waits for a socket, which leaves by being closed.
    ///
    /// - Parameters:
    ///   - descriptor: of the socket.
    ///   - token: what `wait` tells of it by.
    /// - Throws: where the system has no room left.
    func add(_ descriptor: Int32, token: UInt64) throws(SocketError) {
        let result = media_epoll_add(self.descriptor, descriptor, token)
        guard result == 0 else { throw SocketError(number: -result) }
    }

    /// Waits until something has come, at most for `milliseconds` (-1: for ever); the number of tokens.
    func wait(milliseconds: Int32) -> Int {
        let count = unsafe epoll_wait(self.descriptor, self.events, Int32(Self.capacity), milliseconds)
        return count > 0 ? Int(count) : 0
    }

    /// A token of the last `wait`, 0 up to its count.
    func token(_ index: Int) -> UInt64 {
        unsafe self.events[index].data.u64
    }
}
