import MediaCore
import Testing

@Suite("Reading and writing a=fingerprint")
struct DTLSFingerprintTests {
    @Test("A fingerprint is read in either case and written in capitals")
    func roundTrip() {
        let text = "SHA-1 4a:AD:B9:B1:3F:82:18:3B:54:02:12:DF:3E:5D:49:6B:19:E5:7C:ab"
        let bytes: [UInt8] = [
            0x4A, 0xAD, 0xB9, 0xB1, 0x3F, 0x82, 0x18, 0x3B, 0x54, 0x02, 0x12, 0xDF, 0x3E, 0x5D, 0x49, 0x6B, 0x19, 0xE5,
            0x7C, 0xAB,
        ]
        let fingerprint = DTLSFingerprint(attribute: text)
        #expect(fingerprint == DTLSFingerprint(algorithm: "sha-1", bytes: bytes))
        #expect(fingerprint?.attribute == "sha-1 4A:AD:B9:B1:3F:82:18:3B:54:02:12:DF:3E:5D:49:6B:19:E5:7C:AB")
    }

    @Test(
        "Every algorithm has its length, and no other",
        arguments: [("sha-1", 20), ("sha-224", 28), ("sha-256", 32), ("sha-384", 48), ("sha-512", 64)]
    )
    func lengths(algorithm: String, length: Int) {
        let right = DTLSFingerprint(algorithm: algorithm, bytes: Array(repeating: 0xA5, count: length))
        let short = DTLSFingerprint(algorithm: algorithm, bytes: Array(repeating: 0xA5, count: length - 1))
        let long = DTLSFingerprint(algorithm: algorithm, bytes: Array(repeating: 0xA5, count: length + 1))
        #expect(DTLSFingerprint(attribute: right.attribute) == right)
        #expect(DTLSFingerprint(attribute: short.attribute) == nil)
        #expect(DTLSFingerprint(attribute: long.attribute) == nil)
    }

    @Test("An algorithm that we do not know is read, for another line may be the peer's")
    func unknownAlgorithm() {
        #expect(DTLSFingerprint(attribute: "md5 00:FF") == DTLSFingerprint(algorithm: "md5", bytes: [0, 0xFF]))
        #expect(DTLSFingerprint.digestLength(of: "md5") == nil)
    }

    @Test(
        "What is malformed is no fingerprint",
        arguments: [
            "", "sha-256", "sha-256 ", "md5 0", "md5 000", "md5 00:", "md5 :00", "md5 00::00", "md5 0G", "md5 00-00",
            "md5 00 00", "md\u{E9} 00", "md5 é", "md_5 00", "md5 " + String(repeating: "00:", count: 64) + "00",
            String(repeating: "a", count: 300) + " 00",
        ]
    )
    func malformed(text: String) {
        #expect(DTLSFingerprint(attribute: text) == nil)
    }
}
