/// What will happen, by its time; of two at one time the one that was put in first comes first.
struct EventQueue<Event> {
    private struct Entry {
        var time: UInt64
        var sequence: UInt64
        var slot: Int

        func isBefore(_ other: Entry) -> Bool {
            self.time != other.time ? self.time < other.time : self.sequence < other.sequence
        }
    }

    private var heap: [Entry] = []
    private var slots: [Event?] = []
    private var free: [Int] = []
    private var sequence: UInt64 = 0

    var next: UInt64? { self.heap.first?.time }

    mutating func insert(_ event: Event, at time: UInt64) {
        let slot: Int
        if let last = self.free.popLast() {
            slot = last
            self.slots[slot] = event
        } else {
            slot = self.slots.count
            self.slots.append(event)
        }
        self.sequence += 1
        self.heap.append(Entry(time: time, sequence: self.sequence, slot: slot))
        var place = self.heap.count - 1
        let entry = self.heap[place]
        while place > 0 {
            let parent = (place - 1) / 2
            guard entry.isBefore(self.heap[parent]) else { break }
            self.heap[place] = self.heap[parent]
            place = parent
        }
        self.heap[place] = entry
    }

    mutating func pop() -> Event? {
        guard let first = self.heap.first, let last = self.heap.popLast() else { return nil }
        if !self.heap.isEmpty {
            var place = 0
            while true {
                var child = 2 * place + 1
                guard child < self.heap.count else { break }
                if child + 1 < self.heap.count, self.heap[child + 1].isBefore(self.heap[child]) { child += 1 }
                guard self.heap[child].isBefore(last) else { break }
                self.heap[place] = self.heap[child]
                place = child
            }
            self.heap[place] = last
        }
        defer {
            self.slots[first.slot] = nil
            self.free.append(first.slot)
        }
        return self.slots[first.slot]
    }
}
