import MediaCore
import MediaRelay
import SIPCore
import Testing

@Suite("How DTLS associations end")
struct EndingTests {
    @Test("close_notify ends both sides, whoever sends it", arguments: DTLSPair.Side.allCases)
    func close(side: DTLSPair.Side) throws {
        let pair = try DTLSPair()
        pair.start()
        pair.deliverAll()
        let goodbye = pair[side].close()
        #expect(goodbye.datagrams.count == 1)
        #expect(goodbye.event == nil)
        pair.run(side, goodbye)
        pair.deliverAll()
        #expect(pair.events[side.other]?.last == .closed)
        #expect(pair.events[side]?.count == 1)
        #expect(pair[side].close() == DTLSAction())
        #expect(pair[side.other].close() == DTLSAction())
    }

    @Test("Before the association is there, closing is silent, and nothing is done after it")
    func earlyClose() throws {
        let pair = try DTLSPair()
        #expect(pair.server.close() == DTLSAction())
        pair.run(.client, pair.client.start(now: .test))
        #expect(pair.client.close() == DTLSAction())
        #expect(pair.client.deadline == nil)
        let hello = try #require(pair.flying.first).datagram
        #expect(pair.server.received(hello, now: .test) == DTLSAction())
        #expect(pair.client.start(now: .test) == DTLSAction())
        #expect(pair.client.timeoutReached(now: .test + .seconds(60)) == DTLSAction())
    }

    @Test("Nobody answers for 30 s: both sides fail, once", arguments: DTLSPair.Side.allCases)
    func timeout(side: DTLSPair.Side) throws {
        let pair = try DTLSPair()
        pair.start()
        #expect(pair[side].timeoutReached(now: .test + .milliseconds(29_999)).event == nil)
        #expect(pair[side].deadline.map { $0 <= .test + .seconds(30) } == true)
        let action = pair[side].timeoutReached(now: .test + .seconds(30))
        #expect(action.event == .failed(.timedOut))
        #expect(pair[side].deadline == nil)
        #expect(pair[side].timeoutReached(now: .test + .seconds(31)) == DTLSAction())
    }

    @Test("A handshake without a description fails after 30 s too")
    func unverifiedTimeout() throws {
        let pair = try DTLSPair(serverExpects: [])
        pair.start()
        pair.deliverAll()
        #expect(pair.server.timeoutReached(now: .test + .seconds(29)) == DTLSAction())
        pair.run(.server, pair.server.timeoutReached(now: .test + .seconds(30)))
        #expect(pair.events[.server] == [.failed(.timedOut)])
        pair.deliverAll()
        #expect(pair.events[.client]?.last == .closed)
    }

    @Test("The client's first flight is due again after about 200 ms; the server waits for the limit alone")
    func deadlines() throws {
        let pair = try DTLSPair(retransmission: .milliseconds(200))
        pair.start()
        let client = try #require(pair.client.deadline)
        #expect(client > .test)
        #expect(client <= .test + .milliseconds(201))
        #expect(pair.server.deadline == .test + .seconds(30))
    }

    @Test("A timer that came too early sends nothing")
    func earlyTimer() throws {
        let pair = try DTLSPair()
        pair.start()
        #expect(pair.client.timeoutReached(now: .test) == DTLSAction())
        #expect(pair.client.deadline.map { $0 > .test + .seconds(10) } == true)
    }

    @Test("Once connected, a ClientHello is known for what it is and not heeded")
    func restart() throws {
        let pair = try DTLSPair()
        pair.start()
        pair.deliverAll()
        let restarted = try DTLSPair()
        restarted.start()
        let hello = try #require(restarted.flying.first).datagram
        #expect(DTLSSession.beginsAnew(hello))
        #expect(pair.server.received(hello, now: .test) == DTLSAction())
        #expect(pair.sent.dropFirst().allSatisfy { !DTLSSession.beginsAnew($0.datagram) })
        #expect(!DTLSSession.beginsAnew([]))
        #expect(!DTLSSession.beginsAnew(Array(hello.prefix(13))))
        #expect(pair.server.close().datagrams.count == 1)
    }

    @Test("More than a handshake can hold ends it")
    func tooMuchInput() throws {
        let pair = try DTLSPair()
        pair.start()
        // Whole records of a ClientHello's third kind that OpenSSL drops: of an epoch that is over before it began.
        let record: [UInt8] = [20, 0xFE, 0xFD, 0, 0, 0, 0, 0, 0, 0, 9, 0x0F, 0xFF] + Array(repeating: 0, count: 4095)
        var event: DTLSEvent?
        var count = 0
        while event == nil, count < 100 {
            event = pair.server.received(record, now: .test).event
            count += 1
        }
        #expect(event != nil)
        #expect(count <= 16)
    }

    @Test("Encrypted records that come too early are counted, and after 24 not heeded")
    func earlyRecords() throws {
        let pair = try DTLSPair()
        pair.start()
        let early: [UInt8] = [22, 0xFE, 0xFD, 0, 1, 0, 0, 0, 0, 0, 9, 0, 8] + Array(repeating: 1, count: 8)
        for _ in 0..<10_000 { #expect(pair.server.received(early, now: .test) == DTLSAction()) }
        let data: [UInt8] = [23] + early.dropFirst()
        for _ in 0..<10_000 { #expect(pair.server.received(data, now: .test) == DTLSAction()) }
    }
}
