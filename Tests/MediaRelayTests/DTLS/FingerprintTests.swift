import MediaCore
import MediaRelay
import SIPCore
import Testing

@Suite("Who a DTLS peer must be")
struct FingerprintTests {
    private static let wrong = DTLSFingerprint(algorithm: "sha-256", bytes: Array(repeating: 7, count: 32))

    @Test("A peer with another certificate is refused, and told")
    func wrongFingerprint() throws {
        let pair = try DTLSPair(serverExpects: [Self.wrong])
        pair.start()
        pair.deliverAll()
        #expect(pair.events[.server] == [.failed(.wrongFingerprint)])
        #expect(pair.server.deadline == nil)
        // The server's last flight and its refusal come in one datagram.
        #expect(pair.events[.client] == [.closed])

        let other = try DTLSPair(clientExpects: [Self.wrong])
        other.start()
        other.deliverAll()
        #expect(other.events[.client] == [.failed(.wrongFingerprint)])
        #expect(other.events[.server]?.last == .closed)
    }

    @Test("One of several fingerprints is enough, whichever algorithm it is of")
    func severalFingerprints() throws {
        let server = try DTLSCertificate()
        let sha1 = DTLSFingerprint(algorithm: "sha-1", bytes: Array(repeating: 7, count: 20))
        let pair = try DTLSPair(serverCertificate: server, clientExpects: [sha1, Self.wrong, server.fingerprint])
        pair.start()
        pair.deliverAll()
        #expect(pair.keys(.client) != nil)
    }

    @Test("The digest is taken by the algorithm that is named, and by none that is too weak")
    func algorithms() throws {
        let pair = try DTLSPair()
        pair.start()
        pair.deliverAll()
        let certificate = try #require(DTLSPair.serverCertificate)
        let truth = certificate.fingerprint.bytes
        #expect(pair.client.matches([certificate.fingerprint]) == true)
        for algorithm in ["sha-1", "sha-224", "sha-384", "sha-512", "md5", "md2", "sha256", "", "SHA-256"] {
            #expect(pair.client.matches([DTLSFingerprint(algorithm: algorithm, bytes: truth)]) == false)
        }
        #expect(pair.client.matches([DTLSFingerprint(algorithm: "sha-256", bytes: Array(truth.dropLast()))]) == false)
        #expect(pair.client.matches([DTLSFingerprint(algorithm: "md5", bytes: [])]) == false)
        #expect(pair.client.matches([]) == false)
    }

    @Test("Keys are kept back until the peer's description is there")
    func lateVerification() throws {
        let pair = try DTLSPair(clientExpects: [], serverExpects: [])
        pair.start()
        pair.deliverAll()
        #expect(pair.events == [.client: [], .server: []])
        #expect(pair.client.deadline == .test + .seconds(30))
        #expect(pair.server.deadline == .test + .seconds(30))
        #expect(pair.client.verify([]) == DTLSAction())

        let client = try #require(DTLSPair.clientCertificate)
        let server = try #require(DTLSPair.serverCertificate)
        pair.run(.client, pair.client.verify([server.fingerprint]))
        pair.run(.server, pair.server.verify([client.fingerprint]))
        #expect(pair.keys(.client) != nil)
        #expect(pair.keys(.client)?.ours == pair.keys(.server)?.theirs)
        #expect(pair.client.deadline == nil)
    }

    @Test("Fingerprints that come in the middle of the handshake count")
    func verificationInBetween() throws {
        let pair = try DTLSPair(clientExpects: [], serverExpects: [Self.wrong])
        pair.start()
        pair.deliverOne()
        let client = try #require(DTLSPair.clientCertificate)
        let server = try #require(DTLSPair.serverCertificate)
        #expect(pair.client.verify([server.fingerprint]) == DTLSAction())
        #expect(pair.server.verify([client.fingerprint]) == DTLSAction())
        pair.deliverAll()
        #expect(pair.keys(.client) != nil)
        #expect(pair.keys(.server) != nil)
    }

    @Test("A late description of somebody else fails, and no key is told")
    func lateMismatch() throws {
        let pair = try DTLSPair(clientExpects: [])
        pair.start()
        pair.deliverAll()
        pair.run(.client, pair.client.verify([Self.wrong]))
        #expect(pair.events[.client] == [.failed(.wrongFingerprint)])
        pair.deliverAll()
        #expect(pair.events[.server]?.last == .closed)
        let server = try #require(DTLSPair.serverCertificate)
        #expect(pair.client.verify([server.fingerprint]) == DTLSAction())
    }

    @Test("The same description again changes nothing; another one ends the association")
    func verificationOnceConnected() throws {
        let pair = try DTLSPair()
        pair.start()
        pair.deliverAll()
        let server = try #require(DTLSPair.serverCertificate)
        #expect(pair.client.verify([Self.wrong, server.fingerprint]) == DTLSAction())
        pair.run(.client, pair.client.verify([Self.wrong]))
        #expect(pair.events[.client]?.last == .failed(.wrongFingerprint))
    }

    @Test("Nobody who has shown no certificate matches or fails to")
    func noCertificateYet() throws {
        let pair = try DTLSPair()
        pair.start()
        #expect(pair.client.matches([Self.wrong]) == nil)
    }
}
