import MediaRelay
import SIPCore

/// What the tests of the RTP machines have in common.
enum RTPFixture {
    /// A moment in milliseconds after an origin that is not 0.
    static func at(_ milliseconds: UInt64) -> Instant {
        Instant(nanoseconds: 5_000_000_000_000) + .milliseconds(milliseconds)
    }

    /// A packet with 160 bytes of sound.
    static func sound(
        _ sequence: UInt16,
        _ timestamp: UInt32,
        ssrc: UInt32 = 0xA,
        marker: Bool = false
    ) -> RTPPacket {
        RTPPacket(
            payloadType: 0,
            marker: marker,
            sequence: sequence,
            timestamp: timestamp,
            ssrc: ssrc,
            payload: 12..<172
        )
    }

    static func packet(_ bytes: [UInt8]) -> RTPPacket? {
        RTPPacket(unsafe bytes.span.bytes)
    }

    static func compound(_ bytes: [UInt8], about ssrc: UInt32 = 0x0102_0304) -> RTCPCompound? {
        RTCPCompound(unsafe bytes.span.bytes, about: ssrc)
    }

    /// Lets `body` work on the bytes in place.
    static func edit<Result>(_ bytes: inout [UInt8], _ body: (inout MutableRawSpan) -> Result) -> Result {
        var elements = bytes.mutableSpan
        var raw = unsafe elements.mutableBytes
        return body(&raw)
    }
}

/// A generator that gives the same numbers for the same seed (SplitMix64).
struct RTPRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        self.state = seed
    }

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var word = self.state
        word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
        return word ^ word >> 31
    }

    /// Whether something happens that has this many chances in a thousand.
    mutating func happens(_ perMille: UInt64) -> Bool {
        self.next() % 1000 < perMille
    }

    mutating func below(_ bound: Int) -> Int {
        Int(self.next() % UInt64(max(1, bound)))
    }
}
