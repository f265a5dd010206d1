import DequeModule

/// The users that were connected at some time: calling one who is away is `unavailable`, not `not_found`.
///
/// The oldest are forgotten first, so that no stream of tokens fills the memory.
struct KnownUsers {
    private static let limit = 100_000

    private var ids: Set<String> = []
    private var order: Deque<String> = []

    mutating func insert(_ id: String) {
        guard self.ids.insert(id).inserted else { return }
        self.order.append(id)
        if self.order.count > Self.limit, let oldest = self.order.popFirst() { self.ids.remove(oldest) }
    }

    func contains(_ id: String) -> Bool { self.ids.contains(id) }
}
