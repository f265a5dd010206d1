import MediaCore
import MediaRelay
import SIPCore
import Testing

@Suite("Where a peer is") struct LatchingAddressTests {
    private static let described = MediaAddress(ipv4: 0x0A00_0005, port: 4000)
    private static let otherPort = described.with(port: 61_000)
    private static let stranger = MediaAddress(ipv4: 0xCB00_7101, port: 5000)
    private static let secondStranger = MediaAddress(ipv4: 0xCB00_7102, port: 5000)

    private static func receive(
        _ latching: inout LatchingAddress,
        _ source: MediaAddress,
        _ milliseconds: UInt64,
        _ sequence: UInt16 = 1,
        ssrc: UInt32 = 0xA,
        isAgreed: Bool = true,
        isAuthenticated: Bool = false
    ) -> LatchingAddress.Verdict {
        latching.received(
            RTPFixture.sound(sequence, 0, ssrc: ssrc),
            from: source,
            isAgreed: isAgreed,
            isAuthenticated: isAuthenticated,
            now: RTPFixture.at(milliseconds)
        )
    }

    private static func latching(_ described: MediaAddress? = described) -> LatchingAddress {
        LatchingAddress(described: described, now: RTPFixture.at(0))
    }

    @Test("Before anything came packets go where the description says, if it says anything") func destination() {
        #expect(Self.latching().destination == Self.described)
        #expect(Self.latching(nil).destination == nil)
        #expect(Self.latching(MediaAddress(ipv4: 0, port: 9)).destination == nil)
        #expect(Self.latching(Self.described.with(port: 0)).destination == nil)
    }

    @Test("A phone behind a NAT is found by its packets") func behindNAT() {
        var latching = Self.latching()
        #expect(Self.receive(&latching, Self.stranger, 100) == .moved)
        #expect(latching.destination == Self.stranger)
        #expect(Self.receive(&latching, Self.stranger, 120) == .accepted)
    }

    @Test("The first source is found however late it comes") func lateFirst() {
        var latching = Self.latching()
        #expect(Self.receive(&latching, Self.stranger, 60_000) == .moved)
    }

    @Test("The described address is no move") func describedSource() {
        var latching = Self.latching()
        #expect(Self.receive(&latching, Self.described, 100) == .accepted)
        #expect(latching.destination == Self.described)
    }

    @Test("Once a peer is found, a stranger is refused, within the first seconds and later") func refusesStrangers() {
        var latching = Self.latching()
        _ = Self.receive(&latching, Self.described, 100)
        #expect(Self.receive(&latching, Self.stranger, 110) == .refused)
        #expect(Self.receive(&latching, Self.otherPort, 110) == .refused)
        #expect(Self.receive(&latching, Self.stranger, 90_000) == .refused)
        #expect(Self.receive(&latching, Self.stranger, 90_001, 2) == .refused)
        #expect(latching.destination == Self.described)
    }

    @Test("Two strangers: the first stays") func twoStrangers() {
        var latching = Self.latching()
        _ = Self.receive(&latching, Self.stranger, 100)
        #expect(Self.receive(&latching, Self.secondStranger, 200) == .refused)
        #expect(Self.receive(&latching, Self.stranger, 220) == .accepted)
    }

    @Test("The described host takes its place from a stranger at any time") func hostWins() {
        var latching = Self.latching()
        _ = Self.receive(&latching, Self.stranger, 100)
        #expect(Self.receive(&latching, Self.otherPort, 8000) == .moved)
        #expect(latching.destination == Self.otherPort)
        #expect(Self.receive(&latching, Self.stranger, 8001) == .refused)
    }

    @Test("Within the first seconds the described port goes before another one of its host, later not")
    func describedPortWins() {
        var latching = Self.latching()
        _ = Self.receive(&latching, Self.otherPort, 100)
        #expect(Self.receive(&latching, Self.described, 2999) == .moved)
        var late = Self.latching()
        _ = Self.receive(&late, Self.otherPort, 100)
        _ = Self.receive(&late, Self.otherPort, 2990)
        #expect(Self.receive(&late, Self.described, 3000) == .refused)
    }

    @Test("A payload type that was not agreed on shows nothing") func notAgreed() {
        var latching = Self.latching()
        #expect(Self.receive(&latching, Self.stranger, 100, isAgreed: false) == .refused)
        #expect(latching.destination == Self.described)
    }

