package import SIPCore

/// The moments at which legs must be looked at, the earliest first: a binary heap.
///
/// An entry is never removed early: who takes it out asks whether it still means anything.
package struct LegDeadlines {
    package struct Entry: Equatable, Sendable {
        package var deadline: Instant
        package var slot: Int
        package var generation: UInt32

        package init(deadline: Instant, slot: Int, generation: UInt32) {
            self.deadline = deadline
            self.slot = slot
            self.generation = generation
        }
    }

    private var entries: [Entry] = []

    package init() {}

    /// Nil: there is none.
    package var earliest: Instant? { self.entries.first?.deadline }

    /// Adds an entry.
    package mutating func insert(_ entry: Entry) {
        self.entries.append(entry)
        var index = self.entries.count - 1
        while index > 0 {
            let parent = (index - 1) / 2
            guard self.entries[index].deadline < self.entries[parent].deadline else { return }
            self.entries.swapAt(index, parent)
            index = parent
        }
    }

    /// Takes the earliest entry out where it is due.
    package mutating func next(due now: Instant) -> Entry? {
        guard let first = self.entries.first, first.deadline <= now else { return nil }
        self.entries.swapAt(0, self.entries.count - 1)
        self.entries.removeLast()
        var index = 0
        while true {
            var least = index
            for child in (2 * index + 1)..<(2 * index + 3) where child < self.entries.count {
                if self.entries[child].deadline < self.entries[least].deadline { least = child }
            }
            guard least != index else { return first }
            self.entries.swapAt(index, least)
            index = least
        }
    }
}
