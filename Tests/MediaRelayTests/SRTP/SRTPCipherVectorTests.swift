import MediaRelay
import Testing

/// The published vectors of what SRTP is made of.
@Suite("SRTP against the vectors of its RFCs")
struct SRTPCipherVectorTests {
    private static func bytes(_ secret: borrowing SecretBytes) -> [UInt8] { unsafe Array(secret.unsafeBytes) }

    @Test("RFC 3711 B.2: the keystream of AES in counter mode, at its start and after 65,279 blocks")
    func keystream() throws {
        let key = SecretBytes(SRTPPacket.hex("2B7E151628AED2A6ABF7158809CF4F3C"))
        let salt = SecretBytes(SRTPPacket.hex("F0F1F2F3F4F5F6F7F8F9FAFBFCFD"))
        let cipher = try AESCounterMode(key: key)
        var stream = [UInt8](repeating: 0, count: 16 * 0xFF02)
        try unsafe stream.withUnsafeMutableBytes { try unsafe cipher.apply(to: $0, counter: salt.number(from: 0)) }
        let start = "E03EAD0935C95E80E166B16DD92B4EB4 D23513162B02D0F72A43A2FE4A5F97AB 41E95B3BB0A2E8DD477901E4FCA894C0"
        let end = "EC8CDF7398607CB0F2D21675EA9EA1E4 362B7C3C6773516318A077D7FC5073AE 6A2CC3787889374FBEB4C81B17BA6C44"
        #expect(Array(stream.prefix(48)) == SRTPPacket.hex(start))
        #expect(Array(stream.suffix(48)) == SRTPPacket.hex(end))
    }

    @Test("RFC 3711 B.3: the keys of a session")
    func keys() throws {
        let master = SecretBytes(
            SRTPPacket.hex("E1F97A0D3E018BE0D64FA32C06DE4139 0EC675AD498AFEEBB6960B3AABE6")
        )
        let keys = try SRTPKeyDerivation(master: master)
        let authentication = """
            CEBE321F6FF7716B6FD4AB49AF256A15 6D38BAA48F0A0ACF3C34E2359E6CDBCE E049646C43D9327AD175578EF7227098
            6371C10C9A369AC2F94A8C5FBCDDDC25 6D6E919A48B610EF17C2041E47403576 6B68642C59BBFC2F34DB60DBDFB2
            """
        #expect(Self.bytes(try keys.key(.rtpCipher, count: 16)) == SRTPPacket.hex("C61E7A93744F39EE10734AFE3FF7A087"))
        #expect(Self.bytes(try keys.key(.rtpSalt, count: 14)) == SRTPPacket.hex("30CBBC08863D8C85D49DB34A9AE1"))
        #expect(Self.bytes(try keys.key(.rtpAuthentication, count: 94)) == SRTPPacket.hex(authentication))
    }

    /// What stands in a buffer with room behind it after `body` ran on it.
    private static func run(
        _ text: String,
        room: Int,
        _ body: (UnsafeMutableRawBufferPointer) throws -> Void
    ) rethrows -> [UInt8] {
        var buffer = SRTPPacket.hex(text) + Array(repeating: 0, count: room)
        try unsafe buffer.withUnsafeMutableBytes { try unsafe body($0) }
        return buffer
    }

    private static func transform(encrypts: Bool) throws -> SRTPGaloisTransform {
        try SRTPGaloisTransform(
            key: SecretBytes(SRTPPacket.hex("000102030405060708090a0b0c0d0e0f")),
            salt: SecretBytes(SRTPPacket.hex("517569642070726f2071756f")),
            encrypts: encrypts
        )
    }

    @Test("RFC 7714 16.1: SRTP with AEAD_AES_128_GCM")
    func galois() throws {
        let plain = """
            8040f17b 8041f8d3 5501a0b2 47616c6c 69612065 7374206f 6d6e6973 20646976 69736120 696e2070 61727465 73207472
            6573
            """
        let sealed = """
            8040f17b 8041f8d3 5501a0b2 f24de3a3 fb34de6c acba861c 9d7e4bca be633bd5 0d294e6f 42a5f47a 51c7d19b 36de3adf
            8833899d 7f27beb1 6a9152cf 765ee439 0cce
            """
        let part = SRTPPart.rtp(clear: 12, end: 50, ssrc: 0x5501_A0B2, index: 0xF17B)
        let sender = try Self.transform(encrypts: true)
        let protected = try unsafe Self.run(plain, room: 16) { try unsafe sender.protect($0, part) }
        #expect(protected == SRTPPacket.hex(sealed))
        let receiver = try Self.transform(encrypts: false)
        let opened = try unsafe Self.run(sealed, room: 0) { try unsafe receiver.unprotect($0, part) }
        #expect(Array(opened.prefix(50)) == SRTPPacket.hex(plain))
    }

    @Test("RFC 7714 17.1: SRTCP with AEAD_AES_128_GCM")
    func galoisControl() throws {
        let plain = """
            81c8000d 4d617273 4e545031 4e545032 52545020 0000042a 0000e930 4c756e61 deadbeef deadbeef deadbeef deadbeef
            deadbeef
            """
        let sealed = """
            81c8000d 4d617273 63e94885 dcdab67c a727d766 2f6b7e99 7ff5c0f7 6c06f32d c676a5f1 730d6fda 4ce09b46 86303ded
            0bb9275b c84aa458 96cf4d2f c5abf872 45d9eade 800005d4
            """
        let part = SRTPPart.rtcp(end: 52, ssrc: 0x4D61_7273, index: 0x5D4)
        let sender = try Self.transform(encrypts: true)
        let protected = try unsafe Self.run(plain, room: 20) { try unsafe sender.protect($0, part) }
        #expect(protected == SRTPPacket.hex(sealed))
        let receiver = try Self.transform(encrypts: false)
        let opened = try unsafe Self.run(sealed, room: 0) { try unsafe receiver.unprotect($0, part) }
        #expect(Array(opened.prefix(52)) == SRTPPacket.hex(plain))
    }
}
