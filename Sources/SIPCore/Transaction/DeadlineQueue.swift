/// Something that waits for a moment.
package protocol Schedulable: AnyObject {
    /// Its place in a queue of deadlines, which alone sets it; below zero while it stands in none.
    var queuePlace: Int { get set }
}

/// The deadlines of many items: a binary heap with places.
///
/// An item has at most one place, and knows it, so that its deadline can be moved or dropped at once: the queue never
/// holds more than what waits. Setting, moving and dropping one costs the logarithm of their number.
package struct DeadlineQueue<Item: Schedulable> {
    private struct Entry {
        var deadline: Instant
        var item: Item
    }

    private var heap: [Entry] = []

    package init() {}

    package var count: Int { self.heap.count }
    /// The earliest deadline.
    package var next: Instant? { self.heap.first?.deadline }

    /// Sets or moves the deadline of an item; nil drops it.
    package mutating func set(_ item: Item, _ deadline: Instant?) {
        guard let deadline else {
            self.remove(item)
            return
        }
        guard item.queuePlace >= 0 else {
            self.heap.append(Entry(deadline: deadline, item: item))
            self.rise(self.heap.count - 1)
            return
        }
        let place = item.queuePlace
        let old = self.heap[place].deadline
        self.heap[place].deadline = deadline
        if deadline < old {
            self.rise(place)
        } else if old < deadline {
            self.sink(place)
        }
    }

    /// Takes out the earliest item whose time has come.
    package mutating func popDue(_ now: Instant) -> Item? {
        guard let first = self.heap.first, first.deadline <= now else { return nil }
        self.remove(first.item)
        return first.item
    }

    private mutating func remove(_ item: Item) {
        let place = item.queuePlace
        guard place >= 0, let last = self.heap.popLast() else { return }
        item.queuePlace = -1
        guard place < self.heap.count else { return }
        let old = self.heap[place].deadline
        self.heap[place] = last
        if last.deadline < old {
            self.rise(place)
        } else {
            self.sink(place)
        }
    }

    private mutating func rise(_ start: Int) {
        let entry = self.heap[start]
        var place = start
        while place > 0 {
            let parent = (place - 1) / 2
            guard entry.deadline < self.heap[parent].deadline else { break }
            self.put(self.heap[parent], at: place)
            place = parent
        }
        self.put(entry, at: place)
    }

    private mutating func sink(_ start: Int) {
        let entry = self.heap[start]
        var place = start
        while true {
            var child = 2 * place + 1
            guard child < self.heap.count else { break }
            if child + 1 < self.heap.count, self.heap[child + 1].deadline < self.heap[child].deadline { child += 1 }
            guard self.heap[child].deadline < entry.deadline else { break }
            self.put(self.heap[child], at: place)
            place = child
        }
        self.put(entry, at: place)
    }

    private mutating func put(_ entry: Entry, at place: Int) {
        self.heap[place] = entry
        entry.item.queuePlace = place
    }
}
