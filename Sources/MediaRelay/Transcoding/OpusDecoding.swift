import COpus

/// libopus's decoder at 8 kHz, mono: what comes in stereo or wider is made narrow by it.
///
/// It owns the C state and frees it; no packet allocates.
@safe package struct OpusDecoding: ~Copyable {
    /// Of the output, in Hz.
    package static let sampleRate: Int32 = 8000
    /// The longest packet, 120 ms (RFC 6716 §2.1.4), in samples.
    package static let longestPacket = 960
    /// Lengths that are concealed are multiples of 2.5 ms, in samples.
    package static let step = 20

    private let state: OpaquePointer

    /// Nil where there is no memory.
    package init?() {
        var error: Int32 = 0
        guard let state = unsafe opus_decoder_create(Self.sampleRate, 1, &error) else { return nil }
        unsafe self.state = state
    }

    deinit {
        unsafe opus_decoder_destroy(self.state)
    }

    /// Forgets what was heard.
    package func reset() {
        _ = unsafe switchhook_opus_reset_decoder(self.state)
    }

    /// Decodes a packet.
    ///
    /// - Parameters:
    ///   - payload: as it came; an empty one is a lost one to libopus, and refused.
    ///   - samples: where sound goes; room for `longestPacket`.
    /// - Returns: how many samples there are; nil where the packet contradicts itself.
    package func decode(_ payload: RawSpan, into samples: inout MutableSpan<Int16>) -> Int? {
        guard !payload.isEmpty else { return nil }
        let state = unsafe self.state
        return unsafe samples.withUnsafeMutableBufferPointer { output in
            unsafe payload.withUnsafeBytes { bytes in
                guard let room = output.baseAddress else { return nil }
                let count = unsafe opus_decode(
                    state,
                    bytes.assumingMemoryBound(to: UInt8.self).baseAddress,
                    Int32(clamping: bytes.count),
                    room,
                    Int32(clamping: output.count),
                    0
                )
                return count > 0 ? Int(count) : nil
            }
        }
    }

    /// Makes up for what was lost right before a packet, by the copy that the packet has of it (RFC 6716 §2.1.7).
    ///
    /// Where it has none, libopus conceals. The packet itself is decoded afterwards.
    ///
    /// - Parameters:
    ///   - payload: the packet that follows what was lost.
    ///   - samples: filled in whole; a multiple of `step` long.
    /// - Returns: whether it was filled in.
    package func recover(from payload: RawSpan, into samples: inout MutableSpan<Int16>) -> Bool {
        guard !payload.isEmpty else { return false }
        let state = unsafe self.state
        return unsafe samples.withUnsafeMutableBufferPointer { output in
            unsafe payload.withUnsafeBytes { bytes in
                guard let room = output.baseAddress else { return false }
                return unsafe opus_decode(
                    state,
                    bytes.assumingMemoryBound(to: UInt8.self).baseAddress,
                    Int32(clamping: bytes.count),
                    room,
                    Int32(clamping: output.count),
                    1
                ) == output.count
            }
        }
    }

    /// Goes on with what was heard, for sound that is lost or late; in a pause of the talker, with its comfort noise.
    ///
    /// - Parameter samples: filled in whole; a multiple of `step` long.
    /// - Returns: whether it was filled in.
    package func conceal(into samples: inout MutableSpan<Int16>) -> Bool {
        let state = unsafe self.state
        return unsafe samples.withUnsafeMutableBufferPointer { output in
            guard let room = output.baseAddress else { return false }
            return unsafe opus_decode(state, nil, 0, room, Int32(clamping: output.count), 0) == output.count
        }
    }
}
