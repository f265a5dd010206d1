import Glibc
import Synchronization

/// The one thread that the control of rtpengine runs on.
final class RTPEngineThread: Sendable {
    private let thread: Mutex<pthread_t?>

    /// Starts it; the loop is the thread's alone from now on.
    ///
    /// - Throws: where the system has no thread.
    init(running loop: sending RTPEngineLoop) throws(SocketError) {
        // A thread of C takes a bare pointer; it carries the one reference over.
        let handedOver = unsafe Unmanaged.passRetained(loop)
        var thread = pthread_t()
        let result = unsafe pthread_create(
            &thread,
            nil,
            { pointer in
                guard let pointer = unsafe pointer else { return nil }
                unsafe Unmanaged<RTPEngineLoop>.fromOpaque(pointer).takeRetainedValue().run()
                return nil
            },
            handedOver.toOpaque()
        )
        guard result == 0 else {
            unsafe handedOver.release()
            throw SocketError(number: result)
        }
        self.thread = Mutex(thread)
    }

    /// Waits for its end; from any thread but itself.
    func join() {
        let thread = self.thread.withLock { thread in
            defer { thread = nil }
            return thread
        }
        if let thread { _ = pthread_join(thread, nil) }
    }
}
