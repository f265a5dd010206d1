internal import Synchronization

/// A value that comes to be after those who need it: the edges and the signalling loop hold each other.
final class LateBound<Value: Sendable>: Sendable {
    private let stored = Mutex<Value?>(nil)

    var value: Value? { self.stored.withLock { $0 } }

    func bind(_ value: Value?) {
        self.stored.withLock { $0 = value }
    }
}
