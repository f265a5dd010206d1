import SIPCore
import Testing

@Suite("Deadline queue")
struct DeadlineQueueTests {
    private final class Item: Schedulable {
        var queuePlace = -1
        var deadline: Instant?
    }

    @Test("Items come out in the order of their deadlines, whatever was moved or dropped before")
    func order() {
        var random = SeededGenerator(seed: 7)
        var queue = DeadlineQueue<Item>()
        let items = (0..<200).map { _ in Item() }
        for _ in 0..<5000 {
            let item = items[Int(random.next() % 200)]
            item.deadline = random.next() % 4 == 0 ? nil : Instant(nanoseconds: random.next() % 1000)
            queue.set(item, item.deadline)
            #expect(queue.next == items.compactMap { $0.deadline }.min())
        }
        #expect(queue.count == items.filter { $0.deadline != nil }.count)
        #expect(items.allSatisfy { ($0.queuePlace >= 0) == ($0.deadline != nil) })
        var last = Instant(nanoseconds: 0)
        while let next = queue.next {
            let popped = queue.popDue(next)
            #expect(popped?.deadline == next)
            #expect(next >= last)
            #expect(popped?.queuePlace == -1)
            last = next
        }
        #expect(queue.count == 0)
    }

    @Test("Nothing comes out before its time")
    func notYet() {
        var queue = DeadlineQueue<Item>()
        let item = Item()
        queue.set(item, Instant(nanoseconds: 10))
        #expect(queue.popDue(Instant(nanoseconds: 9)) == nil)
        #expect(queue.popDue(Instant(nanoseconds: 10)) === item)
        #expect(queue.popDue(Instant(nanoseconds: 10)) == nil)
    }

    @Test("An item that is moved a million times has one place")
    func bounded() {
        var queue = DeadlineQueue<Item>()
        let item = Item()
        for count in 0..<1_000_000 { queue.set(item, Instant(nanoseconds: UInt64(count))) }
        #expect(queue.count == 1)
    }
}
