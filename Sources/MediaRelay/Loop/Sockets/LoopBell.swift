import CMediaSockets
import Glibc

/// Wakes a loop that waits, from any thread (`eventfd`).
package final class LoopBell: Sendable {
    package let descriptor: Int32

    package init() throws(SocketError) {
        let descriptor = media_event_counter()
        guard descriptor >= 0 else { throw SocketError(number: -descriptor) }
        self.descriptor = descriptor
    }

    deinit {
        _ = close(self.descriptor)
    }

    package func ring() {
        var one: UInt64 = 1
        // It fails only where the counter is full, and then the loop is about to wake.
        _ = unsafe write(self.descriptor, &one, MemoryLayout<UInt64>.size)
    }

    /// Silences it, on the loop.
    package func answer() {
        var count: UInt64 = 0
        _ = unsafe read(self.descriptor, &count, MemoryLayout<UInt64>.size)
    }
}