    @Test("A NAT that gives another port is followed after 3 s of silence, where the stream goes on") func rebinding() {
        var latching = Self.latching()
        _ = Self.receive(&latching, Self.stranger, 100, 65_535)
        let rebound = Self.stranger.with(port: 6000)
        #expect(Self.receive(&latching, rebound, 3099, 9) == .refused)
        #expect(Self.receive(&latching, rebound, 3100, 9, ssrc: 0xB) == .refused)
        #expect(Self.receive(&latching, rebound, 3100, 65_535) == .refused)
        #expect(Self.receive(&latching, rebound, 3100, 500) == .refused)
        #expect(Self.receive(&latching, Self.secondStranger, 3100, 9) == .refused)
        #expect(Self.receive(&latching, rebound, 3100, 499) == .moved)
    }

    @Test("After another address was described, packets on their way from the old one don't bind us to it")
    func changedAddress() {
        var latching = Self.latching()
        _ = Self.receive(&latching, Self.described, 100)
        let next = Self.described.with(port: 4002)
        latching.update(described: next, isExpected: true, now: RTPFixture.at(10_000))
        #expect(latching.destination == next)
        #expect(Self.receive(&latching, Self.described, 10_100) == .accepted)
        #expect(latching.destination == next)
        #expect(Self.receive(&latching, next, 10_200) == .accepted)
        #expect(Self.receive(&latching, Self.described, 10_210) == .refused)
        #expect(latching.destination == next)
    }

    @Test("A phone that stays where it is though it describes another address is found again") func sameSource() {
        var latching = Self.latching()
        _ = Self.receive(&latching, Self.stranger, 100)
        latching.update(described: Self.described.with(port: 4002), isExpected: true, now: RTPFixture.at(10_000))
        #expect(Self.receive(&latching, Self.stranger, 10_499) == .accepted)
        #expect(Self.receive(&latching, Self.stranger, 10_500) == .moved)
        #expect(latching.destination == Self.stranger)
    }

    @Test("A phone that went to another network with the same private address is found there") func otherNetwork() {
        var latching = Self.latching()
        _ = Self.receive(&latching, Self.stranger, 9900)
        latching.update(described: Self.described, isExpected: true, now: RTPFixture.at(10_000))
        #expect(Self.receive(&latching, Self.secondStranger, 10_399) == .refused)
        #expect(Self.receive(&latching, Self.secondStranger, 10_400) == .moved)
        #expect(latching.destination == Self.secondStranger)
    }

    @Test("While a peer is on hold nobody takes its place") func hold() {
        var latching = Self.latching()
        _ = Self.receive(&latching, Self.stranger, 9900)
        latching.update(described: nil, isExpected: false, now: RTPFixture.at(10_000))
        #expect(Self.receive(&latching, Self.secondStranger, 12_000) == .refused)
        latching.update(
            described: MediaAddress(ipv4: 0, port: 4000),
            isExpected: false,
            now: RTPFixture.at(13_000)
        )
        #expect(latching.destination == Self.stranger)
    }

    @Test("An address that is described only after the first packets does not take them back") func lateDescription() {
        var latching = Self.latching(nil)
        #expect(Self.receive(&latching, Self.stranger, 100) == .moved)
        latching.update(described: Self.described, isExpected: true, now: RTPFixture.at(200))
        #expect(latching.destination == Self.stranger)
        #expect(Self.receive(&latching, Self.described, 300) == .moved)
    }

    @Test("What SRTP has proved is followed at once, but not back by an older packet") func authenticated() {
        var latching = Self.latching()
        #expect(Self.receive(&latching, Self.described, 5000, 10, isAuthenticated: true) == .accepted)
        #expect(Self.receive(&latching, Self.stranger, 5020, 12, isAuthenticated: true) == .moved)
        #expect(Self.receive(&latching, Self.described, 5021, 11, isAuthenticated: true) == .accepted)
        #expect(latching.destination == Self.stranger)
        #expect(Self.receive(&latching, Self.described, 5040, 13, isAuthenticated: true) == .moved)
        #expect(Self.receive(&latching, Self.stranger, 5060, 2, ssrc: 0xB, isAuthenticated: true) == .moved)
    }

    @Test("RTCP is taken from the peer's host alone") func control() {
        var latching = Self.latching()
        #expect(latching.admitsControl(from: Self.otherPort) == true)
        #expect(latching.admitsControl(from: Self.stranger) == false)
        _ = Self.receive(&latching, Self.stranger, 100)
        #expect(latching.admitsControl(from: Self.stranger.with(port: 5001)) == true)
        #expect(latching.admitsControl(from: Self.otherPort) == false)
    }
}
