import COpus

/// libopus's encoder for speech at 8 kHz, mono, with forward error correction in the band.
///
/// It owns the C state and frees it; no packet allocates.
@safe package struct OpusEncoding: ~Copyable {
    /// The longest packet of one frame, in bytes (RFC 6716 §3.4).
    package static let longestPacket = 1275

    /// In bit/s: speech of 8 kHz with room for the copy of the frame before.
    private static let bitrate: Int32 = 24_000
    /// Of 0 to 10: above it narrow speech gains next to nothing.
    private static let complexity: Int32 = 5
    /// What is expected before the first report, in percent: the first seconds are protected too.
    private static let firstLoss: Int32 = 5

    private let state: OpaquePointer

    /// Nil where there is no memory.
    package init?() {
        var error: Int32 = 0
        guard let state = unsafe opus_encoder_create(8000, 1, OPUS_APPLICATION_VOIP, &error) else { return nil }
        guard unsafe switchhook_opus_settings(state, Self.bitrate, Self.complexity) == 1 else {
            unsafe opus_encoder_destroy(state)
            return nil
        }
        _ = unsafe switchhook_opus_expected_loss(state, Self.firstLoss)
        unsafe self.state = state
    }

    deinit {
        unsafe opus_encoder_destroy(self.state)
    }

    /// How much of what goes out is lost, in a thousandth, as the peer reports it: more loss, more is sent twice.
    package func expect(lossPerMille: UInt16) {
        _ = unsafe switchhook_opus_expected_loss(self.state, min(100, (Int32(lossPerMille) + 9) / 10))
    }

    /// Encodes one frame.
    ///
    /// - Parameters:
    ///   - samples: 20 ms, which are 160.
    ///   - bytes: where the packet goes; `longestPacket` suffices.
    ///   - offset: in `bytes`.
    /// - Returns: how many bytes there are; nil where there is no room.
    package func encode(_ samples: Swift.Span<Int16>, into bytes: inout MutableRawSpan, at offset: Int) -> Int? {
        guard samples.count == 160, offset >= 0, offset < bytes.byteCount else { return nil }
        let state = unsafe self.state
        return unsafe bytes.withUnsafeMutableBytes { output in
            unsafe samples.withUnsafeBufferPointer { input in
                let room = unsafe UnsafeMutableRawBufferPointer(rebasing: output[offset...])
                guard let sound = input.baseAddress,
                    let packet = unsafe room.assumingMemoryBound(to: UInt8.self).baseAddress
                else { return nil }
                let count = unsafe opus_encode(
                    state,
                    sound,
                    Int32(clamping: input.count),
                    packet,
                    Int32(clamping: min(room.count, Self.longestPacket))
                )
                return count > 0 ? Int(count) : nil
            }
        }
    }
}
