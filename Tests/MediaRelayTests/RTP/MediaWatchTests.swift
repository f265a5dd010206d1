import MediaCore
import MediaRelay
import SIPCore
import Testing

@Suite("Whether a peer is heard") struct MediaWatchTests {
    private static let leg = MediaLegID(number: 3)

    private static func watch(isExpected: Bool = true, isAliveOnHold: Bool = false) -> MediaWatch {
        MediaWatch(
            leg: Self.leg,
            timeout: .seconds(60),
            isAliveOnHold: isAliveOnHold,
            isExpected: isExpected,
            now: RTPFixture.at(0)
        )
    }

    @Test("A peer that is heard from the beginning gives no news") func heard() {
        var watch = Self.watch()
        #expect(watch.deadline == RTPFixture.at(3000))
        #expect(watch.received(now: RTPFixture.at(100)) == nil)
        #expect(watch.timeoutReached(now: RTPFixture.at(3099)) == nil)
        #expect(watch.deadline == RTPFixture.at(3100))
    }

    @Test("Silence of 3 s is told once, and its end is") func silence() {
        var watch = Self.watch()
        #expect(watch.timeoutReached(now: RTPFixture.at(3000)) == .heard(Self.leg, false))
        #expect(watch.timeoutReached(now: RTPFixture.at(3001)) == nil)
        #expect(watch.deadline == RTPFixture.at(60_000))
        #expect(watch.received(now: RTPFixture.at(4000)) == .heard(Self.leg, true))
        #expect(watch.received(now: RTPFixture.at(4020)) == nil)
        #expect(watch.timeoutReached(now: RTPFixture.at(7020)) == .heard(Self.leg, false))
    }

    @Test("RTCP keeps a peer from being lost, not from being silent") func controlOnly() {
        var watch = Self.watch()
        watch.receivedOther(now: RTPFixture.at(2999))
        #expect(watch.timeoutReached(now: RTPFixture.at(3000)) == .heard(Self.leg, false))
        watch.receivedOther(now: RTPFixture.at(50_000))
        #expect(watch.timeoutReached(now: RTPFixture.at(60_000)) == nil)
        #expect(watch.timeoutReached(now: RTPFixture.at(110_000)) == .lost(Self.leg))
        #expect(watch.timeoutReached(now: RTPFixture.at(200_000)) == nil)
        #expect(watch.deadline == nil)
        watch.receivedOther(now: RTPFixture.at(200_000))
        #expect(watch.timeoutReached(now: RTPFixture.at(260_000)) == .lost(Self.leg))
    }

    @Test("A late timer tells silence and loss one after the other") func lateTimer() {
        var watch = Self.watch()
        #expect(watch.timeoutReached(now: RTPFixture.at(90_000)) == .heard(Self.leg, false))
        #expect(watch.deadline == RTPFixture.at(60_000))
        #expect(watch.timeoutReached(now: RTPFixture.at(90_000)) == .lost(Self.leg))
    }

    @Test("On hold nothing is told, and after it the time begins anew") func hold() {
        var watch = Self.watch()
        watch.update(isExpected: false, now: RTPFixture.at(1000))
        #expect(watch.deadline == nil)
        #expect(watch.timeoutReached(now: RTPFixture.at(600_000)) == nil)
        watch.update(isExpected: true, now: RTPFixture.at(600_000))
        #expect(watch.deadline == RTPFixture.at(603_000))
        #expect(watch.timeoutReached(now: RTPFixture.at(602_999)) == nil)
        #expect(watch.timeoutReached(now: RTPFixture.at(603_000)) == .heard(Self.leg, false))
    }

    @Test("A description amid silence does not give the peer more time") func updateAmidSilence() {
        var watch = Self.watch()
        watch.update(isExpected: true, now: RTPFixture.at(2000))
        #expect(watch.timeoutReached(now: RTPFixture.at(3000)) == .heard(Self.leg, false))
    }

    @Test("A peer with ICE is lost on hold too") func lostOnHold() {
        var watch = Self.watch(isExpected: false, isAliveOnHold: true)
        watch.receivedOther(now: RTPFixture.at(1000))
        #expect(watch.deadline == RTPFixture.at(61_000))
        watch.update(isExpected: true, now: RTPFixture.at(60_000))
        _ = watch.received(now: RTPFixture.at(60_001))
        watch.update(isExpected: false, now: RTPFixture.at(60_002))
        #expect(watch.timeoutReached(now: RTPFixture.at(120_001)) == .lost(Self.leg))
    }
}
