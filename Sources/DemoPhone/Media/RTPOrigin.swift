/// Where an RTP stream of ours begins: all three are to be random (RFC 3550 §5.1).
package struct RTPOrigin: Hashable, Sendable {
    /// The SSRC.
    package var source: UInt32
    package var sequence: UInt16
    package var timestamp: UInt32

    package init(source: UInt32, sequence: UInt16, timestamp: UInt32) {
        self.source = source
        self.sequence = sequence
        self.timestamp = timestamp
    }

    init(using generator: inout some RandomNumberGenerator) {
        self.init(
            source: .random(in: .min ... .max, using: &generator),
            sequence: .random(in: .min ... .max, using: &generator),
            timestamp: .random(in: .min ... .max, using: &generator)
        )
    }
}
