import MediaCore
import Testing

@Suite("Reading and writing a=crypto")
struct SDESKeyTests {
    private static let base64 = "PS1uQCVeeCFCanVmcjkpPywjNWhcYDN0eXBlZDEj"
    private static let bytes: [UInt8] = [
        0x3D, 0x2D, 0x6E, 0x40, 0x25, 0x5E, 0x78, 0x21, 0x42, 0x6A, 0x75, 0x66, 0x72, 0x39, 0x29, 0x3F, 0x2C, 0x23,
        0x35, 0x68, 0x5C, 0x60, 0x33, 0x74, 0x79, 0x70, 0x65, 0x64, 0x31, 0x23,
    ]
    private static let sample = SDESKey(suite: .aes128SHA1Tag80, tag: 1, bytes: SDESKeyTests.bytes)

    @Test(
        "Lines that say the same key are read alike",
        arguments: [
            "1 AES_CM_128_HMAC_SHA1_80 inline:\(base64)",
            "1 AES_CM_128_HMAC_SHA1_80 inline:\(base64)|2^20",
            "1 AES_CM_128_HMAC_SHA1_80 inline:\(base64)|1048576",
            "1  aes_cm_128_hmac_sha1_80\tINLINE:\(base64)|2^31 ",
            "1 AES_CM_128_HMAC_SHA1_80 inline:\(base64) WSH=64",
            "1 AES_CM_128_HMAC_SHA1_80 inline:\(base64) -vendor=1",
        ]
    )
    func equalLines(line: String) {
        #expect(SDESKey(attribute: line) == Self.sample)
    }

    @Test(
        "Lines that are malformed or ask for more than we do are skipped",
        arguments: [
            "",
            "1",
            "1 AES_CM_128_HMAC_SHA1_80",
            "AES_CM_128_HMAC_SHA1_80 1 inline:\(base64)",
            "01 AES_CM_128_HMAC_SHA1_80 inline:\(base64)",
            "-1 AES_CM_128_HMAC_SHA1_80 inline:\(base64)",
            "1234567890 AES_CM_128_HMAC_SHA1_80 inline:\(base64)",
            "1 AES_256_CM_HMAC_SHA1_80 inline:\(base64)",
            "1 F8_128_HMAC_SHA1_80 inline:\(base64)",
            "1 AEAD_AES_128_GCM inline:\(base64)",
            "1 AES_CM_128_HMAC_SHA1_80 \(base64)",
            "1 AES_CM_128_HMAC_SHA1_80 outline:\(base64)",
            "1 AES_CM_128_HMAC_SHA1_80 inline:",
            "1 AES_CM_128_HMAC_SHA1_80 inline:\(base64.dropLast())",
            "1 AES_CM_128_HMAC_SHA1_80 inline:\(base64)AAAA",
            "1 AES_CM_128_HMAC_SHA1_80 inline:\(base64.dropLast())*",
            "1 AES_CM_128_HMAC_SHA1_80 inline:\(base64.dropLast(2))==",
            "1 AES_CM_128_HMAC_SHA1_80 inline:\(base64)|",
            "1 AES_CM_128_HMAC_SHA1_80 inline:\(base64)|0",
            "1 AES_CM_128_HMAC_SHA1_80 inline:\(base64)|2^",
            "1 AES_CM_128_HMAC_SHA1_80 inline:\(base64)|1:4",
            "1 AES_CM_128_HMAC_SHA1_80 inline:\(base64)|2^20|1:4",
            "1 AES_CM_128_HMAC_SHA1_80 inline:\(base64)|2^20|1:4;inline:\(base64)|2^20|2:4",
            "1 AES_CM_128_HMAC_SHA1_80 inline:\(base64);inline:\(base64)",
            "1 AES_CM_128_HMAC_SHA1_80 inline:\(base64) UNENCRYPTED_SRTP",
            "1 AES_CM_128_HMAC_SHA1_80 inline:\(base64) UNENCRYPTED_SRTCP",
            "1 AES_CM_128_HMAC_SHA1_80 inline:\(base64) UNAUTHENTICATED_SRTP",
            "1 AES_CM_128_HMAC_SHA1_80 inline:\(base64) KDR=1",
            "1 AES_CM_128_HMAC_SHA1_80 inline:\(base64) FEC_ORDER=FEC_SRTP",
            "1 AES_CM_128_HMAC_SHA1_80 inline:\(base64) WSH=64 X=1",
            "1 AES_CM_128_HMAC_SHA1_80 inline:\(base64) " + String(repeating: "-", count: 500),
        ]
    )
    func skippedLines(line: String) {
        #expect(SDESKey(attribute: line) == nil)
    }

    @Test("Every suite is written so that it is read as it was", arguments: SDESSuite.allCases)
    func roundTrip(suite: SDESSuite) throws {
        let random = (0..<40).map { UInt8($0 * 37 & 0xFF) }
        let key = try #require(SDESKey(suite: suite, tag: 999_999_999, random: random))
        #expect(key.bytes == Array(random.prefix(suite.keyLength)))
        #expect(key.attribute.hasPrefix("999999999 \(suite.rawValue) inline:"))
        #expect(SDESKey(attribute: key.attribute) == key)
    }

    @Test("A key is written as base64 with padding and without lifetime")
    func text() {
        #expect(Self.sample.attribute == "1 AES_CM_128_HMAC_SHA1_80 inline:\(Self.base64)")
        let zeros = SDESKey(suite: .aes128GCM, tag: 2, bytes: Array(repeating: 0, count: 28))
        #expect(zeros.attribute == "2 AEAD_AES_128_GCM inline:" + String(repeating: "A", count: 38) + "==")
    }

    @Test("A key of GCM is read without its padding too")
    func missingPadding() {
        let zeros = SDESKey(suite: .aes128GCM, tag: 2, bytes: Array(repeating: 0, count: 28))
        let digits = String(repeating: "A", count: 38)
        #expect(SDESKey(attribute: "2 AEAD_AES_128_GCM inline:\(digits)") == zeros)
        #expect(SDESKey(attribute: "2 AEAD_AES_128_GCM inline:\(digits)==") == zeros)
        #expect(SDESKey(attribute: "2 AEAD_AES_128_GCM inline:\(digits)=") == nil)
        #expect(SDESKey(attribute: "2 AEAD_AES_128_GCM inline:\(digits)===") == nil)
    }

    @Test("Too little chance is no key")
    func tooLittleRandom() {
        #expect(SDESKey(suite: .aes128SHA1Tag80, tag: 1, random: Array(repeating: 1, count: 29)) == nil)
    }
}
