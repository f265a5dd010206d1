package import MediaCore
internal import NIOCore

/// A steady tone of 440 Hz as an RTP stream of 20 ms packets, 160 samples each.
package struct RTPTone: Sendable {
    private static let samples = 160
    /// The samples of 11 turns of 440 Hz at 8000 Hz, after which it is as at the start.
    private static let period = 200

    private let source: UInt32
    private var sequence: UInt16
    private var timestamp: UInt32
    private var phase = 0
    /// Nothing went out in the last 20 ms.
    private var wasSilent = true

    package init(_ origin: RTPOrigin) {
        self.source = origin.source
        self.sequence = origin.sequence
        self.timestamp = origin.timestamp
    }

    /// The packet of the next 20 ms; the first after a silence is marked (RFC 3551 §4.1).
    ///
    /// nil where the format is not one of G.711; the time passes all the same.
    package mutating func next(_ format: AudioFormat) -> RTPPacket? {
        guard let wave = Self.wave(format.codec) else {
            self.skip()
            return nil
        }
        let packet = RTPPacket(
            isMarked: self.wasSilent,
            payloadType: format.sends,
            sequence: self.sequence,
            timestamp: self.timestamp,
            source: self.source,
            payload: ByteBuffer(bytes: wave[self.phase..<self.phase + Self.samples])
        )
        self.sequence &+= 1
        self.wasSilent = false
        self.advance()
        return packet
    }

    /// 20 ms pass in which nothing is sent.
    package mutating func skip() {
        self.wasSilent = true
        self.advance()
    }

    private mutating func advance() {
        self.timestamp &+= UInt32(Self.samples)
        self.phase = (self.phase + Self.samples) % Self.period
    }

    private static func wave(_ codec: AudioCodec) -> [UInt8]? {
        switch codec {
        case .pcmu: Self.muLaw
        case .pcma: Self.aLaw
        case .opus, .g722: nil
        }
    }

    private static let muLaw = Self.wave(.muLaw)
    private static let aLaw = Self.wave(.aLaw)

    /// One period and a packet more, so that every packet is one piece of it.
    private static func wave(_ law: G711) -> [UInt8] {
        // Cosine and sine of 2π · 440/8000: each sample is the one before, turned by that angle.
        let (cosine, sine) = (0.940_880_768_954_225_5, 0.338_737_920_245_291_4)
        var (x, y) = (8_000.0, 0.0)
        let turn = (0..<Self.period).map { _ in
            defer { (x, y) = (x * cosine - y * sine, x * sine + y * cosine) }
            return law.encoded(Int16(y.rounded()))
        }
        return turn + turn.prefix(Self.samples)
    }
}
