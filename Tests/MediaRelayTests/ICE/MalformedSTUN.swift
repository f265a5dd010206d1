import MediaRelay
import Testing

/// A datagram that is no STUN message, and the error that it must end in.
struct MalformedSTUN: CustomTestStringConvertible, Sendable {
    var testDescription: String
    var error: STUNError
    var bytes: [UInt8]

    init(_ name: String, _ error: STUNError, _ bytes: [UInt8]) {
        self.testDescription = name
        self.error = error
        self.bytes = bytes
    }

    private static func with(_ type: UInt16, _ value: [UInt8]) -> [UInt8] {
        BindingCheck(extra: [(type: type, value: value)]).bytes
    }

    private static func changed(_ offset: Int, to value: UInt8) -> [UInt8] {
        var bytes = BindingCheck(hasFingerprint: false).bytes
        bytes[offset] = value
        return bytes
    }

    static let all: [MalformedSTUN] = {
        let plain = BindingCheck(hasFingerprint: false).bytes
        // Its value is right for the length of the whole.
        var fingerprintInside = plain
        BindingCheck.setLength(plain.count - 20 + 16, in: &fingerprintInside)
        let value = BindingCheck.crc32(fingerprintInside) ^ 0x5354_554E
        let octets = (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) }
        BindingCheck.append(0x8028, octets, to: &fingerprintInside)
        BindingCheck.append(0x8022, [1, 2, 3, 4], to: &fingerprintInside)
        var wrongFingerprint = BindingCheck().bytes
        wrongFingerprint[wrongFingerprint.count - 1] ^= 1
        var longFingerprint = plain
        BindingCheck.append(0x8028, [0, 0, 0, 0, 0], to: &longFingerprint)
        BindingCheck.setLength(longFingerprint.count - 20, in: &longFingerprint)
        var pastTheEnd = plain + [0x80, 0x22, 0x00, 0x05, 1, 2, 3, 4]
        BindingCheck.setLength(pastTheEnd.count - 20, in: &pastTheEnd)
        var bare = plain + [0x80, 0x22, 0xFF, 0xFF]
        BindingCheck.setLength(bare.count - 20, in: &bare)
        return [
            MalformedSTUN("empty", .truncated, []),
            MalformedSTUN("half a header", .truncated, Array(plain.prefix(19))),
            MalformedSTUN("too long", .tooLong, Self.with(0x8022, [UInt8](repeating: 0, count: 1_500))),
            MalformedSTUN("first bit", .notSTUN, Self.changed(0, to: 0x80)),
            MalformedSTUN("second bit", .notSTUN, Self.changed(0, to: 0x40)),
            MalformedSTUN("cookie", .wrongCookie, Self.changed(7, to: 0x43)),
            MalformedSTUN("length of no multiple of 4", .wrongLength, Self.changed(3, to: UInt8(plain.count - 20 + 2))),
            MalformedSTUN("length too great", .wrongLength, Self.changed(3, to: UInt8(plain.count - 20 + 4))),
            MalformedSTUN("length too small", .wrongLength, Self.changed(3, to: UInt8(plain.count - 20 - 4))),
            MalformedSTUN("a byte too many", .wrongLength, plain + [0]),
            MalformedSTUN("a byte too few", .wrongLength, plain.dropLast()),
            MalformedSTUN("attribute past the end", .malformedAttribute, pastTheEnd),
            MalformedSTUN("attribute without a value", .malformedAttribute, bare),
            MalformedSTUN(
                "endless USERNAME",
                .malformedAttribute,
                Self.with(0x0006, [UInt8](repeating: 65, count: 513))
            ),
            MalformedSTUN(
                "short MESSAGE-INTEGRITY",
                .malformedAttribute,
                Self.with(0x0008, [UInt8](repeating: 0, count: 16))
            ),
            MalformedSTUN(
                "long MESSAGE-INTEGRITY",
                .malformedAttribute,
                Self.with(0x0008, [UInt8](repeating: 0, count: 32))
            ),
            MalformedSTUN("short PRIORITY", .malformedAttribute, Self.with(0x0024, [1, 2, 3])),
            MalformedSTUN("USE-CANDIDATE with a value", .malformedAttribute, Self.with(0x0025, [1])),
            MalformedSTUN("short ICE-CONTROLLING", .malformedAttribute, Self.with(0x802A, [1, 2, 3, 4])),
            MalformedSTUN(
                "long ICE-CONTROLLED",
                .malformedAttribute,
                Self.with(0x8029, [UInt8](repeating: 0, count: 12))
            ),
            MalformedSTUN("empty XOR-MAPPED-ADDRESS", .malformedAttribute, Self.with(0x0020, [])),
            MalformedSTUN("IPv6 of 4 bytes", .malformedAttribute, Self.with(0x0020, [0, 2, 1, 1, 1, 1, 1, 1])),
            MalformedSTUN("unknown family", .malformedAttribute, Self.with(0x0020, [0, 3, 1, 1, 1, 1, 1, 1])),
            MalformedSTUN("short ERROR-CODE", .malformedAttribute, Self.with(0x0009, [0, 0])),
            MalformedSTUN("error class 7", .malformedAttribute, Self.with(0x0009, [0, 0, 7, 0])),
            MalformedSTUN("error number 100", .malformedAttribute, Self.with(0x0009, [0, 0, 4, 100])),
            MalformedSTUN("FINGERPRINT not last", .wrongFingerprint, fingerprintInside),
            MalformedSTUN("wrong FINGERPRINT", .wrongFingerprint, wrongFingerprint),
            MalformedSTUN("long FINGERPRINT", .wrongFingerprint, longFingerprint),
        ]
    }()
}
