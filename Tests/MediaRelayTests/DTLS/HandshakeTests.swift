import MediaCore
import MediaRelay
import SIPCore
import Testing

@Suite("DTLS handshakes")
struct HandshakeTests {
    @Test("Both sides get the same keys, each its own first, and GCM is preferred")
    func keys() throws {
        let pair = try DTLSPair()
        pair.start()
        pair.deliverAll()
        let client = try #require(pair.keys(.client))
        let server = try #require(pair.keys(.server))
        #expect(client.ours == server.theirs)
        #expect(client.theirs == server.ours)
        #expect(client.ours != client.theirs)
        #expect(client.ours.profile == .aes128GCM)
        #expect(client.ours.bytes.count == 28)
        #expect(pair.client.deadline == nil)
        #expect(pair.server.deadline == nil)
    }

    @Test("Two associations never have the same keys")
    func freshKeys() throws {
        let keys = try (0..<2).map { _ in
            let pair = try DTLSPair()
            pair.start()
            pair.deliverAll()
            return try #require(pair.keys(.client))
        }
        #expect(keys[0].ours != keys[1].ours)
        #expect(keys[0].theirs != keys[1].theirs)
    }

    @Test(
        "The profile is the one that both sides have",
        arguments: [
            ([SRTPProfile.aes128SHA1Tag80], [SRTPProfile.aes128GCM, .aes128SHA1Tag80], SRTPProfile.aes128SHA1Tag80),
            ([.aes128SHA1Tag80, .aes128GCM], [.aes128GCM, .aes128SHA1Tag80], .aes128GCM),
            ([.aes128GCM, .aes128SHA1Tag80], [.aes128SHA1Tag80], .aes128SHA1Tag80),
            ([.aes128SHA1Tag32], [.aes128SHA1Tag32], .aes128SHA1Tag32),
        ]
    )
    func profiles(client: [SRTPProfile], server: [SRTPProfile], agreed: SRTPProfile) throws {
        let pair = try DTLSPair(
            clientCertificate: DTLSCertificate(profiles: client),
            serverCertificate: DTLSCertificate(profiles: server)
        )
        pair.start()
        pair.deliverAll()
        #expect(pair.keys(.client)?.ours.profile == agreed)
        #expect(pair.keys(.server)?.theirs == pair.keys(.client)?.ours)
    }

    @Test("The derived keys carry packets both ways", arguments: [SRTPProfile.aes128GCM, .aes128SHA1Tag80])
    func packets(profile: SRTPProfile) throws {
        let certificate = try DTLSCertificate(profiles: [profile])
        let pair = try DTLSPair(clientCertificate: certificate, serverCertificate: certificate)
        pair.start()
        pair.deliverAll()
        let client = try SRTPSession(#require(pair.keys(.client)))
        let server = try SRTPSession(#require(pair.keys(.server)))
        for (from, to) in [(client, server), (server, client)] {
            let rtp = SRTPPacket.rtp(sequence: 1)
            #expect(to.unprotected(try from.protected(rtp).get()) == .success(rtp))
            let rtcp = SRTPPacket.rtcp()
            #expect(to.unprotectedControl(try from.protectedControl(rtcp).get()) == .success(rtcp))
        }
    }

    @Test("Without a common profile both sides fail")
    func noProfile() throws {
        let pair = try DTLSPair(
            clientCertificate: DTLSCertificate(profiles: [.aes128GCM]),
            serverCertificate: DTLSCertificate(profiles: [.aes128SHA1Tag80])
        )
        pair.start()
        pair.deliverAll()
        #expect(pair.events == [.client: [.failed(.noProfile)], .server: [.failed(.noProfile)]])
    }

    @Test("A datagram before start starts the server")
    func implicitStart() throws {
        let pair = try DTLSPair()
        pair.run(.client, pair.client.start(now: .test))
        pair.deliverAll()
        #expect(pair.keys(.client) != nil)
        #expect(pair.keys(.server) != nil)
    }

    @Test("A second start does nothing")
    func secondStart() throws {
        let pair = try DTLSPair()
        pair.start()
        #expect(pair.client.start(now: .test) == DTLSAction())
        #expect(pair.server.start(now: .test) == DTLSAction())
    }

    @Test("Four flights in five datagrams at most, none of more than 1200 bytes")
    func size() throws {
        let pair = try DTLSPair()
        pair.start()
        pair.deliverAll()
        #expect(pair.sent.count <= 5)
        #expect(pair.sent.allSatisfy { $0.datagram.count <= DTLSSession.mtu })
    }

    @Test("Every datagram twice, and each pair of them in the wrong order, changes nothing")
    func duplicatedAndReordered() throws {
        let pair = try DTLSPair()
        pair.start()
        while !pair.flying.isEmpty {
            let flight = pair.flying
            pair.flying = []
            for (side, datagram) in flight.reversed() + flight { pair.deliver(datagram, to: side) }
        }
        #expect(pair.keys(.client)?.ours == pair.keys(.server)?.theirs)
        #expect(pair.keys(.client) != nil)
    }

    @Test("A repeated ClientHello at the front of a datagram does not take the flight behind it along")
    func repeatedHelloInFront() throws {
        let pair = try DTLSPair()
        pair.start()
        let hello = try #require(pair.flying.first).datagram
        pair.deliverOne()
        pair.deliverOne()
        let flight = pair.flying.removeFirst().datagram
        // As a repetition has it: another record number.
        var repeated = hello
        repeated[10] = 40
        pair.deliver(repeated + flight, to: .server)
        pair.deliverAll()
        #expect(pair.keys(.server) != nil)
        #expect(pair.keys(.client) != nil)
    }

    @Test("A certificate's fingerprint is SHA-256 and never the same")
    func certificates() throws {
        let certificates = try (0..<2).map { _ in try DTLSCertificate() }
        #expect(certificates.allSatisfy { $0.fingerprint.algorithm == "sha-256" && $0.fingerprint.bytes.count == 32 })
        #expect(certificates[0].fingerprint != certificates[1].fingerprint)
        #expect(DTLSFingerprint(attribute: certificates[0].fingerprint.attribute) == certificates[0].fingerprint)
    }
}
