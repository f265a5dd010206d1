import MediaCore
import MediaRelay
import Testing

@Suite("Sessions on several threads")
struct ThreadTests {
    @Test("Loops that share one certificate and the ciphers do not disturb each other")
    func loops() async throws {
        #expect(SRTPSession.prepare())
        let certificate = try DTLSCertificate()
        let failures = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    var failures = 0
                    for _ in 0..<10 {
                        let pair = try DTLSPair(clientCertificate: certificate, serverCertificate: certificate)
                        pair.start()
                        pair.deliverAll()
                        let near = try SRTPSession(#require(pair.keys(.client)))
                        let far = try SRTPSession(#require(pair.keys(.server)))
                        for sequence in UInt16(0)..<50 {
                            let rtp = SRTPPacket.rtp(sequence: sequence)
                            if far.unprotected(try near.protected(rtp).get()) != .success(rtp) { failures += 1 }
                        }
                    }
                    return failures
                }
            }
            return try await group.reduce(0, +)
        }
        #expect(failures == 0)
    }
}
