import Glibc
import MediaCore
import MediaRelay
import Synchronization

/// Keeps an engine's events until a test asks for them.
final class EventLog: Sendable {
    private let events = Mutex<[MediaEvent]>([])
    private let bell: LoopBell

    init() throws {
        self.bell = try LoopBell()
    }

    func add(_ events: [MediaEvent]) {
        self.events.withLock { $0 += events }
        self.bell.ring()
    }

    /// The first event that is wanted, which is taken out; nil where none comes for so long.
    func next(milliseconds: Int32 = 10_000, where isWanted: (MediaEvent) -> Bool) -> MediaEvent? {
        while true {
            self.bell.answer()
            let found = self.events.withLock { events -> MediaEvent? in
                guard let index = events.firstIndex(where: isWanted) else { return nil }
                return events.remove(at: index)
            }
            if let found { return found }
            guard wait(for: self.bell.descriptor, milliseconds: milliseconds) else { return nil }
        }
    }

    func comes(_ event: MediaEvent) -> Bool {
        self.next { $0 == event } != nil
    }

    /// What nobody has asked for.
    var left: [MediaEvent] { self.events.withLock { $0 } }
}
