import Synchronization

/// How many WebSockets there are, of each user and in all; shared by every edge loop, and touched only when a socket
/// comes or goes.
final class SocketQuota: Sendable {
    /// Whether a socket may be opened.
    enum Verdict: Equatable {
        case granted
        case userFull
        case serverFull
    }

    private let perUser: Int
    private let total: Int
    private let counters: ClientServerCounters
    private let users = Mutex<[String: Int]>([:])

    init(perUser: Int, total: Int, counters: ClientServerCounters) {
        self.perUser = perUser
        self.total = total
        self.counters = counters
    }

    /// Takes one socket of the user, if there is one left; ``giveBack(_:)`` returns it.
    func take(_ user: String) -> Verdict {
        self.users.withLock { users in
            // All changes of the total happen under this lock.
            guard self.counters.connections.load(ordering: .relaxed) < self.total else { return .serverFull }
            guard users[user, default: 0] < self.perUser else { return .userFull }
            users[user, default: 0] += 1
            self.counters.connections.add(1, ordering: .relaxed)
            return .granted
        }
    }

    /// Returns one socket of the user.
    func giveBack(_ user: String) {
        self.users.withLock { users in
            guard let count = users[user] else { return }
            users[user] = count > 1 ? count - 1 : nil
            self.counters.connections.subtract(1, ordering: .relaxed)
        }
    }
}
