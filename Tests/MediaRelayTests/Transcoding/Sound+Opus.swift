import MediaRelay

extension Sound {
    /// 20 ms of silence in Opus.
    static func opus(_ sequence: UInt16, payloadType: UInt8 = 111) throws -> [UInt8] {
        guard let encoder = OpusEncoding() else { throw Unexpected() }
        let samples = [Int16](repeating: 0, count: 160)
        var bytes = [UInt8](repeating: 0, count: 1500)
        let count = RTPFixture.edit(&bytes) { encoder.encode(samples.span, into: &$0, at: RTPHeader.length) }
        let header = RTPHeader(
            payloadType: payloadType,
            marker: false,
            sequence: sequence,
            timestamp: UInt32(sequence) * 960,
            ssrc: 0xA
        )
        _ = RTPFixture.edit(&bytes) { header.write(into: &$0) }
        return Array(bytes.prefix(RTPHeader.length + (count ?? 0)))
    }
}
