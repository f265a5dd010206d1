package import MediaCore
package import SIPCore

/// Turns what one leg sends into the codec of the other, Opus and both laws of G.711 among each other.
///
/// ### Overview
/// Packets go in as they come, whatever their length, and frames of 20 ms come out at our own clock: by `deadline`, for
/// ever 20 ms apart. All is done at 8 kHz, which is what G.711 has. Nothing here reads a clock, and no packet
/// allocates.
///
/// ### Function
/// - A `JitterBuffer` puts packets in order and says what is missing. Of lost Opus packets, the copy in the next packet
///   is heard (FEC); what there is no copy of is concealed, by libopus or by repeating the last period of G.711.
/// - A source that is faster or slower than our clock, and a delay that grew with the jitter and is not needed any more,
///   are met by making sound shorter by a period at a time, or by waiting with a concealed frame.
/// - After half a second without a packet, no frame comes out until the next one: the talker is silent, or on hold.
///
/// ### Implementation
/// Decoded sound lies in a `SoundQueue` until a frame is full, so that neither side's packets need to be 20 ms long.
package final class Transcoder {
    /// A frame that has to go out.
    package struct Frame: Hashable, Sendable {
        /// When it was due: 20 ms after the frame before, or more after a silence.
        package var due: Instant
        /// How many bytes were written.
        package var payloadBytes: Int
    }

    /// How it fared, in packets and frames; they wrap.
    package struct Counters: Hashable, Sendable {
        package var frames: UInt32 = 0
        package var concealed: UInt32 = 0
        package var recovered: UInt32 = 0
        package var late: UInt32 = 0
        package var shortened: UInt32 = 0
    }

    /// How much sound a frame holds.
    package static let period = SIPCore.Span.milliseconds(20)
    private static let samples = 160
    /// A loop that was held up for longer begins anew rather than to send all at once.
    private static let patience = SIPCore.Span.milliseconds(100)

    private enum Encoding: ~Copyable {
        case opus(OpusEncoding)
        case law(G711)
    }

    private enum State {
        case silent
        /// When the next frame is due, and when the last packet came.
        case playing(due: Instant, heard: Instant)
    }

    /// What comes out.
    package let codec: AudioCodec
    package private(set) var counters = Counters()

    private let encoding: Encoding
    private var decoder: OpusDecoding?
    private var buffer = JitterBuffer()
    private var sound = SoundQueue()
    private var state = State.silent
    /// What comes in, and from whom.
    private var source: (codec: AudioCodec, ssrc: UInt32) = (.pcmu, 0)
    /// How long the last packet was, in samples.
    private var usual = Transcoder.samples

    /// Nil where the codec is none that can be made, or there is no memory.
    package init?(to codec: AudioCodec) {
        if let law = codec.law {
            self.encoding = .law(law)
        } else if codec == .opus, let encoder = OpusEncoding() {
            self.encoding = .opus(encoder)
        } else {
            return nil
        }
        self.codec = codec
    }

    /// When `next` is due; nil while nothing is heard.
    package var deadline: Instant? {
        switch self.state {
        case .silent: nil
        case .playing(let due, _): due
        }
    }

    /// How long sound waits here, smoothed.
    package var delay: SIPCore.Span { self.buffer.delay }

    /// How much of what goes out is lost, as the peer reports it.
    package func expect(lossPerMille: UInt16) {
        switch self.encoding {
        case .opus(let encoder): encoder.expect(lossPerMille: lossPerMille)
        case .law: break
        }
    }

    /// Nothing comes out until the next packet.
    package func stop() {
        self.state = .silent
        self.buffer.reset()
        self.sound.removeAll()
        self.decoder?.reset()
    }

    /// A packet came.
    ///
    /// - Parameters:
    ///   - packet: its header; that its source is the one to be heard is `RTPStreamIn`'s to judge.
    ///   - codec: of its payload.
    ///   - payload: its sound.
    ///   - now: when it came.
    /// - Returns: whether its sound can be heard.
    package func received(_ packet: RTPPacket, _ codec: AudioCodec, _ payload: RawSpan, now: Instant) -> Bool {
        guard codec.isTranscoded else { return false }
        if self.source != (codec, packet.ssrc) {
            self.source = (codec, packet.ssrc)
            self.buffer.reset()
        }
        if codec == .opus, self.decoder == nil { self.decoder = OpusDecoding() }
        let (isPlaying, due): (Bool, Instant) =
            switch self.state {
            case .silent: (false, now)
            case .playing(let due, _): (true, due)
            }
        let waiting = SIPCore.Span(ticks: UInt64(self.sound.count), at: 8000)
        let verdict = self.buffer.insert(
            packet,
            payload,
            clockRate: codec.clockRate,
            isPlaying: isPlaying,
            due: due + waiting,
            now: now
        )
        switch verdict {
        case .kept, .restarted:
            break
        case .late:
            self.counters.late &+= 1
        case .duplicate, .refused:
            return false
        }
        switch self.state {
        case .silent: self.state = .playing(due: now + self.buffer.target, heard: now)
        case .playing(let due, _): self.state = .playing(due: due, heard: now)
        }
        return true
    }

    /// Gives the frame that is due.
    ///
    /// - Parameters:
    ///   - bytes: where its payload goes; room for `OpusEncoding.longestPacket`.
    ///   - offset: in `bytes`.
    ///   - now: the present.
    /// - Returns: nil before `deadline`, where the silence begins, and where there is no room.
    package func next(into bytes: inout MutableRawSpan, at offset: Int, now: Instant) -> Frame? {
        guard case .playing(let due, let heard) = self.state, due <= now else { return nil }
        // Only once all is heard: a packet may come before its sound is due.
        guard now - heard < RTPLimits.pause, now - due < Self.patience else {
            self.stop()
            return nil
        }
        self.state = .playing(due: due + Self.period, heard: heard)
        self.fill(Self.samples)
        if self.buffer.excess > 0 { self.shorten() }
        guard let count = self.encode(into: &bytes, at: offset) else { return nil }
        self.counters.frames &+= 1
        return Frame(due: due, payloadBytes: count)
    }

    // MARK: Decoding

    private var ticksPerSample: UInt32 { self.source.codec.clockRate / 8000 }

    /// Decodes until there are so many samples.
    private func fill(_ count: Int) {
        // Each turn adds sound, or takes out a packet that has none.
        for _ in 0..<JitterBuffer.slots + count / OpusDecoding.step where self.sound.count < count {
            switch self.buffer.next() {
            case .packet(let over):
                self.decodeFirst(over: Int(over / self.ticksPerSample))
            case .missing(let ticks, let isLost):
                self.makeUp(Int(ticks / self.ticksPerSample), isLost: isLost)
            case .empty:
                let isWaiting = self.buffer.shouldWait
                let length = self.conceal(count - self.sound.count)
                let ticks = UInt32(clamping: length) * self.ticksPerSample
                if isWaiting {
                    self.buffer.moved(ticks: Int64(ticks))
                } else {
                    self.buffer.skip(ticks: ticks)
                }
            }
        }
        if self.sound.count < count { self.sound.conceal(count - self.sound.count) }
    }

    private func decodeFirst(over: Int) {
        let added = self.buffer.withFirst { self.decode($0) } ?? nil
        guard let added else {
            // It is as good as lost, and its length is unknown.
            self.buffer.removeFirst(ticks: 0)
            return
        }
        self.usual = added
        self.buffer.removeFirst(ticks: UInt32(clamping: added) * self.ticksPerSample)
        self.sound.removeBeginning(over, ofLast: added)
        self.sound.endConcealment(ofLast: max(0, added - over))
    }

    private func decode(_ payload: RawSpan) -> Int? {
        guard let law = self.source.codec.law else {
            return self.sound.append(OpusDecoding.longestPacket) { room in
                self.decoder?.decode(payload, into: &room) ?? nil
            }
        }
        let count = min(payload.byteCount, OpusDecoding.longestPacket)
        return self.sound.append(count) { room in
            for index in 0..<count { room[index] = law.decoded(payload.octet(at: index)) }
            return count
        }
    }

    /// Makes up for sound before the first packet.
    private func makeUp(_ count: Int, isLost: Bool) {
        guard count > 0 else { return self.buffer.skip(ticks: self.ticksPerSample) }
        let length = count / OpusDecoding.step * OpusDecoding.step
        if isLost, self.source.codec == .opus, length > 0, length <= self.usual {
            let added = self.buffer.withFirst { payload in
                self.sound.append(length) { room in
                    self.decoder?.recover(from: payload, into: &room) == true ? length : nil
                }
            }
            if let added = added ?? nil {
                self.counters.recovered &+= 1
                return self.buffer.skip(ticks: UInt32(clamping: added) * self.ticksPerSample)
            }
        }
        // What is longer than a packet is made up in pieces: the last one may be told by the next packet.
        let piece = isLost && count > self.usual ? min(Self.samples, count - self.usual) : min(Self.samples, count)
        self.buffer.skip(ticks: UInt32(clamping: self.conceal(piece)) * self.ticksPerSample)
    }

    /// - Returns: how many samples were made up.
    private func conceal(_ count: Int) -> Int {
        self.counters.concealed &+= 1
        let length = (count + OpusDecoding.step - 1) / OpusDecoding.step * OpusDecoding.step
        if self.source.codec == .opus, self.decoder != nil {
            let added = self.sound.append(length) { room in
                self.decoder?.conceal(into: &room) == true ? length : nil
            }
            if let added { return added }
        }
        self.sound.conceal(count)
        return count
    }

    /// The delay is too long: a period is left out, where there is sound enough.
    private func shorten() {
        if self.sound.count < 2 * Self.samples, case .packet = self.buffer.next() { self.fill(2 * Self.samples) }
        let count = self.sound.shorten(keeping: Self.samples)
        guard count > 0 else { return }
        self.counters.shortened &+= 1
        self.buffer.moved(ticks: -Int64(count) * Int64(self.ticksPerSample))
    }

    // MARK: Encoding

    private func encode(into bytes: inout MutableRawSpan, at offset: Int) -> Int? {
        var count: Int?
        self.sound.take(Self.samples) { samples in
            switch self.encoding {
            case .opus(let encoder):
                count = encoder.encode(samples, into: &bytes, at: offset)
            case .law(let law):
                guard offset >= 0, bytes.byteCount - offset >= samples.count else { return }
                for index in samples.indices { bytes.set(octet: law.encoded(samples[index]), at: offset + index) }
                count = samples.count
            }
        }
        return count
    }
}
