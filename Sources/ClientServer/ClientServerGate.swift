import Synchronization

/// Whether new WebSockets are let in; any thread may read and close it.
final class ClientServerGate: Sendable {
    private let open = Atomic<Bool>(true)

    var isOpen: Bool { self.open.load(ordering: .relaxed) }

    func close() { self.open.store(false, ordering: .relaxed) }
}
