internal import Glibc
internal import NIOCore
internal import NIOPosix
internal import SIPCore
internal import Synchronization

/// Finds the addresses of targets that are named (RFC 3263), on a thread of its own, which the first name starts.
final class Locator: Sendable {
    private typealias Job = @Sendable (LocationDesk) -> Void

    private struct State {
        var jobs: [Job] = []
        var isRunning = false
        var isStopped = false
    }

    private let makeSource: @Sendable () -> any NameSource
    private let reach: [TargetSearch.Reach]
    private let thread = NIOThreadPool(numberOfThreads: 1)
    private let state = Mutex(State())
    /// A pipe: what is written to its second end wakes the thread.
    private let bell: (read: CInt, write: CInt)

    /// - Parameters:
    ///   - reach: our sockets.
    ///   - source: makes what answers questions, on the thread.
    init(reach: [TargetSearch.Reach], source: @escaping @Sendable () -> any NameSource) {
        self.reach = reach
        self.makeSource = source
        var ends: [CInt] = [-1, -1]
        if unsafe pipe(&ends) != 0 { ends = [-1, -1] }
        for end in ends where end >= 0 {
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
        }
        self.bell = (ends[0], ends[1])
    }

    deinit {
        if self.bell.read >= 0 {
            close(self.bell.read)
            close(self.bell.write)
        }
    }

    /// Gives the addresses of a target, in the order in which they are to be tried; none where there are none.
    ///
    /// - Parameters:
    ///   - target: with a name for its host, or an address, which is found at once.
    ///   - then: called on any thread.
    func locate(_ target: SIPTarget, then: @escaping @Sendable ([SIPTarget]) -> Void) {
        guard target.isNamed else { return then([target]) }
        let isTaken = self.submit { $0.locate(target, now: .now(), then: then) }
        if !isTaken { then([]) }
    }

    private func submit(_ job: @escaping Job) -> Bool {
        let (isTaken, isFirst) = self.state.withLock { state in
            guard !state.isStopped, self.bell.read >= 0 else { return (false, false) }
            state.jobs.append(job)
            defer { state.isRunning = true }
            return (true, !state.isRunning)
        }
        if isFirst {
            self.thread.start()
            self.thread.submit { [self] _ in self.run() }
        } else if isTaken {
            self.ring()
        }
        return isTaken
    }

    /// Ends the thread, and waits for it; what is being searched for is not found.
    func stop() async {
        let isRunning = self.state.withLock { state in
            state.isStopped = true
            return state.isRunning
        }
        guard isRunning else { return }
        self.ring()
        // It fails only where it has been done before.
        try? await self.thread.shutdownGracefully()
    }

    private func ring() {
        // A full pipe rings already.
        unsafe withUnsafeBytes(of: UInt8(1)) { _ = unsafe write(self.bell.write, $0.baseAddress, 1) }
    }

    // MARK: On the thread

    private func run() {
        let source = self.makeSource()
        let desk = LocationDesk(source: source, reach: self.reach)
        var ignored = [UInt8](repeating: 0, count: 64)
        while true {
            let (jobs, isStopped) = self.state.withLock { state in
                defer { state.jobs = [] }
                return (state.jobs, state.isStopped)
            }
            for job in jobs { job(desk) }
            guard !isStopped else { break }
            source.wait(for: self.bell.read) { desk.answered($1, to: $0, now: .now()) }
            while unsafe read(self.bell.read, &ignored, ignored.count) > 0 {}
        }
        desk.close()
        source.close()
    }
}
