import CallCore
import SIPCore
import Testing

@Suite("Whether a trunk's server is alive")
struct ServerWatchTests {
    private let start = Instant(nanoseconds: 1_000)

    @Test("It is probed at once, and again after each interval; what is under way is waited for") func pace() {
        var watch = ServerWatch(interval: .seconds(30), now: self.start)
        #expect(watch.health == .unknown)
        #expect(watch.nextDeadline == self.start)
        #expect(watch.timeoutReached(now: self.start) == true)
        #expect(watch.timeoutReached(now: self.start + .seconds(90)) == false)
        #expect(watch.nextDeadline == nil)
        _ = watch.probed(isAlive: true, now: self.start + .seconds(1))
        #expect(watch.nextDeadline == self.start + .seconds(31))
        #expect(watch.timeoutReached(now: self.start + .seconds(30)) == false)
        #expect(watch.timeoutReached(now: self.start + .seconds(31)) == true)
    }

    @Test("News is what changes; that it lives from the start is none") func news() {
        var watch = ServerWatch(interval: .seconds(30), now: self.start)
        #expect(watch.probed(isAlive: true, now: self.start) == false)
        #expect(watch.probed(isAlive: false, now: self.start) == true)
        #expect(watch.health == .down)
        #expect(watch.probed(isAlive: false, now: self.start) == false)
        #expect(watch.probed(isAlive: true, now: self.start) == true)
        #expect(watch.health == .up)
        var dead = ServerWatch(interval: .seconds(30), now: self.start)
        #expect(dead.probed(isAlive: false, now: self.start) == true)
    }
}
