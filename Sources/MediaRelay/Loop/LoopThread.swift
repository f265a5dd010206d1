import Glibc
import Synchronization

/// What has a thread to itself for as long as it runs.
protocol ThreadLoop: AnyObject {
    /// Returns when it is told to stop.
    func run()
}

/// The one thread that a loop runs on.
final class LoopThread: Sendable {
    /// Carries a loop of any kind through the bare pointer that a thread of C takes.
    private final class Parcel {
        let loop: any ThreadLoop

        init(_ loop: any ThreadLoop) {
            self.loop = loop
        }
    }

    private let thread: Mutex<pthread_t?>

    /// Starts it; the loop is the thread's alone from now on.
    ///
    /// - Throws: where the system has no thread.
    init(running loop: sending any ThreadLoop) throws(SocketError) {
        // The one reference goes over with it.
        let handedOver = unsafe Unmanaged.passRetained(Parcel(loop))
        var thread = pthread_t()
        let result = unsafe pthread_create(
            &thread,
            nil,
            { pointer in
                guard let pointer = unsafe pointer else { return nil }
                unsafe Unmanaged<Parcel>.fromOpaque(pointer).takeRetainedValue().loop.run()
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
